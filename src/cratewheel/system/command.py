"""Starts programs: the only module that does.

`capture` and `stream` run a `Command`. When a signal or an error ends the caller's work, they end the program and every
process that it has started, so that no program outlives the build. For the case that this process is killed, a shell
waits for that, and then does the same.
"""

from __future__ import annotations

import atexit
import codecs
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
from typing import IO, Any, NoReturn

from cratewheel.errors import CratewheelError, MissingToolError
from cratewheel.system import job_object, process_tree, redaction
from cratewheel.system import signals as interrupts
from cratewheel.system.tasks import POLL_INTERVAL, check_cancelled, current_group

TERMINATION_GRACE = 5.0  # seconds between SIGTERM and SIGKILL
ROLLBACK_GRACE = 30.0  # the same for a program that rolls its changes back
ECHO = 2.0  # seconds: the terminal sends Ctrl-C to the program as well; a second SIGINT would interrupt its clean-up
KILLING_GRACE = 2.0  # seconds to wait after SIGKILL; another user's process cannot be killed
READING_GRACE = 2.0  # seconds: a server that the child started may keep its stderr open for ever
PIECE = 65_536  # bytes of a program's output that are read at once
TIMED_OUT = 124  # the status of a program that was ended for it, as timeout(1) reports it


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program to run: its arguments, the environment variables it changes, and its working directory.

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
        """Return the command as a line for the shell, with secrets redacted."""
        changed = [(name, redaction.redact_variable(name, value)) for name, value in self.env if value is not None]
        return " ".join([*(f"{name}={shell_line(value)}" for name, value in changed), shell_line(*self.redacted_argv)])

    @property
    def redacted_argv(self) -> tuple[str, ...]:
        """The arguments with secrets redacted."""
        return redaction.redact_argv(self.argv)


def shell_line(*words: str) -> str:
    """Return words as a line for a POSIX shell; on Windows with the quotes that its shells and programs take."""
    if os.name == "nt":
        return subprocess.list2cmdline(words)
    import shlex  # slow to import

    return shlex.join(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """The exit status and the decoded output of a program that has ended."""

    status: int
    stdout: str
    stderr: str


def how_it_ended(status: int) -> str:
    """Return how a program ended, in words.

    >>> how_it_ended(101), how_it_ended(-signal.SIGTERM)
    ('it ended with status 101', 'it was killed by SIGTERM')
    """
    with suppress(ValueError):  # of a number that is no signal's
        if status < 0:
            return f"it was killed by {signal.Signals(-status).name}"
    return f"it ended with status {status}"


Watcher = Callable[[int, str], None]
_watchers: list[Watcher] = []


def watch(watcher: Watcher | None) -> None:
    """Tell `watcher` from now on which programs run, instead of the one before: a level, and a line.

    The level is 2 for the start of a program, and 3 for where it runs and for its end.
    """
    _watchers[:] = [] if watcher is None else [watcher]


def _tell(level: int, text: str) -> None:
    for watcher in _watchers:
        watcher(level, text)


def which(program: str, environ: Mapping[str, str]) -> Path | None:
    """Return the path of `program` on the PATH of `environ`, or None."""
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
    rolls_back: bool = False,
    errors: str = "replace",
    on_error_text: Callable[[str], None] | None = None,
) -> Completed:
    """Run `command` to its end and return its output; with `show_stderr`, its stderr goes to ours instead.

    `on_error_text` is called with each piece of stderr, as it arrives; it is then not in the answer.

    `errors` is the error handler for stdout that is not UTF-8: "surrogateescape" for file names.

    Raises `MissingToolError` when the program does not exist or may not be executed. A program that is still running
    after `timeout` seconds is ended and reported as `TIMED_OUT`. `rolls_back` is for programs that undo their changes
    on SIGINT, as installers do: they get SIGINT instead of SIGTERM, and more time.
    """
    # without this, a program that reads its input would wait for our terminal
    source = subprocess.DEVNULL if stdin is None else subprocess.PIPE
    talk = None if show_stderr else subprocess.PIPE
    with (
        _running_program(
            command, environ, stdin=source, stdout=subprocess.PIPE, stderr=talk, rolls_back=rolls_back
        ) as program,
        _reader(program.child, on_error_text and partial(_read_text, on_text=on_error_text)),
    ):
        out, err = _communicate(program.child, stdin, timeout)
        if program.child.returncode is None:
            _end(program)
            return Completed(status=TIMED_OUT, stdout="", stderr=f"no answer within {timeout} seconds")
    # None where stderr was not captured
    shown = (err or b"").decode(errors="replace")
    return Completed(status=program.child.returncode, stdout=out.decode(errors=errors), stderr=shown)


def _communicate(
    child: subprocess.Popen[bytes], stdin: str | None, timeout: float | None
) -> tuple[bytes, bytes | None]:
    """Return the output of a program; after `timeout` seconds its `returncode` is still None."""
    data = stdin.encode() if stdin is not None else None
    begun = time.monotonic()
    while timeout is None or (left := timeout - (time.monotonic() - begun)) > 0:
        try:
            return child.communicate(input=data, timeout=POLL_INTERVAL if timeout is None else min(left, POLL_INTERVAL))
        except subprocess.TimeoutExpired:  # noqa: PERF203  # ten times a second
            data = None  # communicate() has taken it
            check_cancelled()  # somebody else may hold the pipes of a program that was ended
    return b"", None


@contextmanager
def stream(
    command: Command,
    environ: Mapping[str, str],
    *,
    on_error_line: Callable[[str], None] | None = None,
    on_error_text: Callable[[str], None] | None = None,
) -> Iterator[Stream]:
    """Run `command` and yield its stdout as lines.

    Its stderr goes to `on_error_line`, line by line, or to `on_error_text`, in pieces as they arrive; else to ours.
    """
    read: Callable[[IO[bytes]], None] | None = None
    if on_error_line is not None:
        read = partial(_read_lines, on_line=on_error_line)
    elif on_error_text is not None:
        read = partial(_read_text, on_text=on_error_text)
    talk = subprocess.PIPE if read else None
    with (
        _running_program(command, environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=talk) as program,
        _reader(program.child, read),
    ):
        yield Stream(program.child)


@contextmanager
def _reader(child: subprocess.Popen[bytes], read: Callable[[IO[bytes]], None] | None) -> Iterator[None]:
    """Let a thread `read` the program's stderr for the duration of the block."""
    if read is None:
        yield
        return
    assert child.stderr is not None
    thread = threading.Thread(target=read, args=(child.stderr,), daemon=True)
    child.stderr = None  # the thread closes it; closing it here would block
    thread.start()
    try:
        yield
    finally:
        if child.poll() is not None:
            thread.join(READING_GRACE)  # print the program's last lines before ours


def run_lines(command: Command, environ: Mapping[str, str], on_line: Callable[[str], None]) -> int:
    """Run `command` to its end, call `on_line` with each line of its stdout and stderr, and return its exit status.

    What it leaves running, and that holds its output, is not waited for. Raises as `capture` does.
    """
    with _running_program(
        command, environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as program:
        child = program.child
        assert child.stdout is not None
        reader = threading.Thread(target=_read_lines, args=(child.stdout, on_line), daemon=True)
        child.stdout = None  # as in `stream`
        reader.start()
        status = child.wait()
        reader.join(READING_GRACE)
    return status


def _read_lines(stream: IO[bytes], on_line: Callable[[str], None]) -> None:
    with stream:
        for line in stream:
            on_line(line.decode(errors="replace").rstrip("\r\n"))


def _read_text(stream: IO[bytes], on_text: Callable[[str], None]) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    with stream:
        while data := os.read(stream.fileno(), PIECE):
            on_text(decoder.decode(data))


def restart_python(flags: Iterable[str]) -> NoReturn:
    """Replace this process by the same Python command line with additional interpreter flags."""
    os.execv(sys.executable, [sys.executable, *flags, *sys.orig_argv[1:]])  # noqa: S606  # a shell has nothing to do here


class Stream:
    """The lines of a running program's stdout; `wait` returns its exit status."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child

    def __iter__(self) -> Iterator[str]:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            yield line.decode(errors="replace").rstrip("\r\n")

    def wait(self) -> int:
        """Wait until the program has ended and return its exit status."""
        status = self._child.wait()
        check_cancelled(after=status)  # it may have ended because of that
        return status


@dataclass(frozen=True, slots=True, kw_only=True)
class _Program:
    """A program that was started, and what it has started.

    `signalled` are the processes that have been sent a signal to end. Several threads may end a program, hence `lock`.
    `job` holds it on Windows.
    """

    child: subprocess.Popen[bytes]
    job: job_object.Job | None
    tree: process_tree.ProcessTree
    rolls_back: bool
    signalled: set[int] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def _running_program(
    command: Command,
    environ: Mapping[str, str],
    *,
    stdin: int,
    stdout: int,
    stderr: int | None,
    rolls_back: bool = False,
) -> Iterator[_Program]:
    """Run a program for the duration of the block; when the block is left, end it if it still runs."""
    check_cancelled()
    if _watchers:
        _tell(2, f"running `{command}`")
        _tell(3, f"in {command.cwd or Path.cwd()}")
    mark = f"{os.getpid()}-{os.urandom(4).hex()}"
    if rolls_back:
        mark = f"kept-{mark}"  # it leaves something half done when it is killed
    else:
        _watch_this_process(environ)
    child = _popen(
        command,
        {**command.environment(environ), process_tree.VARIABLE: mark},
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
    )
    begun = time.monotonic()
    with child, nullcontext() if rolls_back else _tied(child) as job:  # as above
        tree = process_tree.ProcessTree(child, mark, _processes)
        program = _Program(child=child, job=job, tree=tree, rolls_back=rolls_back)
        end = partial(_end, program)
        group = current_group()
        try:
            with interrupts.Callback(end), group.track(end) if group is not None else nullcontext():
                check_cancelled()  # a signal during the start has ended nothing yet
                yield program
                check_cancelled(after=child.returncode)  # it may have ended because of that
        except BaseException:
            _end(program)
            raise
        else:
            if child.poll() is None:
                _end(program)
    if _watchers:
        taken = time.monotonic() - begun
        _tell(3, f"{Path(command.argv[0]).name} ended with status {child.returncode} after {taken:.2f} s")


@contextmanager
def _tied(child: subprocess.Popen[bytes]) -> Iterator[job_object.Job | None]:
    """Have a program end with this process, should it be killed during the block."""
    _tell_watcher(str(child.pid))
    job = job_object.hold(child)
    try:
        yield job
    finally:
        if job is not None:
            job.release()
        if child.poll() is not None:
            _tell_watcher(f"-{child.pid}")


_watched: dict[int, int] = {}  # this process, once a shell waits for its end → where to write to that shell


def _watch_this_process(environ: Mapping[str, str]) -> None:
    """Have a shell kill the programs of this process if it is killed itself; Windows has job objects for that."""
    if os.name == "nt" or os.getpid() in _watched:
        return
    for inherited in _watched.values():  # this process is a copy
        with suppress(OSError):
            os.close(inherited)
    _watched.clear()
    reading, _watched[os.getpid()] = os.pipe()
    try:
        shell = subprocess.Popen(
            ("/bin/sh", "-c", process_tree.WATCHER, str(os.getpid()), str(os.getsid(0))),
            env={"PATH": environ.get("PATH", os.defpath)},  # nothing by which another of its kind would kill it
            stdin=reading, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,  # neither the terminal nor who waits for our session knows it
        )  # fmt: skip
    except OSError:  # there is no shell: programs outlive this process when it is killed
        _release_watcher(os.getpid())
    else:
        shell.returncode = 0  # nobody waits for it, of which `Popen` would warn
        atexit.register(_release_watcher, os.getpid())
    finally:
        os.close(reading)


def _tell_watcher(line: str) -> None:
    with suppress(OSError):  # there is none, or somebody has ended it
        os.write(_watched.get(os.getpid(), -1), f"{line}\n".encode("ascii"))


def _release_watcher(process: int) -> None:
    if os.getpid() == process:  # and not a copy of it
        _tell_watcher("done")
        os.close(_watched[process])
        _watched[process] = -1


def _popen(
    command: Command, environ: Mapping[str, str], *, stdin: int, stdout: int, stderr: int | None
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command.argv, env=environ, cwd=command.cwd, stdin=stdin, stdout=stdout, stderr=stderr,
            pass_fds=command.descriptors,
        )  # fmt: skip
    except OSError as error:
        if error.filename == os.devnull:  # as in a folder where somebody has only unpacked a system
            raise CratewheelError(f"{os.devnull} cannot be opened: {error.strerror}", hint="mount /dev") from error
        hint = None
        if not isinstance(error, FileNotFoundError):
            said = f"`{command.argv[0]}` cannot be started: {error.strerror}"
        elif command.cwd is not None and not command.cwd.is_dir():
            said = f"the folder {command.cwd} does not exist"
        else:
            said, hint = f"`{command.argv[0]}` was not found", "install it, or put its folder on PATH"
        raise MissingToolError(said, hint=hint) from error


def _end(program: _Program) -> None:
    """End a program and every process that it has started: with a signal, and with SIGKILL when that takes too long.

    May be called several times, by several threads.
    """
    if os.name == "nt":
        _end_tree(program)
        return
    begun = time.monotonic()
    grace = ROLLBACK_GRACE if program.rolls_back else TERMINATION_GRACE
    pause = 0.005
    while time.monotonic() - begun < grace + KILLING_GRACE:
        late = interrupts.is_repeated() or time.monotonic() - begun > grace
        with program.lock:
            alive = program.tree.running()
            if not alive:
                return
            if late:
                program.tree.signal(signal.SIGKILL)
            elif not alive.keys() <= program.signalled and not (
                program.rolls_back and interrupts.signal_number() == signal.SIGINT and time.monotonic() - begun < ECHO
            ):
                number = signal.SIGINT if program.rolls_back else signal.SIGTERM
                program.signalled.update(program.tree.signal(number, but=program.signalled))
        time.sleep(pause)
        pause = min(2 * pause, 0.1)


def _processes() -> dict[int, process_tree.Process]:
    found = process_tree.read_proc()
    if found is None:
        argv = ("ps", "-A", "-o", "pid=", "-o", "ppid=", "-o", "stat=", "-o", "lstart=")
        with suppress(OSError):
            done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False)
            return process_tree.parse_ps(done.stdout.decode("ascii", errors="replace"))
    return found or {}


def _end_tree(program: _Program) -> None:
    """End a program and its children on Windows, which has no SIGTERM."""
    child = program.child
    if program.rolls_back and interrupts.signal_number() is not None:
        with suppress(subprocess.TimeoutExpired):
            child.wait(ROLLBACK_GRACE)
    if program.job is not None and program.job.holds:
        program.job.end()
        child.wait()
    if child.poll() is None:
        with suppress(OSError):
            argv = ("taskkill", "/T", "/F", "/PID", str(child.pid))
            subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        child.kill()
        child.wait()


def put_in_front(program: str, words: tuple[str, ...]) -> None:
    """Have each start of `program` by this process pass `words` first: for a library that starts it by itself."""

    class WithWords(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, args: Any, *rest: Any, **named: Any) -> None:
            if isinstance(args, list) and args[:1] == [program]:
                args = [program, *words, *args[1:]]
            super().__init__(args, *rest, **named)

    subprocess.Popen = WithWords  # type: ignore[misc]
