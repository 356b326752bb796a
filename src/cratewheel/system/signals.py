"""Signals that end this process: Ctrl-C, SIGTERM and the like.

A handler that raises interrupts the main thread anywhere: in an import, whose lock is then never released, or between
creating a file and registering its removal. The handlers here only record the signal and end running programs; the
work stops at its next call of `check`.

This module must import fast: until the handlers are installed, Ctrl-C prints a traceback.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # makes no enumerations, which takes 5 ms
import _thread
import os
import time

TYPE_CHECKING = False  # `typing` takes as long
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGBREAK")  # the last one is the Ctrl-Break of Windows
WARNING = "interrupted; no unfinished file was kept"
REPEAT_AFTER = 1.0  # seconds: an earlier second signal may be the same Ctrl-C, sent to the group and to its leader
CONTROL_C_EXIT = 0xC000013A  # a status, of ntstatus.h; no other system has one so large
FORCE_AFTER = 10.0  # seconds after which another signal has its default effect


class TerminatedError(KeyboardInterrupt):
    """A signal asked this process to end; `exit_status` is the status that shells report for it."""

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.number = number
        self.exit_status = 128 + number


_received: list[tuple[int, float]] = []  # the number of each, and when it came
_callbacks: dict[object, Callable[[], None]] = {}
_active: Handlers | None = None
_raise_immediately = False


def check() -> None:
    """Raise `TerminatedError` if this process was asked to end. Long work calls this between two steps."""
    if _received:
        raise TerminatedError(_received[0][0])


def await_console(status: int | None) -> None:
    """Wait a moment for the Ctrl-C that has ended a program with this status: Windows tells each program by itself."""
    if status == CONTROL_C_EXIT and _active is not None:
        until = time.monotonic() + REPEAT_AFTER
        while not _received and time.monotonic() < until:
            time.sleep(0.01)


def signal_number() -> int | None:
    """Return the signal that asked this process to end, or None."""
    return _received[0][0] if _received else None


def is_repeated() -> bool:
    """Return whether a second signal has asked this process to end."""
    return len(_received) > 1 and _received[-1][1] - _received[0][1] >= REPEAT_AFTER


def is_active() -> bool:
    """Return whether the handlers are installed."""
    return _active is not None


def exit_immediately() -> None:
    """Make each signal end this process silently: for the time before and after the command's work."""
    for number in _handled_signals():
        signal.signal(number, _exit)


def _exit(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # the interface is the interpreter's
    os._exit(128 + number)


def _handled_signals() -> list[int]:
    """Return the signals that this process does not ignore; under nohup or in the background it ignores some."""
    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    return [number for number in numbers if signal.getsignal(number) not in (signal.SIG_IGN, None)]


def forward(number: int) -> None:
    """Call the signal handler that the surrounding program has installed, if there is one."""
    if callable(handler := signal.getsignal(number)) and handler is not signal.default_int_handler:
        handler(number, None)


class Handlers:
    """Context manager that records signals, and raises `TerminatedError` on exit if there was one.

    Handlers exist only in the main thread: in other threads, and when nested, this does nothing.
    """

    def __init__(self) -> None:
        self._before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}

    def __enter__(self) -> None:
        """Install the handlers."""
        global _active  # noqa: PLW0603  # as signals are the process's
        if _active is not None:
            return
        try:
            for number in _handled_signals():
                self._before[number] = signal.signal(number, _record)
        except ValueError:  # not the main thread
            return
        _active = self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Restore the previous handlers."""
        global _active  # noqa: PLW0603  # as above
        if _active is not self:
            return
        self.restore()
        _active = None
        if _received:
            number = _received[0][0]
            _received.clear()
            raise TerminatedError(number) from error

    def restore(self) -> None:
        """Restore the previous handlers."""
        for number, handler in self._before.items():
            signal.signal(number, handler)


def _record(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # as above
    _received.append((number, time.monotonic()))
    if _raise_immediately:
        check()
    if len(_received) == 1:
        for callback in tuple(_callbacks.values()):
            _start(callback)
    elif _received[-1][1] - _received[0][1] >= FORCE_AFTER and _active is not None:
        _active.restore()  # something hangs, such as a write to a pipe that nobody reads
        signal.raise_signal(number)


def _start(callback: Callable[[], None]) -> None:
    """Run the callback in another thread, because the main thread may hold any lock."""
    try:
        _thread.start_new_thread(callback, ())
    except RuntimeError:  # no more threads: the code that waits for the program checks for itself
        return


class Callback:
    """Context manager that calls a function in its own thread when a signal arrives.

    Earlier signals do not call it: use `check` after entering.
    """

    def __init__(self, function: Callable[[], None]) -> None:
        self._function = function

    def __enter__(self) -> None:
        """Register the function."""
        _callbacks[self] = self._function

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Unregister the function."""
        del _callbacks[self]


class RaiseImmediately:
    """Context manager for long calls into other libraries: a signal raises `TerminatedError` at any point.

    None of our threads may run during the block.
    """

    def __enter__(self) -> None:
        """Start raising."""
        global _raise_immediately  # noqa: PLW0603  # as above
        check()
        _raise_immediately = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop raising."""
        global _raise_immediately  # noqa: PLW0603  # as above
        _raise_immediately = False
