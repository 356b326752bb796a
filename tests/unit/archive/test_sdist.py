"""Source distributions on the disk, read back by Python's own reader."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive_data import source_files
from cratewheel.archive import sdist
from cratewheel.archive.layout import Entry, FromFile, Generated
from cratewheel.errors import ConfigError

NAME = "demo-1.0.tar.gz"


def generated(path: str, data: bytes = b"", *, executable: bool = False) -> Entry:
    return Entry(path=path, source=Generated(data=data, executable=executable))


def members(path: Path) -> list[tarfile.TarInfo]:
    with tarfile.open(path) as archive:
        return archive.getmembers()


def test_pkg_info_comes_first_and_all_is_in_one_folder(tmp_path: Path) -> None:
    entries = tuple(generated(path) for path in ("Cargo.toml", "src/lib.rs", "src-2/x", "A", "PKG-INFO"))
    built = sdist.write(entries, tmp_path / NAME)
    assert [member.name for member in members(built.path)] == [
        "demo-1.0/PKG-INFO",
        "demo-1.0/A",
        "demo-1.0/Cargo.toml",
        "demo-1.0/src/lib.rs",
        "demo-1.0/src-2/x",
    ]


def test_what_comes_back_describes_the_file(tmp_path: Path) -> None:
    built = sdist.write((generated("PKG-INFO", b"Name: demo\n"),), tmp_path / "out" / NAME)
    data = (tmp_path / "out" / NAME).read_bytes()
    assert built == sdist.BuiltSdist(
        path=tmp_path / "out" / NAME, sha256=hashlib.sha256(data).hexdigest(), size=len(data)
    )


def test_members_have_no_owner_keep_their_executable_bit_and_are_of_one_day(tmp_path: Path) -> None:
    script = tmp_path / "configure"
    script.write_bytes(b"#!/bin/sh\n" * 100)
    entries = (
        generated("PKG-INFO"),
        Entry(path="configure", source=FromFile(path=str(script), executable=True)),
    )
    info, configure = members(sdist.write(entries, tmp_path / NAME).path)
    assert (info.mode, configure.mode, configure.size) == (0o644, 0o755, 1000)
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname) for m in (info, configure)} == {(1153704088, 0, 0, "", "")}
    assert {m.mtime for m in members(sdist.write(entries, tmp_path / NAME, mtime=1700000000).path)} == {1700000000}


def test_the_gzip_header_says_nothing_of_when_and_where(tmp_path: Path) -> None:
    data = sdist.write((generated("PKG-INFO"),), tmp_path / NAME).path.read_bytes()
    assert data[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    assert len(gzip.decompress(data)) % tarfile.BLOCKSIZE == 0


@pytest.mark.parametrize("name", ["x" * 99, "x" * 250, "/".join(["folder"] * 60), "ünï.rs"])
def test_long_names_and_names_beyond_ascii_are_kept(tmp_path: Path, name: str) -> None:
    built = sdist.write((generated(name, b"1"),), tmp_path / NAME)
    assert [member.name for member in members(built.path)] == [f"demo-1.0/{name}"]


def test_a_plain_name_needs_no_pax_header(tmp_path: Path) -> None:
    (member,) = members(sdist.write((generated("a.rs"),), tmp_path / NAME).path)
    assert member.pax_headers == {}


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=150).filter(
    lambda name: name not in {".", ".."}
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(NAMES, st.binary(max_size=1500), max_size=5), st.randoms(use_true_random=False))
def test_the_same_layout_makes_the_same_bytes_and_is_read_back(
    tmp_path: Path, content: dict[str, bytes], random: object
) -> None:
    entries = [generated(name, data) for name, data in content.items()]
    built = sdist.write(tuple(entries), tmp_path / NAME)
    before = built.path.read_bytes()
    random.shuffle(entries)  # type: ignore[attr-defined] # hypothesis gives a random.Random
    sdist.write(tuple(entries), tmp_path / NAME)
    assert built.path.read_bytes() == before
    with tarfile.open(built.path) as archive:
        read = {member.name: archive.extractfile(member) for member in archive}
        assert {name: stream.read() for name, stream in read.items() if stream is not None} == {
            f"demo-1.0/{name}": data for name, data in content.items()
        }


def test_a_source_that_is_gone_is_an_error_and_leaves_no_sdist(tmp_path: Path) -> None:
    entries = (generated("PKG-INFO"), Entry(path="a", source=FromFile(path=str(tmp_path / "gone.rs"))))
    with pytest.raises(ConfigError, match=r"gone\.rs cannot be read"):
        sdist.write(entries, tmp_path / NAME)
    assert list(tmp_path.iterdir()) == []


def test_it_is_as_small_as_if_it_were_compressed_at_once(tmp_path: Path) -> None:
    built = sdist.write(source_files(tmp_path, [3000] * 700), tmp_path / "out" / NAME)
    at_once = gzip.compress(gzip.decompress(built.path.read_bytes()), 5)
    assert built.size < len(at_once) * 1.02


def test_the_archive_is_one_stream_of_level_5(tmp_path: Path) -> None:
    data = b"".join(b"%d %d\n" % (number, number * number % 7919) for number in range(20000))
    raw = sdist.write((generated("PKG-INFO", data),), tmp_path / NAME).path.read_bytes()
    packer = zlib.compressobj(5, zlib.DEFLATED, -zlib.MAX_WBITS)
    assert raw[10:-8] == packer.compress(gzip.decompress(raw)) + packer.flush()


@pytest.mark.parametrize("name", ["a.py", "x" * 100, "d/" * 40 + "a.py"])
@pytest.mark.parametrize("size", [0, 8**11 - 1, 8**11])
@pytest.mark.parametrize(("executable", "mode"), [(False, 0o644), (True, 0o755)])
@pytest.mark.parametrize("mtime", [0, 1700000000, 8**11])
def test_a_short_name_has_the_header_of_the_extended_format(
    name: str, size: int, executable: bool, mode: int, mtime: int
) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = size, mtime, mode
    assert sdist._header(name, size, mtime, executable=executable) == member.tobuf(
        tarfile.PAX_FORMAT, "utf-8", "strict"
    )
