"""What an archive will hold, decided before a byte is written: archive path → source.

Pure: nothing here reads a file. `layout` refuses paths that leave the archive and two sources for one path.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cratewheel.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A file that we write ourselves."""

    data: bytes
    executable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FromFile:
    """A file that is copied from the disk as it is."""

    path: Path
    executable: bool = False


Source = Generated | FromFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of an archive. `why` says what put it there, for `--explain` and for conflicts."""

    path: PurePosixPath
    source: Source
    why: str = ""


Layout = tuple[Entry, ...]


def layout(entries: Iterable[Entry]) -> Layout:
    """Return the entries in archive order: by path components, so that `pkg/` comes before `pkg-1.0.data/`.

    The same file under the same path twice is one entry. Raises `ConfigError` when two different sources want one path, a
    path is both a file and a folder, or a path is absolute or has `..` in it.
    """
    chosen: dict[PurePosixPath, Entry] = {}
    for entry in entries:
        _refuse_escape(entry)
        earlier = chosen.setdefault(entry.path, entry)
        if earlier.source != entry.source:
            raise ConfigError(
                f"two different files would become {entry.path} in the archive",
                notes=(f"{_describe(earlier)}", f"{_describe(entry)}"),
                hint="rename one of them, or leave one out with `exclude`",
            )
    for entry in chosen.values():
        for parent in entry.path.parents:
            if parent in chosen:
                raise ConfigError(f"{parent} would be both a file and the folder of {entry.path} in the archive")
    return tuple(sorted(chosen.values(), key=lambda entry: entry.path.parts))


def _refuse_escape(entry: Entry) -> None:
    if entry.path.is_absolute() or ".." in entry.path.parts or not entry.path.parts:
        raise ConfigError(f"{entry.path} would lie outside the archive ({_describe(entry)})")


def _describe(entry: Entry) -> str:
    place = str(entry.source.path) if isinstance(entry.source, FromFile) else "a generated file"
    return f"{place} ({entry.why})" if entry.why else place
