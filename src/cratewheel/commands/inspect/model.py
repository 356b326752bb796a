"""What is known of an archive after looking into it. `as_json` has the same fields, by the same names."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from cratewheel.audit.model import Format

Kind = Literal["wheel", "sdist"]
Role = Literal["extension", "library", "program"]
Level = Literal["error", "warning", "note"]
LibraryOrigin = Literal["system", "wheel", "grafted", "external"]
CrateSource = Literal["sbom", "auditable", "lockfile", "paths"]

FORMAT_VERSION = 1  # of the JSON; fields may be added without a new one


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file of the archive: its path, its size packed (0 in an sdist, which is packed as a whole) and unpacked."""

    path: str
    packed: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SizedPart:
    """A section of a file, or the code and data of a crate, and its bytes."""

    name: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A library that a compiled file is linked to.

    `origin` is `system` (every system of the tag has it, or Python), `wheel` (the project ships it), `grafted` (a tool
    has put it into the wheel) or `external` (it has to be there, and nothing says that it is).
    """

    name: str
    origin: LibraryOrigin


@dataclass(frozen=True, slots=True, kw_only=True)
class Crate:
    """A crate that was compiled in; `source` is where that was read."""

    name: str
    version: str
    licence: str | None
    source: CrateSource


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledFile:
    """What is known of a compiled file of the archive.

    `policy` is the oldest manylinux or musllinux that it meets, `forced_by` what stands against an older one;
    `minimum_os` the oldest macOS, iOS or Windows that loads it. `symbols_by_crate` is empty where symbols were removed;
    `symbols` are the largest ones. `imported` and `exported` are the names for the loader.
    """

    path: str
    format: Format
    arch: str
    role: Role
    size: int
    policy: str | None = None
    forced_by: tuple[str, ...] = ()
    minimum_os: str | None = None
    libraries: tuple[Library, ...] = ()
    sections: tuple[SizedPart, ...] = ()
    symbols_by_crate: tuple[SizedPart, ...] = ()
    symbols: tuple[SizedPart, ...] = ()
    stripped: bool = True
    imported: tuple[str, ...] = ()
    exported: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that is wrong (`error`), may be (`warning`) or is worth knowing (`note`), and in which file."""

    level: Level
    code: str
    text: str
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """How RECORD was verified: the files whose hash and size are as it says, and those it gives no hash for."""

    verified: int
    without_hash: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What is in a wheel or a source distribution, who can install it, and what is wrong with it."""

    file: str
    kind: Kind
    packed: int
    size: int
    sha256: str
    name: str | None
    version: str | None
    summary: str | None
    licence: str | None
    requires_python: str | None
    requires: tuple[str, ...]
    generator: str | None
    tags: tuple[str, ...]
    pythons: tuple[str, ...]
    systems: tuple[str, ...]
    forced_by: tuple[str, ...]
    files: tuple[Member, ...]
    compiled: tuple[CompiledFile, ...]
    crates: tuple[Crate, ...]
    record: Record | None
    problems: tuple[Problem, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the fields as values of JSON."""
        return {"format": FORMAT_VERSION, **asdict(self)}
