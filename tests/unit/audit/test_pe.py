"""PE files made by hand; tests/integration has those that a linker made."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

import pytest

from cratewheel.audit.model import Binary, Symbol
from cratewheel.audit.pe import exported_offsets, parse
from cratewheel.errors import AuditError

START, ADDRESS = 0x400, 0x1000  # of the only section: in the file, and in memory
BASE = 0x10000000


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A DLL to write; names of symbols that are numbers are imported by number."""

    machine: int = 0x8664
    wide: bool = True
    imports: tuple[tuple[str, tuple[str | int, ...]], ...] = (("KERNEL32.dll", ("Sleep", 7)),)
    delayed: tuple[tuple[int, str], ...] = ()
    name: str | None = "x.dll"
    exports: tuple[str, ...] = ("PyInit_x",)
    unbound: bool = True  # the imports have a table of names beside that of addresses
    directories: int = 16

    def build(self) -> bytes:
        """Return the file: headers, and one section with all tables."""
        section = bytearray(8)
        places: dict[str, int] = {}

        def put(data: bytes) -> int:
            section.extend(bytes(-len(section) % 8))
            at = len(section)
            section.extend(data)
            return ADDRESS + at

        def name(text: str) -> int:
            if text not in places:
                places[text] = put(text.encode() + b"\0")
            return places[text]

        rows = b""
        for library, symbols in self.imports:
            entries = [
                one | 1 << (63 if self.wide else 31) if isinstance(one, int) else put(b"\7\0" + one.encode() + b"\0")
                for one in symbols
            ]
            table = put(struct.pack(f"<{len(entries) + 1}{'Q' if self.wide else 'I'}", *entries, 0))
            rows += struct.pack("<5I", table if self.unbound else 0, 0, 0, name(library), table)
        imports = put(rows + bytes(20)) if self.imports else 0
        rows = b"".join(
            struct.pack("<8I", attributes, name(library) + (0 if attributes else BASE), *[0] * 6)
            for attributes, library in self.delayed
        )
        delayed = put(rows + bytes(32)) if self.delayed else 0
        names = put(struct.pack(f"<{len(self.exports)}I", *map(name, self.exports)))
        own = name(self.name) if self.name is not None else 0
        row = (0, 0, 0, 0, own, 1, 0, len(self.exports), 0, names, 0)
        exports = put(struct.pack("<IIHHIIIIIII", *row)) if self.exports or self.name else 0
        tables = {0: exports, 1: imports, 13: delayed}
        optional = struct.pack("<H22x", 0x20B if self.wide else 0x10B)
        optional += struct.pack("<Q", BASE) if self.wide else struct.pack("<II", 0, BASE)
        optional += bytes(48 - len(optional)) + struct.pack("<HH", 6, 2)
        optional += bytes((108 if self.wide else 92) - len(optional)) + struct.pack("<I", self.directories)
        optional += b"".join(struct.pack("<II", tables.get(at, 0), 1) for at in range(16))
        header = b"PE\0\0" + struct.pack("<HHIIIHH", self.machine, 1, 0, 0, 0, len(optional), 0x2022) + optional
        header += b".all\0\0\0\0" + struct.pack("<IIII16x", len(section), ADDRESS, len(section), START)
        start = b"MZ" + bytes(0x3C - 2) + struct.pack("<I", 0x80) + bytes(0x40)
        return (start + header).ljust(START, b"\0") + bytes(section)


IMAGE = Image(
    imports=(("KERNEL32.dll", ("Sleep", 7, "Beep")), ("python3.dll", ("PyList_New",)), ("KERNEL32.dll", ("Sleep",))),
    delayed=((1, "late.dll"), (0, "later.dll"), (1, "late.dll")),
    exports=("PyInit_x", "other"),
)
WHOLE = Binary(
    format="pe",
    arch="x86_64",
    bits=64,
    little_endian=True,
    needed=("KERNEL32.dll", "python3.dll"),
    delayed=("late.dll", "later.dll"),
    soname="x.dll",
    undefined=(
        Symbol(name="Sleep", library="KERNEL32.dll"),
        Symbol(name="Beep", library="KERNEL32.dll"),
        Symbol(name="PyList_New", library="python3.dll"),
        Symbol(name="Sleep", library="KERNEL32.dll"),
    ),
    exported=("PyInit_x", "other"),
    minimum_os=(6, 2),
)


@pytest.mark.parametrize("unbound", [True, False])
@pytest.mark.parametrize(
    ("machine", "wide", "arch", "bits"),
    [
        (0x8664, True, "x86_64", 64),
        (0x014C, False, "x86", 32),
        (0x01C4, False, "arm", 32),
        (0xAA64, True, "aarch64", 64),
        (0xA641, True, "aarch64", 64),
        (0xA64E, True, "aarch64", 64),
        (0x0200, True, "PE machine 0x200", 64),
        (0x0166, False, "PE machine 0x166", 32),
    ],
)
def test_a_library_is_read_whole(machine: int, wide: bool, arch: str, bits: int, unbound: bool) -> None:
    image = replace(IMAGE, machine=machine, wide=wide, unbound=unbound)
    assert parse(image.build()) == replace(WHOLE, arch=arch, bits=bits)


def test_each_table_may_be_absent() -> None:
    nothing = replace(WHOLE, needed=(), delayed=(), soname=None, undefined=(), exported=())
    assert parse(replace(IMAGE, imports=(), delayed=(), exports=(), name=None).build()) == nothing
    assert parse(replace(IMAGE, directories=0).build()) == nothing
    assert parse(replace(IMAGE, directories=1).build()) == replace(nothing, soname="x.dll", exported=WHOLE.exported)
    assert parse(replace(IMAGE, directories=13).build()) == replace(WHOLE, delayed=())
    assert parse(replace(IMAGE, directories=14).build()) == WHOLE
    assert parse(replace(IMAGE, name=None).build()) == replace(WHOLE, soname=None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data[:0], "the PE file is damaged: it ends too early"),
        (lambda data: b"ZM" + data[2:], "this is not a PE file of Windows"),
        (lambda data: data[:0x80] + b"NE" + data[0x82:], "this is not a PE file of Windows"),
        (
            lambda data: data[:0x98] + b"\7\1" + data[0x9A:],
            "the PE file is damaged: its optional header is of an unknown kind",
        ),
        (lambda data: data[: START + 64], "the PE file is damaged: it ends before what a program loads of it"),
        (
            lambda data: data[: 0x98 + 112] + b"\xff\xff\xff\x7f" + data[0x98 + 116 :],
            "the PE file is damaged: a table is not in the file",
        ),
    ],
    ids=["empty", "no MZ", "no PE", "another header", "cut off", "a table elsewhere"],
)
def test_a_damaged_file_says_what_is_wrong(change: object, message: str) -> None:
    assert callable(change)
    with pytest.raises(AuditError) as caught:
        parse(change(IMAGE.build()))
    assert caught.value.message == message


@pytest.mark.parametrize("prefix", ["PyInit_", "PyInit_a", "b", "x"])
def test_the_data_of_an_exported_symbol_is_where_its_ordinal_says(prefix: str) -> None:
    """The names are sorted, the addresses are not: each name has the number of its address."""
    names = ("PyInit_a", "PyInit_b", "b")
    numbers, places = (2, 0, 1), (0x1110, 0x1120, 0x1100)
    data = bytearray(replace(IMAGE, imports=(), delayed=(), exports=names).build()) + bytes(0x200)
    struct.pack_into("<I", data, data.index(b".all\0\0\0\0") + 8, 0x200)
    struct.pack_into("<I", data, data.index(b".all\0\0\0\0") + 16, 0x200)
    (table,) = struct.unpack_from("<I", data, 0x98 + 112)
    at = table - ADDRESS + START
    _, listed = struct.unpack_from("<II", data, at + 28)
    struct.pack_into("<II", data, at + 20, 3, 3)
    struct.pack_into("<III", data, at + 28, 0x1180, listed, 0x11A0)
    struct.pack_into("<3I", data, START + 0x180, *places)
    struct.pack_into("<3H", data, START + 0x1A0, *numbers)
    expected = {name: START + places[number] - ADDRESS for name, number in zip(names, numbers, strict=True)}
    assert exported_offsets(bytes(data), prefix) == tuple(
        offset for name, offset in expected.items() if name.startswith(prefix)
    )


def test_a_library_without_exports_has_no_data_of_them() -> None:
    assert exported_offsets(replace(IMAGE, exports=(), name=None).build(), "") == ()


@pytest.mark.parametrize(("length", "read"), [(4095, True), (4096, False)])
def test_a_name_that_is_longer_than_any_honest_one_is_not_read(length: int, read: bool) -> None:
    image = replace(IMAGE, imports=(("K" * length, ("Sleep",)),), delayed=())
    if read:
        assert parse(image.build()).needed == ("K" * length,)
    else:
        with pytest.raises(AuditError):
            parse(image.build())
