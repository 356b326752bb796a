"""What compiled files consist of: files made by hand; `test_inspect.py` has those of a compiler."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiled_files import TEXT, elf
from cratewheel.audit.parts import Parts, SizedSymbol, read_parts
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
