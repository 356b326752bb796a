"""PE files that import from DLLs of other names: what pefile reads, for each kind of table and of file."""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pefile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cratewheel.errors import AuditError
from cratewheel.repair.pe_edit import with_imports
from integration.repair.foreign import dll

CPUS = ("x86_64", "x86", "aarch64")
NEW = "other-12345678.dll"
RENAMED = {"OTHER.dll": NEW}
# room for tables that zig's linker does not write
ROOM = "__declspec(dllexport) unsigned char room[512] = {1};\n"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    """The DLL for a processor that needs other.dll and third.dll."""
    folder = tmp_path_factory.mktemp("pe")
    made: dict[str, bytes] = {}
    for cpu in CPUS:
        needs = [dll(folder / cpu / name, cpu=cpu) for name in ("other.dll", "third.dll")]
        made[cpu] = dll(folder / cpu / "lib.dll", *needs, cpu=cpu, extra=ROOM).read_bytes()
    return made.__getitem__


def imported(data: bytes) -> dict[str, list[str]]:
    """Return the names that are imported from each DLL, and see to it that pefile has nothing to complain of."""
    with pefile.PE(data=data) as file:
        assert [text for text in file.get_warnings() if not text.startswith("Byte 0x00 makes up")] == []
        return {
            entry.dll.decode(): [one.name.decode() for one in entry.imports] for entry in file.DIRECTORY_ENTRY_IMPORT
        }


def contents(data: bytes) -> dict[bytes, bytes]:
    with pefile.PE(data=data) as file:
        return {section.Name.rstrip(b"\0"): section.get_data() for section in file.sections}


def room(data: bytes) -> tuple[int, int]:
    """Return the address and the place in the file of the room for tables."""
    with pefile.PE(data=data) as file:
        (address,) = [one.address for one in file.DIRECTORY_ENTRY_EXPORT.symbols if one.name == b"room"]
        return address, file.get_offset_from_rva(address)


def with_directory(data: bytes, index: int, address: int, size: int) -> bytearray:
    changed = bytearray(data)
    with pefile.PE(data=data) as file:
        struct.pack_into("<II", changed, file.OPTIONAL_HEADER.DATA_DIRECTORY[index].get_file_offset(), address, size)
    return changed


@pytest.mark.parametrize("cpu", CPUS)
def test_a_dll_gets_another_name_in_the_import_table(sample: Callable[[str], bytes], cpu: str) -> None:
    before = sample(cpu)
    after = with_imports(before, RENAMED)
    assert imported(before) == {"other.dll": ["other"], "third.dll": ["third"]}
    assert imported(after) == {NEW: ["other"], "third.dll": ["third"]}
    old, new = contents(before), contents(after)
    assert new.pop(b".dllname").rstrip(b"\0") == NEW.encode()
    assert list(new) == list(old)
    differing = {name: sum(a != b for a, b in zip(old[name], new[name], strict=True)) for name in old}
    assert {name for name, count in differing.items() if count} == {b".rdata"}
    assert differing[b".rdata"] <= 4  # the one field that points to the name
    with pefile.PE(data=after) as file:
        last = file.sections[-1]
        size = last.VirtualAddress + last.Misc_VirtualSize
        assert file.OPTIONAL_HEADER.SizeOfImage == size + -size % file.OPTIONAL_HEADER.SectionAlignment
        assert len(after) == last.PointerToRawData + last.SizeOfRawData
        assert (last.IMAGE_SCN_MEM_READ, last.IMAGE_SCN_MEM_WRITE, last.IMAGE_SCN_MEM_EXECUTE) == (True, False, False)


def test_a_file_is_changed_again(sample: Callable[[str], bytes]) -> None:
    once = with_imports(sample("x86_64"), RENAMED)
    assert imported(with_imports(once, {NEW: "more.dll"})) == {"more.dll": ["other"], "third.dll": ["third"]}
    assert with_imports(sample("x86_64"), RENAMED) == once


def test_a_file_in_which_nothing_changes_is_the_same(sample: Callable[[str], bytes]) -> None:
    assert with_imports(sample("x86"), {"absent.dll": "x.dll"}) == sample("x86")
    assert with_imports(sample("x86"), {}) == sample("x86")


@pytest.mark.parametrize("cpu", CPUS)
def test_headers_without_room_are_made_larger(sample: Callable[[str], bytes], cpu: str) -> None:
    before = bytearray(sample(cpu))
    with pefile.PE(data=sample(cpu)) as file:
        end = file.sections[-1].get_file_offset() + 40
        headers, unit = file.OPTIONAL_HEADER.SizeOfHeaders, file.OPTIONAL_HEADER.FileAlignment
        before[end:headers] = b"\xee" * (headers - end)
        struct.pack_into("<I", before, file.FILE_HEADER.get_field_absolute_offset("PointerToSymbolTable"), 1000)
    after = with_imports(bytes(before), RENAMED)
    assert imported(after) == {NEW: ["other"], "third.dll": ["third"]}
    assert contents(after)[b".text"] == contents(bytes(before))[b".text"]
    with pefile.PE(data=after) as file:
        assert file.OPTIONAL_HEADER.SizeOfHeaders == headers + unit
        assert file.FILE_HEADER.PointerToSymbolTable == 1000 + unit
    assert after[end + unit : headers + unit] == bytes(before[end:headers])


def test_bytes_behind_the_sections_stay_where_they_are(sample: Callable[[str], bytes]) -> None:
    before = sample("x86_64") + b"symbols of GNU tools"
    after = with_imports(before, RENAMED)
    assert after[len(sample("x86_64")) :].startswith(b"symbols of GNU tools")
    assert imported(after) == {NEW: ["other"], "third.dll": ["third"]}


def test_a_delayed_import_gets_another_name(sample: Callable[[str], bytes]) -> None:
    for cpu, by_address in (("x86_64", True), ("x86", True), ("x86", False)):
        data = sample(cpu)
        address, place = room(data)
        with pefile.PE(data=data) as file:
            base = 0 if by_address else file.OPTIONAL_HEADER.ImageBase
        # one row and one empty row, the name, and empty tables of addresses and names
        fields = (int(by_address), base + address + 64, *(base + address + at for at in (80, 96, 112)), 0, 0, 0)
        changed = with_directory(data, 13, address, 64)
        changed[place : place + 128] = struct.pack("<8I", *fields) + bytes(32) + b"Other.DLL".ljust(64, b"\0")
        after = with_imports(bytes(changed), {"other.dll": NEW})
        (name,) = struct.unpack_from("<I", after, place + 4)
        with pefile.PE(data=after) as file:
            assert file.get_string_at_rva(name - base) == NEW.encode()
            assert [entry.dll.decode() for entry in file.DIRECTORY_ENTRY_IMPORT] == [NEW, "third.dll"]


@pytest.mark.parametrize(("cpu", "at"), [("x86_64", 78), ("x86", 54)])
def test_a_restriction_of_folders_is_lifted(sample: Callable[[str], bytes], cpu: str, at: int) -> None:
    address, place = room(sample(cpu))
    changed = with_directory(sample(cpu), 10, address, 128)
    struct.pack_into("<I", changed, place, 128)
    struct.pack_into("<H", changed, place + at, 0x800)
    for names in ({}, RENAMED):
        after = with_imports(bytes(changed), names)
        (flags,) = struct.unpack_from("<H", after, place + at)
        assert flags == 0
    struct.pack_into("<I", changed, place, at)  # a configuration of before there were such flags
    assert with_imports(bytes(changed), {}) == changed


def test_a_signature_is_taken_off(sample: Callable[[str], bytes]) -> None:
    data = sample("x86_64")
    signed = bytes(with_directory(data, 4, len(data), 16)) + b"signature".ljust(16, b"\0")
    after = with_imports(signed, RENAMED)
    assert after == with_imports(data, RENAMED)
    assert b"signature" not in after


def test_what_was_noted_of_the_dlls_is_taken_away(sample: Callable[[str], bytes]) -> None:
    with pefile.PE(data=sample("x86_64")) as file:
        end = file.sections[-1].get_file_offset() + 40
    bound = with_directory(sample("x86_64"), 11, end, 24)
    bound[end : end + 24] = b"\x01" * 24
    assert with_imports(bytes(bound), RENAMED) == with_imports(sample("x86_64"), RENAMED)


def test_a_checksum_is_kept_right(sample: Callable[[str], bytes]) -> None:
    data = bytearray(sample("x86_64"))
    with pefile.PE(data=bytes(data)) as file:
        place = file.OPTIONAL_HEADER.get_field_absolute_offset("CheckSum")
        assert file.OPTIONAL_HEADER.CheckSum == 0
    with pefile.PE(data=with_imports(bytes(data), RENAMED)) as file:
        assert file.OPTIONAL_HEADER.CheckSum == 0  # none is asked for
    struct.pack_into("<I", data, place, 1)
    with pefile.PE(data=with_imports(bytes(data), RENAMED)) as file:
        assert file.OPTIONAL_HEADER.CheckSum == file.generate_checksum() != 0


def test_a_file_whose_sections_lie_closer_than_pages_is_refused(sample: Callable[[str], bytes]) -> None:
    data = bytearray(sample("x86_64"))
    with pefile.PE(data=bytes(data)) as file:
        struct.pack_into("<I", data, file.OPTIONAL_HEADER.get_field_absolute_offset("SectionAlignment"), 512)
    with pytest.raises(AuditError) as caught:
        with_imports(bytes(data), RENAMED)
    assert (caught.value.message, caught.value.hint) == (
        "no section can be added to the PE file",
        "link it without /ALIGN",
    )


@settings(deadline=None)
@given(st.data())
def test_damaged_files_are_errors_of_ours(sample: Callable[[str], bytes], data: st.DataObject) -> None:
    whole = sample(data.draw(st.sampled_from(CPUS)))
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for place, value in data.draw(st.dictionaries(st.integers(0, 1000), st.integers(0, 255), max_size=4)).items():
        if place < len(damaged):
            damaged[place] = value
    with suppress(AuditError):
        with_imports(bytes(damaged), RENAMED)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.dll").write_bytes(b"MZ" + bytes(100))
    with pytest.raises(AuditError, match="not a PE file"):
        with_imports((tmp_path / "text.dll").read_bytes(), RENAMED)
