"""What a compiled file consists of: sections, symbols with their sizes, debug information, protections.

Beside `elf`, `macho` and `pe`, which read what decides where a file runs, this is for people who look into one. Damaged
input raises `AuditError`. No loop trusts a count or an offset of the file: the file's length bounds each.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from cratewheel.errors import AuditError

Relro = Literal["full", "partial", "none"]
AUDITABLE = ".dep-v0"  # the section in which cargo-auditable leaves the list of crates
_NAME_AT_MOST = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the file: its name, size in the file, and where it starts."""

    name: str
    size: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SizedSymbol:
    """A function or a variable, and how many bytes it has."""

    name: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a compiled file consists of.

    `debug_size` are the bytes of debug information. `relro` says how far the tables of the loader are read-only after
    loading (ELF alone). `relocatable` is whether a program or library can be loaded anywhere (PIE, ASLR).
    `has_symbols` says that there is a table of all symbols, not only of those for the loader.
    """

    program: bool
    sections: tuple[Section, ...] = ()
    symbols: tuple[SizedSymbol, ...] = ()
    has_symbols: bool = False
    debug_size: int = 0
    executable_stack: bool = False
    relro: Relro | None = None
    relocatable: bool = True
    auditable: bytes | None = None


def read_parts(data: bytes) -> Parts:
    """Return the parts of an ELF, Mach-O or PE file; raises `AuditError` if it is damaged or of another kind."""
    if data[:4] == b"\x7fELF":
        return _Elf(data).parts()
    if data[:2] == b"MZ":
        return _pe(_Reader(data, "<"))
    if data[:4] in (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"):
        return _fat(data)
    if data[:4] in _MACHO:
        return _macho(data, 0, len(data))
    raise AuditError("only ELF, Mach-O and PE files are taken apart")


class _Reader:
    """Bytes with a byte order, whose reads stay inside."""

    def __init__(self, data: bytes, order: str) -> None:
        self.data = data
        self.order = order
        # many entries can point to one long name: honest files read few bytes twice, others must not take forever
        self._left = 8 * len(data) + 4096

    def fields(self, layout: str, offset: int) -> tuple[Any, ...]:
        try:
            return struct.unpack_from(self.order + layout, self.data, offset)  # no offset is negative
        except (struct.error, OverflowError) as error:
            raise AuditError("the file is damaged: it ends too early") from error

    def rows(self, layout: str, offset: int, size: int) -> Iterator[tuple[Any, ...]]:
        shape = struct.Struct(self.order + layout)
        table = self.data[offset : offset + size] if offset >= 0 else b""
        return shape.iter_unpack(table[: len(table) - len(table) % shape.size])

    def name(self, offset: int) -> str:
        """Return the text at `offset` up to a NUL; nothing at all beyond the file."""
        if not 0 <= offset < len(self.data):
            return ""
        stop = self.data.find(b"\0", offset, offset + _NAME_AT_MOST)
        if stop < 0:
            return ""
        self._left -= stop - offset
        if self._left < 0:
            raise AuditError("the file is damaged: its names are longer than the file")
        return _text(self.data[offset:stop])


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


# -- ELF: the System V gABI, chapters 4 and 5

_ET_EXEC, _ET_DYN = 2, 3
_PT_DYNAMIC, _PT_INTERP, _PT_STACK, _PT_RELRO = 2, 3, 0x6474E551, 0x6474E552
_SHT_SYMTAB, _SHT_NOBITS, _SHT_DYNSYM = 2, 8, 11
_DT_BIND_NOW, _DT_FLAGS, _DT_FLAGS_1 = 24, 30, 0x6FFFFFFB
_NOW, _NOW_1, _PIE_1 = 0x8, 0x1, 0x08000000
_OBJECT, _FUNCTION = 1, 2
_EXECUTABLE = 1


class _Elf:
    """An ELF file: its header, program headers and section headers."""

    def __init__(self, data: bytes) -> None:
        if len(data) < 16 or data[4] not in (1, 2) or data[5] not in (1, 2):
            raise AuditError("the ELF file is damaged: its class or byte order is unknown")
        self._wide = data[4] == 2
        self._reader = reader = _Reader(data, "<" if data[5] == 1 else ">")
        self._type, _, _, _, programs, sections, _, _, width, count, row, rows, names = reader.fields(
            "HHIQQQIHHHHHH" if self._wide else "HHIIIIIHHHHHH", 16
        )
        layout = "IIQQQQ" if self._wide else "IIIIIII"
        segments = [reader.fields(layout, programs + width * index) for index in range(count)]
        # type, flags, offset, size in the file
        self._segments = [(s[0], s[1], s[2], s[5]) if self._wide else (s[0], s[6], s[1], s[4]) for s in segments]
        section = "IIQQQQII" if self._wide else "IIIIIIII"
        whole = row >= struct.calcsize("<" + section) and sections + row * rows <= len(data)
        self._sections = [reader.fields(section, sections + row * index) for index in range(rows)] if whole else []
        self._names = self._sections[names][4] if names < len(self._sections) else len(data)

    def parts(self) -> Parts:
        flags = self._flags()
        kinds = {kind for kind, *_ in self._segments}
        now = _DT_BIND_NOW in flags or flags.get(_DT_FLAGS, 0) & _NOW or flags.get(_DT_FLAGS_1, 0) & _NOW_1
        sections = tuple(self._named())
        return Parts(
            program=self._type == _ET_EXEC or _PT_INTERP in kinds or bool(flags.get(_DT_FLAGS_1, 0) & _PIE_1),
            sections=sections,
            symbols=tuple(self._symbols()),
            has_symbols=any(section[1] == _SHT_SYMTAB for section in self._sections),
            debug_size=sum(one.size for one in sections if one.name.startswith((".debug_", ".zdebug_"))),
            executable_stack=any(kind == _PT_STACK and flag & _EXECUTABLE for kind, flag, *_ in self._segments),
            relro=None
            if _PT_DYNAMIC not in kinds
            else "none"
            if _PT_RELRO not in kinds
            else "full"
            if now
            else "partial",
            relocatable=self._type == _ET_DYN,
            auditable=_auditable(self._reader.data, sections),
        )

    def _flags(self) -> dict[int, int]:
        """Return the entries of the dynamic section."""
        for kind, _, offset, size in self._segments:
            if kind == _PT_DYNAMIC:
                return dict(self._reader.rows("QQ" if self._wide else "II", offset, size))
        return {}

    def _named(self) -> Iterator[Section]:
        for name, kind, _, _, offset, size, *_ in self._sections:
            if kind not in (0, _SHT_NOBITS) and 0 < size <= len(self._reader.data):
                yield Section(name=self._reader.name(self._names + name), size=size, offset=offset)

    def _symbols(self) -> Iterator[SizedSymbol]:
        """Yield the symbols of the table of all, or, where that was stripped, of those for the loader."""
        tables = {section[1]: section for section in self._sections}
        table = tables.get(_SHT_SYMTAB) or tables.get(_SHT_DYNSYM)
        if table is None or table[6] >= len(self._sections):
            return
        names = self._sections[table[6]][4]
        seen = set()  # folded functions have several names
        for row in self._reader.rows("IBBHQQ" if self._wide else "IIIBBH", table[4], table[5]):
            name, info, section, address, size = (
                (row[0], row[1], row[3], row[4], row[5]) if self._wide else (row[0], row[3], row[5], row[1], row[2])
            )
            if (
                section
                and 0 < size <= len(self._reader.data)
                and info & 15 in (_OBJECT, _FUNCTION)
                and address not in seen
            ):
                seen.add(address)
                yield SizedSymbol(name=self._reader.name(names + name), size=size)


def _auditable(data: bytes, sections: tuple[Section, ...]) -> bytes | None:
    return next(
        (data[one.offset : one.offset + one.size] for one in sections if one.name.endswith(AUDITABLE)),
        None,
    )


# -- Mach-O: <mach-o/loader.h>, <mach-o/nlist.h> and <mach-o/fat.h>

_MACHO = {  # magic → wide, byte order
    b"\xfe\xed\xfa\xce": (False, ">"),
    b"\xfe\xed\xfa\xcf": (True, ">"),
    b"\xce\xfa\xed\xfe": (False, "<"),
    b"\xcf\xfa\xed\xfe": (True, "<"),
}
_EXECUTE, _STACK_FLAG, _PIE_FLAG = 2, 0x20000, 0x200000
_SEGMENT, _SYMTAB, _SEGMENT_64 = 0x1, 0x2, 0x19
_ZEROFILL = (1, 0xC, 0x12)
_STAB, _TYPE, _SECT = 0xE0, 0x0E, 0x0E
_SLICES_AT_MOST = 64
_SECTIONS_AT_MOST = 255  # that symbols can name
_STRIPPED_AT_MOST = 20  # symbols that `strip -x` leaves: those that others use


def _fat(data: bytes) -> Parts:
    """Return the parts of all processors together."""
    reader = _Reader(data, ">")
    (count,) = reader.fields("I", 4)
    layout = "IIQQII" if data[3] == 0xBF else "IIIII"
    if not 0 < count <= _SLICES_AT_MOST:
        raise AuditError(f"the Mach-O file is damaged: it says that it is for {count} processors")
    rows = [reader.fields(layout, 8 + struct.calcsize(">" + layout) * index) for index in range(count)]
    if sum(row[3] for row in rows) > len(data):
        raise AuditError("the Mach-O file is damaged: its parts are longer than the file")
    slices = [_macho(data, row[2], row[3]) for row in rows]
    return Parts(
        program=slices[0].program,
        sections=tuple(section for part in slices for section in part.sections),
        symbols=tuple(symbol for part in slices for symbol in part.symbols),
        has_symbols=any(part.has_symbols for part in slices),
        debug_size=sum(part.debug_size for part in slices),
        executable_stack=any(part.executable_stack for part in slices),
        relocatable=all(part.relocatable for part in slices),
        auditable=next((part.auditable for part in slices if part.auditable), None),
    )


def _macho(whole: bytes, start: int, size: int) -> Parts:
    data = whole[start : start + size]
    if data[:4] not in _MACHO:
        raise AuditError("the Mach-O file is damaged: one of its parts is no Mach-O file")
    wide, order = _MACHO[data[:4]]
    reader = _Reader(data, order)
    _, _, _, kind, count, length, flags = reader.fields("7I", 0)
    at, end = (32 if wide else 28), (32 if wide else 28) + length
    sections: list[Section] = []
    ends: list[int] = []
    symbols: tuple[SizedSymbol, ...] = ()
    debug = 0
    for _ in range(min(count, len(data) // 8)):
        if at + 8 > end:
            break
        command, step = reader.fields("II", at)
        if command in (_SEGMENT, _SEGMENT_64) and len(ends) < _SECTIONS_AT_MOST:
            found, stops, of_debug = _segment(reader, at, wide=command == _SEGMENT_64, shift=start)
            sections, ends, debug = sections + found, ends + stops, debug + of_debug
        elif command == _SYMTAB and not symbols:  # there is one at most
            symbols = tuple(_symbols(reader, at, ends, wide=wide))
        at += max(step, 8)
    return Parts(
        program=kind == _EXECUTE,
        sections=tuple(sections),
        symbols=symbols,
        has_symbols=len(symbols) > _STRIPPED_AT_MOST,
        debug_size=debug,
        executable_stack=bool(flags & _STACK_FLAG),
        relocatable=kind != _EXECUTE or bool(flags & _PIE_FLAG),
        auditable=_auditable(whole, tuple(sections)),
    )


def _segment(reader: _Reader, at: int, *, wide: bool, shift: int) -> tuple[list[Section], list[int], int]:
    """Return the sections of a segment, the addresses where they end, and how much of it is debug information."""
    name, _, _, place, length, _, _, count, _ = reader.fields("16sQQQQIIII" if wide else "16sIIIIIIII", at + 8)
    segment = _text(name.split(b"\0")[0])
    layout = "16s16sQQIIIIIIII" if wide else "16s16sIIIIIIIII"
    first, step = at + (72 if wide else 56), struct.calcsize("<" + layout)
    found, ends = [], []
    for index in range(min(count, _SECTIONS_AT_MOST)):
        section, _, address, size, offset, _, _, _, flags, *_ = reader.fields(layout, first + step * index)
        ends.append(address + size)
        if flags & 0xFF not in _ZEROFILL and 0 < size <= len(reader.data):
            found.append(
                Section(name=f"{segment},{_text(section.split(bytes(1))[0])}", size=size, offset=shift + offset)
            )
    if segment == "__LINKEDIT":
        found.append(Section(name=segment, size=min(length, len(reader.data)), offset=shift + place))
    return found, ends, sum(one.size for one in found) if segment == "__DWARF" else 0


def _symbols(reader: _Reader, at: int, ends: list[int], *, wide: bool) -> Iterator[SizedSymbol]:
    """Yield the symbols; they have no sizes, so each is taken to end where the next one, or its section, begins."""
    table, count, names, _ = reader.fields("4I", at + 8)
    layout = "IBBHQ" if wide else "IBBHI"
    rows = reader.rows(layout, table, count * struct.calcsize("<" + layout))
    placed = sorted(
        (address, section, name)
        for name, kind, section, _, address in rows
        if not kind & _STAB and kind & _TYPE == _SECT and 0 < section <= len(ends)
    )
    following = [*(address for address, _, _ in placed[1:]), 1 << 64][: len(placed)]
    for (address, section, name), after in zip(placed, following, strict=True):
        size = min(after, ends[section - 1]) - address
        if 0 < size <= len(reader.data):
            yield SizedSymbol(name=reader.name(names + name).removeprefix("_"), size=size)


# -- PE: https://learn.microsoft.com/windows/win32/debug/pe-format

_DLL, _DYNAMIC_BASE, _NX = 0x2000, 0x40, 0x100


def _pe(reader: _Reader) -> Parts:
    (header,) = reader.fields("I", 0x3C)
    if reader.data[header : header + 4] != b"PE\0\0":
        raise AuditError("this is not a PE file of Windows")
    _, count, _, table, symbols, size, kind = reader.fields("HHIIIHH", header + 4)
    (protections,) = reader.fields("H", header + 24 + 70)
    sections = []
    for index in range(min(count, len(reader.data) // 40)):
        name, _, _, stored, offset = reader.fields("8sIIII", header + 24 + size + 40 * index)
        word = _text(name.rstrip(b"\0"))
        if word[:1] == "/" and word[1:].isascii() and word[1:].isdecimal():  # a long name, in the table of strings
            word = reader.name(table + 18 * symbols + int(word[1:])) or word
        if 0 < stored <= len(reader.data):
            sections.append(Section(name=word, size=stored, offset=offset))
    return Parts(
        program=not kind & _DLL,
        sections=tuple(sections),
        debug_size=sum(one.size for one in sections if one.name.startswith((".debug_", ".zdebug_"))),
        executable_stack=not protections & _NX,
        relocatable=bool(protections & _DYNAMIC_BASE),
        auditable=_auditable(reader.data, tuple(sections)),
    )
