"""Runs work in parallel threads; an error or a signal ends all of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

from cratewheel.errors import CratewheelError
from cratewheel.system import signals as interrupts

_Result = TypeVar("_Result")

POLL_INTERVAL = 0.1  # seconds between two calls of `check_cancelled` during a wait


class CancelledError(CratewheelError):
    """This work was cancelled because another task failed."""


class Task(Generic[_Result]):
    """One task of a `TaskGroup`."""

    def __init__(self, group: TaskGroup, work: Callable[[], _Result]) -> None:
        self._group = group
        self._work = work
        self._result: list[_Result] = []
        self._ended = (
            threading.Event()
        )  # before Python 3.13, a join() that Ctrl-C interrupts reports the thread as ended
        threading.Thread(target=self._run).start()

    def _run(self) -> None:
        _GROUP.set(self._group)  # each thread has a context of its own
        try:
            with self._group.room:
                self._group.check()
                self._result.append(self._work())
        except BaseException as error:  # noqa: BLE001  # raised again in the thread that waits for the group
            self._group.fail(error)
        finally:
            self._ended.set()

    @property
    def done(self) -> bool:
        """Whether the task has ended without an error."""
        return bool(self._result)

    def result(self) -> _Result:
        """Wait for the task and return its result; raises the group's first error if the task has none."""
        self.wait()
        if not self._result:
            self._group.check()
        return self._result[0]

    def wait(self) -> None:
        """Wait until the task has ended, successfully or not."""
        # on Windows, a wait without a timeout blocks signals, which only the main thread can handle
        while not self._ended.wait(POLL_INTERVAL):
            continue


class TaskGroup:
    """Runs tasks in threads; when one fails, the programs that the others run are ended.

    At most `max_running` tasks run at a time. A group created in a task of another group is cancelled with that group.
    """

    def __init__(self, *, max_running: int | None = None) -> None:
        self.room: AbstractContextManager[Any] = threading.Semaphore(max_running) if max_running else nullcontext()
        self._parent = _GROUP.get()
        self._tasks: list[Task[Any]] = []
        self._end_callbacks: dict[object, Callable[[], None]] = {}
        self._lock = threading.Lock()
        self._failure: BaseException | None = None

    def start(self, work: Callable[[], _Result]) -> Task[_Result]:
        """Start a task."""
        task = Task(self, work)
        self._tasks.append(task)
        return task

    def check(self) -> None:
        """Raise the group's first error, if there is one."""
        if self._parent is None:
            interrupts.check()
        else:
            self._parent.check()
        if self._failure is None:
            return
        if isinstance(self._failure, Exception):
            raise self._failure
        raise CancelledError("interrupted") from self._failure

    def fail(self, error: BaseException) -> None:
        """Record the error, and end all programs that the group's tasks run."""
        with self._lock:
            if self._failure is None:
                self._failure = error
            callbacks = tuple(self._end_callbacks.values())
        threads = [threading.Thread(target=end) for end in callbacks]  # a program may need some time to end
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    @contextmanager
    def track(self, end: Callable[[], None]) -> Iterator[None]:
        """Register `end` for the duration of the block: it is called when the group fails."""
        key = object()
        with self._lock:
            self._end_callbacks[key] = end
        try:
            with self._parent.track(end) if self._parent is not None else nullcontext():
                self.check()
                yield
        finally:
            with self._lock:
                del self._end_callbacks[key]

    def wait(self) -> None:
        """Wait until all tasks have ended."""
        for task in self._tasks:
            task.wait()


@contextmanager
def task_group(*, max_running: int | None = None) -> Iterator[TaskGroup]:
    """Yield a new `TaskGroup` and wait for its tasks; an exception in the block cancels them."""
    group = TaskGroup(max_running=max_running)
    try:
        yield group
    except BaseException as error:
        group.fail(error)
        raise
    finally:
        group.wait()


_GROUP: ContextVar[TaskGroup | None] = ContextVar("group", default=None)


def current_group() -> TaskGroup | None:
    """Return the group of the task that runs this code, or None."""
    return _GROUP.get()


def check_cancelled(*, after: int | None = None) -> None:
    """Raise if this work was cancelled by a signal, or by an error in its task group.

    Call it while waiting, before starting a program, and between the steps of long work; `after` is the status of a
    program that has ended.
    """
    interrupts.await_console(after)
    interrupts.check()
    group = _GROUP.get()
    if group is not None:
        group.check()
