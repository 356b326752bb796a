"""Programs of ours to which something happens at the n-th change of a folder: a signal, or an error of the system."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from fork_server import SCRIPT, SERVER

WATCHDOG = 120  # seconds after which a program hangs

# The interpreter's own audit events come before the system is called, whatever our code looks like.
# https://docs.python.org/3/library/audit_events.html
_CUSTOM = """
import os, signal, sys

point, folder, what = int(os.environ.pop("POINT")), os.environ.pop("POINT_FOLDER"), os.environ.pop("POINT_WHAT")
log = os.open(os.environ.pop("POINT_LOG"), os.O_WRONLY | os.O_APPEND)
seen = 0


def changes(event, arguments):
    if event == "open":
        path, _, flags = arguments
        return isinstance(path, str) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and inside(path)
    return event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir") and inside(os.fspath(arguments[0]))


def inside(path):
    return isinstance(path, str) and path.startswith(folder + os.sep)


def hook(event, arguments):
    global seen
    if not changes(event, arguments):
        return
    seen += 1
    os.write(log, f"{event} {os.fspath(arguments[0])}\\n".encode())
    if seen == point:
        if what == "EACCES":
            raise PermissionError(13, os.strerror(13), os.fspath(arguments[0]))
        os.kill(os.getpid(), getattr(signal, what))


for number in (signal.SIGINT, signal.SIGTERM):  # ignored by what runs in the background of a shell
    signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
sys.addaudithook(hook)
"""

STATUSES = {"": 0, "SIGKILL": -signal.SIGKILL, "SIGINT": 130, "SIGTERM": 143, "EACCES": 1}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a program ended, and what it changed until then, in order."""

    status: int
    stderr: str
    changes: tuple[str, ...]


def run(
    words: Sequence[str | Path],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    changed: Path,
    what: str = "",
    point: int = 0,
) -> Ended:
    """Run cratewheel with `words`; `what` happens before its change number `point` in the folder `changed`.

    `what` is the name of a signal, or of an error of the system.
    """
    own = _environ(changed, what, point)
    done = SERVER.run_after(_CUSTOM, words, cwd=cwd, env={**environ, **own}, timeout=WATCHDOG)
    changes = Path(own["POINT_LOG"]).read_text(encoding="utf-8").splitlines()
    return Ended(status=done.returncode, stderr=done.stderr, changes=tuple(changes))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program that runs."""

    child: subprocess.Popen[str]
    log: Path

    def wait(self) -> Ended:
        """Return how it ended."""
        _, stderr = self.child.communicate(timeout=WATCHDOG)
        changes = tuple(self.log.read_text(encoding="utf-8").splitlines())
        return Ended(status=self.child.returncode, stderr=stderr, changes=changes)


@contextmanager
def start(
    words: Sequence[str | Path],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    changed: Path,
    what: str = "",
    point: int = 0,
) -> Iterator[Program]:
    """Yield a program as `run` has it; it is killed if it outlives the block."""
    own = _environ(changed, what, point)
    with subprocess.Popen(
        [sys.executable, "-c", _CUSTOM + SCRIPT, *words], cwd=cwd, env={**environ, **own}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
    ) as child:  # fmt: skip
        try:
            yield Program(child=child, log=Path(own["POINT_LOG"]))
        finally:
            child.kill()


def _environ(changed: Path, what: str, point: int) -> dict[str, str]:
    """Return the variables that `_CUSTOM` reads."""
    log = changed.parent / f"changes-{what}"
    log.write_bytes(b"")
    return {"POINT": str(point), "POINT_FOLDER": str(changed), "POINT_WHAT": what, "POINT_LOG": str(log)}
