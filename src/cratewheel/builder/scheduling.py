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

    `own` says that `path` is this interpreter's; `plain` is then cargo's, from which it can be filled. `folders`
    are those of the profile, `packages` the names of all crates that take part, `common` the ids of those that are the
    same for every interpreter.
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
    """The permission to compile, with cargo's variables and descriptors for it, and a callback for its messages."""

    variables: tuple[tuple[str, str], ...] = ()
    descriptors: tuple[int, ...] = ()
    on_message: Callable[[Mapping[str, Any]], None] | None = None


class Scheduler:
    """Scheduler for one wheel: takes only the lock between processes."""

    @contextmanager
    def acquire(self, directory: BuildDirectory, reporter: Reporter) -> Iterator[CompileSlot]:
        """Hold the permission to compile in a directory for the block, waiting until it is free."""
        with lock_directory(directory, reporter):
            yield CompileSlot()


def lock_directory(directory: BuildDirectory, reporter: Reporter) -> AbstractContextManager[None]:
    """Hold the lock of a build directory against other processes; raises as `check_cancelled` does while it waits."""
    return exclusive(directory.lock, on_wait=lambda: reporter.step("Waiting", "for another cratewheel here"))
