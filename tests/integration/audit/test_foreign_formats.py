"""Mach-O and PE files, made by zig and read by macholib and pefile too; damaged files of every format."""

from __future__ import annotations

import struct
import subprocess
import sys
import time
from pathlib import Path

import pefile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from macholib.mach_o import LC_ID_DYLIB
from macholib.MachO import MachO, lc_str_value
from macholib.SymbolTable import SymbolTable

from cratewheel.audit import binary, check, identity, windows
from cratewheel.audit.model import Binary
from cratewheel.errors import AuditError
from cratewheel.targets import universal2
from cratewheel.targets.triples import parse

# without zig's C library for Windows, which takes a minute to compile, and with one import of the system's
WINDOWS_START = """\
__declspec(dllimport) unsigned long __stdcall GetTickCount(void);
__declspec(dllexport) int ticks(void) { return (int)GetTickCount(); }
int __stdcall DllMainCRTStartup(void *a, unsigned b, void *c) { return 1; }
int __stdcall _DllMainCRTStartup(void *a, unsigned b, void *c) { return 1; }
"""
SOURCE = """\
extern int elsewhere(int);
{export}int answer(void) {{ return {body}; }}
{export}int another(int a) {{ return a; }}
"""
MACOS = {"x86_64": "x86_64-macos.11.3", "aarch64": "aarch64-macos.12.0"}
WINDOWS = {"x86": "x86-windows-gnu", "x86_64": "x86_64-windows-gnu", "aarch64": "aarch64-windows-gnu"}
LINUX = {"x86_64": "x86_64-linux-gnu.2.17"}


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A library for each of zig's targets, by its word."""
    folder = tmp_path_factory.mktemp("formats")
    made = {}
    for target in (*MACOS.values(), *WINDOWS.values(), *LINUX.values()):
        macos, windows_target = "macos" in target, "windows" in target
        export = "__declspec(dllexport) " if windows_target else ""
        source = folder / f"{target}.c"
        code = SOURCE.format(export=export, body="elsewhere(1)" if macos else "42")
        source.write_text(f"{WINDOWS_START}{code}" if windows_target else code, encoding="utf-8")
        out = folder / target
        words = ["-undefined", "dynamic_lookup", "-Wl,-install_name,@rpath/libx.dylib", "-Wl,-rpath,@loader_path/x"]
        command = [
            sys.executable,
            "-m",
            "ziglang",
            "cc",
            "-target",
            target,
            "-shared",
            "-O1",  # otherwise zig compiles what reports undefined behaviour
            "-s",
            "-o",
            str(out),
            str(source),
        ]
        words = words if macos else ["-nostdlib", "-lkernel32"] if windows_target else []
        subprocess.run([*command, *words], check=True)
        made[target] = out
    return made


@pytest.mark.parametrize("arch", MACOS)
def test_a_dylib_as_macholib_reads_it(compiled: dict[str, Path], arch: str) -> None:
    path = compiled[MACOS[arch]]
    found = binary.read(path)
    (header,) = MachO(str(path)).headers
    needed = [name for _, _, name in header.walkRelocatables()]
    (own,) = [lc_str_value(c.name, (load, c, data)) for load, c, data in header.commands if load.cmd == LC_ID_DYLIB]
    assert (found.format, found.arch, found.bits, found.little_endian) == ("macho", arch, 64, True)
    assert list(found.needed) == needed == ["/usr/lib/libSystem.B.dylib"]
    assert found.soname == own.decode() == "@rpath/libx.dylib"
    assert found.rpath == ("@loader_path/x",)
    assert found.minimum_os == {"x86_64": (11, 3), "aarch64": (12, 0)}[arch]
    assert (found.weak, found.slices) == ((), ())
    table = SymbolTable(MachO(str(path)))
    assert {name.decode() for _, name in table.extdefsyms} == set(found.exported)
    assert {name.decode() for _, name in table.undefsyms} == {symbol.name for symbol in found.undefined}
    assert {"_answer", "_another"} <= set(found.exported)
    assert "_elsewhere" in {symbol.name for symbol in found.undefined}


@pytest.mark.parametrize("arch", WINDOWS)
def test_a_dll_as_pefile_reads_it(compiled: dict[str, Path], arch: str) -> None:
    path = compiled[WINDOWS[arch]]
    found = binary.read(path)
    with pefile.PE(str(path)) as oracle:
        imports = {
            entry.dll.decode(): [one.name.decode() for one in entry.imports] for entry in oracle.DIRECTORY_ENTRY_IMPORT
        }
        exports = oracle.DIRECTORY_ENTRY_EXPORT
        own, names = exports.name.decode(), [symbol.name.decode() for symbol in exports.symbols]
        system = (oracle.OPTIONAL_HEADER.MajorSubsystemVersion, oracle.OPTIONAL_HEADER.MinorSubsystemVersion)
    assert (found.format, found.arch, found.bits) == ("pe", arch, 32 if arch == "x86" else 64)
    assert list(found.needed) == list(imports)
    assert found.delayed == ()
    assert found.soname == own
    assert sorted(found.exported) == sorted(names)
    assert {"answer", "another"} <= set(found.exported)
    assert found.minimum_os == system
    read = [(symbol.library, symbol.name) for symbol in found.undefined]
    assert sorted(read, key=str) == sorted(((dll, name) for dll in imports for name in imports[dll]), key=str)


def test_both_processors_in_one_file(compiled: dict[str, Path], tmp_path: Path) -> None:
    fat = tmp_path / "fat.dylib"
    universal2.join([compiled[target] for target in MACOS.values()], fat)
    found = binary.read(fat)
    assert [part.arch for part in found.slices] == ["x86_64", "aarch64"]
    assert list(found.slices) == [binary.read(compiled[MACOS[arch]]) for arch in ("x86_64", "aarch64")]
    assert (found.arch, found.minimum_os, found.needed) == ("universal2", (12, 0), ("/usr/lib/libSystem.B.dylib",))
    identity.check_machine(found, parse("universal2-apple-darwin"), "it")
    with pytest.raises(
        AuditError,
        match=r"it is a Mach-O file for aarch64 \(64 bits\) and x86_64 \(64 bits\), which is not what aarch64-apple",
    ):
        identity.check_machine(found, parse("aarch64-apple-darwin"), "it")


def test_what_cannot_be_joined(compiled: dict[str, Path], tmp_path: Path) -> None:
    out, arm = tmp_path / "fat", compiled[MACOS["aarch64"]]
    with pytest.raises(AuditError, match="is for the same processor as another part of fat"):
        universal2.join([arm, arm], out)
    universal2.join([arm], out)
    for wrong in (out, compiled[LINUX["x86_64"]]):
        with pytest.raises(AuditError, match="is not a thin Mach-O file"):
            universal2.join([arm, wrong], tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_the_libraries_that_a_wheel_has_to_bring() -> None:
    needed = ("/usr/lib/libSystem.B.dylib", "/System/Library/x", "@rpath/libfoo.dylib", "/opt/lib/libpython3.12.dylib")
    macho = Binary(format="macho", arch="aarch64", bits=64, little_endian=True, needed=needed)
    assert check.external_libraries(macho, parse("aarch64-apple-darwin")) == ("@rpath/libfoo.dylib",)
    dlls = ("KERNEL32.dll", "python312.dll", "VCRUNTIME140.dll", "api-ms-win-core-synch-l1-2-0.dll", "zlib1.dll")
    pe = Binary(format="pe", arch="x86_64", bits=64, little_endian=True, needed=dlls, delayed=("libfoo.dll",))
    assert check.external_libraries(pe, parse("x86_64-pc-windows-msvc")) == ("zlib1.dll", "libfoo.dll")
    assert windows.is_provided("ntdll.dll", "aarch64")
    assert not windows.is_provided("libwinpthread-1.dll", "x86_64")


# -- damage


def judged(data: bytes) -> Binary | None:
    """Return what is read, or None for the one error that there may be."""
    try:
        return binary.parse(data)
    except AuditError:
        return None


HEADS = [b"\x7fELF\x02\x01", b"\x7fELF\x01\x02", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa\xce", b"\xca\xfe\xba\xbe", b"MZ"]


@given(head=st.sampled_from(HEADS), rest=st.binary(max_size=600))
@settings(max_examples=600, deadline=None)
def test_any_bytes_are_an_error_or_a_file(head: bytes, rest: bytes) -> None:
    judged(head + rest)


@pytest.mark.parametrize("target", [*MACOS.values(), *WINDOWS.values(), *LINUX.values()])
def test_a_real_file_that_is_cut_off_or_changed(compiled: dict[str, Path], target: str) -> None:
    data = compiled[target].read_bytes()

    @given(
        cut=st.integers(0, len(data)),
        changes=st.lists(st.tuples(st.integers(0, 4095), st.binary(min_size=1, max_size=8)), max_size=6),
    )
    @settings(max_examples=120, deadline=None)
    def tried(cut: int, changes: list[tuple[int, bytes]]) -> None:
        damaged = bytearray(data)
        for at, word in changes:
            damaged[at : at + len(word)] = word
        judged(bytes(damaged[:cut]))

    tried()


def processor_time(data: bytes) -> float:
    began = time.process_time()
    judged(data)
    return time.process_time() - began


def macho_of_names(count: int) -> bytes:
    """Return a file whose symbols all have one name, as long as their table."""
    size = 12 * count
    names = b"a" * size + b"\0"
    symbols = struct.pack("<IBBHI", 0, 0x0F, 1, 0, 0) * count
    start = 28 + 24
    header = struct.pack("<7I", 0xFEEDFACE, 7, 3, 6, 1, 24, 0)
    return header + struct.pack("<6I", 2, 24, start, count, start + len(symbols), len(names)) + symbols + names


def macho_of_tries(count: int) -> bytes:
    """Return a file whose list of exports leads to each of its nodes from each."""
    node = b"\x01\x00" + bytes([255]) + b"".join(b"a\0" + bytes([0x80 | at % 128, at // 128]) for at in range(255))
    trie = node * count
    header = struct.pack("<7I", 0xFEEDFACE, 7, 3, 6, 1, 16, 0)
    return header + struct.pack("<4I", 0x80000033, 16, 28 + 16, len(trie)) + trie


def pe_of_names(count: int) -> bytes:
    """Return a file that imports one long name many times."""
    table = 0x400
    name = b"\0\0" + b"a" * 4000 + b"\0"
    thunks = struct.pack("<I", 0x1000 + 64) * count + bytes(4)
    body = struct.pack("<5I", 0x1000 + 8192, 0, 0, 0x1000 + 66, 0) + bytes(20)
    section = (body.ljust(64, b"\0") + name).ljust(8192, b"\0") + thunks
    optional = (
        struct.pack("<H", 0x10B).ljust(92, b"\0") + struct.pack("<I", 2) + bytes(8) + struct.pack("<II", 0x1000, 40)
    )
    head = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40) + b"PE\0\0"
    coff = struct.pack("<HHIIIHH", 0x14C, 1, 0, 0, 0, len(optional), 0)
    rows = struct.pack("<8sIIII", b".data", len(section), 0x1000, len(section), table).ljust(40, b"\0")
    return (head + coff + optional + rows).ljust(table, b"\0") + section


def macho_of_empty_names(count: int) -> bytes:
    """Return a file whose list of exports has at each of its bytes a node with as many children as can be."""
    trie = b"\x00\xff" * count
    header = struct.pack("<7I", 0xFEEDFACE, 7, 3, 6, 1, 16, 0)
    return header + struct.pack("<4I", 0x80000033, 16, 28 + 16, len(trie)) + trie


def fat_of_one_part(count: int) -> bytes:
    """Return a fat file that has the same part for each of its processors."""
    part = macho_of_names(count)
    rows = b"".join(struct.pack(">5I", cpu, 0, 8 + 20 * 60, len(part), 0) for cpu in range(60))
    return struct.pack(">II", 0xCAFEBABE, 60) + rows + part


def pe_of_sections(count: int) -> bytes:
    """Return a file with as many sections as can be counted, and many names in the last one."""
    sections = 4 * count
    table = 0x400 + 40 * sections
    thunks = struct.pack("<I", 0x1000 + 64) * (8 * count) + bytes(4)
    body = struct.pack("<5I", 0x1000 + 128, 0, 0, 0x1000 + 66, 0) + bytes(20)
    content = (body.ljust(64, b"\0") + b"\0\0a\0").ljust(128, b"\0") + thunks
    optional = (
        struct.pack("<H", 0x10B).ljust(92, b"\0") + struct.pack("<I", 2) + bytes(8) + struct.pack("<II", 0x1000, 40)
    )
    head = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40) + b"PE\0\0"
    coff = struct.pack("<HHIIIHH", 0x14C, sections % 65_536, 0, 0, 0, len(optional), 0)
    empty = b"".join(struct.pack("<8sIIII16x", b"", 0, 1 << 31 | at, 0, 0) for at in range(sections - 1))
    row = struct.pack("<8sIIII16x", b".data", len(content), 0x1000, len(content), table)
    return (head + coff + optional + empty + row).ljust(table, b"\0") + content


UNKIND = [macho_of_names, macho_of_tries, macho_of_empty_names, fat_of_one_part, pe_of_names, pe_of_sections]


@pytest.mark.parametrize("made", UNKIND)
def test_an_unkind_file_takes_no_more_than_linear_time(made: object) -> None:
    assert callable(made)
    made(10)  # warm
    small, large = (max(processor_time(made(count)), 0.002) for count in (2_000, 16_000))
    assert large < 40 * small
