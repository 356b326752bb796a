"""What compiled files consist of: files made by hand; `test_inspect.py` has those of a compiler."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiled_files import TEXT, elf
from cratewheel.audit.parts import Parts, Section, SizedSymbol, read_parts
from cratewheel.errors import AuditError
from watchdog import within


def names(parts: Parts) -> list[str]:
    return [section.name for section in parts.sections]


def test_an_elf_library_is_read_whole() -> None:
    parts = read_parts(elf(symbols={"one": 8, "two": 24}, sections={".debug_info": bytes(100), ".dep-v0": b"list"}))
    assert names(parts) == [".text", ".dynstr", ".dynsym", ".symtab", ".debug_info", ".dep-v0", ".shstrtab"]
    assert parts.sections[0].size == len(TEXT)
    assert parts.symbols == (SizedSymbol(name="one", size=8), SizedSymbol(name="two", size=24))
    assert (parts.debug_size, parts.auditable) == (100, b"list")
    assert (parts.program, parts.has_symbols, parts.relocatable) == (False, True, True)
    assert (parts.relro, parts.executable_stack) == ("full", False)


def test_without_a_symbol_table_the_exported_symbols_are_left() -> None:
    parts = read_parts(elf())
    assert (parts.has_symbols, parts.symbols) == (False, (SizedSymbol(name="PyInit_demo", size=16),))


@pytest.mark.parametrize(("relro", "now", "said"), [(True, False, "partial"), (False, True, "none")])
def test_relro_is_full_only_with_early_binding(relro: bool, now: bool, said: str) -> None:
    assert read_parts(elf(relro=relro, now=now)).relro == said


def test_a_program_that_is_always_loaded_at_one_address() -> None:
    parts = read_parts(elf(kind=2, interpreter="/lib64/ld-linux-x86-64.so.2", stack=7))
    assert (parts.program, parts.relocatable, parts.executable_stack) == (True, False, True)


def small_elf(*, wide: bool, order: str, dynamic: tuple[tuple[int, int], ...] = ((30, 8),), kind: int = 3) -> bytes:
    """Return an ELF file of any class and byte order, with sections and symbols of every kind that counts or does not.

    It has the bytes of "texts" at 0x40, names at 0x48, the dynamic section at 0x80 and symbols at 0x100.
    """
    words = b"\0.text\0.bss\0.zdebug_x\0.empty\0.long\0.dep-v0\0code\0data\0file\0none\0far\0"
    at = {name: words.index(b"\0" + name.encode() + b"\0") + 1 for name in words.decode().strip("\0").split("\0")}
    place = 0x48
    word = "Q" if wide else "I"
    table = b"".join(struct.pack(f"{order}2{word}", *entry) for entry in dynamic)
    rows = (  # name, type and binding, section, address, size
        ("code", 0x12, 1, 0x1000, 3),
        ("data", 0x11, 1, 0x2000, 4),
        ("code", 0x12, 1, 0x1000, 3),  # an alias
        ("file", 0x14, 1, 0x3000, 5),
        ("none", 0x12, 0, 0x4000, 6),  # imported
        ("text", 0x12, 1, 0x5000, 0),
        ("far", 0x12, 1, 0x6000, 1 << 20),
    )
    at["text"] = at[".text"]
    symbols = b"".join(
        struct.pack(f"{order}IBBHQQ", at[name], info, 0, section, address, size)
        if wide
        else struct.pack(f"{order}IIIBBH", at[name], address, size, info, 0, section)
        for name, info, section, address, size in rows
    )
    sections = (  # name, type, offset, size, link
        ("", 0, 0, 0, 0),
        (".text", 1, 0x40, 5, 0),
        (".bss", 8, 0x40, 7, 0),
        (".zdebug_x", 1, 0x41, 2, 0),
        (".empty", 1, 0x40, 0, 0),
        (".long", 1, 0x40, 1 << 20, 0),
        (".dep-v0", 1, 0x42, 3, 0),
        ("", 2, 0x100, len(symbols), 8),
        ("", 3, place, len(words), 0),
    )
    at[""] = 0
    headers = b"".join(
        struct.pack(
            f"{order}IIQQQQIIQQ" if wide else f"{order}10I", at[name], number, 0, 0, offset, size, link, 0, 0, 0
        )
        for name, number, offset, size, link in sections
    )
    segments = ((2, 6, 0x90 + 0x20, len(table)), (0x6474E551, 6, 0, 0), (0x6474E552, 4, 0, 0))
    programs = b"".join(
        struct.pack(f"{order}IIQQQQQQ", number, flags, offset, 0, 0, size, 0, 0)
        if wide
        else struct.pack(f"{order}8I", number, offset, 0, 0, size, 0, flags, 0)
        for number, flags, offset, size in segments
    )
    head = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "<" else 2, 1]) + bytes(9)
    head += struct.pack(
        f"{order}HHIQQQIHHHHHH" if wide else f"{order}HHIIIIIHHHHHH",
        *(kind, 62, 1, 0, 0x240, 0x340, 0, 64, 56 if wide else 32, len(segments), 64 if wide else 40, len(sections), 8),
    )
    data = bytearray(0x340)
    for start, content in ((0, head), (0x40, b"texts"), (place, words), (0xB0, table), (0x100, symbols)):
        data[start : start + len(content)] = content
    data[0x240 : 0x240 + len(programs)] = programs
    return bytes(data) + headers


@pytest.mark.parametrize("order", ["<", ">"], ids=["little-endian", "big-endian"])
@pytest.mark.parametrize("wide", [True, False], ids=["64 bits", "32 bits"])
def test_of_an_elf_file_the_stored_sections_and_the_defined_symbols_count_once(wide: bool, order: str) -> None:
    data = small_elf(wide=wide, order=order)
    assert read_parts(data) == Parts(
        program=False,
        sections=(
            Section(name=".text", size=5, offset=0x40),
            Section(name=".zdebug_x", size=2, offset=0x41),
            Section(name=".dep-v0", size=3, offset=0x42),
            Section(name="", size=(24 if wide else 16) * 7, offset=0x100),
            Section(name="", size=67, offset=0x48),
        ),
        symbols=(SizedSymbol(name="code", size=3), SizedSymbol(name="data", size=4)),
        has_symbols=True,
        debug_size=2,
        executable_stack=False,
        relro="full",
        relocatable=True,
        auditable=b"xts",
    )


@pytest.mark.parametrize(
    ("dynamic", "relro", "program"),
    [
        (((24, 0),), "full", False),
        (((30, 0x8),), "full", False),
        (((0x6FFFFFFB, 0x1),), "full", False),
        (((30, 0x7),), "partial", False),
        (((0x6FFFFFFB, 0x08000000),), "partial", True),
        (((0x6FFFFFFB, 0x08000001),), "full", True),
        ((), "partial", False),
    ],
)
@pytest.mark.parametrize("wide", [True, False], ids=["64 bits", "32 bits"])
def test_flags_of_the_dynamic_section_say_how_a_file_is_loaded(
    dynamic: tuple[tuple[int, int], ...], relro: str, program: bool, wide: bool
) -> None:
    parts = read_parts(small_elf(wide=wide, order="<", dynamic=dynamic))
    assert (parts.relro, parts.program) == (relro, program)


@pytest.mark.parametrize(("kind", "expected"), [(1, (False, False)), (2, (True, False)), (3, (False, True))])
def test_the_kind_of_an_elf_file_tells_programs_and_what_can_be_loaded_anywhere(
    kind: int, expected: tuple[bool, bool]
) -> None:
    parts = read_parts(small_elf(wide=True, order="<", kind=kind))
    assert (parts.program, parts.relocatable) == expected


@pytest.mark.parametrize(("at", "value"), [(4, 0), (4, 3), (5, 0), (5, 3)])
def test_an_elf_file_of_an_unknown_class_or_byte_order_is_damaged(at: int, value: int) -> None:
    data = bytearray(small_elf(wide=True, order="<"))
    data[at] = value
    with pytest.raises(AuditError, match=r"^the ELF file is damaged: its class or byte order is unknown$"):
        read_parts(bytes(data))


@pytest.mark.parametrize("size", [4, 15, 16, 40])
def test_an_elf_file_that_is_cut_off_is_damaged(size: int) -> None:
    with pytest.raises(AuditError, match="damaged"):
        read_parts(small_elf(wide=True, order="<")[:size])


def macho(*, symbols: int = 30, kind: int = 6, flags: int = 0, segment: bytes = b"__TEXT") -> bytes:
    """Return a library for arm64 with one section of 64 bytes that the symbols share, two bytes each."""
    table_at = 32 + 152 + 24
    strings = b"\0" + b"".join(b"_symbol%02d\0" % number for number in range(symbols))
    rows = b"".join(struct.pack("<IBBHQ", 1 + 10 * n, 0x0E, 1, 0, 0x1000 + 2 * n) for n in range(symbols))
    code_at = table_at + len(rows) + len(strings)
    head = struct.pack("<7I4x", 0xFEEDFACF, 0x0100000C, 0, kind, 2, 152 + 24, flags)
    head += struct.pack("<II16sQQQQIIII", 0x19, 152, segment, 0x1000, 64, code_at, 64, 5, 5, 1, 0)
    head += struct.pack("<16s16sQQIIIIIIII", b"__text", segment, 0x1000, 64, code_at, 0, 0, 0, 0, 0, 0, 0)
    head += struct.pack("<IIIIII", 2, 24, table_at, symbols, table_at + len(rows), len(strings))
    return head + rows + strings + TEXT


def test_symbols_of_macos_end_where_the_next_one_begins() -> None:
    parts = read_parts(macho())
    assert [(one.name, one.size) for one in parts.sections] == [("__TEXT,__text", 64)]
    assert parts.symbols[0] == SizedSymbol(name="symbol00", size=2)
    assert parts.symbols[-1] == SizedSymbol(name="symbol29", size=6)
    assert (parts.program, parts.has_symbols, parts.relocatable) == (False, True, True)


def test_few_symbols_are_what_stripping_leaves() -> None:
    assert not read_parts(macho(symbols=5)).has_symbols


def test_debug_information_of_macos_is_a_segment() -> None:
    assert read_parts(macho(segment=b"__DWARF")).debug_size == 64


def test_a_fat_file_is_all_its_parts() -> None:
    thin = macho()
    fat = struct.pack(">II", 0xCAFEBABE, 2)
    fat += struct.pack(">IIIII", 0x0100000C, 0, 64, len(thin), 3)
    fat += struct.pack(">IIIII", 0x01000007, 0, 64 + len(thin), len(thin), 3)
    parts = read_parts(fat.ljust(64, b"\0") + thin + thin)
    assert [(one.name, one.size) for one in parts.sections] == [("__TEXT,__text", 64)] * 2
    assert len(parts.symbols) == 60


@pytest.mark.parametrize(
    ("kind", "flags", "expected"),
    [
        (6, 0, (False, True, False)),
        (2, 0, (True, False, False)),
        (2, 0x200000, (True, True, False)),
        (6, 0x20000, (False, True, True)),
    ],
    ids=["library", "program", "program that is loaded anywhere", "executable stack"],
)
def test_flags_of_macos_say_how_a_file_is_loaded(kind: int, flags: int, expected: tuple[bool, bool, bool]) -> None:
    thin = macho(kind=kind, flags=flags)
    fat = struct.pack(">II", 0xCAFEBABE, 1) + struct.pack(">IIIII", 0x0100000C, 0, 64, len(thin), 3)
    for data in (thin, fat.ljust(64, b"\0") + thin):
        parts = read_parts(data)
        assert (parts.program, parts.relocatable, parts.executable_stack) == expected


@pytest.mark.parametrize(("symbols", "expected"), [(20, False), (21, True)])
def test_more_symbols_than_stripping_leaves_are_a_table_of_all(symbols: int, expected: bool) -> None:
    assert read_parts(macho(symbols=symbols)).has_symbols == expected


def test_the_loaders_tables_of_macos_are_a_section_of_their_own() -> None:
    parts = read_parts(macho(symbols=0, segment=b"__LINKEDIT"))
    code_at = 32 + 152 + 24 + 1  # behind the commands and the first NUL of the names
    assert parts.sections == (
        Section(name="__LINKEDIT,__text", size=64, offset=code_at),
        Section(name="__LINKEDIT", size=64, offset=code_at),
    )


@pytest.mark.parametrize(
    ("count", "length", "message"),
    [
        (0, 10, "it says that it is for 0 processors"),
        (65, 10, "it says that it is for 65 processors"),
        (1, 10_000, "its parts are longer than the file"),
        (1, 10, "one of its parts is no Mach-O file"),
    ],
)
def test_a_fat_file_that_cannot_be_is_damaged(count: int, length: int, message: str) -> None:
    fat = struct.pack(">II", 0xCAFEBABE, count) + struct.pack(">IIIII", 0x0100000C, 0, 64, length, 3)
    with pytest.raises(AuditError, match=rf"^the Mach-O file is damaged: {message}$"):
        read_parts(fat.ljust(2000, b"\0"))


def test_a_fat_file_with_wide_rows_says_where_its_parts_are() -> None:
    thin = macho()
    fat = struct.pack(">II", 0xCAFEBABF, 1) + struct.pack(">IIQQII", 0x0100000C, 0, 64, len(thin), 3, 0)
    parts = read_parts(fat.ljust(64, b"\0") + thin)
    (section,) = parts.sections
    assert section == Section(name="__TEXT,__text", size=64, offset=64 + len(thin) - 64)
    assert (len(parts.symbols), parts.has_symbols, parts.debug_size) == (30, True, 0)


def pe(*, kind: int = 0x2022, protections: int = 0x140, name: bytes = b".text") -> bytes:
    optional = struct.pack("<H68xH", 0x20B, protections).ljust(112, b"\0")
    header = b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 1, 0, 0x300, 0, len(optional), kind) + optional
    header += struct.pack("<8sIIII16x", name, 64, 0x1000, 64, 0x200)
    start = b"MZ" + bytes(0x3C - 2) + struct.pack("<I", 0x80) + bytes(0x40)
    return (start + header).ljust(0x200, b"\0") + TEXT + bytes(0xC0) + b"\0\0\0\0.debug_info\0"


def test_a_dll_is_read_whole() -> None:
    parts = read_parts(pe())
    assert [(one.name, one.size, one.offset) for one in parts.sections] == [(".text", 64, 0x200)]
    assert (parts.program, parts.relocatable, parts.executable_stack) == (False, True, False)


def test_a_program_of_windows_without_protections() -> None:
    parts = read_parts(pe(kind=0x22, protections=0))
    assert (parts.program, parts.relocatable, parts.executable_stack) == (True, False, True)


def test_long_names_of_sections_are_in_the_table_of_strings() -> None:
    assert read_parts(pe(name=b"/4")).debug_size == 64


def test_other_files_are_refused() -> None:
    with pytest.raises(AuditError, match="only ELF, Mach-O and PE"):
        read_parts(b"#!/bin/sh\n")


@given(st.data(), st.sampled_from([elf(symbols={"one": 8}, sections={".dep-v0": b"x"}), macho(), pe()]))
def test_changed_bytes_raise_audit_errors_only(draw: st.DataObject, whole: bytes) -> None:
    data = bytearray(whole)
    for at in draw.draw(st.lists(st.integers(0, len(data) - 1), min_size=1, max_size=6)):
        data[at] = draw.draw(st.integers(0, 255))
    with suppress(AuditError):
        read_parts(bytes(data[: draw.draw(st.integers(1, len(data)))]))


def test_commands_that_repeat_a_table_do_not_take_forever() -> None:
    thin = bytearray(macho(symbols=20_000))
    commands = struct.pack("<IIIIII", 2, 24, 208, 20_000, 208 + 16 * 20_000, 1) * 10_000
    struct.pack_into("<II", thin, 16, 10_002, 176 + len(commands))
    data = bytes(thin[:208]) + commands + bytes(thin[208:])
    within(10, lambda: _read_or_refuse(data))


def _read_or_refuse(data: bytes) -> None:
    with suppress(AuditError):
        read_parts(data)


def test_a_table_without_symbols() -> None:
    assert read_parts(macho(symbols=0)).symbols == ()
