"""Several pieces of work at once, and how a failure or a signal ends all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

from cratewheel.errors import CratewheelError
from cratewheel.system import signals as interrupts

_Result = TypeVar("_Result")

PATIENCE = 0.1  # seconds between two looks, for whoever waits for something, at whether that is still wanted


class EndedError(CratewheelError):
    """Somebody else's failure ended this work."""


class Task(Generic[_Result]):
    """A piece of work that a `TaskGroup` does."""

    def __init__(self, group: TaskGroup, work: Callable[[], _Result]) -> None:
        self._group = group
        self._work = work
        self._result: list[_Result] = []
        self._ended = threading.Event()  # before Python 3.13, a join that Ctrl-C interrupts takes the thread for ended
        threading.Thread(target=self._run).start()

    def _run(self) -> None:
        _GROUP.set(self._group)  # each thread has a context of its own
        try:
            with self._group.room:
                self._group.check()
                self._result.append(self._work())
        except BaseException as error:  # noqa: BLE001  # raised again by whoever waits for the group
            self._group.fail(error)
        finally:
            self._ended.set()

    @property
    def done(self) -> bool:
        """Whether the work was done, and without a failure."""
        return bool(self._result)

    def result(self) -> _Result:
        """Wait for the work and return what it made; raises what the first of the group that failed has raised."""
        self.wait()
        if not self._result:
            self._group.check()
        return self._result[0]

    def wait(self) -> None:
        """Wait until the work has ended, however it did."""
        # Windows lets no signal into a wait without an end, and it is the main thread that has to take note of them
        while not self._ended.wait(PATIENCE):
            continue


class TaskGroup:
    """Does several things at once, each in a thread; when one fails, the programs that the others run are ended.

    `at_once` is how many are done at a time; the others wait. Made in a task of another group, it ends with that.
    """

    def __init__(self, *, at_once: int | None = None) -> None:
        self.room: AbstractContextManager[Any] = threading.Semaphore(at_once) if at_once else nullcontext()
        self._above = _GROUP.get()
        self._tasks: list[Task[Any]] = []
        self._enders: dict[object, Callable[[], None]] = {}
        self._lock = threading.Lock()
        self._failure: BaseException | None = None

    def start(self, work: Callable[[], _Result]) -> Task[_Result]:
        """Begin a piece of work."""
        task = Task(self, work)
        self._tasks.append(task)
        return task

    def check(self) -> None:
        """Raise the first failure, if there was one: what has not begun need not be."""
        if self._above is None:
            interrupts.check()
        else:
            self._above.check()
        if self._failure is None:
            return
        if isinstance(self._failure, Exception):
            raise self._failure
        raise EndedError("interrupted") from self._failure

    def fail(self, error: BaseException) -> None:
        """End all programs of the group, because of an error."""
        with self._lock:
            if self._failure is None:
                self._failure = error
            enders = tuple(self._enders.values())
        threads = [threading.Thread(target=end) for end in enders]  # a program may take its time to end
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    @contextmanager
    def track(self, end: Callable[[], None]) -> Iterator[None]:
        """Count a program as the group's while it runs; `end` ends it."""
        key = object()
        with self._lock:
            self._enders[key] = end
        try:
            with self._above.track(end) if self._above is not None else nullcontext():
                self.check()
                yield
        finally:
            with self._lock:
                del self._enders[key]

    def wait(self) -> None:
        """Wait until all work has ended."""
        for task in self._tasks:
            task.wait()


@contextmanager
def task_group(*, at_once: int | None = None) -> Iterator[TaskGroup]:
    """Yield a new `TaskGroup`, and wait for all of its work; left by an exception, it ends the rest."""
    group = TaskGroup(at_once=at_once)
    try:
        yield group
    except BaseException as error:
        group.fail(error)
        raise
    finally:
        group.wait()


_GROUP: ContextVar[TaskGroup | None] = ContextVar("group", default=None)


def current_group() -> TaskGroup | None:
    """Return the group that this code is a task of."""
    return _GROUP.get()


def check_cancelled() -> None:
    """Raise what ends this work: a signal, or the failure of the group that it is a task of.

    To be called by whoever waits, starts a program, or works for long, between two steps.
    """
    interrupts.check()
    group = _GROUP.get()
    if group is not None:
        group.check()
