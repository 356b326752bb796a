"""What a compiled file says about itself, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Format = Literal["elf", "macho", "pe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolVersion:
    """A version of a library's interface that must be there at load time: `libc.so.6` and `GLIBC_2.34`."""

    library: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """A symbol that another library must provide.

    A weak one may be missing at run time. `version` and `library` are where it has to come from, if the linker wrote
    that down.
    """

    name: str
    weak: bool = False
    version: str | None = None
    library: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """The facts about a library or program that decide where it runs.

    `arch` is in Rust's words (see `tags.target`), but `arm` for each 32-bit little-endian ARM. `needed` are the
    libraries it is linked to, in the order of the loader; `versions` the versions it asks of them; `undefined` the
    symbols it takes from others, `exported` those it offers.
    """

    format: Format
    arch: str
    bits: int
    little_endian: bool
    needed: tuple[str, ...] = ()
    soname: str | None = None
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()
    interpreter: str | None = None
    versions: tuple[SymbolVersion, ...] = ()
    undefined: tuple[Symbol, ...] = ()
    exported: tuple[str, ...] = ()
