"""Mach-O files made by hand; tests/integration has those that a linker made."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

import pytest

from cratewheel.audit.macho import exported_offsets, parse
from cratewheel.audit.model import Binary, Symbol
from cratewheel.errors import AuditError

X86_64, ARM64 = 0x01000007, 0x0100000C
EXTERNAL, PRIVATE, DEFINED, DEBUG = 0x01, 0x10, 0x0E, 0x20
WEAK, TWO_LEVEL = 0x40, 0x80


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A symbol to write: `library` is the number of one that is needed, from 1 on."""

    name: str
    kind: int = EXTERNAL
    library: int = 0
    flags: int = 0
    value: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A thin file to write. `libraries` have the kind of their command; `trie` is the list of exports."""

    cpu: int = ARM64
    bits: int = 64
    little_endian: bool = True
    flags: int = TWO_LEVEL
    libraries: tuple[tuple[int, str], ...] = ((0xC, "/usr/lib/libSystem.B.dylib"),)
    rpaths: tuple[str, ...] = ()
    versions: tuple[tuple[int, ...], ...] = ((0x32, 1, 0x000B0300),)  # the system, and the oldest version
    symbols: tuple[Raw, ...] = ()
    trie: bytes = b""
    trie_in: int = 0x80000033

    def pack(self, layout: str, *values: int) -> bytes:
        return struct.pack(("<" if self.little_endian else ">") + layout, *values)

    def build(self) -> bytes:
        """Return the file: header, commands, symbols, names, list of exports."""
        wide = self.bits == 64
        header = 32 if wide else 28
        commands = [
            self._command(kind, self.pack("IIII", 24, 0, 0, 0) + _padded(name)) for kind, name in self.libraries
        ]
        commands += [self._command(0x8000001C, self.pack("I", 12) + _padded(path)) for path in self.rpaths]
        for kind, *numbers in self.versions:
            rest = (0,) if kind != 0x32 else (0, 0)
            commands.append(self._command(kind, self.pack(f"{len(numbers) + len(rest)}I", *numbers, *rest)))
        size = sum(map(len, commands)) + 24 + (48 if self.trie_in != 0x80000033 else 16)
        names, table = b"\0", b""
        for symbol in self.symbols:
            description = symbol.library << 8 | symbol.flags
            row = (len(names), symbol.kind, 0, description, symbol.value)
            table += self.pack("IBBHQ" if wide else "IBBHI", *row)
            names += symbol.name.encode() + b"\0"
        at = header + size
        places = (at, len(self.symbols), at + len(table), len(names))
        commands.append(self._command(0x2, self.pack("4I", *places)))
        place = (at + len(table) + len(names), len(self.trie))
        if self.trie_in == 0x80000033:
            commands.append(self._command(self.trie_in, self.pack("II", *place)))
        else:
            commands.append(self._command(self.trie_in, self.pack("10I", *[0] * 8, *place)))
        magic = {64: 0xFEEDFACF, 32: 0xFEEDFACE}[self.bits]
        start = self.pack("7I", magic, self.cpu, 0, 6, len(commands), size, self.flags) + (bytes(4) if wide else b"")
        return start + b"".join(commands) + table + names + self.trie

    def _command(self, kind: int, rest: bytes) -> bytes:
        return self.pack("II", kind, 8 + len(rest)) + rest


def _padded(name: str) -> bytes:
    data = name.encode() + b"\0"
    return data + bytes(-len(data) % 8)


SYMBOLS = (
    Raw(name="_malloc", library=1),
    Raw(name="_maybe", library=2, flags=WEAK),
    Raw(name="_dynamic", library=0xFE),
    Raw(name="_PyInit_x", kind=EXTERNAL | DEFINED, value=0x1000),
    Raw(name="_private", kind=EXTERNAL | DEFINED | PRIVATE, value=0x1000),
    Raw(name="_local", kind=DEFINED, value=0x1000),
    Raw(name="_debug", kind=EXTERNAL | DEBUG),
    Raw(name="_common", value=8),
)
IMAGE = Image(
    libraries=(
        (0xD, "@rpath/libx.dylib"),
        (0xC, "/usr/lib/libSystem.B.dylib"),
        (0x80000018, "/opt/libweak.dylib"),
        (0x8000001F, "/opt/libre.dylib"),
        (0x20, "/opt/liblazy.dylib"),
        (0x80000023, "/opt/libup.dylib"),
        (0xC, "/usr/lib/libSystem.B.dylib"),
    ),
    rpaths=("@loader_path", "/a"),
    symbols=SYMBOLS,
)
WHOLE = Binary(
    format="macho",
    arch="aarch64",
    bits=64,
    little_endian=True,
    needed=(
        "/usr/lib/libSystem.B.dylib",
        "/opt/libweak.dylib",
        "/opt/libre.dylib",
        "/opt/liblazy.dylib",
        "/opt/libup.dylib",
    ),
    weak=("/opt/libweak.dylib",),
    soname="@rpath/libx.dylib",
    rpath=("@loader_path", "/a"),
    undefined=(
        Symbol(name="_malloc", library="/usr/lib/libSystem.B.dylib"),
        Symbol(name="_maybe", weak=True, library="/opt/libweak.dylib"),
        Symbol(name="_dynamic"),
    ),
    exported=("_PyInit_x", "_common"),
    system="macos",
    minimum_os=(11, 3),
)


@pytest.mark.parametrize("little_endian", [True, False])
@pytest.mark.parametrize("bits", [64, 32])
def test_a_library_is_read_whole(bits: int, little_endian: bool) -> None:
    image = replace(IMAGE, bits=bits, little_endian=little_endian)
    assert parse(image.build()) == replace(WHOLE, bits=bits, little_endian=little_endian)


@pytest.mark.parametrize(
    ("cpu", "arch"),
    [
        (7, "x86"), (12, "arm"), (18, "powerpc"), (X86_64, "x86_64"), (ARM64, "aarch64"), (0x01000012, "powerpc64"),
        (0x0200000C, "aarch64"), (6, "Mach-O processor 6"),
    ],
)  # fmt: skip
def test_a_processor_has_rusts_word(cpu: int, arch: str) -> None:
    assert parse(replace(IMAGE, cpu=cpu).build()) == replace(WHOLE, arch=arch)


@pytest.mark.parametrize(
    ("versions", "system", "minimum"),
    [
        (((0x32, 1, 0x000A0F07),), "macos", (10, 15)),
        (((0x32, 2, 0x000D0000),), "ios", (13, 0)),
        (((0x32, 6, 0),), "maccatalyst", (0, 0)),
        (((0x32, 7, 0x00110000),), "ios-simulator", (17, 0)),
        (((0x32, 99, 0x00010000),), "platform 99", (1, 0)),
        (((0x24, 0x000A0C00),), "macos", (10, 12)),
        (((0x25, 0x000C0100),), "ios", (12, 1)),
        (((0x24, 0x000A0C00), (0x32, 2, 0)), "macos", (10, 12)),
        ((), None, None),
    ],
)
def test_the_oldest_system_is_read(
    versions: tuple[tuple[int, ...], ...], system: str | None, minimum: tuple[int, int] | None
) -> None:
    assert parse(replace(IMAGE, versions=versions).build()) == replace(WHOLE, system=system, minimum_os=minimum)


def test_in_a_flat_namespace_no_symbol_has_a_library() -> None:
    undefined = tuple(replace(symbol, library=None) for symbol in WHOLE.undefined)
    assert parse(replace(IMAGE, flags=0).build()) == replace(WHOLE, undefined=undefined)


# nodes at 0, 5, 14 ("_a"), 20 ("_ab") and 23 ("_c", whose place is written in two bytes)
TRIE = b"\x00\x01_\x00\x05" + b"\x00\x02a\x00\x0ec\x00\x97\x00" + b"\x01\x00\x01b\x00\x14" + b"\x01\x00\x00" * 2


@pytest.mark.parametrize("command", [0x80000033, 0x22, 0x80000022])
def test_where_symbols_were_stripped_the_loaders_list_says_what_is_exported(command: int) -> None:
    found = parse(replace(IMAGE, symbols=(), trie=TRIE, trie_in=command).build())
    assert found.exported == ("_a", "_ab", "_c")
    with_symbols = parse(replace(IMAGE, trie=TRIE, trie_in=command).build())
    assert with_symbols.exported == WHOLE.exported


@pytest.mark.parametrize(
    "trie", [b"\x00\x01_", b"\x00\x01_\x00", b"\x80" * 12, b"\x00\x01_\x00" + b"\x80" * 10, b"\x80"]
)
def test_a_list_of_exports_that_does_not_end_is_an_error(trie: bytes) -> None:
    with pytest.raises(AuditError) as caught:
        parse(replace(IMAGE, symbols=(), trie=trie).build())
    assert caught.value.message == "the Mach-O file is damaged: its list of exports ends too early"


def test_a_list_that_leads_back_to_itself_ends() -> None:
    assert parse(replace(IMAGE, symbols=(), trie=b"\x00\x01_\x00\x00").build()).exported == ()


def fat(*images: bytes, cpus: tuple[int, ...] = (X86_64, ARM64), wide: bool = False) -> bytes:
    at = 4096
    rows, data = b"", b""
    for cpu, image in zip(cpus, images, strict=True):
        row = (cpu, 0, at + len(data), len(image), 12)
        rows += struct.pack(">IIQQII", *row, 0) if wide else struct.pack(">IIIII", *row)
        data += image
    start = struct.pack(">II", 0xCAFEBABF if wide else 0xCAFEBABE, len(images)) + rows
    return start + bytes(at - len(start)) + data


@pytest.mark.parametrize("wide", [False, True])
def test_a_file_for_two_processors_is_what_they_are_together(wide: bool) -> None:
    intel = replace(IMAGE, cpu=X86_64, versions=((0x32, 1, 0x000A0C00),), libraries=((0xC, "/opt/own.dylib"),))
    found = parse(fat(intel.build(), IMAGE.build(), wide=wide))
    slices = (parse(intel.build()), WHOLE)
    assert found == replace(
        WHOLE,
        arch="universal2",
        needed=("/opt/own.dylib", *WHOLE.needed),
        undefined=tuple(dict.fromkeys(symbol for part in slices for symbol in part.undefined)),
        system=None,
        slices=slices,
    )
    assert parse(fat(IMAGE.build(), cpus=(ARM64,))).arch == "aarch64"
    two = (replace(IMAGE, cpu=18).build(), replace(IMAGE, cpu=7).build())
    assert parse(fat(*two, cpus=(18, 7))).arch == "powerpc+x86"


OUTSIDE = "the name of a load command lies outside of it"


def with_segments(image: Image, *segments: tuple[int, int, int, int]) -> bytes:
    """Return a thin file with segments behind its own commands: address, size, and offset and size in the file."""
    data = image.build()
    wide = image.bits == 64
    header = 32 if wide else 28
    layout = "16s4Q4I" if wide else "16s4I4I"
    order = "<" if image.little_endian else ">"
    commands = b""
    for segment in segments:
        rest = struct.pack(order + layout, b"__DATA", *segment, 3, 3, 0, 0)
        commands += struct.pack(order + "II", 0x19 if wide else 0x1, 8 + len(rest)) + rest
    count, size = struct.unpack_from(order + "II", data, 16)
    head = bytearray(data[:header])
    struct.pack_into(order + "II", head, 16, count + len(segments), size + len(commands))
    body = bytearray(data[header : header + size])
    at = 0
    for _ in range(count):  # what the commands point to moves back
        kind, step = struct.unpack_from(order + "II", body, at)
        if kind == 0x2:
            table, symbols, names, length = struct.unpack_from(order + "4I", body, at + 8)
            struct.pack_into(order + "4I", body, at + 8, table + len(commands), symbols, names + len(commands), length)
        at += step
    return bytes(head) + bytes(body) + commands + data[header + size :]


LOADED = with_segments(IMAGE, (0x1000, 0x1000, 0, len(IMAGE.build()) + 72))


def test_a_library_with_its_segments_is_read_whole() -> None:
    assert parse(LOADED) == parse(IMAGE.build())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (struct.pack(">II", 0xCAFEBABE, 0), "it says that it is for 0 processors"),
        (struct.pack(">II", 0xCAFEBABE, 65) + bytes(5000), "it says that it is for 65 processors"),
        (struct.pack(">II", 0xCAFEBABE, 64), "it ends too early"),
        (fat(IMAGE.build(), cpus=(ARM64,))[:-1], "one of its parts is no Mach-O file"),
        (fat(b"not one of them", cpus=(ARM64,)), "one of its parts is no Mach-O file"),
        (IMAGE.build()[:36] + struct.pack("<I", 7) + IMAGE.build()[40:], "its load commands do not fit"),
        (IMAGE.build()[:36] + struct.pack("<I", 5000) + IMAGE.build()[40:], "its load commands do not fit"),
        (IMAGE.build()[:40] + struct.pack("<I", 5000) + IMAGE.build()[44:], OUTSIDE),
        (IMAGE.build()[:40] + struct.pack("<I", 8) + IMAGE.build()[44:], OUTSIDE),
        (IMAGE.build()[:27], "it ends too early"),
        (b"\xcf\xfa\xed\xfe", "it ends too early"),
        (LOADED[:-1], "it ends before what a program loads of it"),
    ],
)
def test_a_damaged_file_says_what_is_wrong(data: bytes, message: str) -> None:
    with pytest.raises(AuditError) as caught:
        parse(data)
    assert caught.value.message == f"the Mach-O file is damaged: {message}"


EXPORTING = Image(
    symbols=(
        Raw(name="_PyInit_x", kind=EXTERNAL | DEFINED, value=0x1010),
        Raw(name="_PyInit_y", kind=EXTERNAL | DEFINED, value=0x2004),
        Raw(name="_PyInit_local", kind=DEFINED, value=0x1000),
        Raw(name="_PyInit_needed", value=0x1000),
        Raw(name="_PyInit_end", kind=EXTERNAL | DEFINED, value=0x2010),
        Raw(name="_PyInit_before", kind=EXTERNAL | DEFINED, value=0xFFF),
        Raw(name="_other", kind=EXTERNAL | DEFINED, value=0x1020),
    )
)
SEGMENTS = ((0x1000, 0x1000, 0x100, 0x1000), (0x2000, 0x10, 0x1100, 0x10))


@pytest.mark.parametrize("little_endian", [True, False])
@pytest.mark.parametrize("bits", [64, 32])
def test_the_data_of_an_exported_symbol_is_where_its_segment_says(bits: int, little_endian: bool) -> None:
    data = with_segments(replace(EXPORTING, bits=bits, little_endian=little_endian), *SEGMENTS)
    assert exported_offsets(data, "PyInit_") == (0x110, 0x1104)
    assert exported_offsets(data, "other") == (0x120,)
    assert exported_offsets(data, "absent") == ()


@pytest.mark.parametrize("wide", [True, False])
def test_of_a_file_for_several_processors_the_first_part_tells_where_data_is(wide: bool) -> None:
    thin = with_segments(EXPORTING, *SEGMENTS)
    rows = [(ARM64, 0, 0x200, len(thin)), (ARM64, 0, 0x200 + len(thin), len(thin))]
    table = b"".join(struct.pack(">IIQQII" if wide else ">IIIII", *row, *((0, 0) if wide else (0,))) for row in rows)
    fat = struct.pack(">II", 0xCAFEBABF if wide else 0xCAFEBABE, 2) + table
    assert exported_offsets(fat.ljust(0x200, b"\0") + thin + thin, "PyInit_") == (0x310, 0x1304)
