"""Changes the names of imported DLLs in PE files.

Own code, since what delvewheel has for it is a command with no interface: it takes a file with symbols behind its
sections only when GNU strip can read it, and needs a second start of Python for each file. The structures are those of
https://learn.microsoft.com/windows/win32/debug/pe-format: the new names stand in a section of their own, at the end of
the file, to which the rows of the import tables point; nothing else of the image moves.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Mapping
from sys import byteorder

from cratewheel.errors import AuditError

_DIRECTORIES = {0x10B: 96, 0x20B: 112}  # kind of optional header → where its data directories are
_IMPORTS, _CERTIFICATES, _DEBUG, _LOAD_CONFIG, _BOUND, _DELAYED = 1, 4, 6, 10, 11, 13
_LOAD_FLAGS = {0x10B: 54, 0x20B: 78}  # where DependentLoadFlags is in the load configuration
_IMPORT_ROW, _DELAYED_ROW, _DEBUG_ROW = 20, 32, 28
_BY_ADDRESS = 1  # of a delay-import descriptor: its fields are relative to the image
_SECTION_ROW = 40
_SECTIONS_AT_MOST = 96
_SMALLEST_PAGE = 4096
_LARGEST_UNIT = 1 << 16  # FileAlignment: what the place of a section in the file is a multiple of
_NAME = b".dllname"
_READABLE_DATA = 0x40000040


def with_imports(data: bytes, names: Mapping[str, str]) -> bytes:
    """Return a PE file that imports the DLLs `names` (old → new, ignoring case), delayed imports included.

    A restriction of the folders that its DLLs may come from is lifted, and a signature, which would be void, taken
    off. A file in which nothing changes is returned as it is. Raises `AuditError` when it is damaged, or no section can
    be added to it.
    """
    try:
        return _Image(data).renamed({old.lower().encode(): new.encode() for old, new in names.items()})
    except (struct.error, OverflowError, IndexError) as error:
        raise AuditError("the PE file is damaged: it ends too early") from error


class _Image:
    """The bytes of a file, which are changed in place, with its sections."""

    def __init__(self, data: bytes) -> None:
        self._data = bytearray(data)
        header = self._get("<I", 0x3C)
        if data[:2] != b"MZ" or data[header : header + 4] != b"PE\0\0":
            raise AuditError("this is not a PE file of Windows")
        self._coff, self._optional = header + 4, header + 24
        self._kind = self._get("<H", self._optional)
        if self._kind not in _DIRECTORIES:
            raise AuditError("the PE file is damaged: its optional header is of an unknown kind")
        self._rows = self._optional + self._get("<H", self._coff + 16)
        self._count = self._get("<H", self._coff + 2)
        if self._get("<I", self._optional + 56) == 0 or not 0 < self._count <= _SECTIONS_AT_MOST:
            raise AuditError(f"the PE file is damaged: it has {self._count} sections")

    def renamed(self, names: Mapping[bytes, bytes]) -> bytes:
        before = bytes(self._data)
        fields = [(at, base, names[old]) for at, base, old in self._imported() if old in names]
        self._lift_load_flags()
        if not fields and self._data == before:
            return before
        self._drop_signature()
        if fields:
            self._drop_bound_imports()
            text = bytearray()
            places = {}
            for _, _, new in fields:
                if new not in places:
                    places[new] = len(text)
                    text += new + b"\0"
            moved, address = self._append(bytes(text))
            for at, base, new in fields:
                self._set("<I", at + moved, base + address + places[new])
        if self._get("<I", self._optional + 64):  # where there is none, none is asked for
            self._set("<I", self._optional + 64, self._checksum())
        return bytes(self._data)

    def _get(self, layout: str, at: int) -> int:
        return int(struct.unpack_from(layout, self._data, at)[0])

    def _set(self, layout: str, at: int, *values: int) -> None:
        struct.pack_into(layout, self._data, at, *values)

    def _sections(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield size and address in memory, size and place in the file of each section."""
        for index in range(self._count):
            size, address, stored, place = struct.unpack_from("<4I", self._data, self._rows + _SECTION_ROW * index + 8)
            yield size, address, stored, place

    def _place(self, address: int) -> int:
        for _, start, stored, place in self._sections():
            if start <= address < start + stored:
                return place + address - start
        raise AuditError("the PE file is damaged: a table is not in the file")

    def _directory(self, index: int) -> int | None:
        """Return where the file has the address and size of a table, or None when it has no such field."""
        at = self._optional + _DIRECTORIES[self._kind]
        return at + 8 * index if index < self._get("<I", at - 4) else None

    def _table(self, index: int) -> tuple[int, int]:
        at = self._directory(index)
        return (self._get("<I", at), self._get("<I", at + 4)) if at is not None else (0, 0)

    def _imported(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield the fields that point to DLLs' names: place in the file, what is added to addresses there, the name."""
        address, _ = self._table(_IMPORTS)
        at = self._place(address) if address else 0
        while address and (name := self._get("<I", at + 12)):
            yield at + 12, 0, self._text(name)
            at += _IMPORT_ROW
        address, _ = self._table(_DELAYED)
        at = self._place(address) if address else 0
        while address and (name := self._get("<I", at + 4)):
            base = 0 if self._get("<I", at) & _BY_ADDRESS else self._get("<I", self._optional + 28)
            yield at + 4, base, self._text(name - base)
            at += _DELAYED_ROW

    def _text(self, address: int) -> bytes:
        start = self._place(address)
        end = self._data.find(b"\0", start)
        if end < 0:
            raise AuditError("the PE file is damaged: a name does not end")
        return bytes(self._data[start:end]).lower()

    def _lift_load_flags(self) -> None:
        """Clear what `link.exe /DEPENDENTLOADFLAG` wrote: with it, Windows looks for DLLs in its own folder alone."""
        address, _ = self._table(_LOAD_CONFIG)
        if address:
            at = self._place(address)
            if self._get("<I", at) >= _LOAD_FLAGS[self._kind] + 2:
                self._set("<H", at + _LOAD_FLAGS[self._kind], 0)

    def _drop_signature(self) -> None:
        field = self._directory(_CERTIFICATES)
        place, size = self._table(_CERTIFICATES)  # the one table whose place is that in the file
        if field is None or not place:
            return
        self._set("<II", field, 0, 0)
        if place + size >= len(self._data):
            del self._data[place:]

    def _drop_bound_imports(self) -> None:
        """Take away what a linker noted of the DLLs' time stamps, which may also lie where a section's row goes."""
        field = self._directory(_BOUND)
        place, size = self._table(_BOUND)
        if field is not None and place:
            self._set("<II", field, 0, 0)
            if place + size <= self._get("<I", self._optional + 60):
                self._data[place : place + size] = bytes(size)

    def _append(self, content: bytes) -> tuple[int, int]:
        """Add a section; return by how many bytes the others have moved in the file, and its address in memory."""
        page, unit = self._get("<I", self._optional + 32), self._get("<I", self._optional + 36)
        if page < _SMALLEST_PAGE or not 0 < unit <= _LARGEST_UNIT or self._count >= _SECTIONS_AT_MOST:
            raise AuditError("no section can be added to the PE file", hint="link it without /ALIGN")
        moved = self._make_room(unit)
        address = max(start + (size or stored) for size, start, stored, _ in self._sections())
        address += -address % page
        self._data += bytes(-len(self._data) % unit)
        place, stored = len(self._data), len(content) + -len(content) % unit
        self._data += content.ljust(stored, b"\0")
        row = struct.pack("<8s6I2HI", _NAME, len(content), address, stored, place, 0, 0, 0, 0, _READABLE_DATA)
        at = self._rows + _SECTION_ROW * self._count
        self._data[at : at + _SECTION_ROW] = row
        self._count += 1
        self._set("<H", self._coff + 2, self._count)
        self._set("<I", self._optional + 8, self._get("<I", self._optional + 8) + stored)
        self._set("<I", self._optional + 56, address + len(content) + -(address + len(content)) % page)
        return moved, address

    def _make_room(self, unit: int) -> int:
        """Make sure that one more section fits into the headers; return by how many bytes what follows has moved."""
        end = self._rows + _SECTION_ROW * self._count
        headers = self._get("<I", self._optional + 60)
        first = min((place for *_, stored, place in self._sections() if stored), default=len(self._data))
        if end + _SECTION_ROW <= min(headers, first) and not any(self._data[end : end + _SECTION_ROW]):
            return 0
        if headers + unit > min(start for _, start, _, _ in self._sections()):
            raise AuditError("the headers of the PE file have no room for one more section")
        self._data[end:end] = bytes(unit)
        self._set("<I", self._optional + 60, headers + unit)
        for index in range(self._count):
            at = self._rows + _SECTION_ROW * index + 20
            if self._get("<I", at):
                self._set("<I", at, self._get("<I", at) + unit)
        if self._get("<I", self._coff + 8):  # the symbols of GNU tools
            self._set("<I", self._coff + 8, self._get("<I", self._coff + 8) + unit)
        address, size = self._table(_DEBUG)
        for row in range(size // _DEBUG_ROW if address else 0):
            at = self._place(address) + _DEBUG_ROW * row + 24
            if self._get("<I", at):
                self._set("<I", at, self._get("<I", at) + unit)
        return unit

    def _checksum(self) -> int:
        """Return the sum of all 16-bit words, with carries, and of the length; the field itself counts as nothing."""
        at = self._optional + 64
        words = array(
            "H", bytes(self._data[:at]) + b"\0\0\0\0" + bytes(self._data[at + 4 :]) + bytes(len(self._data) % 2)
        )
        if byteorder == "big":
            words.byteswap()
        total = sum(words)
        while total > 0xFFFF:
            total = (total & 0xFFFF) + (total >> 16)
        return total + len(self._data)
