"""The executable bits of tracked files on Windows, whose files have none: git keeps them in its index."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from cratewheel.archive.layout import Entry, FromFile
from cratewheel.system.git import tracked_executables


def with_modes_of_git(entries: Iterable[Entry], root: Path, environ: Mapping[str, str]) -> tuple[Entry, ...]:
    """Return the entries; on Windows, those executable that are in the index of the repository around `root`.

    Starts git there alone, and only in a repository.
    """
    found = tuple(entries)
    return found if os.name != "nt" else tuple(mark_executable(found, tracked_executables(root, environ)))


def mark_executable(entries: Iterable[Entry], paths: Collection[str]) -> Iterator[Entry]:
    """Yield the entries, with the executable bit for files whose path on disk is among `paths`.

    Paths are compared with the links of folders followed: Windows has several for a file on a drive of the network.
    """
    real: dict[str, str] = {}
    executable = {_place(path, real) for path in paths}
    for entry in entries:
        source = entry.source
        if executable and isinstance(source, FromFile) and _place(source.path, real) in executable:
            yield replace(entry, source=replace(source, executable=True))
        else:
            yield entry


def _place(path: str, real: dict[str, str]) -> str:
    folder, name = os.path.split(path)
    if folder not in real:
        real[folder] = os.path.realpath(folder)
    return f"{real[folder]}{os.sep}{name}"
