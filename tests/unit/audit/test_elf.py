from __future__ import annotations

import dataclasses
import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cratewheel.audit.elf import exported_offsets, parse
from cratewheel.audit.model import Binary, FloatAbi, Symbol, SymbolVersion
from cratewheel.errors import AuditError
from watchdog import within

BASE = 0x10000  # the loader puts byte 0 of the file here
Count = Literal["section", "hash", "gnu_hash", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A symbol to write: `version` is the index into the versions needed, or 0."""

    name: str
    defined: bool = False
    binding: int = 1
    visibility: int = 0
    version: int = 0
    address: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An ELF library to write. `count` is how a reader can learn the number of symbols."""

    bits: int = 64
    little_endian: bool = True
    machine: int = 62
    needed: tuple[str, ...] = ("libc.so.6",)
    soname: str | None = "libx.so"
    rpath: str | None = None
    runpath: str | None = None
    interpreter: str | None = None
    versions: tuple[tuple[str, tuple[str, ...]], ...] = (("libc.so.6", ("GLIBC_2.2.5", "GLIBC_2.34")),)
    symbols: tuple[Raw, ...] = (
        Raw(name="memcpy", version=2),
        Raw(name="pthread_create", version=3),
        Raw(name="__gmon_start__", binding=2),
        Raw(name="PyInit_x", defined=True),
        Raw(name="internal", defined=True, visibility=2),
        Raw(name="local", defined=True, binding=0),
    )
    count: Count = "section"

    def pack(self, layout: str, *values: int) -> bytes:
        return struct.pack(("<" if self.little_endian else ">") + layout, *values)

    def build(self) -> bytes:
        """Return the file: headers, names, and each table behind the one before."""
        words = [*self.needed, self.soname, self.rpath, self.runpath, *(s.name for s in self.symbols)]
        words += [word for library, versions in self.versions for word in (library, *versions)]
        names: dict[str, int] = {}
        strings = b"\0"
        for word in words:
            if word is not None and word not in names:
                names[word] = len(strings)
                strings += word.encode() + b"\0"
        wide = self.bits == 64
        header = 16 + (48 if wide else 36)
        programs_at, program_size = header, 56 if wide else 32
        place = programs_at + 3 * program_size
        tables: dict[str, tuple[int, bytes]] = {}
        for name, table in (
            ("interpreter", (self.interpreter or "").encode() + b"\0"),
            ("symbols", self._symbols(names)),
            ("strings", strings),
            ("versym", self._versym()),
            ("verneed", self._verneed(names)),
            ("hash", self._hash()),
        ):
            place += -place % 8
            tables[name] = (place, table)
            place += len(table)
        dynamic = self._dynamic(names, tables)
        dynamic_at = place + -place % 8
        sections_at = dynamic_at + len(dynamic)
        sections = self._section(11, *self._extent(tables["symbols"])) if self.count == "section" else b""
        end = sections_at + len(sections)
        data = bytearray(end)
        data[:16] = b"\x7fELF" + bytes([2 if wide else 1, 1 if self.little_endian else 2, 1]) + bytes(9)
        sizes = (header, program_size, 3, 64 if wide else 40, 1 if sections else 0, 0)
        offsets = (0, programs_at, sections_at if sections else 0)
        data[16:header] = self.pack(
            "HHI" + ("QQQ" if wide else "III") + "IHHHHHH", 3, self.machine, 1, *offsets, 0, *sizes
        )
        programs = self._program(1, 0, end) + self._program(2, dynamic_at, len(dynamic))
        programs += self._program(3, *self._extent(tables["interpreter"])) if self.interpreter else bytes(program_size)
        data[programs_at : programs_at + len(programs)] = programs
        for at, table in (*tables.values(), (dynamic_at, dynamic), (sections_at, sections)):
            data[at : at + len(table)] = table
        return bytes(data)

    @staticmethod
    def _extent(table: tuple[int, bytes]) -> tuple[int, int]:
        return table[0], len(table[1])

    def _program(self, kind: int, offset: int, size: int) -> bytes:
        if self.bits == 64:
            return self.pack("IIQQQQQQ", kind, 4, offset, BASE + offset, 0, size, size, 8)
        return self.pack("8I", kind, offset, BASE + offset, 0, size, size, 4, 8)

    def _section(self, kind: int, offset: int, size: int) -> bytes:
        layout, entry = ("IIQQQQIIQQ", 24) if self.bits == 64 else ("10I", 16)
        return self.pack(layout, 0, kind, 2, BASE + offset, offset, size, 0, 1, 8, entry)

    def _symbols(self, names: dict[str, int]) -> bytes:
        wide = self.bits == 64
        table = bytes(24 if wide else 16)
        for s in self.symbols:
            info, section = s.binding << 4 | 2, 7 if s.defined else 0
            fields = (names[s.name], info, s.visibility, section, s.address, 0)
            narrow = (names[s.name], s.address, 0, info, s.visibility, section)
            table += self.pack("IBBHQQ", *fields) if wide else self.pack("IIIBBH", *narrow)
        return table

    def _versym(self) -> bytes:
        return self.pack("H", 0) + b"".join(self.pack("H", s.version) for s in self.symbols)

    def _verneed(self, names: dict[str, int]) -> bytes:
        table, index = b"", 2
        for number, (library, versions) in enumerate(self.versions, 1):
            following = 0 if number == len(self.versions) else 16 + 16 * len(versions)
            table += self.pack("HHIII", 1, len(versions), names[library], 16, following)
            for place, version in enumerate(versions, 1):
                table += self.pack("IHHII", 0, 0, index, names[version], 0 if place == len(versions) else 16)
                index += 1
        return table

    def _hash(self) -> bytes:
        total = 1 + len(self.symbols)
        if self.count == "hash":
            return self.pack("QQ" if (self.machine, self.bits) == (22, 64) else "II", 1, total)
        # one bucket, whose chain starts with the fourth symbol: the first three are undefined
        bloom = bytes(self.bits // 8)
        chain = b"".join(self.pack("I", 1 if number == total - 1 else 0) for number in range(4, total))
        return self.pack("IIII", 1, 4, 1, 0) + bloom + self.pack("I", 4 if chain else 0) + chain

    def _dynamic(self, names: dict[str, int], tables: dict[str, tuple[int, bytes]]) -> bytes:
        named = [(1, word) for word in self.needed] + [(14, self.soname), (15, self.rpath), (29, self.runpath)]
        entries = [(tag, names[word]) for tag, word in named if word is not None]
        entries += [(5, BASE + tables["strings"][0]), (10, len(tables["strings"][1])), (6, BASE + tables["symbols"][0])]
        if self.versions:
            entries += [(0x6FFFFFF0, BASE + tables["versym"][0]), (0x6FFFFFFE, BASE + tables["verneed"][0])]
            entries.append((0x6FFFFFFF, len(self.versions)))
        if self.count in {"hash", "gnu_hash"}:
            entries.append((4 if self.count == "hash" else 0x6FFFFEF5, BASE + tables["hash"][0]))
        layout = "qQ" if self.bits == 64 else "iI"
        return b"".join(self.pack(layout, *entry) for entry in [*entries, (0, 0)])


WHOLE = Binary(
    format="elf",
    arch="x86_64",
    bits=64,
    little_endian=True,
    needed=("libc.so.6",),
    soname="libx.so",
    versions=(
        SymbolVersion(library="libc.so.6", version="GLIBC_2.2.5"),
        SymbolVersion(library="libc.so.6", version="GLIBC_2.34"),
    ),
    undefined=(
        Symbol(name="memcpy", version="GLIBC_2.2.5", library="libc.so.6"),
        Symbol(name="pthread_create", version="GLIBC_2.34", library="libc.so.6"),
        Symbol(name="__gmon_start__", weak=True),
    ),
    exported=("PyInit_x",),
)


@pytest.mark.parametrize("count", ["section", "hash", "gnu_hash", "none"])
def test_a_library_is_read_whole_however_its_symbols_are_counted(count: Count) -> None:
    assert parse(Image(count=count).build()) == WHOLE


@pytest.mark.parametrize(
    ("visibility", "exported"), [(0, True), (1, False), (2, False), (3, True), (4, True), (6, False)]
)
def test_a_symbol_is_exported_unless_its_visibility_is_internal_or_hidden(visibility: int, exported: bool) -> None:
    """Only the lower two bits say it: default, internal, hidden, protected."""
    symbols = (Raw(name="a"), Raw(name="b", defined=True, visibility=visibility), Raw(name="c", defined=True))
    found = parse(Image(symbols=symbols, versions=()).build())
    assert found.exported == (("b", "c") if exported else ("c",))


@pytest.mark.parametrize(
    ("machine", "bits", "little_endian", "arch"),
    [
        (3, 32, True, "x86"),
        (8, 64, True, "mips64el"),
        (20, 32, False, "powerpc"),
        (21, 64, False, "powerpc64"),
        (21, 64, True, "powerpc64le"),
        (22, 64, False, "s390x"),
        (40, 32, True, "arm"),
        (62, 32, True, "x86_64"),
        (183, 64, True, "aarch64"),
        (243, 64, True, "riscv64"),
        (258, 64, True, "loongarch64"),
        (9999, 64, True, "ELF machine 9999"),
    ],
)
@pytest.mark.parametrize("count", ["section", "hash", "gnu_hash"])
def test_each_class_and_byte_order_is_read(
    machine: int, bits: int, little_endian: bool, arch: str, count: Count
) -> None:
    image = Image(machine=machine, bits=bits, little_endian=little_endian, count=count)
    floats: FloatAbi | None = "soft" if arch == "riscv64" else None  # no flags are set
    expected = dataclasses.replace(WHOLE, arch=arch, bits=bits, little_endian=little_endian, float_abi=floats)
    assert parse(image.build()) == expected


def test_a_library_that_exports_nothing_has_its_imports_counted_without_the_gnu_hash_table() -> None:
    image = Image(count="gnu_hash", symbols=(Raw(name="memcpy", version=2), Raw(name="free", version=2)))
    assert [symbol.name for symbol in parse(image.build()).undefined] == ["memcpy", "free"]


def test_paths_and_the_interpreter_are_read() -> None:
    image = Image(rpath="/opt/lib:$ORIGIN/../x.libs", runpath="$ORIGIN", interpreter="/lib/ld-linux.so.2")
    binary = parse(image.build())
    assert binary.rpath == ("/opt/lib", "$ORIGIN/../x.libs")
    assert binary.runpath == ("$ORIGIN",)
    assert binary.interpreter == "/lib/ld-linux.so.2"


def test_a_symbol_belongs_to_the_library_of_its_version() -> None:
    image = Image(
        needed=("libm.so.6", "libc.so.6"),
        versions=(("libm.so.6", ("GLIBC_2.29",)), ("libc.so.6", ("GLIBC_2.29",))),
        symbols=(Raw(name="pow", version=2), Raw(name="posix_spawn", version=3 | 0x8000)),
    )
    assert parse(image.build()).undefined == (
        Symbol(name="pow", version="GLIBC_2.29", library="libm.so.6"),
        Symbol(name="posix_spawn", version="GLIBC_2.29", library="libc.so.6"),
    )


def test_a_name_that_is_not_utf_8_can_be_printed() -> None:
    data = Image(needed=("libQQ.so",)).build().replace(b"libQQ.so", b"lib\xff\xfe.so")
    assert parse(data).needed == (r"lib\xff\xfe.so",)


def test_a_program_without_a_dynamic_section_needs_nothing() -> None:
    header = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 0, 0, 0, 64, 56, 0, 0, 0, 0)
    assert parse(header) == Binary(format="elf", arch="x86_64", bits=64, little_endian=True)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "this is not an ELF file"),
        (b"\x7fELF", "the ELF file is damaged: its class or byte order is unknown"),
        (b"\x7fELF\x03\x01" + bytes(60), "the ELF file is damaged: its class or byte order is unknown"),
        (b"\x7fELF\x02\x01" + bytes(12), "the ELF file is damaged: it ends too early"),
    ],
)
def test_a_damaged_header_is_an_audit_error(data: bytes, message: str) -> None:
    with pytest.raises(AuditError) as caught:
        parse(data)
    assert caught.value.message == message


def test_a_library_that_was_cut_off_within_what_is_loaded_is_an_audit_error() -> None:
    data = Image(count="hash").build()
    assert parse(data) == WHOLE
    with pytest.raises(AuditError) as caught:
        parse(data[:-1])
    assert caught.value.message == "the ELF file is damaged: it ends before what a program loads of it"


def read_or_refuse(data: bytes) -> None:
    with suppress(AuditError):
        parse(data)


@given(st.binary(max_size=400))
def test_random_bytes_raise_audit_errors_only(data: bytes) -> None:
    read_or_refuse(data)
    read_or_refuse(b"\x7fELF\x02\x01\x01" + data)
    read_or_refuse(b"\x7fELF\x01\x02\x01" + data)


IMAGES = st.builds(
    Image,
    bits=st.sampled_from([32, 64]),
    little_endian=st.booleans(),
    count=st.sampled_from(["section", "hash", "gnu_hash", "none"]),
).map(Image.build)


@given(IMAGES, st.data())
def test_a_cut_off_file_raises_audit_errors_only(data: bytes, draw: st.DataObject) -> None:
    read_or_refuse(data[: draw.draw(st.integers(0, len(data)))])


@given(IMAGES, st.data())
def test_changed_bytes_raise_audit_errors_only(data: bytes, draw: st.DataObject) -> None:
    changed = bytearray(data)
    places = st.integers(0, len(data) - 1)
    edits = st.lists(st.tuples(places, st.binary(min_size=1, max_size=8)), min_size=1, max_size=8)
    for place, value in draw.draw(edits):
        changed[place : place + len(value)] = value
    read_or_refuse(bytes(changed))


def test_many_names_in_one_long_string_do_not_take_forever() -> None:
    symbols = tuple(Raw(name=f"s{number}") for number in range(5000))
    data = bytearray(Image(symbols=symbols, versions=()).build())
    table = data.find(b"s0\0")
    end = data.find(b"s4999\0")
    data[table:end] = data[table:end].replace(b"\0", b"x")
    with pytest.raises(AuditError, match="its names are longer than the file"):
        within(60, lambda: parse(bytes(data)))


def test_versions_that_lead_back_to_themselves_do_not_take_forever() -> None:
    data = bytearray(Image(versions=(("libc.so.6", ("GLIBC_2.2.5", "GLIBC_2.34")),)).build())
    record = data.find(struct.pack("<HH", 1, 2))
    data[record + 2 : record + 4] = b"\xff\xff"  # as many versions as the field can say
    data[record + 12 : record + 16] = struct.pack("<I", 0)
    within(60, lambda: read_or_refuse(bytes(data) + bytes(1_000_000)))


@pytest.mark.parametrize(
    ("at", "value"), [(58, 63), (40, 0), (60, 0)], ids=["narrow rows", "no sections", "none of them"]
)
def test_a_table_of_sections_that_cannot_be_read_leaves_the_count_to_the_names(at: int, value: int) -> None:
    """Names follow the symbols at once here, so that the count is right without a section."""
    data = bytearray(Image(count="section").build())
    struct.pack_into("<H" if at != 40 else "<Q", data, at, value)
    assert parse(bytes(data)) == WHOLE


def test_a_table_of_sections_with_narrow_rows_is_not_believed() -> None:
    data = bytearray(Image(count="section").build())
    (sections,) = struct.unpack_from("<Q", data, 40)
    struct.pack_into("<Q", data, sections + 32, 24)  # one symbol, it says
    struct.pack_into("<H", data, 58, 63)
    assert parse(bytes(data)) == WHOLE


def test_a_table_of_sections_with_wide_rows_is_read_by_their_width() -> None:
    data = bytearray(Image(count="section").build())
    (sections,) = struct.unpack_from("<Q", data, 40)
    (count,) = struct.unpack_from("<Q", data, sections + 32)
    struct.pack_into("<Q", data, sections + 32, count - 24)  # one symbol fewer: nobody counts the names
    assert parse(bytes(data)) == WHOLE  # the last one is local
    struct.pack_into("<Q", data, sections + 32, count - 3 * 24)
    assert parse(bytes(data)).exported == ()


@pytest.mark.parametrize("count", ["section", "hash", "gnu_hash"])
@pytest.mark.parametrize("little_endian", [True, False])
@pytest.mark.parametrize("bits", [64, 32])
def test_the_data_of_an_exported_symbol_is_where_its_segment_says(bits: int, little_endian: bool, count: Count) -> None:
    symbols = (
        Raw(name="PyInit_needed", address=BASE + 0x30),
        Raw(name="memcpy"),
        Raw(name="free"),
        Raw(name="PyInit_x", defined=True, address=BASE + 0x40),
        Raw(name="PyInit_y", defined=True, address=BASE),
        Raw(name="PyInit_below", defined=True, address=BASE - 1),
        Raw(name="PyInit_above", defined=True, address=BASE + 0x100000),
        Raw(name="other", defined=True, address=BASE + 0x50),
    )
    data = Image(bits=bits, little_endian=little_endian, symbols=symbols, count=count, versions=()).build()
    assert exported_offsets(data, "PyInit_") == (0x40, 0)
    assert exported_offsets(data, "other") == (0x50,)
    assert exported_offsets(data, "absent") == ()
