"""Schedules compilation: one build per build directory at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cratewheel.events import Reporter
from cratewheel.system.files.lock import exclusive


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildDirectory:
    """The directory in which a wheel is compiled.

    `own` says that `path` is used only for this interpreter; it can then be filled from cargo's own, `plain`. `folders`
    are those of the profile, `packages` the names of all crates, `common` the ids of those that are the
    same for all interpreters.
    """

    path: Path
    own: bool
    lock: Path
    plain: Path
    folders: tuple[str, ...]
    packages: frozenset[str]
    common: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileSlot:
    """Permission to compile: variables and descriptors for cargo, and a callback for its messages."""

    variables: tuple[tuple[str, str], ...] = ()
    descriptors: tuple[int, ...] = ()
    on_message: Callable[[Mapping[str, Any]], None] | None = None


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
