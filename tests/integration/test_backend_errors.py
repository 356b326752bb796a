"""Hooks end as the command does: with a message and a status, without a traceback, and without what they started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fork_server import SERVER
from integration.conftest import WAITING

if TYPE_CHECKING:
    from integration.conftest import Cratewheel

pytestmark = pytest.mark.skipif(os.name == "nt", reason="folders and signals of POSIX")

SECONDS = 60.0
WARNING = "warning: interrupted; no unfinished file was kept\n"
PREPARE = "cratewheel.prepare_metadata_for_build_wheel"


@pytest.fixture
def root(run_light: Cratewheel) -> Path:
    return run_light.copy("light-module")


def hook(call: str, root: Path, environ: Mapping[str, str], *, first: str = "") -> subprocess.CompletedProcess[str]:
    words = ["-c", f"import cratewheel, os, resource, signal\n{first}\n{call}"]
    done = SERVER.run(words, cwd=root, env=environ, timeout=SECONDS)
    done.stderr = WAITING.sub("", done.stderr)
    return done


@pytest.mark.parametrize(
    ("call", "first", "said"),
    [
        (f"{PREPARE}('/proc/x')", "", ("/proc/x/light_module-1.2.3.dist-info/METADATA cannot be written: "
         "No such file or directory")),
        (f"{PREPARE}('/dev/full')", "", ("/dev/full/light_module-1.2.3.dist-info/METADATA cannot be written: "
         "Not a directory")),
        ("cratewheel.build_sdist('/proc/x')", "", ("/proc/x/light_module-1.2.3.tar.gz cannot be written: "
         "No such file or directory")),
        (f"{PREPARE}('a\\0b')", "", "a file name contains a NUL character"),
        ("cratewheel.build_sdist('out')", "os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')",
         "the current folder no longer exists"),
        (f"{PREPARE}('out')", "os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')",
         "the current folder no longer exists"),
        # what a full disk does, where nobody may make one
        (f"{PREPARE}('out')", "resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))",
         "out/light_module-1.2.3.dist-info/METADATA cannot be written: File too large"),
    ],
)  # fmt: skip
def test_what_the_system_refuses_is_told_without_a_traceback(
    call: str, first: str, said: str, root: Path, run_light: Cratewheel
) -> None:
    done = hook(call, root, {**run_light.environ, "PYTHONDONTWRITEBYTECODE": "1"}, first=first)
    assert "Traceback" not in done.stderr
    assert done.stderr.partition("\n")[0] == f"error: {said}"
    assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.parametrize(
    "key", ['readme = "a\\u0000b"', 'readme = { file = "a\\u0000b.md", content-type = "text/markdown" }',
            'license-files = ["a\\u0000b"]'],
)  # fmt: skip
def test_a_path_with_nul_in_pyproject_toml_is_told_without_a_traceback(
    key: str, root: Path, run_light: Cratewheel
) -> None:
    file = root / "pyproject.toml"
    file.write_text(file.read_text(encoding="utf-8") + key + "\n", encoding="utf-8")
    done = hook(f"{PREPARE}('out')", root, run_light.environ)
    assert "Traceback" not in done.stderr
    assert done.returncode == 1, done.stderr


@pytest.mark.cargo
def test_prepared_metadata_that_is_no_text_is_not_what_was_promised(root: Path, run_light: Cratewheel) -> None:
    assert hook(f"{PREPARE}('prepared')", root, run_light.environ).returncode == 0
    (root / "prepared" / "light_module-1.2.3.dist-info" / "METADATA").write_bytes(b"Name: \xff\n")
    done = hook("cratewheel.build_wheel('out', None, 'prepared')", root, run_light.environ)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "METADATA differs from the project's metadata" in done.stderr


def sleeping_cargo(folder: Path) -> Path:
    """Return a cargo that compiles for ten minutes, with a child that ignores the request to end."""
    cargo = folder / "cargo"
    cargo.write_text(
        f'#!/bin/sh\n[ "$1" = rustc ] || exec cargo "$@"\nsh -c "trap \\"\\" TERM; sleep 600; sleep 601" &\n'
        f'echo $$ $! >"{folder}/new"\nmv "{folder}/new" "{folder}/pids"\nwait\n',
        encoding="utf-8",
    )
    cargo.chmod(0o755)
    return cargo


def heed_signals() -> None:
    """Take back what a shell in the background, or nohup, has let its programs ignore."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def started(call: str, root: Path, environ: Mapping[str, str], folder: Path) -> subprocess.Popen[str]:
    """Start a hook, and wait until its cargo compiles."""
    child = subprocess.Popen(
        [sys.executable, "-c", f"import cratewheel, os, signal, sys, threading\n{call}"],
        cwd=root, env={**environ, "CARGO": str(sleeping_cargo(folder))},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        preexec_fn=heed_signals,  # noqa: PLW1509  # no thread of ours runs then
    )  # fmt: skip
    until = time.monotonic() + SECONDS
    while not (folder / "pids").exists():
        assert time.monotonic() < until, "cargo was not started"
        assert child.poll() is None, child.communicate()
        time.sleep(0.02)
    return child


def all_ended(folder: Path) -> bool:
    pids = (folder / "pids").read_text(encoding="utf-8").split()
    stats = [Path("/proc", pid, "stat") for pid in pids]
    return not any(stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z" for stat in stats)


@pytest.mark.cargo
@pytest.mark.skipif(sys.platform != "linux", reason="families of processes are read from /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_to_a_hook_ends_cargo_and_its_family(
    number: signal.Signals, root: Path, run_light: Cratewheel, tmp_path: Path
) -> None:
    child = started("cratewheel.build_wheel('out')", root, run_light.environ, tmp_path)
    child.send_signal(number)
    stdout, stderr = child.communicate(timeout=SECONDS)
    assert (child.returncode, stdout) == (128 + number, "")
    assert stderr.endswith(WARNING)
    assert "Traceback" not in stderr
    assert all_ended(tmp_path)


@pytest.mark.cargo
@pytest.mark.skipif(sys.platform != "linux", reason="families of processes are read from /proc")
def test_the_handler_of_a_frontend_that_calls_the_hook_itself_has_the_signal_in_the_end(
    root: Path, run_light: Cratewheel, tmp_path: Path
) -> None:
    call = (
        "def own(number, frame): print('own handler', number, flush=True)\n"
        "signal.signal(signal.SIGTERM, own)\n"
        "try: cratewheel.build_wheel('out')\n"
        "except SystemExit as stop: print('status', stop.code, signal.getsignal(signal.SIGTERM) is own)\n"
    )
    child = started(call, root, run_light.environ, tmp_path)
    child.send_signal(signal.SIGTERM)
    stdout, _ = child.communicate(timeout=SECONDS)
    assert stdout == "own handler 15\nstatus 143 True\n"
    assert all_ended(tmp_path)


def test_a_hook_in_another_thread_leaves_the_handlers_alone(root: Path, run_light: Cratewheel) -> None:
    call = (
        "import threading\nbefore = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]\n"
        "thread = threading.Thread(target=lambda: print(cratewheel.get_requires_for_build_wheel()))\n"
        "thread.start(); thread.join()\n"
        "assert before == [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]\n"
    )
    done = hook(call, root, run_light.environ)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


def test_a_hook_works_where_stderr_is_closed(root: Path, run_light: Cratewheel) -> None:
    done = hook(f"import sys; sys.stderr = None; print({PREPARE}('out'))", root, run_light.environ)
    assert (done.returncode, done.stdout) == (0, "light_module-1.2.3.dist-info\n")
    failed = hook(f"import sys; sys.stderr = None; {PREPARE}('/dev/full')", root, run_light.environ)
    assert (failed.returncode, failed.stdout) == (1, "")
