"""Where a wheel is compiled, and the right to compile there: in a build directory, one at a time."""

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
    """Where a wheel is compiled.

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
class Turn:
    """The right to compile: what cargo must be told for it, and who wants to hear what it reports."""

    variables: tuple[tuple[str, str], ...] = ()
    descriptors: tuple[int, ...] = ()
    on_message: Callable[[Mapping[str, Any]], None] | None = None


class Turns:
    """The turns of one wheel, which waits for nobody in this process."""

    @contextmanager
    def turn(self, directory: BuildDirectory, reporter: Reporter) -> Iterator[Turn]:
        """Wait until a wheel may compile in its directory, and hold that right."""
        with locked(directory, reporter):
            yield Turn()


def locked(directory: BuildDirectory, reporter: Reporter) -> AbstractContextManager[None]:
    """Lock a build directory against other processes of ours; raises as `check_cancelled` does while it waits."""
    return exclusive(directory.lock, on_wait=lambda: reporter.step("Waiting", "for another cratewheel here"))
