"""Imports of other names in DLLs that are checked in: what changes in the file, byte by byte.

The samples are what `tests/integration/repair/foreign.py` makes with zig: `lib.dll`, which needs other.dll and
third.dll. Behind headers that are filled up, the rest of a file moves.
"""

from __future__ import annotations

import gzip
import hashlib
import struct
from pathlib import Path
from typing import Any

import pytest

import golden
from cratewheel.errors import AuditError
from cratewheel.repair.pe_edit import with_imports

HERE = Path(__file__).parent
CPUS = ("x86_64", "x86")
Data = bytes | bytearray
NEW = {"OTHER.dll": "other-12345678.dll"}


def sample(cpu: str) -> bytearray:
    return bytearray(gzip.decompress((HERE / "samples" / f"{cpu}.dll.gz").read_bytes()))


def optional_header(data: Data) -> int:
    return int(struct.unpack_from("<I", data, 0x3C)[0]) + 24


def directory(data: Data, index: int) -> int:
    at = optional_header(data)
    return at + {0x10B: 96, 0x20B: 112}[struct.unpack_from("<H", data, at)[0]] + 8 * index


def sections(data: Data) -> tuple[int, int]:
    """Return where the rows of the sections begin, and their number."""
    at = optional_header(data)
    size, count = struct.unpack_from("<H", data, at - 4)[0], struct.unpack_from("<H", data, at - 18)[0]
    return at + int(size), int(count)


def address_in_data(data: Data) -> tuple[int, int]:
    """Return an address of the image with room behind it, and its place in the file: the last section's end."""
    rows, count = sections(data)
    found = [struct.unpack_from("<4I", data, rows + 40 * at + 8) for at in range(count)]
    size, address, stored, place = max(found, key=lambda row: row[2] - row[0])
    assert stored - size >= 128
    return address + stored - 128, place + stored - 128


def with_field(at: int, *values: int, layout: str = "<I") -> Any:
    def change(data: bytearray) -> bytearray:
        struct.pack_into(layout, data, optional_header(data) + at, *values)
        return data

    return change


def with_full_headers(data: bytearray) -> bytearray:
    rows, count = sections(data)
    data[rows + 40 * count] = 1
    struct.pack_into("<I", data, optional_header(data) - 12, 0x900)  # symbols of GNU tools
    return data


def with_table(index: int, table: bytes, size: int = 0) -> Any:
    def change(data: bytearray) -> bytearray:
        address, place = address_in_data(data)
        data[place : place + len(table)] = table
        struct.pack_into("<II", data, directory(data, index), address, size or len(table))
        return data

    return change


def delayed(data: bytearray) -> bytearray:
    """Move the imports to the table of delayed ones: their rows have the name in another place."""
    address, place = address_in_data(data)
    imports = struct.unpack_from("<I", data, directory(data, 1))[0]
    rows, count = sections(data)
    for at in range(count):
        _, start, stored, offset = struct.unpack_from("<4I", data, rows + 40 * at + 8)
        if start <= imports < start + stored:
            name = struct.unpack_from("<I", data, offset + imports - start + 12)[0]
    base = struct.unpack_from("<I", data, optional_header(data) + 28)[0]
    by_address = struct.unpack_from("<H", data, optional_header(data))[0] == 0x20B
    row = (
        struct.pack("<8I", 1, name, 0, 0, 0, 0, 0, 0) if by_address else struct.pack("<8I", 0, name + base, *([0] * 6))
    )
    data[place : place + 64] = row.ljust(64, b"\0")
    struct.pack_into("<II", data, directory(data, 13), address, 64)
    return data


def signed(data: bytearray) -> bytearray:
    struct.pack_into("<II", data, directory(data, 4), len(data), 16)
    return data + b"signature-------"


def bound(data: bytearray) -> bytearray:
    rows, count = sections(data)
    data[rows + 40 * count : rows + 40 * count + 8] = b"bound---"
    struct.pack_into("<II", data, directory(data, 11), rows + 40 * count, 8)
    return data


LOAD_CONFIG = struct.pack("<I", 112) + b"\x01" * 108
CHANGES: dict[str, Any] = {
    "as it is": bytes,
    "with a check sum": with_field(64, 1),
    "with full headers": with_full_headers,
    "with full headers and debug data": lambda data: with_full_headers(
        with_table(6, struct.pack("<7I", 0, 0, 0, 2, 16, 4096, 0x600) + bytes(28))(data)
    ),
    "with flags for loading": with_table(10, LOAD_CONFIG),
    "with a short load configuration": with_table(10, struct.pack("<I", 56) + b"\x01" * 52),
    "delayed": delayed,
    "signed": signed,
    "signed, with something behind": lambda data: signed(data) + b"more",
    "bound": bound,
    "with other pages": with_field(32, 512),
    "with large units": with_field(36, 1 << 17),
    "of another kind": with_field(0, 0x30B, layout="<H"),
    "without sections": with_field(-18, 0, layout="<H"),
    "with many sections": with_field(-18, 97, layout="<H"),
    "without headers": with_field(56, 0),
    "with fewer tables": lambda data: with_field({0x10B: 92, 0x20B: 108}[struct.unpack_from(
        "<H", data, optional_header(data))[0]], 2)(data),
    "with imports outside": lambda data: with_field(directory(data, 1) - optional_header(data), 0x7FFF0000)(data),
    "no PE file": lambda data: b"MX" + bytes(data[2:]),
    "cut off": lambda data: bytes(data[:70]),
    "cut off in its headers": lambda data: bytes(data[: optional_header(data) + 30]),
}  # fmt: skip


def becomes(data: bytes, names: dict[str, str]) -> object:
    """Return the places where the file changes and their bytes before and after, or the error."""
    try:
        after = with_imports(data, names)
    except AuditError as error:
        return [error.message, error.hint]
    if len(after) - len(data) > 512:
        return [len(data), len(after), hashlib.sha256(after).hexdigest()]
    changed = [at for at in range(min(len(data), len(after))) if data[at] != after[at]]
    added = after[len(data) :].rstrip(b"\0").decode("latin-1")
    return [{hex(at): f"{data[at]:02x} {after[at]:02x}" for at in changed}, len(after) - len(data), added]


def test_what_changes_in_a_file() -> None:
    found = {
        f"{cpu}, {name}": becomes(bytes(change(sample(cpu))), NEW) for cpu in CPUS for name, change in CHANGES.items()
    }
    golden.check_json(HERE / "golden" / "pe_edit.json", found)


@pytest.mark.parametrize("cpu", CPUS)
def test_a_file_that_needs_none_of_them_stays_as_it_is(cpu: str) -> None:
    data = bytes(sample(cpu))
    assert with_imports(data, {"elsewhere.dll": "x.dll"}) == data
    assert with_imports(data, {}) == data


@pytest.mark.parametrize("cpu", CPUS)
def test_two_names_share_the_new_section(cpu: str) -> None:
    data = bytes(sample(cpu))
    after = with_imports(data, {"other.dll": "one.dll", "third.dll": "two.dll"})
    assert after[len(data) :].rstrip(b"\0") == b"one.dll\0two.dll"
    assert with_imports(after, {"ONE.dll": "other.dll"})[len(after) :].rstrip(b"\0") == b"other.dll"
    both = with_imports(data, {"other.dll": "same.dll", "third.dll": "same.dll"})
    assert both[len(data) :].rstrip(b"\0") == b"same.dll"
