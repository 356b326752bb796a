from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest

from cratewheel.archive.zip_reading import open_zip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a", b"text")
    return tmp_path / "x.zip"


def test_an_archive_is_opened(path: Path) -> None:
    with open_zip(path) as archive:
        assert archive.read("a") == b"text"


@pytest.mark.parametrize("size", [200, 0x7FFFFFFF, 0xFFFFFFFE])
def test_a_file_that_is_said_to_be_larger_than_the_archive_is_damage(path: Path, size: int) -> None:
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\1\2") + 20, size)
    path.write_bytes(data)
    with pytest.raises(zipfile.BadZipFile, match="a is said to be larger than the archive"), open_zip(path):
        pass
