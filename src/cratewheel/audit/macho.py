"""Reads load commands and symbols of Mach-O files, thin and universal, for macOS and iOS.

The structures are those of <mach-o/loader.h>, <mach-o/nlist.h> and <mach-o/fat.h>. Damaged input raises `AuditError`.
No loop trusts a count or an offset of the file: the file's length bounds each.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cratewheel.audit.model import Binary, Symbol
from cratewheel.errors import AuditError

FAT_MAGIC = b"\xca\xfe\xba\xbe"
FAT_MAGIC_64 = b"\xca\xfe\xba\xbf"
_THIN: dict[bytes, tuple[int, bool]] = {  # magic → bits, little endian
    b"\xfe\xed\xfa\xce": (32, False),
    b"\xfe\xed\xfa\xcf": (64, False),
    b"\xce\xfa\xed\xfe": (32, True),
    b"\xcf\xfa\xed\xfe": (64, True),
}
MAGICS = frozenset({*_THIN, FAT_MAGIC, FAT_MAGIC_64})

_CPUS = {
    7: "x86",
    12: "arm",
    18: "powerpc",
    0x01000007: "x86_64",
    0x0100000C: "aarch64",
    0x01000012: "powerpc64",
    0x0200000C: "aarch64",
}
_SLICES_AT_MOST = 64  # a class file of Java starts like a fat file, with a greater number

_REQUIRED = 0x80000000
_LOAD_DYLIB, _ID_DYLIB, _LOAD_WEAK_DYLIB = 0xC, 0xD, 0x18 | _REQUIRED
_REEXPORT_DYLIB, _LAZY_DYLIB, _UPWARD_DYLIB = 0x1F | _REQUIRED, 0x20, 0x23 | _REQUIRED
_NEEDED = frozenset({_LOAD_DYLIB, _REEXPORT_DYLIB, _LAZY_DYLIB, _UPWARD_DYLIB, _LOAD_WEAK_DYLIB})
_RPATH = 0x1C | _REQUIRED
_SYMTAB = 0x2
_SEGMENT, _SEGMENT_64 = 0x1, 0x19
_VERSION_MIN = {0x24: "macos", 0x25: "ios"}
_BUILD_VERSION = 0x32
_PLATFORMS = {1: "macos", 2: "ios", 3: "tvos", 4: "watchos", 6: "maccatalyst", 7: "ios-simulator", 11: "visionos"}
_DYLD_INFO, _DYLD_INFO_ONLY, _EXPORTS_TRIE = 0x22, 0x22 | _REQUIRED, 0x33 | _REQUIRED

_N_STAB, _N_PEXT, _N_TYPE, _N_EXT, _N_SECT = 0xE0, 0x10, 0x0E, 0x01, 0x0E
_N_WEAK_REF = 0x40
_TWO_LEVEL = 0x80  # of the header's flags: each symbol says which library it is of


def parse(data: bytes | mmap.mmap) -> Binary:
    """Return the inputs about a Mach-O file from its bytes; raises `AuditError` when it is damaged.

    Libraries that may be missing are in `weak` as well as in `needed`. Names of symbols keep the underscore that the
    file has before them.
    """
    magic = data[:4]
    if magic in (FAT_MAGIC, FAT_MAGIC_64):
        return _fat(data, wide=magic == FAT_MAGIC_64)
    return _Thin(data, 0, len(data)).binary()


def exported_offsets(data: bytes | mmap.mmap, prefix: str) -> tuple[int, ...]:
    """Return where in the file the data of each exported symbol starts whose name begins with `prefix`.

    Of a fat file that is the first processor's part. Names are compared without the underscore that the file has before
    them. Raises `AuditError` when the file is damaged.
    """
    magic = data[:4]
    if magic not in (FAT_MAGIC, FAT_MAGIC_64):
        return tuple(_Thin(data, 0, len(data)).exported_offsets(prefix))
    fields = _unpack(data, ">IIQQ" if magic == FAT_MAGIC_64 else ">IIII", 8)
    return tuple(_Thin(data, fields[2], fields[3]).exported_offsets(prefix))


def _fat(data: bytes | mmap.mmap, *, wide: bool) -> Binary:
    (count,) = _unpack(data, ">I", 4)
    if not 0 < count <= _SLICES_AT_MOST:
        raise AuditError(f"the Mach-O file is damaged: it says that it is for {count} processors")
    row = struct.Struct(">IIQQII" if wide else ">IIIII")
    rows = [_unpack(data, row.format, 8 + index * row.size) for index in range(count)]
    if sum(size for _, _, _, size, *_ in rows) > len(data):
        raise AuditError("the Mach-O file is damaged: its parts are longer than the file")
    slices = [_Thin(data, offset, size).binary() for _, _, offset, size, *_ in rows]
    return Binary(
        format="macho",
        arch=_joined_arch(tuple(part.arch for part in slices)),
        bits=max(part.bits for part in slices),
        little_endian=slices[0].little_endian,
        needed=_union(part.needed for part in slices),
        weak=_union(part.weak for part in slices),
        soname=next((part.soname for part in slices if part.soname), None),
        rpath=_union(part.rpath for part in slices),
        undefined=tuple(dict.fromkeys(symbol for part in slices for symbol in part.undefined)),
        exported=_union(part.exported for part in slices),
        minimum_os=max((part.minimum_os for part in slices if part.minimum_os), default=None),
        slices=tuple(slices),
    )


def _joined_arch(arches: tuple[str, ...]) -> str:
    return "universal2" if set(arches) == {"aarch64", "x86_64"} else "+".join(sorted(set(arches)))


def _union(groups: Iterator[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Command:
    kind: int
    offset: int
    size: int


class _Thin:
    """The file for one processor, which lies at `start` in the data."""

    def __init__(self, data: bytes | mmap.mmap, start: int, size: int) -> None:
        magic = data[start : start + 4]
        if start + size > len(data) or magic not in _THIN:
            raise AuditError("the Mach-O file is damaged: one of its parts is no Mach-O file")
        self._data = data
        self._start = start
        self._end = start + size
        self._bits, self._little = _THIN[magic]
        self._order = "<" if self._little else ">"
        # many entries can point into one long name: honest files read few bytes twice, others must not take forever
        self._left = 8 * size + 4096

    def binary(self) -> Binary:
        _, cpu, _, _, count, size, flags = self._fields("7I", 0)
        commands = tuple(self._commands(count, size))
        if any(offset + size > self._end - self._start for _, offset, size in self._segments(commands)):
            raise AuditError("the Mach-O file is damaged: it ends before what a program loads of it")
        needed = [self._name(command, 8) for command in commands if command.kind in _NEEDED]
        undefined, exported = self._symbols(commands, tuple(needed) if flags & _TWO_LEVEL else ())
        system, version = self._minimum_os(commands)
        names = {command.kind: self._name(command, 8) for command in commands if command.kind == _ID_DYLIB}
        return Binary(
            format="macho",
            arch=_CPUS.get(cpu, f"Mach-O processor {cpu}"),
            bits=self._bits,
            little_endian=self._little,
            needed=tuple(dict.fromkeys(needed)),
            weak=tuple(
                dict.fromkeys(self._name(command, 8) for command in commands if command.kind == _LOAD_WEAK_DYLIB)
            ),
            soname=names.get(_ID_DYLIB),
            rpath=tuple(self._name(command, 8) for command in commands if command.kind == _RPATH),
            undefined=undefined,
            exported=exported or self._exported_by_trie(commands),
            system=system,
            minimum_os=version,
        )

    def _fields(self, layout: str, offset: int) -> tuple[Any, ...]:
        return _unpack(self._data, self._order + layout, self._start + offset, self._end)

    def _commands(self, count: int, size: int) -> Iterator[_Command]:
        at = 32 if self._bits == 64 else 28
        end = min(at + size, self._end - self._start)
        for _ in range(min(count, size // 8)):
            kind, length = self._fields("II", at)
            if length < 8 or at + length > end:
                raise AuditError("the Mach-O file is damaged: its load commands do not fit")
            yield _Command(kind=kind, offset=at, size=length)
            at += length

    def _name(self, command: _Command, field: int) -> str:
        """Return the text of a load command whose place in it stands at `field`."""
        if command.size < field + 4:
            raise AuditError("the Mach-O file is damaged: a load command has no name")
        (offset,) = self._fields("I", command.offset + field)
        if not field < offset <= command.size:
            raise AuditError("the Mach-O file is damaged: the name of a load command lies outside of it")
        at = self._start + command.offset
        return _text(self._data[at + offset : at + command.size].partition(b"\0")[0])

    def _minimum_os(self, commands: tuple[_Command, ...]) -> tuple[str | None, tuple[int, int] | None]:
        """Return the system, and the oldest of its versions."""
        for command in commands:
            if command.kind in _VERSION_MIN and command.size >= 12:
                system: str | None = _VERSION_MIN[command.kind]
                (version,) = self._fields("I", command.offset + 8)
            elif command.kind == _BUILD_VERSION and command.size >= 16:
                platform, version = self._fields("II", command.offset + 8)
                system = _PLATFORMS.get(platform, f"platform {platform}")
            else:
                continue
            return system, (version >> 16, version >> 8 & 0xFF)
        return None, None

    def _symbols(
        self, commands: tuple[_Command, ...], libraries: tuple[str, ...]
    ) -> tuple[tuple[Symbol, ...], tuple[str, ...]]:
        """Return the symbols that others must provide, and the names of those provided to others."""
        undefined: dict[Symbol, None] = {}
        exported: dict[str, None] = {}
        for text, kind, description, value in self._external_symbols(commands):
            if not kind & _N_TYPE and not value:  # with a value it is a common symbol of an object file
                ordinal = description >> 8
                library = libraries[ordinal - 1] if 0 < ordinal <= len(libraries) else None
                undefined[Symbol(name=text, weak=bool(description & _N_WEAK_REF), library=library)] = None
            elif not kind & _N_PEXT:
                exported[text] = None
        return tuple(undefined), tuple(exported)

    def _external_symbols(self, commands: tuple[_Command, ...]) -> Iterator[tuple[str, int, int, int]]:
        """Yield name, type, description and value of each symbol that others may see or must provide."""
        table = next((command for command in commands if command.kind == _SYMTAB and command.size >= 24), None)
        if table is None:
            return
        symbols_at, count, names_at, names_size = self._fields("4I", table.offset + 8)
        row = struct.Struct(self._order + ("IBBHQ" if self._bits == 64 else "IBBHI"))
        start = self._start + symbols_at
        rows = self._data[start : min(start + count * row.size, self._end)]
        for name, kind, _, description, value in row.iter_unpack(rows[: len(rows) - len(rows) % row.size]):
            if kind & _N_EXT and not kind & _N_STAB:
                yield self._symbol_name(names_at, names_size, name), kind, description, value

    def exported_offsets(self, prefix: str) -> Iterator[int]:
        """Yield where the data of exported symbols starts; see the function of this name."""
        _, _, _, _, count, size, _ = self._fields("7I", 0)
        commands = tuple(self._commands(count, size))
        for name, kind, _, address in self._external_symbols(commands):
            if kind & _N_TYPE == _N_SECT and name.removeprefix("_").startswith(prefix):
                offset = self._offset_of(commands, address)
                if offset is not None:
                    yield offset

    def _offset_of(self, commands: tuple[_Command, ...], address: int) -> int | None:
        """Return where in the file the bytes are that will be loaded at `address`."""
        for start, offset, size in self._segments(commands):
            if start <= address < start + size:
                return int(self._start + offset + address - start)
        return None

    def _segments(self, commands: tuple[_Command, ...]) -> Iterator[tuple[int, int, int]]:
        """Yield address, place and size in the file of each segment."""
        for command in commands:
            if command.kind == _SEGMENT_64 and command.size >= 72:
                start, _, offset, size = self._fields("4Q", command.offset + 24)
            elif command.kind == _SEGMENT and command.size >= 56:
                start, _, offset, size = self._fields("4I", command.offset + 24)
            else:
                continue
            yield start, offset, size

    def _symbol_name(self, table: int, size: int, offset: int) -> str:
        start = self._start + table + offset
        end = min(self._start + table + size, self._end)
        stop = self._data.find(b"\0", start, end) if start < end else -1
        if stop < 0:
            raise AuditError("the Mach-O file is damaged: the name of a symbol lies outside its table")
        self._spend(stop - start)
        return _text(self._data[start:stop])

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise AuditError("the Mach-O file is damaged: its names are longer than the file")

    def _exported_by_trie(self, commands: tuple[_Command, ...]) -> tuple[str, ...]:
        """Return the exported names as the loader has them, where the symbol table was stripped."""
        for command in commands:
            if command.kind == _EXPORTS_TRIE and command.size >= 16:
                offset, size = self._fields("II", command.offset + 8)
            elif command.kind in (_DYLD_INFO, _DYLD_INFO_ONLY) and command.size >= 48:
                offset, size = self._fields("II", command.offset + 40)
            else:
                continue
            start = self._start + offset
            return tuple(self._trie_names(self._data[start : min(start + size, self._end)]))
        return ()

    def _trie_names(self, trie: bytes) -> Iterator[str]:
        waiting = [(0, b"")]
        seen = set()
        while waiting:
            at, prefix = waiting.pop()
            if at in seen or at >= len(trie):
                continue
            seen.add(at)
            size, at = _uleb(trie, at)
            if size:
                self._spend(len(prefix))
                yield _text(prefix)
            at += size
            if at >= len(trie):
                continue
            children = trie[at]
            at += 1
            below = []
            for _ in range(children):
                stop = trie.find(b"\0", at)
                if stop < 0:
                    raise AuditError("the Mach-O file is damaged: its list of exports ends too early")
                self._spend(len(prefix) + stop - at + 1)
                word = prefix + trie[at:stop]
                child, at = _uleb(trie, stop + 1)
                below.append((child, word))
            waiting += reversed(below)


def _uleb(data: bytes, at: int) -> tuple[int, int]:
    """Return the number at `at`, seven bits a byte, and where it ends."""
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if byte < 0x80:
            return value, at
    raise AuditError("the Mach-O file is damaged: its list of exports ends too early")


def _unpack(data: bytes | mmap.mmap, layout: str, offset: int, end: int | None = None) -> tuple[Any, ...]:
    if offset + struct.calcsize(layout) > (len(data) if end is None else end):
        raise AuditError("the Mach-O file is damaged: it ends too early")
    return struct.unpack_from(layout, data, offset)


def _text(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")
