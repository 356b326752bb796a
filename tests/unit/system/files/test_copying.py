"""Copies of files and folders, and their removal."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from cratewheel.system.files import copying
from cratewheel.system.files.copying import copy_file, copy_tree, remove_tree

OLD = 1_600_000_000
needs_links = pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege on Windows")


def made(path: Path, text: str, *, mode: int = 0o644) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    os.utime(path, (OLD, OLD))
    return path


@needs_links
def test_a_copy_has_the_times_and_the_mode_and_replaces_what_is_there(tmp_path: Path) -> None:
    source = made(tmp_path / "source", "12345", mode=0o750)
    (tmp_path / "other").write_text("other", encoding="utf-8")
    (tmp_path / "link").symlink_to("other")
    for name in ("new/deep/er", "link"):
        assert copy_file(source, tmp_path / name) == 5
        found = (tmp_path / name).lstat()
        assert (found.st_mode & 0o777, found.st_mtime, found.st_nlink) == (0o750, OLD, 1)
    assert (tmp_path / "other").read_text(encoding="utf-8") == "other"


@needs_links
def test_a_folder_is_copied_with_its_links_and_times_but_without_some_names(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for name in ("a", "deep/b", "deep/left", "left"):
        made(source / name, name)
    (source / "empty").mkdir()
    (source / "link").symlink_to("deep/../a")
    (source / "to-folder").symlink_to("deep")
    (source / "dangling").symlink_to("./nothing")
    for folder in (source / "empty", source / "deep", source):
        os.utime(folder, (OLD, OLD))
    target = tmp_path / "target"
    assert copy_tree(source, target, skip={"left"}) == len("a" + "deep/b")
    assert sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if not path.is_dir()) == [
        "a", "dangling", "deep/b", "link"
    ]  # fmt: skip
    links = {name: os.readlink(target / name) for name in ("link", "to-folder", "dangling")}  # noqa: PTH115
    assert links == {"link": "deep/../a", "to-folder": "deep", "dangling": "./nothing"}
    folders = ("", "empty", "deep")
    assert [(target / name).stat().st_mtime for name in folders] == [OLD] * 3


@needs_links
def test_what_a_removed_folder_links_to_stays(tmp_path: Path) -> None:
    kept = made(tmp_path / "kept" / "file", "text")
    made(tmp_path / "gone" / "deep" / "a", "")
    (tmp_path / "gone" / "link").symlink_to(tmp_path / "kept")
    (tmp_path / "top").symlink_to(tmp_path / "kept")
    remove_tree(tmp_path / "gone")
    remove_tree(tmp_path / "top")
    remove_tree(tmp_path / "absent")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "top"]
    assert kept.read_text(encoding="utf-8") == "text"


class Apfs:
    """The C library of macOS, and a file system that clones files or cannot."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.calls: list[tuple[bytes, bytes, int]] = []

    def clonefile(self, source: bytes, destination: bytes, flags: int) -> int:
        self.calls.append((source, destination, flags))
        return self.status


@pytest.mark.parametrize(("status", "cloned"), [(0, True), (-1, False)], ids=["APFS", "HFS+"])
def test_macos_clones_files_where_the_file_system_can(status: int, *, cloned: bool) -> None:
    library = Apfs(status)
    source, destination = Path("caf\N{LATIN SMALL LETTER E WITH ACUTE}"), Path("copy")
    assert copying._clone_on_macos(source, destination, library) is cloned
    assert library.calls == [(os.fsencode(source), os.fsencode(destination), 0)]


@pytest.mark.parametrize("library", [None, object()], ids=["Python without ctypes", "macOS before 10.12"])
def test_macos_copies_files_where_nothing_clones_them(library: object) -> None:
    assert copying._clone_on_macos(Path("source"), Path("copy"), library) is False


def test_a_python_without_ctypes_has_no_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ctypes", None)
    assert copying._load_c_library() is None


@pytest.mark.parametrize("platform", ["darwin", "freebsd14", "win32"])
def test_a_file_is_cloned_by_the_call_of_its_system(
    tmp_path: Path, platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Apfs(0)
    monkeypatch.setattr(copying, "_load_c_library", lambda: library)
    assert copying._clone(tmp_path / "a", tmp_path / "b", platform) is (platform == "darwin")
    assert len(library.calls) == (platform == "darwin")
