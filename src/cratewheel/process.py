"""Programs as data, and the only code that starts them.

A `Command` can be printed, compared and stored; `capture` and `stream` run it. Both end their child, and on Linux what
it started in its turn, when the caller is interrupted, so that no program outlives the build.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cratewheel.errors import MissingToolError

TERMINATION_GRACE = 5.0  # seconds that a child has to end by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program to run: its words, the variables it changes, and its working directory.

    `env` holds only what differs from the inherited environment; a value of None removes the variable.
    """

    argv: tuple[str, ...]
    env: tuple[tuple[str, str | None], ...] = ()
    cwd: Path | None = None

    def environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return `environ` with the changes of this command applied."""
        changed = dict(environ)
        for name, value in self.env:
            if value is None:
                changed.pop(name, None)
            else:
                changed[name] = value
        return changed

    def __str__(self) -> str:
        """Return the command as one would type it in a POSIX shell."""
        words = [f"{name}={shlex.quote(value)}" for name, value in self.env if value is not None]
        return " ".join([*words, shlex.join(self.argv)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """What a finished program left: its exit status and its decoded output."""

    status: int
    stdout: str
    stderr: str


def which(program: str, environ: Mapping[str, str]) -> Path | None:
    """Return the file that `program` names on the PATH of `environ`, or None."""
    import shutil

    found = shutil.which(program, path=environ.get("PATH", os.defpath))
    return Path(found) if found else None


def capture(
    command: Command,
    environ: Mapping[str, str],
    *,
    timeout: float | None = None,
    stdin: str | None = None,
    show_stderr: bool = False,
) -> Completed:
    """Run `command` to its end and return what it printed; with `show_stderr` its stderr goes to ours instead.

    Raises `MissingToolError` when the program does not exist or may not be executed. A program that is still running
    after `timeout` seconds is ended and reported with status 124, as timeout(1) does.
    """
    # a program that reads its input must not wait for our terminal
    source = subprocess.DEVNULL if stdin is None else subprocess.PIPE
    talk = None if show_stderr else subprocess.PIPE
    with _child(command, environ, stdin=source, stdout=subprocess.PIPE, stderr=talk) as child:
        try:
            data = stdin.encode() if stdin is not None else None
            out, err = child.communicate(input=data, timeout=timeout)
        except subprocess.TimeoutExpired:
            _end(child)
            return Completed(status=124, stdout="", stderr=f"no answer within {timeout} seconds")
    # what went to our own stderr has not been read
    shown = (err or b"").decode(errors="replace")
    return Completed(status=child.returncode, stdout=out.decode(errors="replace"), stderr=shown)


@contextmanager
def stream(command: Command, environ: Mapping[str, str], *, stderr: IO[str] | int | None = None) -> Iterator[Stream]:
    """Run `command` and yield its stdout line by line, while its stderr goes to `stderr` (ours by default)."""
    with _child(command, environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr) as child:
        yield Stream(child)


class Stream:
    """The lines that a running program prints; `wait` gives its exit status."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child

    def __iter__(self) -> Iterator[str]:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            yield line.decode(errors="replace").rstrip("\r\n")

    def wait(self) -> int:
        """Return the exit status once the program has ended."""
        return self._child.wait()


@contextmanager
def _child(
    command: Command,
    environ: Mapping[str, str],
    *,
    stdin: int,
    stdout: int,
    stderr: IO[str] | int | None,
) -> Iterator[subprocess.Popen[bytes]]:
    try:
        child = subprocess.Popen(
            command.argv,
            env=command.environment(environ),
            cwd=command.cwd,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
        )
    except FileNotFoundError as error:
        if command.cwd is not None and not command.cwd.is_dir():
            raise MissingToolError(f"the folder {command.cwd} does not exist") from error
        raise MissingToolError(
            f"`{command.argv[0]}` was not found", hint="install it, or put its folder on PATH"
        ) from error
    except OSError as error:
        raise MissingToolError(f"`{command.argv[0]}` cannot be started: {error.strerror}") from error
    try:
        with child:
            try:
                yield child
            except BaseException:
                _end(child)
                raise
    finally:
        if child.poll() is None:
            _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is not None:
        return
    # cargo leaves its compilers and build scripts running when it is ended
    family = _descendants(child.pid)
    child.terminate()
    for pid in family:
        with suppress(OSError):
            os.kill(pid, signal.SIGTERM)
    try:
        child.wait(TERMINATION_GRACE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _descendants(pid: int) -> tuple[int, ...]:
    """Return the processes that `pid` and those below it have started, parents first; none where there is no /proc."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            # proc_pid_stat(5): the name in parentheses may hold anything; the state and the parent come after it
            parent = int(stat.read_bytes().rpartition(b")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return tuple(found)
