"""Programs as data, and the only code that starts them.

A `Command` can be printed, compared and stored; `capture` and `stream` run it. Both end their child, and on Linux what
it started in its turn, when the caller is interrupted, so that no program outlives the build. A `Crew` does several
things at once, and ends the programs of all when one of them fails.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from contextvars import ContextVar
from pathlib import Path
from types import FrameType
from typing import IO, Any, Generic, TypeVar

from cratewheel import redaction
from cratewheel.errors import CratewheelError, MissingToolError
from cratewheel.frozen import dataclass

_Result = TypeVar("_Result")

TERMINATION_GRACE = 5.0  # seconds that a child has to end by itself
READING_GRACE = 2.0  # seconds: a server that the child started may hold its stderr open for ever


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
def stream(
    command: Command, environ: Mapping[str, str], *, on_error_line: Callable[[str], None] | None = None
) -> Iterator[Stream]:
    """Run `command` and yield its stdout line by line; its stderr is ours, or given to `on_error_line` by lines."""
    talk = subprocess.PIPE if on_error_line else None
    with _child(command, environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=talk) as child:
        if on_error_line is None:
            yield Stream(child)
            return
        assert child.stderr is not None
        reader = threading.Thread(target=_tell, args=(child.stderr, on_error_line), daemon=True)
        reader.start()
        try:
            yield Stream(child)
        finally:
            if child.poll() is not None:
                reader.join(READING_GRACE)  # all that it said, before anybody says more


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A program that answers requests: what it reads, what it says, and how to end it at once."""

    requests: IO[bytes]
    answers: IO[bytes]
    end: Callable[[], None]


@contextmanager
def conversation(command: Command, environ: Mapping[str, str]) -> Iterator[Conversation]:
    """Run `command` for the block; it must be one that may be ended at any moment, and starts no others.

    What it says on its stderr is lost. Raises `MissingToolError` when it cannot be started.
    """
    talk = subprocess.DEVNULL
    with _child(command, environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=talk) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            yield Conversation(requests=child.stdin, answers=child.stdout, end=child.kill)
        finally:
            child.kill()
            with suppress(OSError):  # it did not read all
                child.stdin.close()


def _tell(stream: IO[bytes], on_line: Callable[[str], None]) -> None:
    for line in stream:
        on_line(line.decode(errors="replace").rstrip("\r\n"))


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
    ours = _CREW.get()
    if ours is not None:
        ours.check()
    signals = _Deferred()
    try:
        child = _started(command, environ, stdin=stdin, stdout=stdout, stderr=stderr)
    except BaseException:
        signals.release()
        raise
    try:
        with child, ours.having(child) if ours is not None else nullcontext():
            try:
                signals.release()
                yield child
            except BaseException:
                _end(child)
                raise
    finally:
        if child.poll() is None:
            _end(child)


class _Deferred:
    """Ctrl-C and requests to end, put off until `release`: nobody can end a program that is only being started."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, FrameType | None]] = []
        self._before: dict[int, Callable[[int, FrameType | None], Any]] = {}
        if threading.current_thread() is not threading.main_thread():
            return  # signals are for the other
        for number in (signal.SIGINT, signal.SIGTERM):
            handler = signal.getsignal(number)
            if callable(handler):
                self._before[number] = handler
                signal.signal(number, self._wait)

    def _wait(self, number: int, frame: FrameType | None) -> None:
        self._waiting.append((number, frame))

    def release(self) -> None:
        """Let them come as before, and those that came meanwhile."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        for number, frame in self._waiting:
            self._before[number](number, frame)


def _started(
    command: Command,
    environ: Mapping[str, str],
    *,
    stdin: int,
    stdout: int,
    stderr: IO[str] | int | None,
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command.argv,
            env=command.environment(environ),
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


class EndedError(CratewheelError):
    """Somebody else's failure ended this work."""


class Task(Generic[_Result]):
    """A piece of work that a `Crew` does."""

    def __init__(self, crew: Crew, work: Callable[[], _Result]) -> None:
        self._crew = crew
        self._work = work
        self._result: list[_Result] = []
        self._ended = threading.Event()  # before Python 3.13, a join that Ctrl-C interrupts takes the thread for ended
        threading.Thread(target=self._run).start()

    def _run(self) -> None:
        _CREW.set(self._crew)  # each thread has a context of its own
        try:
            self._result.append(self._work())
        except BaseException as error:  # noqa: BLE001  # raised again by whoever waits for the crew
            self._crew.fail(error)
        finally:
            self._ended.set()

    @property
    def done(self) -> bool:
        """Whether the work was done, and without a failure."""
        return bool(self._result)

    def result(self) -> _Result:
        """Wait for the work and return what it made; raises what the first of the crew that failed has raised."""
        self._ended.wait()
        if not self._result:
            self._crew.check()
        return self._result[0]

    def wait(self) -> None:
        """Wait until the work has ended, however it did."""
        self._ended.wait()


class Crew:
    """Does several things at once, each in a thread; when one fails, the programs that the others run are ended."""

    def __init__(self) -> None:
        self._tasks: list[Task[Any]] = []
        self._children: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._failure: BaseException | None = None

    def start(self, work: Callable[[], _Result]) -> Task[_Result]:
        """Begin a piece of work."""
        task = Task(self, work)
        self._tasks.append(task)
        return task

    def check(self) -> None:
        """Raise the first failure, if there was one: what has not begun need not be."""
        if self._failure is None:
            return
        if isinstance(self._failure, Exception):
            raise self._failure
        raise EndedError("interrupted") from self._failure

    def fail(self, error: BaseException) -> None:
        """End all programs of the crew, because of an error."""
        with self._lock:
            if self._failure is None:
                self._failure = error
            children = tuple(self._children)
        for child in children:
            _end(child)

    @contextmanager
    def having(self, child: subprocess.Popen[bytes]) -> Iterator[None]:
        """Count a program as the crew's while it runs."""
        with self._lock:
            self._children.add(child)
        try:
            if self._failure is not None:
                _end(child)
            self.check()
            yield
        finally:
            with self._lock:
                self._children.discard(child)

    def end(self) -> None:
        """Wait until all work has ended."""
        for task in self._tasks:
            task.wait()


@contextmanager
def crew() -> Iterator[Crew]:
    """Yield a new `Crew`, and wait for all of its work; left by an exception (Ctrl-C, say), it ends the rest."""
    workers = Crew()
    try:
        yield workers
    except BaseException as error:
        workers.fail(error)
        raise
    finally:
        workers.end()


_CREW: ContextVar[Crew | None] = ContextVar("crew", default=None)


def check_crew() -> None:
    """Raise the failure of the crew that this code runs in, if there was one: for whoever waits, or works for long."""
    ours = _CREW.get()
    if ours is not None:
        ours.check()


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
