"""A file appears under its name whole, or not at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from cratewheel.errors import ConfigError, CratewheelError
from cratewheel.system.files import atomic_replace


def test_the_file_is_there_once_the_block_ends_and_its_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "dist" / "file.whl"
    with atomic_replace(path) as stream:
        stream.write(b"content")
        stream.flush()
        assert not path.exists()
        assert [name.suffix for name in path.parent.iterdir()] == [".tmp"]
    assert path.read_bytes() == b"content"
    assert list(path.parent.iterdir()) == [path]


def test_an_earlier_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with atomic_replace(path) as stream:
        stream.write(b"new")
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_whatever_ends_the_block_leaves_the_earlier_file_and_nothing_else(
    tmp_path: Path, error: type[BaseException]
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail() -> None:
        with atomic_replace(path) as stream:
            stream.write(b"half")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such bits")
def test_the_file_has_the_mode_that_the_umask_gives(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with atomic_replace(tmp_path / "file"):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


def test_a_folder_that_cannot_be_made_is_an_error_about_the_output(tmp_path: Path) -> None:
    (tmp_path / "dist").touch()
    path = tmp_path / "dist" / "file.whl"
    with pytest.raises(CratewheelError) as caught, atomic_replace(path):
        pass
    assert caught.value.message.startswith(f"{path} cannot be written: ")
    assert caught.value.hint == "make its folder writable, or choose another one with `--out`"


def test_a_full_disk_is_an_error_about_the_output(tmp_path: Path) -> None:
    def fail() -> None:
        with atomic_replace(tmp_path / "file"):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(CratewheelError, match="file cannot be written: No space left on device") as caught:
        fail()
    assert caught.value.hint == "make room there, or choose another folder with `--out`"
    assert list(tmp_path.iterdir()) == []


def test_an_error_about_a_source_stays_what_it_is(tmp_path: Path) -> None:
    def fail() -> None:
        with atomic_replace(tmp_path / "file"):
            raise ConfigError("a source cannot be read")

    with pytest.raises(ConfigError, match="a source"):
        fail()


def test_a_name_as_long_as_a_file_system_allows_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 251 + ".whl")
    with atomic_replace(path) as stream:
        stream.write(b"1")
    assert path.read_bytes() == b"1"
