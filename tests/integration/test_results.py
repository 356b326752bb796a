"""A result that cannot be written to stdout is an error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters

FULL = Path("/dev/full")
pytestmark = [pytest.mark.cargo, pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")]

COMMANDS = [
    "--help", "--version", "help", "help sdist", "build --help", "develop -h", "sdist --help", "list-files --help",
    "new --help", "init --help", "ide --help", "metadata --help", "list-python --help", "clean --help", "doctor --help",
    "publish --help", "upload --help",
    "pep517 build-wheel --help", "metadata", "list-python", "list-python --json", "list-files --sdist",
    "list-files --wheel --json", "doctor", "sdist", "sdist --message-format json", "build --dry-run",
    "build --dry-run --message-format json", "build --no-sdist", "build --no-sdist --message-format json",
    "build --sdist", "pep517 write-sdist --sdist-directory out",
]  # fmt: skip


def run(command: Cratewheel, words: list[str], cwd: Path, *, stderr: int | None = subprocess.PIPE) -> tuple[int, str]:
    with FULL.open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cratewheel", *words],
            cwd=cwd,
            env=command.environ,
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=full if stderr is None else stderr,
            text=True,
            check=False,
            timeout=600,
        )
    return done.returncode, done.stderr or ""


@pytest.mark.parametrize("text", COMMANDS)
def test_a_full_disk_for_stdout_is_an_error(text: str, run_light: Cratewheel, interpreters: Interpreters) -> None:
    words = text.split()
    if words[0] == "build" and "--help" not in words:
        words += ["-i", str(interpreters.this), "--out", "out"]
    status, stderr = run(run_light, words, run_light.copy("light-module"))
    assert status == 1, stderr
    assert stderr.endswith(
        "error: cannot write to stdout: No space left on device\n"
        " help: free disk space, or redirect the output to another place\n"
    )
    assert "Traceback" not in stderr


@pytest.mark.parametrize(("text", "status"), [("build --help", 1), ("bogus", 2), ("metadata", 1), ("sdist --json", 2)])
def test_the_exit_status_tells_where_stderr_cannot_be_written_either(
    text: str, status: int, run_light: Cratewheel
) -> None:
    assert run(run_light, text.split(), run_light.copy("light-module"), stderr=None) == (status, "")
