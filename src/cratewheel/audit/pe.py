"""Reads import, delay-import and export tables of PE files for Windows.

The structures are those of https://learn.microsoft.com/windows/win32/debug/pe-format. Damaged input raises
`AuditError`. No loop trusts a count or an offset of the file: the file's length bounds each.
"""

from __future__ import annotations

import mmap
import struct
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from cratewheel.audit.model import Binary, Symbol
from cratewheel.errors import AuditError

MAGIC = b"MZ"
_MACHINES = {
    0x014C: ("x86", 32),
    0x01C4: ("arm", 32),
    0x8664: ("x86_64", 64),
    0xAA64: ("aarch64", 64),
    0xA641: ("aarch64", 64),  # ARM64EC
    0xA64E: ("aarch64", 64),  # ARM64X: runs as either
}
_EXPORTS, _IMPORTS, _DELAYED = 0, 1, 13  # data directories
_BY_ADDRESS = 1  # of a delay-import descriptor: its fields are relative to the image
_NAME_AT_MOST = 4096


def parse(data: bytes | mmap.mmap) -> Binary:
    """Return the inputs about a PE file from its bytes; raises `AuditError` when it is damaged."""
    return _Image(data).binary()


def exported_offsets(data: bytes | mmap.mmap, prefix: str) -> tuple[int, ...]:
    """Return where in the file the data of each exported symbol starts whose name begins with `prefix`.

    Raises `AuditError` when the file is damaged.
    """
    return tuple(_Image(data).exported_offsets(prefix))


class _Image:
    """The file's bytes with its sections, by which addresses become offsets."""

    def __init__(self, data: bytes | mmap.mmap) -> None:
        self._data = data
        (header,) = self._fields("<I", 0x3C)
        if data[:2] != MAGIC or data[header : header + 4] != b"PE\0\0":
            raise AuditError("this is not a PE file of Windows")
        self._machine, sections, _, _, _, size, _ = self._fields("<HHIIIHH", header + 4)
        self._optional = header + 24
        (magic,) = self._fields("<H", self._optional)
        if magic not in (0x10B, 0x20B):
            raise AuditError("the PE file is damaged: its optional header is of an unknown kind")
        self._wide = magic == 0x20B
        (self._base,) = (
            self._fields("<Q", self._optional + 24) if self._wide else self._fields("<I", self._optional + 28)
        )
        rows = (
            self._fields("<IIII", self._optional + size + 40 * index + 8)
            for index in range(min(sections, len(data) // 40))
        )
        self._sections = sorted((start, stored, offset) for _, start, stored, offset in rows)
        if any(stored and offset + stored > len(data) for _, stored, offset in self._sections):
            raise AuditError("the PE file is damaged: it ends before what a program loads of it")
        # many entries can point to one long name: honest files read few bytes twice, others must not take forever
        self._left = 8 * len(data) + 4096

    def binary(self) -> Binary:
        arch, bits = _MACHINES.get(self._machine, (f"PE machine {self._machine:#x}", 64 if self._wide else 32))
        imported = tuple(self._imported())
        delayed = tuple(self._delayed())
        soname, exported = self._exported()
        return Binary(
            format="pe",
            arch=arch,
            bits=bits,
            little_endian=True,
            needed=tuple(dict.fromkeys(library for library, _ in imported)),
            delayed=tuple(dict.fromkeys(delayed)),
            soname=soname,
            undefined=tuple(
                Symbol(name=name, library=library) for library, names in imported for name in self._symbols(names)
            ),
            exported=exported,
            minimum_os=self._fields("<HH", self._optional + 48),
        )

    def exported_offsets(self, prefix: str) -> Iterator[int]:
        """Yield where the data of exported symbols starts; see the function of this name."""
        address, _ = self._directory(_EXPORTS)
        if not address:
            return
        *_, exports, count, addresses, names, ordinals = self._fields("<IIHHIIIIIII", self._offset(address))
        for index in range(min(count, len(self._data) // 4)):
            (name,) = self._fields("<I", self._offset(names) + 4 * index)
            if self._text(name).startswith(prefix):
                (ordinal,) = self._fields("<H", self._offset(ordinals) + 2 * index)
                if ordinal < exports:
                    (place,) = self._fields("<I", self._offset(addresses) + 4 * ordinal)
                    yield self._offset(place)

    def _fields(self, layout: str, offset: int) -> tuple[Any, ...]:
        try:
            return struct.unpack_from(layout, self._data, offset)
        except (struct.error, OverflowError) as error:
            raise AuditError("the PE file is damaged: it ends too early") from error

    def _offset(self, address: int) -> int:
        """Return where in the file the bytes are that will be loaded at `address`."""
        at = bisect_right(self._sections, address, key=lambda section: section[0])
        start, size, offset = self._sections[at - 1] if at else (0, 0, 0)
        if at and address < start + size:
            return offset + address - start
        if not at and self._sections and address >= 0:
            return address  # the headers are loaded as they stand
        raise AuditError("the PE file is damaged: a table is not in the file")

    def _directory(self, index: int) -> tuple[int, int]:
        """Return address and size of a table; nothing at all where it has none."""
        at = self._optional + (108 if self._wide else 92)
        (count,) = self._fields("<I", at)
        if index >= count:
            return 0, 0
        address, size = self._fields("<II", at + 4 + 8 * index)
        return address, size

    def _text(self, address: int) -> str:
        start = self._offset(address)
        stop = self._data.find(b"\0", start, start + _NAME_AT_MOST)
        if stop < 0:
            raise AuditError("the PE file is damaged: a name does not end")
        self._spend(stop - start + 8)
        return self._data[start:stop].decode("utf-8", "backslashreplace")

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise AuditError("the PE file is damaged: its names are longer than the file")

    def _rows(self, directory: int, layout: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a table that an empty row ends."""
        address, _ = self._directory(directory)
        if not address:
            return
        at, size = self._offset(address), struct.calcsize(layout)
        while any(row := self._fields(layout, at)):
            yield row
            at += size

    def _imported(self) -> Iterator[tuple[str, int]]:
        for names, _, _, name, addresses in self._rows(_IMPORTS, "<5I"):
            if not name:
                return
            yield self._text(name), names or addresses

    def _delayed(self) -> Iterator[str]:
        for attributes, name, *_ in self._rows(_DELAYED, "<8I"):
            yield self._text(name if attributes & _BY_ADDRESS else name - self._base)

    def _symbols(self, address: int) -> Iterator[str]:
        """Yield the names that are imported from one library; those by number have none."""
        at, layout = self._offset(address), "<Q" if self._wide else "<I"
        size, by_number = struct.calcsize(layout), 1 << (63 if self._wide else 31)
        while True:
            (entry,) = self._fields(layout, at)
            if not entry:
                return
            if not entry & by_number:
                yield self._text((entry & 0x7FFFFFFF) + 2)  # after a hint of two bytes
            else:
                self._spend(size)
            at += size

    def _exported(self) -> tuple[str | None, tuple[str, ...]]:
        address, _ = self._directory(_EXPORTS)
        if not address:
            return None, ()
        _, _, _, _, name, _, _, count, _, names = self._fields("<IIHHIIIIII", self._offset(address))
        found = []
        if count:
            at = self._offset(names)
            for index in range(min(count, len(self._data) // 4)):
                (place,) = self._fields("<I", at + 4 * index)
                found.append(self._text(place))
        return self._text(name) if name else None, tuple(found)
