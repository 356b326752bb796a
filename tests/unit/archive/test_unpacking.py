"""A source distribution is unpacked again and again, and only what has changed looks new."""

from __future__ import annotations

import io
import os
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from cratewheel.archive.unpacking import unpack
from cratewheel.errors import CratewheelError

OLD = 1_000_000_000_000_000_000  # nanoseconds since 1970


def sdist(folder: Path, files: Mapping[str, str], *, name: str = "demo-1.0", kind: bytes = tarfile.REGTYPE) -> Path:
    """Write an archive, as ours are but for the `kind` of its members; a name that ends with `*` is executable."""
    path = folder / f"{name}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for file, text in files.items():
            member = tarfile.TarInfo(f"{name}/{file.rstrip('*')}")
            member.type, member.linkname = kind, "elsewhere"
            member.mode, member.mtime = 0o755 if file.endswith("*") else 0o644, 1153704088
            member.size = len(text) if kind == tarfile.REGTYPE else 0
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


def everything(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def age(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        os.utime(path, ns=(OLD, OLD))


def recent(folder: Path) -> set[str]:
    """Return the files and folders that do not have the old time."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.stat().st_mtime_ns != OLD}


def test_what_is_the_same_keeps_its_time_and_what_is_not_is_new(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    top = unpack(sdist(tmp_path, {"a/b.rs": "1", "a/same.rs": "2", "c/d.rs": "3", "gone/x.rs": "4", "run*": ""}), place)
    assert top == place / "demo-1.0"
    assert "a/b.rs" in recent(top)
    assert sys.platform == "win32" or (top / "run").stat().st_mode & 0o777 == 0o755
    age(top)
    (top / "a" / "generated.rs").touch()
    (top / "c" / "d.rs").write_text("edited")
    files = {"a/b.rs": "changed", "a/same.rs": "2", "c/d.rs": "3", "new/y.rs": "5", "run*": ""}
    assert unpack(sdist(tmp_path, files), place) == top
    assert everything(place) == {f"demo-1.0/{name.rstrip('*')}": text for name, text in files.items()}
    assert recent(top) == {"a", "a/b.rs", "c/d.rs", "new", "new/y.rs"}
    age(top)
    unpack(sdist(tmp_path, files), place)
    assert recent(top) == set()


def test_another_version_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    unpack(sdist(tmp_path, {"a": "1"}), place)
    top = unpack(sdist(tmp_path, {"a": "1"}, name="demo-2.0"), place)
    assert list(place.iterdir()) == [top]


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege on Windows")
def test_a_link_that_was_put_into_the_folder_is_not_followed(tmp_path: Path) -> None:
    place, victim = tmp_path / "place", tmp_path / "victim"
    place.mkdir()
    victim.mkdir()
    (victim / "a").write_text("1")
    (place / "demo-1.0").symlink_to(victim)
    top = unpack(sdist(tmp_path, {"a": "2", "b": "3"}), place)
    assert not top.is_symlink()
    assert everything(victim) == {"a": "1"}
    assert everything(top) == {"a": "2", "b": "3"}


@pytest.mark.parametrize("name", ["../x", "a/../../x", "./x", "a//x", "a\nb"])
def test_a_name_that_no_archive_of_ours_has_is_refused(tmp_path: Path, name: str) -> None:
    place = tmp_path / "place"
    place.mkdir()
    with pytest.raises(CratewheelError, match="which is not a regular file below its top folder"):
        unpack(sdist(tmp_path, {name: "1"}), place)
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_anything_but_a_plain_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    place = tmp_path / "place"
    place.mkdir()
    with pytest.raises(CratewheelError, match="which is not a regular file below its top folder"):
        unpack(sdist(tmp_path, {"a": "1"}, kind=kind), place)
    assert list(place.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="paths of 4,096 bytes are Linux's")
def test_a_file_below_1100_folders_is_unpacked(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    name = "d/" * 1100 + "x"
    top = unpack(sdist(tmp_path, {name: "1"}), place)
    try:
        assert (top / name).read_text() == "1"
    finally:
        unpack(sdist(tmp_path, {"a": "1"}), place)
