"""Requests to end this process: Ctrl-C, SIGTERM and their like.

A handler that raises leaves the main thread wherever it happens to be: in an import, whose lock then nobody frees and
a thread that imports waits for; or between making a file and noting that it has to be removed. The handlers here only
take a note, and have the programs ended that run; the work stops where it calls `check`.

Nothing here may be slow to import: until the handlers are there, Ctrl-C is a traceback.
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
WARNING = "interrupted; nothing unfinished was left under its final name"
INSISTING = 1.0  # seconds after which a second signal is no echo of the first, which a group and its leader both get
LOSING_PATIENCE = 10.0  # seconds after which one more signal does what it would have done without us


class TerminatedError(KeyboardInterrupt):
    """A signal asked this process to end; `exit_status` is what shells report of a program that it has ended."""

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.number = number
        self.exit_status = 128 + number


_received: list[tuple[int, float]] = []  # the number of each, and when it came
_callbacks: dict[object, Callable[[], None]] = {}
_active: Handlers | None = None
_at_once = False


def check() -> None:
    """Raise `TerminatedError` if this process was asked to end: for all that works for long, between two steps."""
    if _received:
        raise TerminatedError(_received[0][0])


def number() -> int | None:
    """Return the signal that this process was asked to end with."""
    return _received[0][0] if _received else None


def insisted() -> bool:
    """Return whether it was asked again to end, by somebody who sees that it takes its time."""
    return len(_received) > 1 and _received[-1][1] - _received[0][1] >= INSISTING


def active() -> bool:
    """Return whether the handlers are there."""
    return _active is not None


def exit_at_once() -> None:
    """Have each of the signals end this process without a word: for one that is only starting, or has ended."""
    for number in _heeded():
        signal.signal(number, _exit)


def _exit(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # the interface is the interpreter's
    os._exit(128 + number)


def _heeded() -> list[int]:
    """Return the signals that this process does not ignore, as one below nohup or in the background does."""
    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    return [number for number in numbers if signal.getsignal(number) not in (signal.SIG_IGN, None)]


def pass_on(number: int) -> None:
    """Give a signal to the handler of a program that we are a part of, if it has one of its own."""
    if callable(handler := signal.getsignal(number)) and handler is not signal.default_int_handler:
        handler(number, None)


class Handlers:
    """A context in which signals are noted, and which raises `TerminatedError` in the end if there was one.

    Only in the main thread can there be handlers; in others, and within another such context, this does nothing.
    """

    def __init__(self) -> None:
        self._before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}

    def __enter__(self) -> None:
        """Put the handlers in place."""
        global _active  # noqa: PLW0603  # as signals are the process's
        if _active is not None:
            return
        try:
            for number in _heeded():
                self._before[number] = signal.signal(number, _note)
        except ValueError:  # not the main thread
            return
        _active = self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Put those back that were there before."""
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
        """Let the signals do what they did before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)


def _note(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # as above
    _received.append((number, time.monotonic()))
    if _at_once:
        check()
    if len(_received) == 1:
        for callback in tuple(_callbacks.values()):
            _start(callback)
    elif _received[-1][1] - _received[0][1] >= LOSING_PATIENCE and _active is not None:
        _active.restore()  # whatever hangs, a full pipe that nobody reads say, is left where it is
        signal.raise_signal(number)


def _start(callback: Callable[[], None]) -> None:
    """Call it in another thread: this one may hold any lock. `threading` has some of its own."""
    try:
        _thread.start_new_thread(callback, ())
    except RuntimeError:  # no more threads: whoever waits for the program looks for himself
        return


class Callback:
    """A context in which a signal has a function called, in a thread of its own.

    A signal that came before has nothing called: `check` after entering.
    """

    def __init__(self, function: Callable[[], None]) -> None:
        self._function = function

    def __enter__(self) -> None:
        """Have it called."""
        _callbacks[self] = self._function

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Have it called no more."""
        del _callbacks[self]


class RaisedAtOnce:
    """A context for long work of others, which calls no `check`: a signal raises `TerminatedError` wherever it is.

    No thread of ours may run meanwhile.
    """

    def __enter__(self) -> None:
        """Begin."""
        global _at_once  # noqa: PLW0603  # as above
        check()
        _at_once = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End."""
        global _at_once  # noqa: PLW0603  # as above
        _at_once = False
