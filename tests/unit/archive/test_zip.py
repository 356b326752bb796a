"""The zip writer, read back by Python's own reader."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cratewheel.archive.compression import DEFLATED, STORED, Compression, make_compression
from cratewheel.archive.zip import ZipWriter


def archive(files: dict[str, bytes], *, how: Compression = DEFLATED, mtime: int = 0, zip64: bool = False) -> bytes:
    stream = io.BytesIO()
    writer = ZipWriter(stream, mtime=mtime, zip64=zip64)
    for name, data in files.items():
        writer.add(name, data, executable=name.endswith(".so"), compression=how)
    writer.finish()
    return stream.getvalue()


def test_an_archive_has_these_very_bytes() -> None:
    moment_to_size = "00000000 2100 f9efbe71 01000000 01000000"  # stored, 00:00:00, 1980-01-01, checksum, sizes
    expected = (
        f"504b0304 1400 0000 {moment_to_size} 0100 0000 61"
        "62"
        f"504b0102 1403 1400 0000 {moment_to_size} 0100 0000 0000 0000 0000 0000a481 00000000 61"
        "504b0506 0000 0000 0100 0100 2f000000 20000000 0000"
    )
    assert archive({"a": b"b"}, how=make_compression("stored")) == bytes.fromhex(expected)


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0\\"), min_size=1, max_size=20)


@given(st.dictionaries(NAMES.filter(lambda name: not name.startswith("/")), st.binary(max_size=300), max_size=5))
def test_what_is_written_is_read(files: dict[str, bytes]) -> None:
    data = archive(files)
    with zipfile.ZipFile(io.BytesIO(data)) as read:
        assert read.testzip() is None
        assert {member.filename: read.read(member) for member in read.infolist()} == files
    assert archive(files) == data


@pytest.mark.parametrize(
    "how", [make_compression("stored"), make_compression("deflated", 9), make_compression("bzip2")]
)
def test_each_method_is_read(how: Compression) -> None:
    with zipfile.ZipFile(io.BytesIO(archive({"a": b"x" * 5000, "b": b""}, how=how))) as read:
        assert (read.read("a"), read.read("b")) == (b"x" * 5000, b"")


def test_a_member_says_what_a_unix_zip_would() -> None:
    with zipfile.ZipFile(io.BytesIO(archive({"a.so": b"x", "ü.py": b""}))) as read:
        library, module = read.infolist()
    assert stat.filemode(library.external_attr >> 16) == "-rwxr-xr-x"
    assert stat.filemode(module.external_attr >> 16) == "-rw-r--r--"
    assert (library.create_system, library.create_version, library.extract_version) == (3, 20, 20)
    assert (library.flag_bits, module.flag_bits) == (0, 0x800)
    assert library.extra == b""
    assert library.date_time == (1980, 1, 1, 0, 0, 0)


@pytest.mark.parametrize(
    ("mtime", "moment"),
    [
        (-1, (1980, 1, 1, 0, 0, 0)),
        (1700000001, (2023, 11, 14, 22, 13, 20)),
        (10**12, (2107, 12, 31, 23, 59, 58)),
    ],
)
def test_the_moment_is_in_utc_and_within_what_zip_can_say(mtime: int, moment: tuple[int, ...]) -> None:
    with zipfile.ZipFile(io.BytesIO(archive({"a": b""}, mtime=mtime))) as read:
        assert read.infolist()[0].date_time == moment


def test_zip64_fields_are_there_only_when_asked_for() -> None:
    plain, large = archive({"a": b"x" * 100}), archive({"a": b"x" * 100}, zip64=True)
    assert len(large) == len(plain) + 20  # one extra field in the local header
    with zipfile.ZipFile(io.BytesIO(large)) as read:
        assert read.read("a") == b"x" * 100
        assert read.infolist()[0].extract_version == 45


class Sparse(io.FileIO):
    """A file in which a chunk of zeros is a hole, so that a large archive costs neither time nor disk."""

    def write(self, data: object, /) -> int:
        if data is HOLE:
            self.seek(len(HOLE), io.SEEK_CUR)
            return len(HOLE)
        assert isinstance(data, bytes)
        return super().write(data)


HOLE = bytes(1 << 24)
GIGABYTE = [HOLE] * 64


def test_numbers_beyond_four_gigabytes_get_zip64_fields(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "cratewheel.archive.zip.zlib.crc32", lambda _data, _crc=0: 0
    )  # that of a gigabyte takes a second
    stored = make_compression("stored")
    with Sparse(tmp_path / "large.zip", "w+b") as stream:
        writer = ZipWriter(stream, mtime=0)
        writer.add_in_chunks("five", [*GIGABYTE * 5, b"x"], size=(5 << 30) + 1, executable=False, compression=stored)
        writer.add_in_chunks("after", [b""], size=0, executable=False, compression=stored)
        writer.finish()
    with zipfile.ZipFile(tmp_path / "large.zip") as read:
        five, after = read.infolist()
        assert (five.filename, five.file_size, five.compress_size) == ("five", (5 << 30) + 1, (5 << 30) + 1)
        assert after.header_offset == 30 + len("five") + 20 + (5 << 30) + 1
        assert (five.extract_version, after.extract_version) == (45, 45)
        assert read.read("after") == b""


def test_more_files_than_a_16_bit_number_can_count_are_counted() -> None:
    files = {f"{number:x}": b"" for number in range(65536)}
    with zipfile.ZipFile(io.BytesIO(archive(files, how=make_compression("stored")))) as read:
        assert read.namelist() == list(files)


@pytest.mark.parametrize(("count", "zip64"), [(65534, False), (65535, True)])
def test_a_count_that_16_bits_cannot_tell_from_none_gets_a_zip64_record(count: int, zip64: bool) -> None:
    """65,535 in the last record says that the number is in the record of zip64 (APPNOTE 4.4.1.4)."""
    data = archive({f"{number:x}": b"" for number in range(count)}, how=make_compression("stored"))
    assert data[-22:-18] == b"PK\5\6"
    start = data.index(b"PK\1\2")
    end = len(data) - (22 + 20 + 56 if zip64 else 22)
    fits = (0, 0, count, count, end - start, start, 0)
    assert data[-22:] == b"PK\5\6" + struct.pack("<HHHHLLH", *fits)
    if zip64:
        of_zip64 = (44, 45, 3, 45, 0, 0, count, count, end - start, start)
        assert data[end:-42] == b"PK\6\6" + struct.pack("<QBBHLLQQQQ", *of_zip64)
        assert data[-42:-22] == b"PK\6\7" + struct.pack("<LQL", 0, end, 1)


@pytest.mark.parametrize("field", ["size", "packed", "offset"])
@pytest.mark.parametrize(("value", "extra"), [(0xFFFFFFFE, b""), (0xFFFFFFFF, b"\1\0\x08\0\xff\xff\xff\xff\0\0\0\0")])
def test_a_number_that_32_bits_cannot_tell_from_none_gets_a_zip64_field(field: str, value: int, extra: bytes) -> None:
    """0xFFFFFFFF in the directory says that the number is in the extra field (APPNOTE 4.5.3)."""
    writer = ZipWriter(io.BytesIO(), mtime=0)
    member = writer._member("a", STORED, executable=False, zip64=False)
    changes: dict[str, Any] = {field: value}
    header = writer._central_header(member._replace(**changes))
    assert header[46:] == b"a" + extra
    assert header[6] == (45 if extra else 20)  # the version that a reader needs
    at = {"packed": 20, "size": 24, "offset": 42}[field]
    assert header[at : at + 4] == value.to_bytes(4, "little")
