"""Detects files of a project with the same path in its source distribution."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cratewheel.archive.layout import Entry, FromFile
from cratewheel.errors import ConfigError

ONLY_ONE = "pyproject.toml"  # the project's own is always at the top of the archive


@dataclass(frozen=True, slots=True, kw_only=True)
class Displaced:
    """A file without its `place` in the archive, because `by` has it."""

    path: str
    by: str
    place: str


def check_conflicts(displaced: Iterable[Displaced], entries: Iterable[Entry]) -> None:
    """Raise `ConfigError` for a displaced file, unless `entries` has the same content at that path."""
    by_place = {entry.path: entry for entry in entries}
    for file in displaced:
        if Path(file.path).read_bytes() != _content(by_place[file.place]):
            raise ConfigError(
                f"two files have the same path in the sdist, {file.by} and {file.path}: {file.place}", hint=_hint(file)
            )


def _content(entry: Entry) -> bytes:
    source = entry.source
    return Path(source.path).read_bytes() if isinstance(source, FromFile) else source.data


def _hint(file: Displaced) -> str:
    if file.place == ONLY_ONE:
        return f'exclude {file.path}: `exclude = ["/{ONLY_ONE}"]` in [package] of the Cargo.toml beside it'
    return "rename one of them, or exclude one with `exclude`; see the documentation of sdists for files that move"
