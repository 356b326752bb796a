"""Changes library names in Mach-O files, and signs the changed files.

Own code, since nothing that is kept well does both on any system: install_name_tool and codesign are macOS's,
macholib does not sign, and repairwheel, which does, offers no interface to it and wants Python 3.11. The structures are
those of <mach-o/loader.h>, <mach-o/fat.h> and <kern/cs_blobs.h>; the signature has the form that linkers give it (an
ad-hoc CodeDirectory and nothing else), which Apple's tools renew by themselves when they change the file again.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cratewheel.audit.macho import FAT_MAGIC, FAT_MAGIC_64
from cratewheel.errors import AuditError

_MAGIC = b"\xcf\xfa\xed\xfe"  # 64 bits, little endian: every macOS since 10.15
_CPUS = {0x01000007: "x86_64", 0x0100000C: "aarch64"}
_HEADER = 32
_EXECUTABLE = 2  # file type

_REQUIRED = 0x80000000
_ID_DYLIB = 0xD
_LIBRARIES = frozenset({0xC, 0x18 | _REQUIRED, 0x1F | _REQUIRED, 0x20, 0x23 | _REQUIRED})
_RPATH = 0x1C | _REQUIRED
_SEGMENT, _CODE_SIGNATURE = 0x19, 0x1D
_SEGMENT_SIZE, _SECTION_SIZE = 72, 80
_ZEROFILL = frozenset({0x1, 0xC, 0x12})  # types of sections that have no bytes in the file

_PAGE_BITS = 12  # of what the signature calls a page, whatever the processor's are
_ALIGNMENT_AT_MOST = 15  # of a part in a fat file: 2 ** 15 bytes
_VM_PAGES = {"x86_64": 1 << 12, "aarch64": 1 << 14}
_SIGNATURE_MAGIC, _DIRECTORY_MAGIC = 0xFADE0CC0, 0xFADE0C02
_DIRECTORY_VERSION = 0x20400
_AD_HOC, _BY_LINKER = 0x2, 0x20000
_SHA256 = 2
_MAIN_BINARY = 1
_DIRECTORY_AT, _DIRECTORY_SIZE = 20, 88


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """The changes for one processor's part of a file.

    `libraries` gives the new name of each library that it needs, `install_name` the one by which others need it, where
    it has one; `dropped_rpaths` are run-time paths that go.
    """

    libraries: Mapping[str, str]
    install_name: str | None = None
    dropped_rpaths: frozenset[str] = frozenset()


def edit(data: bytes, edits: Mapping[str, Edit], *, identifier: str) -> bytes:
    """Return a Mach-O file with the `edits` for its processors (Rust names); other parts are unchanged.

    A part that changes is signed again under the name `identifier`: arm64 runs nothing that is not signed, and no Mac
    what is signed wrongly. Raises `AuditError` when the new names do not fit in, or the file is damaged.
    """
    try:
        if data[:4] in (FAT_MAGIC, FAT_MAGIC_64):
            return _fat(data, edits, identifier)
        return _thin(data, edits, identifier)
    except struct.error as error:
        raise AuditError("the Mach-O file is damaged: it ends too early") from error


def _fat(data: bytes, edits: Mapping[str, Edit], identifier: str) -> bytes:
    row = struct.Struct(">IIQQII" if data[:4] == FAT_MAGIC_64 else ">IIIII")
    (count,) = struct.unpack_from(">I", data, 4)
    rows = [row.unpack_from(data, 8 + row.size * index) for index in range(min(count, len(data) // row.size))]
    table = bytearray(data[:8])
    parts = bytearray()
    start = 8 + row.size * len(rows)
    for cpu, subtype, offset, size, alignment, *rest in rows:
        if offset + size > len(data) or alignment > _ALIGNMENT_AT_MOST:
            raise AuditError("the Mach-O file is damaged: one of its parts is not in it")
        part = _thin(data[offset : offset + size], edits, identifier)
        parts += bytes(-(start + len(parts)) % (1 << alignment))
        table += row.pack(cpu, subtype, start + len(parts), len(part), alignment, *rest)
        parts += part
    return bytes(table + parts)


def _thin(data: bytes, edits: Mapping[str, Edit], identifier: str) -> bytes:
    if data[:4] != _MAGIC:
        return data
    (cpu,) = struct.unpack_from("<I", data, 4)
    edit = edits.get(_CPUS.get(cpu, ""))
    if edit is None:
        return data
    before = tuple(_commands(data))
    after = [changed for command in before if (changed := _edit_command(command, edit)) is not None]
    if list(before) == after:
        return data
    if not any(_kind(command) == _CODE_SIGNATURE for command in after):
        after.append(struct.pack("<IIII", _CODE_SIGNATURE, 16, 0, 0))
    return _sign(_with_commands(data, before, after), _VM_PAGES[_CPUS[cpu]], identifier)


def _commands(data: bytes) -> Iterator[bytes]:
    count, size = struct.unpack_from("<II", data, 16)
    at, end = _HEADER, min(_HEADER + size, len(data))
    for _ in range(min(count, size // 8)):
        _, length = struct.unpack_from("<II", data, at)
        if length < 8 or at + length > end:
            raise AuditError("the Mach-O file is damaged: its load commands do not fit")
        yield data[at : at + length]
        at += length


def _kind(command: bytes) -> int:
    return int(struct.unpack_from("<I", command)[0])


def _edit_command(command: bytes, edit: Edit) -> bytes | None:
    """Return a load command as it is after the edit, or None when it goes."""
    kind = _kind(command)
    if kind == _RPATH:
        return None if _text(command) in edit.dropped_rpaths else command
    if kind == _ID_DYLIB and edit.install_name is not None:
        return _with_text(command, edit.install_name)
    if kind in _LIBRARIES and (new := edit.libraries.get(_text(command))):
        return _with_text(command, new)
    return command


def _text(command: bytes) -> str:
    (offset,) = struct.unpack_from("<I", command, 8)
    return command[offset:].partition(b"\0")[0].decode("utf-8", "backslashreplace")


def _with_text(command: bytes, text: str) -> bytes:
    kind, _, offset = struct.unpack_from("<III", command)
    if offset > len(command):
        raise AuditError("the Mach-O file is damaged: the name of a library is outside of its load command")
    encoded = text.encode() + b"\0"
    size = offset + len(encoded) + -(offset + len(encoded)) % 8
    return (struct.pack("<II", kind, size) + command[8:offset] + encoded).ljust(size, b"\0")


def _with_commands(data: bytes, before: tuple[bytes, ...], after: list[bytes]) -> bytes:
    """Return the file with other load commands; what lies behind them does not move."""
    old_end = _HEADER + sum(map(len, before))
    commands = b"".join(after)
    new_end = _HEADER + len(commands)
    if new_end > _first_content(data, before) or any(data[old_end:new_end]):
        raise AuditError(
            "it has no room for the new names of its libraries",
            hint="link it with -headerpad_max_install_names, which leaves room",
        )
    out = bytearray(data)
    out[_HEADER : max(old_end, new_end)] = commands.ljust(max(old_end, new_end) - _HEADER, b"\0")
    struct.pack_into("<II", out, 16, len(after), len(commands))
    return bytes(out)


def _first_content(data: bytes, commands: tuple[bytes, ...]) -> int:
    """Return where the first bytes are that are not header."""
    found = [len(data)]
    for command in commands:
        if _kind(command) != _SEGMENT:
            continue
        offset, size = struct.unpack_from("<QQ", command, 40)
        if offset and size:
            found.append(offset)
        (count,) = struct.unpack_from("<I", command, 64)
        for index in range(min(count, len(command) // _SECTION_SIZE)):
            at = _SEGMENT_SIZE + _SECTION_SIZE * index
            size, offset = struct.unpack_from("<QI", command, at + 40)
            (flags,) = struct.unpack_from("<I", command, at + 64)
            if size and offset and flags & 0xFF not in _ZEROFILL:
                found.append(offset)
    return min(found)


def _sign(data: bytes, vm_page: int, identifier: str) -> bytes:
    """Return the file with a new signature in its end, where `codesign` and the linkers have it."""
    places = _places(data)
    if "__LINKEDIT" not in places or "__TEXT" not in places:
        raise AuditError("the Mach-O file cannot be signed: it has no segment __LINKEDIT or no __TEXT")
    linkedit, signature = places["__LINKEDIT"], places["signature"]
    start, size = struct.unpack_from("<II", data, signature + 8)
    linked_at, linked_size = struct.unpack_from("<QQ", data, linkedit + 40)
    if start and (start + size + 16 < len(data) or not linked_at <= start <= len(data)):
        raise AuditError("the Mach-O file cannot be signed: its signature is not at its end")
    if not start:
        if linked_at + linked_size > len(data):
            raise AuditError("the Mach-O file is damaged: a segment is not in it")
        start = len(data) + -len(data) % 16
    code = bytearray(data[:start].ljust(start, b"\0"))
    size = _signature_size(start, identifier)
    struct.pack_into("<II", code, signature + 8, start, size)
    linked_size = start + size - linked_at
    (in_memory,) = struct.unpack_from("<Q", code, linkedit + 32)
    struct.pack_into("<Q", code, linkedit + 32, max(in_memory, linked_size + -linked_size % vm_page))
    struct.pack_into("<Q", code, linkedit + 48, linked_size)
    text = struct.unpack_from("<QQ", code, places["__TEXT"] + 40)
    (file_type,) = struct.unpack_from("<I", code, 12)
    return bytes(code) + _signature(bytes(code), identifier, text, main=file_type == _EXECUTABLE)


def _places(data: bytes) -> dict[str, int]:
    """Return where the load commands of the segments, by name, and of the signature are."""
    places, at = {}, _HEADER
    for command in _commands(data):
        if _kind(command) == _SEGMENT:
            places[command[8:24].rstrip(b"\0").decode("latin-1")] = at
        elif _kind(command) == _CODE_SIGNATURE:
            places["signature"] = at
        at += len(command)
    return places


def _hashes_at(identifier: str) -> int:
    end = _DIRECTORY_AT + _DIRECTORY_SIZE + len(identifier.encode()) + 1
    return end + -end % 16


def _pages(limit: int) -> int:
    return (limit + (1 << _PAGE_BITS) - 1) >> _PAGE_BITS


def _signature_size(limit: int, identifier: str) -> int:
    size = _hashes_at(identifier) + 32 * _pages(limit)
    return size + -size % 16


def _signature(code: bytes, identifier: str, text: tuple[int, int], *, main: bool) -> bytes:
    """Return the signature of `code`: the digest of each of its pages."""
    count, hashes_at = _pages(len(code)), _hashes_at(identifier)
    size = hashes_at + 32 * count
    blob = struct.pack(">IIIII", _SIGNATURE_MAGIC, size, 1, 0, _DIRECTORY_AT)
    blob += struct.pack(
        ">9I4B4I4Q",
        *(_DIRECTORY_MAGIC, size - _DIRECTORY_AT, _DIRECTORY_VERSION, _AD_HOC | _BY_LINKER),
        *(hashes_at - _DIRECTORY_AT, _DIRECTORY_SIZE, 0, count, len(code)),
        *(32, _SHA256, 0, _PAGE_BITS),
        *(0, 0, 0, 0),
        *(0, *text, _MAIN_BINARY if main else 0),
    )
    blob = (blob + identifier.encode()).ljust(hashes_at, b"\0")
    pages = (code[number << _PAGE_BITS : (number + 1) << _PAGE_BITS] for number in range(count))
    return (blob + b"".join(hashlib.sha256(page).digest() for page in pages)).ljust(
        _signature_size(len(code), identifier), b"\0"
    )
