"""Which crates bring a symbol into a file, with objects made by hand."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from cratewheel.audit.objects import find_users
from watchdog import within


def archive(*members: bytes, size: str | None = None) -> bytes:
    """Return an archive; each member says that it is `size` long, or what it is."""
    parts = [b"!<arch>\n"]
    for member in members:
        written = (size if size is not None else str(len(member))).encode()
        parts += [b"x.o/".ljust(48) + written.ljust(10) + b"`\n", member, b"\n" * (len(member) % 2)]
    return b"".join(parts)


def elf(*, symbols: int, name: bytes, width: int = 64, sections: int = 3) -> bytes:
    """Return an object whose symbols all have the same name, with a table of symbols in each section but the first."""
    table, names = 64 + 64 * 3, struct.pack("<IBBHQQ", 1, 0x10, 0, 0, 0, 0) * symbols
    header = struct.pack("<40xQ10xHHH", 64, width, sections, 0)
    strings = table + len(names)
    row = struct.pack("<IIQQQQIIQQ", 0, 2, 0, 0, table, len(names), 2, 0, 8, 24)
    last = struct.pack("<IIQQQQIIQQ", 0, 3, 0, 0, strings, len(name) + 2, 0, 0, 1, 0)
    return b"\x7fELF\2\1" + header[6:] + bytes(64) + row + last + names + b"\0" + name + b"\0"


def found_in(path: Path, data: bytes, *wanted: str) -> list[str]:
    path.write_bytes(data)
    return sorted(within(60, lambda: find_users(wanted, {"it": path})))


def test_an_object_made_here_is_read(tmp_path: Path) -> None:
    assert found_in(tmp_path / "a.rlib", archive(b"odd", elf(symbols=2, name=b"open_it")), "open_it") == ["open_it"]


@pytest.mark.parametrize("size", ["-60", "-1", "+60", "6_0", "0x10", "", "none", "1e3", "-000000060"[:10]])
def test_a_member_of_no_size_ends_an_archive(tmp_path: Path, size: str) -> None:
    assert found_in(tmp_path / "a.rlib", archive(elf(symbols=1, name=b"open_it"), size=size), "open_it") == []


UNKIND = {
    "one long name": archive(elf(symbols=100_000, name=b"a" * 2_000_000)),
    "rows in one place": archive(*[elf(symbols=0, name=b"a", width=0, sections=65_535)] * 5_000),
    "a table in each row": archive(elf(symbols=20_000, name=b"a", width=64, sections=65_535) + bytes(4_000_000)),
    "empty members": archive(*[b""] * 100_000),
}


@pytest.mark.parametrize("data", UNKIND.values(), ids=UNKIND)
def test_an_unkind_archive_takes_linear_time(tmp_path: Path, data: bytes) -> None:
    found_in(tmp_path / "a.rlib", data, "open_it")


def test_a_place_beyond_what_memory_can_have_says_nothing(tmp_path: Path) -> None:
    data = bytearray(elf(symbols=1, name=b"open_it"))
    data[64 + 64 + 24 : 64 + 64 + 32] = struct.pack("<Q", 1 << 63)  # where the second section is said to begin
    assert found_in(tmp_path / "a.rlib", archive(bytes(data)), "open_it") == []
    data = bytearray(elf(symbols=1, name=b"open_it"))
    data[64 + 128 + 24 : 64 + 128 + 32] = struct.pack("<Q", 1 << 63)
    assert found_in(tmp_path / "a.rlib", archive(bytes(data)), "open_it") == []


def small(*symbols: tuple[str, int], bits: int = 64) -> bytes:
    """Return an object of 64 or 32 bits with these symbols, each with its section: 0 is that of another object."""
    wide = bits == 64
    header, section = (64, 64) if wide else (52, 40)
    names, table = b"\0", bytes(24 if wide else 16)
    for name, index in symbols:
        row = (len(names), 0x10, 0, index, 0, 0) if wide else (len(names), 0, 0, 0x10, 0, index)
        table += struct.pack("<IBBHQQ" if wide else "<IIIBBH", *row)
        names += name.encode() + b"\0"
    at = header + 3 * section
    layout = "<IIQQQQIIQQ" if wide else "<10I"
    rows = bytes(section)
    rows += struct.pack(layout, 0, 3, 0, 0, at + len(table), len(names), 0, 0, 1, 0)
    rows += struct.pack(layout, 0, 2, 0, 0, at, len(table), 1, 0, 8, len(table))
    start = bytearray(header)
    start[:7] = b"\x7fELF" + bytes([2 if wide else 1, 1, 1])
    struct.pack_into("<Q" if wide else "<I", start, 40 if wide else 32, header)
    struct.pack_into("<HHH", start, 58 if wide else 46, section, 3, 1)
    return bytes(start) + rows + table + names


@pytest.mark.parametrize("bits", [64, 32])
def test_the_libraries_that_take_a_symbol_from_elsewhere_are_named_in_order(tmp_path: Path, bits: int) -> None:
    first = small(("open_it", 0), ("own", 1), ("shared", 0), bits=bits)
    second = small(("shared", 0), ("open_it", 1), bits=bits)
    libraries = {}
    for name, members in (("z", (first,)), ("a", (b"odd", second, b"", first[:-9])), ("none", (b"",))):
        libraries[name] = tmp_path / f"{name}.rlib"
        libraries[name].write_bytes(archive(*members))
    libraries["absent"] = tmp_path / "absent"
    assert find_users(("shared", "open_it", "own", "unknown"), libraries) == {
        "shared": ("a", "z"),
        "open_it": ("a", "z"),
    }
    libraries["a"].write_bytes(archive(b"odd", second))
    assert find_users(("shared", "open_it"), libraries) == {"shared": ("a", "z"), "open_it": ("z",)}


@pytest.mark.parametrize(
    ("at", "value"), [(0, 0x7E), (4, 3), (5, 2), (58, 63), (60, 2), (64 + 128 + 4, 11), (64 + 128 + 40, 3)]
)  # fmt: skip
def test_an_object_of_another_kind_says_nothing(tmp_path: Path, at: int, value: int) -> None:
    data = bytearray(small(("open_it", 0)))
    assert found_in(tmp_path / "a.rlib", archive(bytes(data)), "open_it") == ["open_it"]
    data[at] = value
    assert found_in(tmp_path / "a.rlib", archive(bytes(data)), "open_it") == []


def test_a_file_that_is_no_archive_says_nothing(tmp_path: Path) -> None:
    assert found_in(tmp_path / "a.rlib", b"!<arcx>\n" + archive(small(("open_it", 0)))[8:], "open_it") == []
    assert found_in(tmp_path / "a.rlib", small(("open_it", 0)), "open_it") == []
