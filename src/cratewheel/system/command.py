"""Programs as data, and the only code that starts them.

A `Command` can be printed, compared and stored; `capture` and `stream` run it. When a signal or a failure ends the
caller's work they end their child and what that has started in its turn, so that no program outlives the build.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, NoReturn

from cratewheel.errors import MissingToolError
from cratewheel.system import process_tree as families
from cratewheel.system import redaction
from cratewheel.system import signals as interrupts
from cratewheel.system.tasks import PATIENCE, check_cancelled, current_group

TERMINATION_GRACE = 5.0  # seconds that a program has to end by itself
TAKING_BACK_GRACE = 30.0  # and one that takes back what it has done
ECHO = 2.0  # seconds in which a program ends that the terminal has sent Ctrl-C as well; to be told twice disturbs it
KILLING_GRACE = 2.0  # seconds after which one that cannot be killed, as it is another user's, is left alone
READING_GRACE = 2.0  # seconds: a server that the child started may hold its stderr open for ever
TIMED_OUT = 124  # the status of a program that was ended for it, as timeout(1) reports it


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program to run: its words, the variables it changes, and its working directory.

    `env` holds only what differs from the inherited environment; a value of None removes the variable. `descriptors`
    are open files that the program inherits under their numbers, besides the standard streams.
    """

    argv: tuple[str, ...]
    env: tuple[tuple[str, str | None], ...] = ()
    cwd: Path | None = None
    descriptors: tuple[int, ...] = ()

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
        """Return the command as one would type it in a POSIX shell, but for values that are nobody's business."""
        import shlex  # only to show it

        changed = [(name, redaction.variable(name, value)) for name, value in self.env if value is not None]
        return " ".join([*(f"{name}={shlex.quote(value)}" for name, value in changed), shlex.join(self.shown)])

    @property
    def shown(self) -> tuple[str, ...]:
        """The words as they may be shown."""
        return redaction.words(self.argv)


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
    takes_back: bool = False,
    errors: str = "replace",
) -> Completed:
    """Run `command` to its end and return what it printed; with `show_stderr` its stderr goes to ours instead.

    What is not UTF-8 on its stdout is decoded by the error handler `errors`: "surrogateescape" for names of files.

    Raises `MissingToolError` when the program does not exist or may not be executed. A program that is still running
    after `timeout` seconds is ended and reported as `TIMED_OUT`. `takes_back` says that it takes back what it has done
    so far when it gets SIGINT, as installers do: it gets that, and more time.
    """
    # a program that reads its input must not wait for our terminal
    source = subprocess.DEVNULL if stdin is None else subprocess.PIPE
    talk = None if show_stderr else subprocess.PIPE
    with _started(
        command, environ, stdin=source, stdout=subprocess.PIPE, stderr=talk, takes_back=takes_back
    ) as program:
        out, err = _answer(program.child, stdin, timeout)
        if program.child.returncode is None:
            _end(program)
            return Completed(status=TIMED_OUT, stdout="", stderr=f"no answer within {timeout} seconds")
    # what went to our own stderr has not been read
    shown = (err or b"").decode(errors="replace")
    return Completed(status=program.child.returncode, stdout=out.decode(errors=errors), stderr=shown)


def _answer(child: subprocess.Popen[bytes], stdin: str | None, timeout: float | None) -> tuple[bytes, bytes | None]:
    """Return all that a program prints. If it takes longer than `timeout` seconds, it has no `returncode` then."""
    data = stdin.encode() if stdin is not None else None
    begun = time.monotonic()
    while timeout is None or (left := timeout - (time.monotonic() - begun)) > 0:
        try:
            return child.communicate(input=data, timeout=PATIENCE if timeout is None else min(left, PATIENCE))
        except subprocess.TimeoutExpired:  # noqa: PERF203  # ten times a second
            data = None  # it is on its way
            check_cancelled()  # somebody else may hold the pipes of a program that was ended
    return b"", None


@contextmanager
def stream(
    command: Command, environ: Mapping[str, str], *, on_error_line: Callable[[str], None] | None = None
) -> Iterator[Stream]:
    """Run `command` and yield its stdout line by line; its stderr is ours, or given to `on_error_line` by lines."""
    talk = subprocess.PIPE if on_error_line else None
    with _started(command, environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=talk) as program:
        child = program.child
        if on_error_line is None:
            yield Stream(child)
            return
        assert child.stderr is not None
        reader = threading.Thread(target=_read_lines, args=(child.stderr, on_error_line), daemon=True)
        child.stderr = None  # which the other thread closes: here that would wait for it
        reader.start()
        try:
            yield Stream(child)
        finally:
            if child.poll() is not None:
                reader.join(READING_GRACE)  # all that it said, before anybody says more


def _read_lines(stream: IO[bytes], on_line: Callable[[str], None]) -> None:
    with stream:
        for line in stream:
            on_line(line.decode(errors="replace").rstrip("\r\n"))


def restart(flags: Iterable[str]) -> NoReturn:
    """Start the Python that runs us anew in this process, with the same words after more `flags` of its own."""
    os.execv(sys.executable, [sys.executable, *flags, *sys.orig_argv[1:]])  # noqa: S606  # a shell has nothing to do here


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
        status = self._child.wait()
        check_cancelled()  # it may have ended because of that
        return status


@dataclass(frozen=True, slots=True, kw_only=True)
class _Program:
    """A program that was started; `mark` is in the environment of whatever it starts.

    `asked` are those of its family that were asked to end. Two threads may do that: hence `lock`.
    """

    child: subprocess.Popen[bytes]
    mark: str
    takes_back: bool
    asked: dict[int, families.Process] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def _started(
    command: Command,
    environ: Mapping[str, str],
    *,
    stdin: int,
    stdout: int,
    stderr: int | None,
    takes_back: bool = False,
) -> Iterator[_Program]:
    """Run a program for the block; whatever ends the block before the program has ended ends that as well."""
    check_cancelled()
    mark = f"{os.getpid()}-{os.urandom(4).hex()}"
    child = _popen(
        command,
        {**command.environment(environ), families.VARIABLE: mark},
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
    )
    program = _Program(child=child, mark=mark, takes_back=takes_back)
    end = partial(_end, program)
    group = current_group()
    with child:
        try:
            with interrupts.Callback(end), group.track(end) if group is not None else nullcontext():
                check_cancelled()  # what came while it was being started has ended nothing
                yield program
                check_cancelled()  # it may have ended because of that
        except BaseException:
            _end(program)
            raise
        if child.poll() is None:
            _end(program)


def _popen(
    command: Command, environ: Mapping[str, str], *, stdin: int, stdout: int, stderr: int | None
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command.argv,
            env=environ,
            cwd=command.cwd,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=command.descriptors,
        )
    except FileNotFoundError as error:
        if command.cwd is not None and not command.cwd.is_dir():
            raise MissingToolError(f"the folder {command.cwd} does not exist") from error
        raise MissingToolError(
            f"`{command.argv[0]}` was not found", hint="install it, or put its folder on PATH"
        ) from error
    except OSError as error:
        raise MissingToolError(f"`{command.argv[0]}` cannot be started: {error.strerror}") from error


def _end(program: _Program) -> None:
    """End a program and all that it has started: they are asked to, and killed if they do not, or do not soon enough.

    May be called several times, by several threads.
    """
    if os.name == "nt":
        _end_tree(program)
        return
    begun = time.monotonic()
    grace = TAKING_BACK_GRACE if program.takes_back else TERMINATION_GRACE
    pause = 0.005
    while time.monotonic() - begun < grace + KILLING_GRACE:
        late = interrupts.insisted() or time.monotonic() - begun > grace
        with program.lock:
            alive = _alive(program)
            if late:
                _send(signal.SIGKILL, alive)
            elif not (program.takes_back and interrupts.number() == signal.SIGINT and time.monotonic() - begun < ECHO):
                new = [pid for pid in alive if pid not in program.asked]
                _send(signal.SIGINT if program.takes_back else signal.SIGTERM, new)
                program.asked.update(alive)
        if not alive:
            return
        time.sleep(pause)
        pause = min(2 * pause, 0.1)


def _alive(program: _Program) -> dict[int, families.Process]:
    """Return what runs of a program and its family, parents first."""
    processes = _processes()
    elders = [pid for pid, process in program.asked.items() if processes.get(pid) == process]
    if program.child.poll() is None:
        elders.insert(0, program.child.pid)
        processes.setdefault(program.child.pid, families.Process(parent=os.getpid(), started=""))
    return {pid: processes[pid] for pid in families.family(processes, elders, program.mark)}


def _send(number: int, pids: Iterable[int]) -> None:
    for pid in pids:
        with suppress(OSError):  # it has ended by itself, or is not ours to end
            os.kill(pid, number)


def _processes() -> dict[int, families.Process]:
    found = families.running()
    if found is None:
        argv = ("ps", "-A", "-o", "pid=", "-o", "ppid=", "-o", "stat=", "-o", "lstart=")
        with suppress(OSError):
            done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False)
            return families.running_by_ps(done.stdout.decode("ascii", errors="replace"))
    return found or {}


def _end_tree(program: _Program) -> None:
    """End a program on Windows, where nothing can be asked to end but by the console, and what it has started."""
    child = program.child
    if program.takes_back and interrupts.number() is not None:
        with suppress(subprocess.TimeoutExpired):
            child.wait(TAKING_BACK_GRACE)
    if child.poll() is None:
        with suppress(OSError):
            argv = ("taskkill", "/T", "/F", "/PID", str(child.pid))
            subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        child.kill()
        child.wait()
