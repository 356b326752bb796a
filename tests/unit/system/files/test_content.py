"""The hash and the mode of a file."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from cratewheel.errors import ConfigError
from cratewheel.system.files import CHUNK, is_executable, sha256


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1])
def test_the_hash_is_that_of_the_whole_file(tmp_path: Path, size: int) -> None:
    data = bytes(range(256)) * (size // 256) + bytes(size % 256)
    (tmp_path / "file").write_bytes(data)
    assert sha256(tmp_path / "file") == hashlib.sha256(data).hexdigest()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such bit")
def test_the_owners_bit_says_whether_a_file_is_executable(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch(0o644)
    assert not is_executable(path)
    path.chmod(0o100)
    assert is_executable(path)
    path.chmod(0o055)
    assert not is_executable(path)


def test_a_file_that_is_not_there_is_an_error_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="gone cannot be read: No such file"):
        sha256(tmp_path / "gone")
