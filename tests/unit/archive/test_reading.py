"""The bytes of an entry."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cratewheel.archive.layout import Entry, FromFile, Generated
from cratewheel.archive.reading import open_source, read_whole, write_entries
from cratewheel.errors import ConfigError
from cratewheel.system.files import CHUNK, FileOpener, project_roots


def test_generated_bytes_are_one_chunk() -> None:
    with open_source(Generated(data=b"abc")) as (size, chunks):
        assert (size, list(chunks)) == (3, [b"abc"])


def test_a_file_comes_in_chunks(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * (CHUNK + 1))
    with open_source(FromFile(path=str(path), roots=project_roots(tmp_path))) as (size, chunks):
        assert (size, [len(chunk) for chunk in chunks]) == (CHUNK + 1, [CHUNK, 1])


@pytest.mark.parametrize("text", [b"longer than before", b"short"])
def test_a_file_that_changes_meanwhile_is_told(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"as it was")
    with open_source(FromFile(path=str(path), roots=project_roots(tmp_path))) as (_, chunks):
        path.write_bytes(text)
        with pytest.raises(ConfigError) as caught:
            list(chunks)
    assert caught.value.message == f"{path} changed while it was being packed: it had 9 bytes"


def test_a_file_that_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught, open_source(FromFile(path=str(tmp_path / "gone"))):
        pass
    assert caught.value.message == f"{tmp_path / 'gone'} cannot be read: No such file or directory"


@pytest.mark.parametrize(("limit", "expected"), [(2, None), (3, b"abc"), (4, b"abc")])
def test_all_bytes_come_at_once_up_to_a_limit(tmp_path: Path, limit: int, expected: bytes | None) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    with FileOpener() as opener:
        assert read_whole(FromFile(path=str(path), roots=project_roots(tmp_path)), limit, opener) == expected
        assert read_whole(Generated(data=b"abc"), limit, opener) == expected


@pytest.mark.parametrize("text", [b"longer than before", b"short", b""])
def test_a_file_that_changes_before_its_bytes_come_at_once_is_told(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"as it was")

    class Slow(FileOpener):
        def open(self, path: str, roots: tuple[str, ...]) -> tuple[int, int]:
            opened = super().open(path, roots)
            Path(path).write_bytes(text)
            return opened

    with pytest.raises(ConfigError) as caught, Slow() as opener:
        read_whole(FromFile(path=str(path), roots=project_roots(tmp_path)), 100, opener)
    assert caught.value.message == f"{path} changed while it was being packed: it had 9 bytes"


def test_what_the_system_gives_in_parts_comes_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"all of it")
    read = os.read
    monkeypatch.setattr(os, "read", lambda number, size: read(number, min(size, 2)))
    with FileOpener() as opener:
        assert read_whole(FromFile(path=str(path), roots=project_roots(tmp_path)), 100, opener) == b"all of it"


def test_entries_are_written_into_a_new_folder(tmp_path: Path) -> None:
    entries = [Entry(path=path, source=Generated(data=path.encode())) for path in ("a", "b/c/d.txt")]
    folder = tmp_path / "new"
    write_entries(entries, folder)
    written = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert written == {"a": "a", "b/c/d.txt": "b/c/d.txt"}
    with pytest.raises(FileExistsError):
        write_entries(entries, folder)
