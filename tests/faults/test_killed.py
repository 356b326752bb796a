"""SIGKILL, which nothing can handle: what cratewheel has started ends all the same, and the next build is right."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from faults.interruption import COMMAND
from faults.test_deaf_programs import belonging, environ_of
from faults.test_deaf_programs import root as root  # the fixture

pytestmark = [
    pytest.mark.cargo,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what is left running is found in /proc"),
]

DEAF = "trap '' INT TERM; touch started; sleep 600"  # in a build script; the sleep inherits what is ignored
PATIENCE = 60.0  # seconds after which something hangs
PIP = (
    *(sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--quiet"),
    *("--disable-pip-version-check", "--wheel-dir", "wheels", "."),
)
HOOK = (sys.executable, "-c", "import cratewheel; cratewheel.build_wheel('wheels')")


@contextmanager
def building(root: Path, *argv: str | Path, begun: str = "started") -> Iterator[subprocess.Popen[bytes]]:
    """Yield a program that builds, once the script of the build script has begun."""
    folder = root.parent
    with subprocess.Popen(
        argv, cwd=root, env=environ_of(folder, SCRIPT=DEAF), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as program:  # fmt: skip
        try:
            wait(lambda: (folder / begun).exists() or program.poll() is not None)
            assert program.poll() is None
            yield program
        finally:
            program.kill()


def wait(over: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not over():
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.01)


def check_the_next(root: Path) -> None:
    """Build as if nothing had been."""
    environ = environ_of(root.parent, SCRIPT="true")
    argv: list[str | Path] = [*COMMAND, "build", "--no-sdist", "--out", root.parent / "out"]
    done = subprocess.run(argv, cwd=root, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [path.suffix for path in (root.parent / "out").iterdir()] == [".whl"]


@pytest.mark.parametrize("command", ["build", "develop", "hook"])
def test_nothing_goes_on_when_cratewheel_is_killed(root: Path, command: str) -> None:
    folder = root.parent
    argv: dict[str, tuple[str | Path, ...]] = {
        "build": (*COMMAND, "build", "--no-sdist", "--out", folder / "out"),
        "develop": (*COMMAND, "develop", "-i", folder / "environment" / "bin" / "python"),
        "hook": HOOK,
    }
    if command == "develop":
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "environment"], check=True)
    with building(root, *argv[command]) as program:
        assert any("sleep 600" in line for line in belonging(folder))
        program.kill()
    wait(lambda: belonging(folder) == [])
    assert not (folder / "out").exists() or list((folder / "out").iterdir()) == []
    check_the_next(root)


@pytest.mark.parametrize("frontend", ["pip", "script"])
def test_nothing_goes_on_when_the_frontend_is_killed(root: Path, frontend: str) -> None:
    folder = root.parent
    script = f"import subprocess; subprocess.run({HOOK!r}, stderr=subprocess.PIPE)"
    argv = PIP if frontend == "pip" else (sys.executable, "-c", script)
    with building(root, *argv) as program:
        program.kill()
    wait(lambda: belonging(folder) == [])
    check_the_next(root)


def test_a_hook_in_the_background_goes_on_when_its_shell_ends(root: Path) -> None:
    folder = root.parent
    environ = environ_of(folder, SCRIPT="touch started; sleep 2")
    script = '"$@" >said 2>&1 & until [ -e ../started ]; do sleep 0.1; done'
    subprocess.run(["sh", "-c", script, "sh", *HOOK], cwd=root, env=environ, check=True)
    wait(lambda: belonging(folder) == [])
    assert [path.suffix for path in (root / "wheels").iterdir()] == [".whl"], (root / "said").read_text()


def test_nothing_of_another_process_is_killed(root: Path) -> None:
    environ = os.environ | {"CRATEWHEEL_STARTED": "1-0123abcd"}
    with subprocess.Popen(["sleep", "600"], env=environ) as other, building(root, *HOOK) as program:
        program.kill()
        wait(lambda: [line for line in belonging(root.parent) if "sleep 600" in line] == [])
        assert other.poll() is None
        other.send_signal(signal.SIGKILL)
