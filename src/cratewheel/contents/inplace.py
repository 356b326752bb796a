"""Tracks the compiled files that editable installs write into the project (`editable-mode = "inplace"`).

Python prefers `x.cpython-311-….so` to `x.abi3-….so` to `x.abi3.so` to `x.so`, so an old file may hide a new one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from cratewheel.archive.layout import Entry
from cratewheel.system import files
from cratewheel.system.files.json_cache import JsonCache

_ENDINGS = (".so", ".pyd")
_STABLE = (".abi3.so", ".abi3.pyd", ".abi3t.so", ".abi3t.pyd")
_STABLE_OF_PLATFORM = (".abi3-", ".abi3t-")


def read_record(state_file: JsonCache, source: Path) -> dict[str, str]:
    """Return the paths and hashes of files written to the folder `source`; empty without a valid record."""
    found = state_file.read(_name(source))
    if not isinstance(found, dict):
        return {}
    return {place: value for place, value in found.items() if isinstance(value, str)}


def write_record(state_file: JsonCache, source: Path, places: Iterable[str]) -> None:
    """Store the hashes of the files at these paths, which have just been written."""
    content = {place: files.sha256(source / place) for place in sorted(places) if (source / place).is_file()}
    state_file.write(_name(source), content)


def _name(source: Path) -> str:
    return f"{hashlib.sha256(str(source).encode(errors='surrogateescape')).hexdigest()[:16]}.json"


def outdated(source: Path, compiled: Iterable[Entry], record: Mapping[str, str]) -> tuple[str, ...]:
    """Return the unchanged files of earlier builds, which are to be removed.

    Modules for other interpreters are kept: each interpreter imports its own.
    """
    new = {entry.path for entry in compiled}
    return tuple(
        place
        for place, value in record.items()
        if place not in new
        and not any(_both_have_an_interpreter(place, other) for other in new)
        and not (source / place).is_symlink()
        and (source / place).is_file()
        and files.sha256(source / place) == value
    )


def hiding_files(source: Path, compiled: Iterable[Entry]) -> Iterator[tuple[Path, Path]]:
    """Yield each file of the project that Python may import instead of a compiled module, with that module."""
    for entry in compiled:
        if not entry.path.endswith(_ENDINGS):
            continue
        module = source / entry.path
        stem = module.name.partition(".")[0]
        for path in sorted(module.parent.glob("*")):
            is_same = path.name.partition(".")[0] == stem and path.name.endswith(_ENDINGS)
            if is_same and path != module and _rank(path.name) < _rank(module.name):
                yield path, module


def _rank(name: str) -> int:
    """Return the position of a module's suffix in the order in which Python tries them."""
    ending = name[name.index(".") :]
    if ending in _ENDINGS:
        return 3
    if ending in _STABLE:
        return 2
    return 1 if ending.startswith(_STABLE_OF_PLATFORM) else 0


def _both_have_an_interpreter(place: str, other: str) -> bool:
    """Return whether two paths are the same module for two interpreters."""
    if not (place.endswith(_ENDINGS) and other.endswith(_ENDINGS)):
        return False
    one, two = Path(place), Path(other)
    same = one.parent == two.parent and one.name.partition(".")[0] == two.name.partition(".")[0]
    return same and _rank(one.name) == _rank(two.name) == 0
