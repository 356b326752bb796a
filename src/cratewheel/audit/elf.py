"""Reads ELF files: dynamic section, symbol versions and dynamic symbols.

Everything is found as the loader finds it, through the program headers, so that a file without section headers reads
the same. Section headers are asked for one thing only: how many dynamic symbols there are. Specifications: the System V
gABI (chapters 4 and 5), and the Linux Standard Base Core, "Symbol Versioning".

Damaged input raises `AuditError`. No loop trusts a count or an offset of the file: the file's length bounds each.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from cratewheel.audit.model import Binary, FloatAbi, Symbol, SymbolVersion
from cratewheel.errors import AuditError

MAGIC = b"\x7fELF"

_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_SHT_DYNSYM = 11
_DT_NULL, _DT_NEEDED, _DT_HASH, _DT_STRTAB, _DT_SYMTAB, _DT_STRSZ = 0, 1, 4, 5, 6, 10
_DT_SONAME, _DT_RPATH, _DT_RUNPATH = 14, 15, 29
_DT_GNU_HASH, _DT_VERSYM, _DT_VERNEED, _DT_VERNEEDNUM = 0x6FFFFEF5, 0x6FFFFFF0, 0x6FFFFFFE, 0x6FFFFFFF
_STB_LOCAL, _STB_WEAK = 0, 2
_STV_INTERNAL, _STV_HIDDEN = 1, 2
_EM_S390 = 22
_VERSION_INDEX = 0x7FFF  # the bit above says that the version is hidden

# (e_machine, bits, little endian) → processor in Rust's words
_MACHINES = {
    (3, 32, True): "x86",
    (8, 32, False): "mips",
    (8, 32, True): "mipsel",
    (8, 64, False): "mips64",
    (8, 64, True): "mips64el",
    (20, 32, False): "powerpc",
    (21, 64, False): "powerpc64",
    (21, 64, True): "powerpc64le",
    (_EM_S390, 64, False): "s390x",
    (40, 32, True): "arm",
    (43, 64, False): "sparc64",
    (62, 32, True): "x86_64",
    (62, 64, True): "x86_64",
    (183, 32, True): "aarch64",
    (183, 64, True): "aarch64",
    (243, 32, True): "riscv32",
    (243, 64, True): "riscv64",
    (258, 64, True): "loongarch64",
}

# EI_OSABI → the system in Rust's word; most files name none
_SYSTEMS = {2: "netbsd", 3: "linux", 6: "solaris", 7: "aix", 9: "freebsd", 12: "openbsd"}
_RISCV_FLOATS: tuple[FloatAbi, ...] = ("soft", "single", "double", "quad")
_LOONGARCH_FLOATS: dict[int, FloatAbi] = {1: "soft", 2: "single", 3: "double"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """The shapes of the structures in one class of files."""

    header: str  # e_type … e_shstrndx, from offset 16
    program: str
    section: str
    dynamic: str
    symbol: str
    word: int


_LAYOUTS = {
    32: _Layout(header="HHIIIIIHHHHHH", program="8I", section="10I", dynamic="iI", symbol="IIIBBH", word=4),
    64: _Layout(
        header="HHIQQQIHHHHHH", program="IIQQQQQQ", section="IIQQQQIIQQ", dynamic="qQ", symbol="IBBHQQ", word=8
    ),
}


def parse(data: bytes | mmap.mmap) -> Binary:
    """Return the inputs about an ELF file from its bytes; raises `AuditError` when it is damaged.

    An object file or a static program has no dynamic section: then it needs nothing.
    """
    image = _image(data)
    tables = _Tables(image)
    versions = tables.versions_needed()
    undefined, exported = tables.symbols(dict(versions))
    return Binary(
        format="elf",
        arch=_MACHINES.get((image.machine, image.bits, image.little_endian), f"ELF machine {image.machine}"),
        bits=image.bits,
        little_endian=image.little_endian,
        system=_SYSTEMS.get(data[7]),
        float_abi=_float_abi(image.machine, image.flags),
        needed=tables.names(_DT_NEEDED),
        soname=next(iter(tables.names(_DT_SONAME)), None),
        rpath=_paths(tables.names(_DT_RPATH)),
        runpath=_paths(tables.names(_DT_RUNPATH)),
        interpreter=image.interpreter(),
        versions=tuple(version for _, version in versions),
        undefined=undefined,
        exported=exported,
    )


def exported_offsets(data: bytes | mmap.mmap, prefix: str) -> tuple[int, ...]:
    """Return where in the file the data of each exported symbol starts whose name begins with `prefix`.

    Raises `AuditError` when the file is damaged.
    """
    image = _image(data)
    found = (image.offset_of(address) for name, address in _Tables(image).addresses() if name.startswith(prefix))
    return tuple(offset for offset in found if offset is not None)


def _float_abi(machine: int, flags: int) -> FloatAbi | None:
    """Return how numbers are passed, by the processor's supplement of the System V ABI."""
    match machine:
        case 40:
            return "hard" if flags & 0x400 else "soft" if flags & 0x200 else None
        case 243:
            return _RISCV_FLOATS[flags >> 1 & 3]
        case 258:
            return _LOONGARCH_FLOATS.get(flags & 7)
        case _:
            return None


def _paths(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(path for value in values for path in value.split(":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Image:
    """The file's bytes with their class and byte order, and its program headers."""

    data: bytes | mmap.mmap
    bits: int
    little_endian: bool
    machine: int
    flags: int
    layout: _Layout
    segments: tuple[tuple[int, int, int, int], ...]  # type, offset, address, size in the file
    sections_at: int
    section_size: int
    section_count: int

    def unpack(self, layout: str, offset: int) -> tuple[Any, ...]:
        return _unpack(self.data, self.little_endian, layout, offset)

    def rows(self, layout: str, offset: int, size: int) -> Iterator[tuple[Any, ...]]:
        """Yield each whole structure of a table, as far as the file goes."""
        shape = struct.Struct(("<" if self.little_endian else ">") + layout)
        table = self.data[offset : offset + size]
        return shape.iter_unpack(table[: len(table) - len(table) % shape.size])

    def offset_of(self, address: int) -> int | None:
        """Return where in the file the bytes are that will be loaded at `address`."""
        for kind, offset, start, size in self.segments:
            if kind == _PT_LOAD and start <= address < start + size:
                return offset + address - start
        return None

    def tags(self) -> Iterator[tuple[int, int]]:
        """Yield the entries of the dynamic section."""
        for kind, offset, _, size in self.segments:
            if kind == _PT_DYNAMIC:
                return takewhile(lambda entry: entry[0] != _DT_NULL, self.rows(self.layout.dynamic, offset, size))
        return iter(())

    def interpreter(self) -> str | None:
        """Return the program that loads this one."""
        for kind, offset, _, size in self.segments:
            if kind == _PT_INTERP:
                return _Names(self.data, offset, size).at(0)
        return None


def _unpack(data: bytes | mmap.mmap, little_endian: bool, layout: str, offset: int) -> tuple[Any, ...]:
    shape = ("<" if little_endian else ">") + layout
    try:
        return struct.unpack_from(shape, data, offset)
    except (struct.error, OverflowError) as error:  # beyond the file, or beyond what the machine can count
        raise AuditError("the ELF file is damaged: it ends too early") from error


def _image(data: bytes | mmap.mmap) -> _Image:
    if data[:4] != MAGIC:
        raise AuditError("this is not an ELF file")
    if len(data) < 16 or data[4] not in (1, 2) or data[5] not in (1, 2):
        raise AuditError("the ELF file is damaged: its class or byte order is unknown")
    bits, little_endian = 32 * data[4], data[5] == 1
    layout = _LAYOUTS[bits]
    header = _unpack(data, little_endian, layout.header, 16)
    _, machine, _, _, programs_at, sections_at, flags, _, program_size, programs, section_size, sections, _ = header
    segments = tuple(
        _segment(_unpack(data, little_endian, layout.program, programs_at + program_size * index), bits)
        for index in range(programs)
    )
    if any(kind == _PT_LOAD and size and offset + size > len(data) for kind, offset, _, size in segments):
        raise AuditError("the ELF file is damaged: it ends before what a program loads of it")
    return _Image(
        data=data,
        bits=bits,
        little_endian=little_endian,
        machine=machine,
        flags=flags,
        layout=layout,
        segments=segments,
        sections_at=sections_at,
        section_size=section_size,
        section_count=sections,
    )


def _segment(fields: tuple[Any, ...], bits: int) -> tuple[int, int, int, int]:
    if bits == 64:
        kind, _, offset, address, _, size, _, _ = fields
    else:
        kind, offset, address, _, size, _, _, _ = fields
    return kind, offset, address, size


class _Names:
    """A table of NUL-terminated names."""

    def __init__(self, data: bytes | mmap.mmap, start: int, size: int) -> None:
        self._data = data
        self._start = start
        self._end = min(start + size, len(data))
        # Many entries can point into one long name. Honest files read few bytes twice; others must not take forever.
        self._left = 8 * len(data) + 4096

    def at(self, offset: int) -> str:
        """Return the name at `offset`; raises `AuditError` if there is none."""
        start = self._start + offset
        stop = self._data.find(b"\0", start, self._end) if start < self._end else -1
        if stop < 0:
            raise AuditError("the ELF file is damaged: a name lies outside its table")
        self._left -= stop - start
        if self._left < 0:
            raise AuditError("the ELF file is damaged: its names are longer than the file")
        return self._data[start:stop].decode("utf-8", "backslashreplace")


class _Tables:
    """What the dynamic section points to."""

    def __init__(self, image: _Image) -> None:
        self._image = image
        self._tags = tuple(image.tags())
        self._values = dict(self._tags)
        start = self._place(_DT_STRTAB)
        self._names = _Names(image.data, start or 0, self._values.get(_DT_STRSZ, 0) if start is not None else 0)

    def _place(self, tag: int) -> int | None:
        """Return where in the file the table of `tag` starts; raises `AuditError` if it is nowhere."""
        if tag not in self._values:
            return None
        offset = self._image.offset_of(self._values[tag])
        if offset is None:
            raise AuditError("the ELF file is damaged: a table of the dynamic section is not in the file")
        return offset

    def names(self, tag: int) -> tuple[str, ...]:
        """Return the names that the entries with `tag` give."""
        return tuple(self._names.at(value) for name, value in self._tags if name == tag)

    def versions_needed(self) -> tuple[tuple[int, SymbolVersion], ...]:
        """Return each version asked of a library, with the index by which symbols refer to it."""
        place = self._place(_DT_VERNEED)
        if place is None:
            return ()
        found: list[tuple[int, SymbolVersion]] = []
        limit = len(self._image.data) // 16  # both structures are 16 bytes: no honest file has more
        for _ in range(min(self._values.get(_DT_VERNEEDNUM, 0), limit)):
            _, entries, file, first, following = self._image.unpack("HHIII", place)
            library = self._names.at(file)
            entry = place + first
            for _ in range(entries):
                if len(found) >= limit:
                    raise AuditError("the ELF file is damaged: it asks for more versions than it can hold")
                _, _, index, name, step = self._image.unpack("IHHII", entry)
                found.append((index & _VERSION_INDEX, SymbolVersion(library=library, version=self._names.at(name))))
                if not step:
                    break
                entry += step
            if not following:
                break
            place += following
        return tuple(found)

    def symbols(self, versions: dict[int, SymbolVersion]) -> tuple[tuple[Symbol, ...], tuple[str, ...]]:
        """Return the symbols that others must provide, and the names of those provided to others."""
        undefined: list[Symbol] = []
        exported: dict[str, None] = {}
        for index, (name, info, other, section) in self._dynamic_symbols():
            binding = info >> 4
            if section == 0:
                wanted = versions.get(index)
                symbol = Symbol(
                    name=self._names.at(name),
                    weak=binding == _STB_WEAK,
                    version=wanted.version if wanted else None,
                    library=wanted.library if wanted else None,
                )
                if symbol.name:
                    undefined.append(symbol)
            elif binding != _STB_LOCAL and other & 3 not in (_STV_INTERNAL, _STV_HIDDEN):
                exported[self._names.at(name)] = None
        return tuple(undefined), tuple(exported)

    def addresses(self) -> Iterator[tuple[str, int]]:
        """Yield the name and the address of each symbol that the file provides."""
        for row in self._symbol_rows():
            name, section, address = (row[0], row[3], row[4]) if self._image.bits == 64 else (row[0], row[5], row[1])
            if section:
                yield self._names.at(name), address

    def _dynamic_symbols(self) -> Iterator[tuple[int, tuple[int, int, int, int]]]:
        """Yield version index, and name, info, visibility and section, of each symbol but the empty first."""
        image = self._image
        rows = self._symbol_rows()
        versions = self._place(_DT_VERSYM)
        indices = image.rows("H", versions + 2, 2 * len(rows)) if versions is not None else iter(())
        for row in rows:
            (index,) = next(indices, (0,))
            yield index & _VERSION_INDEX, (row[0], *row[1:4]) if image.bits == 64 else (row[0], *row[3:6])

    def _symbol_rows(self) -> list[tuple[Any, ...]]:
        """Return the structure of each dynamic symbol but the empty first."""
        place = self._place(_DT_SYMTAB)
        if place is None:
            return []
        image = self._image
        size = struct.calcsize("<" + image.layout.symbol)
        return list(image.rows(image.layout.symbol, place + size, size * (self._symbol_count(place, size) - 1)))

    def _symbol_count(self, place: int, size: int) -> int:
        """Return how many dynamic symbols there are, which no tag of the dynamic section says."""
        limit = max(len(self._image.data) - place, 0) // size
        return min(self._count_by_section(place) or self._count_by_hash() or self._count_by_names(size), limit)

    def _count_by_section(self, place: int) -> int:
        image = self._image
        width = struct.calcsize("<" + image.layout.section)
        if not image.sections_at or image.section_size < width:
            return 0
        for index in range(image.section_count):
            at = image.sections_at + index * image.section_size
            if at + width > len(image.data):  # cut off, which the loader does not mind
                return 0
            _, kind, _, _, offset, length, _, _, _, entry = image.unpack(image.layout.section, at)
            if kind == _SHT_DYNSYM and offset == place and entry:
                return int(length // entry)
        return 0

    def _count_by_hash(self) -> int:
        place = self._place(_DT_HASH)
        if place is None:
            return self._count_by_gnu_hash()
        # s390x alone has 64-bit entries in this table
        words = "QQ" if self._image.machine == _EM_S390 and self._image.bits == 64 else "II"
        return int(self._image.unpack(words, place)[1])

    def _count_by_gnu_hash(self) -> int:
        place = self._place(_DT_GNU_HASH)
        if place is None:
            return 0
        buckets, first, filters, _ = self._image.unpack("IIII", place)
        table = place + 16 + filters * self._image.layout.word
        last = max((row[0] for row in self._image.rows("I", table, 4 * buckets)), default=0)
        if last < first:  # nothing is exported, and then the table does not say how many are imported
            return 0
        chain = table + 4 * buckets + 4 * (last - first)
        length = next(
            (n for n, row in enumerate(self._image.rows("I", chain, len(self._image.data)), 1) if row[0] & 1), 0
        )
        return int(last) + length

    def _count_by_names(self, size: int) -> int:
        """Return the symbols between their table and the names', which linkers put right behind."""
        symbols, names = self._place(_DT_SYMTAB), self._place(_DT_STRTAB)
        return (names - symbols) // size if symbols is not None and names is not None and names > symbols else 0
