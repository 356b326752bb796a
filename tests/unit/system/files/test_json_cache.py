"""JSON that may be forgotten: what is believed of it, and who else could have written it."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cratewheel.system.files.json_cache import JsonCache, make_private_folder

VALUE = {"a": [1, None, "é"]}
AS_ROOT = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
POSIX = pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
NOBODY = 65534


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "cache"


def write(folder: Path) -> Path:
    JsonCache(folder, pytest.fail).write("a.json", VALUE)
    return folder / "a.json"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_what_is_written_is_read_again(folder: Path) -> None:
    write(folder)
    assert JsonCache(folder, pytest.fail).read("a.json") == VALUE
    assert [path.name for path in folder.iterdir()] == ["a.json"]


@POSIX
@pytest.mark.parametrize("mask", [0o000, 0o002, 0o022])
def test_nobody_else_can_read_or_write_it(folder: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        path = write(folder)
    finally:
        os.umask(before)
    assert (mode(folder), mode(path)) == (0o700, 0o600)


@POSIX
def test_our_own_folder_that_others_can_read_becomes_private(folder: Path) -> None:
    path = write(folder)
    folder.chmod(0o755)
    assert JsonCache(folder, pytest.fail).read("a.json") == VALUE
    assert (mode(folder), mode(path)) == (0o700, 0o600)


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "nothing": lambda path: path.write_bytes(b""),
    "no JSON": lambda path: path.write_bytes(b"{"),
    "no text": lambda path: path.write_bytes(b"\xff\xfe\x00\xd8"),
    "too deep": lambda path: path.write_bytes(b"[" * 200_000),
    "a long number": lambda path: path.write_bytes(b"9" * 5000),
    "too long": lambda path: path.write_bytes(b" " * (20 << 20) + b"1"),
    "gone": Path.unlink,
    "a folder": folder_instead,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_none(folder: Path, damage: Callable[[Path], object]) -> None:
    damage(write(folder))
    assert JsonCache(folder, pytest.fail).read("a.json") is None


@POSIX
@pytest.mark.parametrize("kind", ["fifo", "device", "socket"])
def test_what_is_no_file_is_none_and_nobody_waits_for_it(folder: Path, kind: str) -> None:
    path = write(folder)
    path.unlink()
    if kind == "device" and os.geteuid():
        pytest.skip("only root makes devices")
    make = {"fifo": stat.S_IFIFO, "device": stat.S_IFCHR, "socket": stat.S_IFSOCK}[kind]
    os.mknod(path, make | 0o600, os.makedev(1, 5) if kind == "device" else 0)  # /dev/zero has no end
    found: list[object] = []
    reader = threading.Thread(target=lambda: found.append(JsonCache(folder, pytest.fail).read("a.json")), daemon=True)
    reader.start()
    reader.join(60)
    assert found == [None]
    write(folder)
    assert JsonCache(folder, pytest.fail).read("a.json") == VALUE


def given_away(path: Path) -> None:
    os.chown(path, NOBODY, NOBODY)


def linked(path: Path) -> None:
    path.symlink_to(path.rename(path.with_name("elsewhere")))


DISTRUSTED = [
    pytest.param(lambda path: path.chmod(0o620), "can be written by other users", id="group"),
    pytest.param(lambda path: path.chmod(0o602), "can be written by other users", id="everybody"),
    pytest.param(linked, "is a symbolic link", id="link"),
    pytest.param(given_away, f"belongs to another user ({NOBODY})", id="another's", marks=AS_ROOT),
]


@POSIX
@pytest.mark.parametrize(("change", "reason"), DISTRUSTED)
def test_a_file_of_others_is_not_believed_and_is_replaced(
    folder: Path, change: Callable[[Path], None], reason: str
) -> None:
    path = write(folder)
    change(path)
    said: list[str] = []
    assert JsonCache(folder, said.append).read("a.json") is None
    assert said == [f"{path} is not used: it {reason}; remove it; it will be created again"]
    write(folder)
    assert JsonCache(folder, pytest.fail).read("a.json") == VALUE


@POSIX
@pytest.mark.parametrize(("change", "reason"), DISTRUSTED)
def test_a_folder_of_others_is_neither_read_nor_written(
    folder: Path, change: Callable[[Path], None], reason: str
) -> None:
    path = write(folder)
    change(folder)
    said: list[str] = []
    assert JsonCache(folder, said.append).read("a.json") is None
    assert said == [f"{folder} is not used: it {reason}; remove it; it will be created again"]
    if "written" in reason:  # it is ours: from now on it is private
        assert mode(folder) == 0o700
    else:
        JsonCache(folder, said.append).write("b.json", VALUE)
        assert said[0] == said[-1]
        assert [one.name for one in folder.iterdir()] == [path.name]


@POSIX
def test_the_place_of_a_folder_can_be_a_link(folder: Path) -> None:
    write(folder)
    home = folder.parents[1] / "elsewhere"
    folder.parent.rename(home)
    folder.parent.symlink_to(home)
    assert JsonCache(folder, pytest.fail).read("a.json") == VALUE


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_folder_that_cannot_be_is_no_error(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    write(tmp_path / place)
    assert JsonCache(tmp_path / place, pytest.fail).read("a.json") is None
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_name_that_cannot_be_is_no_error_and_leaves_nothing(folder: Path) -> None:
    name = "a" * 300
    cache = JsonCache(folder, pytest.fail)
    cache.write(name, VALUE)
    assert cache.read(name) is None
    assert list(folder.iterdir()) == []


def test_the_file_is_json_for_people(folder: Path) -> None:
    assert json.loads(write(folder).read_text(encoding="ascii")) == VALUE


# -- folders for what cargo runs


@POSIX
def test_a_private_folder_is_made_with_those_above(folder: Path) -> None:
    path = folder / "target" / "x"
    assert make_private_folder(path, below=folder) is None
    assert [mode(one) for one in (folder, path.parent, path)] == [0o700] * 3
    assert make_private_folder(path, below=folder) is None


@POSIX
@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize(("change", "reason"), DISTRUSTED)
def test_a_folder_that_others_can_write_is_not_private(
    folder: Path, change: Callable[[Path], None], reason: str, at: int
) -> None:
    path = folder / "target" / "x"
    make_private_folder(path, below=folder)
    wrong = (folder, path.parent, path)[at]
    change(wrong)
    assert make_private_folder(path, below=folder) == f"{wrong} {reason}"


def test_a_file_is_no_private_folder(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "target").write_bytes(b"")
    assert make_private_folder(folder / "target", below=folder) == f"{folder / 'target'} is no folder"
