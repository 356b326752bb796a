"""The inputs and results of a repair."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from cratewheel.events import Reporter
from cratewheel.options.tool_tables import DEFAULT_TABLE
from cratewheel.targets.triples import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A compiled file of the wheel that needs libraries.

    `path` is a copy of our own, which is patched in place; `folder` the folder in the wheel, seen from site-packages,
    that it is loaded from; `needs` the external libraries that the audit found. `origin` is the folder in which it was
    linked, where libraries may lie beside it; by default that of `path`.
    """

    path: Path
    folder: PurePosixPath
    needs: tuple[str, ...]
    origin: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """The inputs of a repair: target, distribution, and search folders.

    `dist` is the distribution's name as file names carry it. `search` are folders that the build linked from; `exclude`
    are globs of libraries that stay outside, from `settings_table`. `scratch` is a folder for the patched copies.
    """

    target: Target
    native: bool
    dist: str
    search: tuple[Path, ...]
    exclude: tuple[str, ...]
    scratch: Path
    environ: Mapping[str, str]
    reporter: Reporter
    settings_table: str = DEFAULT_TABLE

    def excludes(self, library: str) -> bool:
        """Return whether the user excludes the library."""
        return is_excluded(library, self.exclude, self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grafted:
    """A library added to the wheel: its file name there, its origin, and the patched copy.

    `sha256` is that of the original.
    """

    name: str
    original: Path
    path: Path
    sha256: str


def is_excluded(library: str, patterns: Iterable[str], target: Target) -> bool:
    """Return whether one of the globs matches the library; case-sensitive except for Windows."""
    if target.os == "windows":
        library, patterns = library.lower(), [pattern.lower() for pattern in patterns]
    name = library.rpartition("/")[2]
    return any(fnmatchcase(name, pattern) or fnmatchcase(library, pattern) for pattern in patterns)


def hashed_name(name: str, sha256: str) -> str:
    """Return a unique name for a library in the wheel: it contains the start of its digest.

    >>> hashed_name("libssl.so.3", "0123456789abcdef"), hashed_name("libssl-01234567.so.3", "0123456789abcdef")
    ('libssl-01234567.so.3', 'libssl-01234567.so.3')
    """
    stem, dot, rest = name.partition(".")
    short = sha256[:8]
    return name if stem.endswith(f"-{short}") else f"{stem}-{short}{dot}{rest}"
