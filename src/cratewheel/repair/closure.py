"""Finds the libraries to add to a wheel: those of the compiled files, and their dependencies."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from cratewheel.audit import binary
from cratewheel.audit.model import Binary
from cratewheel.repair.model import Repair, Subject, hashed_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A library: its real path, digest, parsed content, and needed libraries."""

    path: Path
    sha256: str
    binary: Binary
    needs: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its file name in the wheel."""
        return hashed_name(self.path.name, self.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """The libraries without duplicates, and the library for each needed name of each file."""

    libraries: tuple[Library, ...]
    links: dict[Path, dict[str, Library]]


Locate = Callable[[str, Path, Binary], Library | None]  # the name, and who needs it


def find_closure(subjects: Iterable[Subject], surroundings: Repair, locate: Locate) -> Closure:
    """Return all libraries that `locate` finds, starting from the subjects; excluded ones are skipped."""
    found: dict[Path, Library] = {}
    links: dict[Path, dict[str, Library]] = {}
    waiting = [(subject.path, binary.read(subject.path), subject.needs) for subject in subjects]
    while waiting:
        needer, inputs, needs = waiting.pop(0)
        own = links.setdefault(needer, {})
        for need in needs:
            if surroundings.excludes(need):
                continue
            library = locate(need, needer, inputs)
            if library is None:
                continue
            if library.path not in found:
                found[library.path] = library
                waiting.append((library.path, library.binary, library.needs))
            own[need] = found[library.path]
    return Closure(libraries=tuple(found.values()), links=links)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
