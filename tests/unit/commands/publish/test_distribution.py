"""Which files are meant, and what is read from them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

import uploads
from cratewheel.commands.publish.distribution import Archive, Digests, find_files, read_archive
from cratewheel.errors import UploadError, UsageError


def test_what_is_read_from_an_sdist(tmp_path: Path) -> None:
    path = uploads.sdist(tmp_path)
    assert read_archive(path) == Archive(
        path=path,
        filetype="sdist",
        size=path.stat().st_size,
        digests=Digests(
            md5=uploads.digest(path, "md5"),
            sha256=uploads.digest(path),
            blake2_256=hashlib.blake2b(path.read_bytes(), digest_size=32).hexdigest(),
        ),
        members=("demo-1.0/PKG-INFO", "demo-1.0/LICENSE"),
        metadata=uploads.METADATA.encode(),
    )


@pytest.mark.parametrize("name", ["demo-1.0.zip", "demo-1.0.egg", "demo"])
def test_other_archives_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(UploadError, match=r"is neither a wheel nor a \.tar\.gz"):
        read_archive(tmp_path / name)


@pytest.mark.parametrize("name", ["demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"])
@pytest.mark.parametrize("data", [b"", b"PK\x03\x04rest", b"\x1f\x8b\x08\x00"])
def test_damaged_archives_are_refused(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UploadError, match="is damaged"):
        read_archive(tmp_path / name)


def test_files_are_found_by_name_and_pattern_each_once_and_attestations_left_out(tmp_path: Path) -> None:
    wheel, sdist = uploads.wheel(tmp_path), uploads.sdist(tmp_path)
    (tmp_path / f"{wheel.name}.publish.attestation").touch()
    assert find_files(["*", sdist.name], tmp_path) == (wheel, sdist)


@pytest.mark.parametrize(
    ("patterns", "said"),
    [([], "no files to upload were named"), (["gone.whl"], "gone.whl does not exist"), (["."], "is a folder")],
)
def test_what_is_no_file_is_refused(tmp_path: Path, patterns: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        find_files(patterns, tmp_path)
