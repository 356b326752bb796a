"""The facts about a compiled file, independent of its format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Format = Literal["elf", "macho", "pe", "wasm", "xcoff"]
SYMBOLS_READ: tuple[Format, ...] = ("elf", "macho", "pe")  # of the others only the kind is known
FloatAbi = Literal["soft", "single", "double", "quad", "hard"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolVersion:
    """A symbol version required at load time: `libc.so.6` and `GLIBC_2.34`."""

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
    libraries it is linked to, in the order of the loader; `delayed` those that Windows loads at their first call;
    `weak` those of macOS that may be missing; `versions` the versions it asks of them; `undefined` the symbols it takes
    from others, `exported` those it offers. `soname` is the name by which others link to it: an ELF soname, Mach-O's
    install name, or the name in a DLL's export table. `minimum_os` is the oldest macOS, iOS or Windows that loads it,
    if the file says so. A fat Mach-O file has `slices`, one for each processor, and is what they are together, with the
    arch `universal2` (or the names of its processors joined by `+`). `system` is the system in Rust's word, with
    `-simulator` for one of Apple's, and `float_abi` how numbers are passed, where the file says so.
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
    delayed: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    minimum_os: tuple[int, int] | None = None
    system: str | None = None
    float_abi: FloatAbi | None = None
    slices: tuple[Binary, ...] = ()
