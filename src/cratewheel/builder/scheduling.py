"""Schedules compilation: one build per build directory at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cratewheel.events import Reporter
from cratewheel.system.files.lock import exclusive
from cratewheel.system.tasks import POLL_INTERVAL, check_cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildDirectory:
    """The directory in which a wheel is compiled.

    `own` says that `path` is used only for this interpreter; it can then be filled from cargo's own, `plain`. `folders`
    are those of the profile, `packages` the names of all crates, `local` of those that other copies of the project have
    too, `common` the ids of those that are the same for all interpreters.
    """

    path: Path
    own: bool
    lock: Path
    plain: Path
    folders: tuple[str, ...]
    packages: frozenset[str]
    local: frozenset[str]
    common: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileSlot:
    """Permission to compile: variables and descriptors for cargo, and a callback for its messages.

    `jobs` is the number of jobs that cargo may run, where it cannot ask a jobserver.
    """

    jobs: int | None = None
    variables: tuple[tuple[str, str], ...] = ()
    descriptors: tuple[int, ...] = ()
    on_message: Callable[[Mapping[str, Any]], None] | None = None


class OncePerCommand:
    """Lets each hook run once in a command, for each wheel that it is for; several wheels wait for the first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done: set[tuple[str, str]] = set()

    def first(self, key: str, unit: str | None, action: Callable[[], None]) -> None:
        """Call `action` unless it has been called for the unit; for the unit None, unless it has been for any.

        What it raises is passed on, and it does not count as called.
        """
        while not self._lock.acquire(timeout=POLL_INTERVAL):
            check_cancelled()
        try:
            done = {found for found, _ in self._done} if unit is None else self._done
            if (key if unit is None else (key, unit)) not in done:
                action()
                self._done.add((key, unit or ""))
        finally:
            self._lock.release()


class Scheduler:
    """Scheduler for one wheel: takes only the lock between processes."""

    @contextmanager
    def acquire(self, directory: BuildDirectory, reporter: Reporter) -> Iterator[CompileSlot]:
        """Wait until the directory is free, and lock it for the block."""
        with lock_directory(directory, reporter):
            yield CompileSlot()


def lock_directory(directory: BuildDirectory, reporter: Reporter) -> AbstractContextManager[None]:
    """Lock a build directory against other processes; raises as `check_cancelled` does while waiting."""
    return exclusive(
        directory.lock, on_wait=lambda: reporter.step("Waiting", "for another cratewheel in this build directory")
    )
