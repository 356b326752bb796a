"""The shell that ends what a killed cratewheel has started: with /proc as on Linux, and without as on macOS."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cratewheel.system import process_tree
from cratewheel.system.process_tree import WATCHER

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has job objects")

SHELLS = [["/bin/sh"], ["bash", "--posix"], ["busybox", "sh"], ["zsh", "--emulate", "sh"]]
# a program whose child, and whose child's child, have an empty environment, and stay
FAMILY = "env -i sh -c 'env -i sleep 600 & wait' & wait"
# without /proc, programs are found as on macOS (darwin)
DARWIN = WATCHER.replace("/proc", "/nowhere")
PATIENCE = 30.0  # seconds after which something hangs


@contextmanager
def family() -> Iterator[subprocess.Popen[bytes]]:
    """Run a program with a child that has a child; all of them stop when the block ends."""
    with subprocess.Popen(["sh", "-c", FAMILY], start_new_session=True) as program:
        try:
            wait_until(lambda: len(members(program.pid)) == 3)
            yield program
        finally:
            os.killpg(program.pid, signal.SIGKILL)


def members(session: int) -> set[int]:
    """Return the running processes of a session."""
    return {
        pid for pid, one in (process_tree.read_proc() or {}).items() if not one.ended and session_of(pid) == session
    }


def session_of(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:  # it has ended meanwhile
        return -1


def wait_until(over: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not over():
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.01)


needs_ps = pytest.mark.skipif(shutil.which("ps") is None, reason="there is no `ps`")
SCRIPTS = [pytest.param(WATCHER, id="linux"), pytest.param(DARWIN, id="darwin", marks=needs_ps)]


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: Path(shell[0]).name)
def test_it_ends_what_runs_and_what_that_has_started(shell: list[str], script: str) -> None:
    if shutil.which(shell[0]) is None:
        pytest.skip(f"there is no {shell[0]}")
    with family() as first, family() as second, family() as ended, family() as foreign:
        words = [str(one.pid) for one in (first, ended, second)]
        lines = "\n".join([*words[:2], "1234567890", f"-{words[1]}", "-1234567890", words[2], ""])
        done = subprocess.run([*shell, "-c", script, "0", "0"], input=lines.encode(), capture_output=True, check=False)
        assert done.stdout == b""
        wait_until(lambda: members(first.pid) | members(second.pid) == set())
        assert (len(members(ended.pid)), len(members(foreign.pid))) == (3, 3)


@pytest.mark.parametrize("script", SCRIPTS)
def test_it_ends_nothing_once_it_is_released(script: str) -> None:
    with family() as running:
        lines = f"{running.pid}\ndone\n".encode()
        subprocess.run(["/bin/sh", "-c", script, "0", "0"], input=lines, check=True)
        assert len(members(running.pid)) == 3


@pytest.mark.parametrize("system", ["linux", pytest.param("darwin", marks=needs_ps)])
def test_programs_end_with_a_process_that_is_killed(system: str, tmp_path: Path) -> None:
    code = f"""
import os, sys
from pathlib import Path
from cratewheel.system import process_tree
from cratewheel.system.command import Command, capture
if {system!r} == "darwin":
    process_tree.WATCHER = process_tree.WATCHER.replace("/proc", "/nowhere")
capture(Command(argv=("true",)), os.environ)
script = "echo $$ >new; mv new group; " + {FAMILY!r}
capture(Command(argv=("sh", "-c", script)), os.environ)
"""
    argv = [sys.executable, "-c", code]
    with subprocess.Popen(argv, cwd=tmp_path, start_new_session=True) as parent:
        wait_until(lambda: (tmp_path / "group").exists() and len(members(parent.pid)) == 4)
        parent.kill()
    wait_until(lambda: members(parent.pid) == set())
