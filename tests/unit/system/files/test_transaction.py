"""Several files changed as one, and what the next run makes of a change that was interrupted."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from cratewheel.errors import CratewheelError
from cratewheel.system.files.transaction import Bounds, Transaction, recover

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege on Windows")

SUFFIX = ".cratewheel-17-0123abcd"


class KilledError(BaseException):
    """Stands for a process that ends there."""


def write(transaction: Transaction, path: Path, text: str) -> None:
    with transaction.create(path) as stream:
        stream.write(text.encode())


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") if path.is_file() else "(folder)"
        for path in sorted(folder.rglob("*"))
    }


def begin(folder: Path, name: str = "demo") -> Transaction:
    return Transaction(folder, name, Bounds((folder,)))


def journal(folder: Path, *lines: object, name: str = "demo", end: str = "") -> Path:
    path = folder / f".{name}{SUFFIX}.journal"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines) + end, encoding="utf-8")
    return path


@needs_links
@pytest.mark.parametrize("other", ["CAF\N{LATIN CAPITAL LETTER E WITH ACUTE}", "cafe\N{COMBINING ACUTE ACCENT}"])
def test_two_names_of_one_file_are_moved_once(tmp_path: Path, other: str) -> None:
    first = tmp_path / "caf\N{LATIN SMALL LETTER E WITH ACUTE}"
    first.write_text("before", encoding="utf-8")
    (tmp_path / other).hardlink_to(first)  # on macOS, the second name would be there without it
    with begin(tmp_path) as transaction:
        transaction.remove(first)
        transaction.remove(tmp_path / other)
        transaction.commit()
    assert list(files(tmp_path)) == [other]


def test_files_are_made_replaced_and_removed_as_one(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    for name in ("both", "old/only"):
        (tmp_path / name).write_text("before", encoding="utf-8")
    with begin(tmp_path) as transaction:
        write(transaction, tmp_path / "both", "after")
        write(transaction, tmp_path / "new" / "deep" / "file", "new")
        for name in ("both", "old/only"):
            transaction.remove(tmp_path / name)
        assert files(tmp_path)["both"] == "before"
        transaction.commit()
    assert files(tmp_path) == {
        "both": "after", "new": "(folder)", "new/deep": "(folder)", "new/deep/file": "new",
    }  # fmt: skip


def test_what_is_not_committed_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "both").write_text("before", encoding="utf-8")
    with pytest.raises(KilledError), begin(tmp_path) as transaction:  # noqa: PT012  # the error is what leaves the block
        write(transaction, tmp_path / "both", "after")
        write(transaction, tmp_path / "new" / "file", "new")
        raise KilledError
    assert files(tmp_path) == {"both": "before"}


def test_a_folder_in_the_way_is_an_error_before_anything_is_moved(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("before", encoding="utf-8")
    (tmp_path / "b").mkdir()
    with pytest.raises(CratewheelError) as caught, begin(tmp_path) as transaction:  # noqa: PT012  # as above
        write(transaction, tmp_path / "a", "after")
        write(transaction, tmp_path / "b", "after")
        transaction.commit()
    assert caught.value.message == f"{tmp_path / 'b'} cannot be written: Is a directory"
    assert caught.value.hint == "everything is as it was before"
    assert files(tmp_path) == {"a": "before", "b": "(folder)"}


@needs_links
def test_no_link_leads_out_of_bounds(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "file").write_text("precious", encoding="utf-8")
    (inside / "link").symlink_to(outside)
    (inside / "near").symlink_to(inside)
    for path in (inside / "link" / "file", inside / "link" / "new" / "file", outside / "x", inside / ".." / "x"):
        with pytest.raises(CratewheelError, match="is not changed: it is outside of"), begin(inside) as transaction:
            transaction.create(path)
        with pytest.raises(CratewheelError, match="is not changed: it is outside of"), begin(inside) as transaction:
            transaction.remove(path)
    with begin(inside) as transaction:
        write(transaction, inside / "near" / "fine", "")
        transaction.commit()
    assert files(outside) == {"file": "precious"}
    assert sorted(path.name for path in inside.iterdir()) == ["fine", "link", "near"]


@needs_links
def test_a_link_is_replaced_and_what_it_leads_to_is_not(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "victim").write_text("precious", encoding="utf-8")
    (inside / "file").symlink_to(tmp_path / "victim")
    with begin(inside) as transaction:
        write(transaction, inside / "file", "new")
        transaction.commit()
    assert (inside / "file").is_symlink() is False
    assert files(tmp_path) == {"inside": "(folder)", "inside/file": "new", "victim": "precious"}


def half_done(folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Leave a change of two files between its steps, and return the files before it and now."""
    for name in ("a", "b"):
        (folder / name).write_text("before", encoding="utf-8")
    before = files(folder)

    def identity(name: str) -> list[int]:
        status = (folder / name).stat()
        return [status.st_size, status.st_mtime_ns]

    old = [identity("a"), identity("b")]
    (folder / "a").rename(folder / f".a{SUFFIX}-0.old")
    (folder / "made").mkdir()
    for path in (folder / "a", folder / f".c{SUFFIX}-1.tmp", folder / "made" / f".d{SUFFIX}-2.tmp"):
        path.write_text("after", encoding="utf-8")
    new = [identity("a"), identity(f".c{SUFFIX}-1.tmp"), identity(f"made/.d{SUFFIX}-2.tmp")]
    journal(
        folder, ["folder", ["made"], {}], ["new", ["a"], {}], ["new", ["c"], {}], ["new", ["made/d"], {}],
        ["commit", ["a", "b"], {"before": old, "new": new}],
    )  # fmt: skip
    return before, files(folder)


def test_a_change_that_was_interrupted_is_taken_back(tmp_path: Path) -> None:
    before, now = half_done(tmp_path)
    assert recover(tmp_path, "other", Bounds((tmp_path,))) == ()
    assert files(tmp_path) == now
    assert recover(tmp_path, "demo", Bounds((tmp_path,))) == (
        "an earlier change was interrupted, and has been taken back",
    )
    assert files(tmp_path) == before
    assert recover(tmp_path, "demo", Bounds((tmp_path,))) == ()


def test_a_change_that_was_done_is_completed(tmp_path: Path) -> None:
    half_done(tmp_path)
    (tmp_path / "b").unlink()
    (tmp_path / f".c{SUFFIX}-1.tmp").rename(tmp_path / "c")
    (tmp_path / "made" / f".d{SUFFIX}-2.tmp").rename(tmp_path / "made" / "d")
    with (tmp_path / f".demo{SUFFIX}.journal").open("a", encoding="utf-8") as stream:
        stream.write('["done", [], {}]\n')
    assert recover(tmp_path, "demo", Bounds((tmp_path,))) == ()
    assert files(tmp_path) == {"a": "after", "c": "after", "made": "(folder)", "made/d": "after"}


@pytest.mark.parametrize("name", ["a", "b"])
def test_what_somebody_else_has_changed_meanwhile_is_left_alone(tmp_path: Path, name: str) -> None:
    half_done(tmp_path)
    (tmp_path / name).write_text("their own", encoding="utf-8")
    recover(tmp_path, "demo", Bounds((tmp_path,)))
    kept = {"b": "before"} if name == "a" else {}
    assert files(tmp_path) == {name: "their own", **kept}


def test_what_somebody_else_has_removed_meanwhile_does_not_come_back(tmp_path: Path) -> None:
    half_done(tmp_path)
    (tmp_path / "b").unlink()
    recover(tmp_path, "demo", Bounds((tmp_path,)))
    assert files(tmp_path) == {}


def test_no_empty_folder_stays_where_somebody_else_has_removed_the_rest(tmp_path: Path) -> None:
    folder = tmp_path / "info"
    folder.mkdir()
    (folder / f".a{SUFFIX}-0.old").touch()  # of `b`, which is gone, it is not known where it went
    journal(tmp_path, ["commit", ["info/a", "info/b"], {"before": [[0, 0], [0, 0]], "new": []}])
    recover(tmp_path, "demo", Bounds((tmp_path,)))
    assert files(tmp_path) == {}


def test_a_line_that_is_torn_was_not_done(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("before", encoding="utf-8")
    (tmp_path / f".a{SUFFIX}-0.tmp").touch()
    journal(tmp_path, ["new", ["a"], {}], end='["commit", ["a"], {"before')
    recover(tmp_path, "demo", Bounds((tmp_path,)))
    assert files(tmp_path) == {"a": "before"}


@pytest.mark.parametrize(
    "text",
    [
        "\0\n", "{}\n", "[]\n", "[[[\n", '["new"]\n', '["what", [], {}]\n', '["new", [5], {}]\n', '["new", 5, {}]\n',
        '["new", ["a\\u0000b"], {}]\n', '["commit", ["a"], {}]\n', '["commit", ["a"], {"before": [], "new": []}]\n',
        '["commit", ["a"], {"before": [[1, Infinity]], "new": []}]\n', f"{'[' * 100_000}\n",
        '["new", ["a"], {}]\n["commit", [], {"before": [], "new": []}]\n', '["new", ["a"], {}]\nxyz\n',
        "[9" + "9" * 5000 + "]\n", '["folder", [["x"]], {}]\n', '[["new"], [], {}]\n',
    ],
    ids=lambda text: text[:30],
)  # fmt: skip
def test_a_damaged_journal_is_removed_with_a_warning(tmp_path: Path, text: str) -> None:
    (tmp_path / "a").write_text("before", encoding="utf-8")
    path = tmp_path / f".demo{SUFFIX}.journal"
    path.write_text(text, encoding="utf-8")
    assert recover(tmp_path, "demo", Bounds((tmp_path,))) == (
        f"{path} was damaged and has been removed: what an interrupted change left may still be there",
    )
    assert files(tmp_path) == {"a": "before"}


@pytest.mark.parametrize("word", ["new", "folder", "commit"])
@pytest.mark.parametrize("place", ["../victim", "{outside}/victim", "link/victim", "."])
@needs_links
def test_a_journal_that_leads_out_of_bounds_is_refused(tmp_path: Path, word: str, place: str) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    for path in (tmp_path / "victim", outside / "victim"):
        path.write_text("precious", encoding="utf-8")
        path.with_name(f".victim{SUFFIX}-0.old").write_text("old", encoding="utf-8")
    (inside / "link").symlink_to(outside)
    path = journal(inside, [word, [place.format(outside=outside)], {"before": [[3, 3]], "new": []}])
    before = files(tmp_path)
    if place == "." and word == "folder":
        recover(inside, "demo", Bounds((inside,)))  # it is not empty, and stays
    else:
        with pytest.raises(CratewheelError) as caught:
            recover(inside, "demo", Bounds((inside,)))
        assert caught.value.message.startswith(f"{path} tells of ")
        assert caught.value.message.endswith(f", which is outside of {inside}: nothing of it is done")
        assert files(tmp_path) == before
    assert (outside / "victim").read_text(encoding="utf-8") == "precious"


@needs_links
def test_a_journal_that_is_a_link_or_a_pipe_is_refused(tmp_path: Path) -> None:
    path = tmp_path / f".demo{SUFFIX}.journal"
    (tmp_path / "elsewhere").write_text('["new", ["a"], {}]\n', encoding="utf-8")
    for kind in ("link", "pipe", "folder"):
        if kind == "link":
            path.symlink_to("elsewhere")
        elif kind == "pipe":
            os.mkfifo(path)
        else:
            path.mkdir()
        with pytest.raises(CratewheelError) as caught:
            recover(tmp_path, "demo", Bounds((tmp_path,)))
        assert caught.value.message == f"{path} is not a plain file"
        path.rmdir() if path.is_dir() else path.unlink()


def test_folders_that_are_empty_then_go_up_to_the_bounds(tmp_path: Path) -> None:
    for name in ("a/b/c/file", "d/file", "d/kept"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with begin(tmp_path) as transaction:
        transaction.remove(tmp_path / "a" / "b" / "c" / "file")
        transaction.remove(tmp_path / "d" / "file")
        transaction.commit()
    assert files(tmp_path) == {"d": "(folder)", "d/kept": ""}


def test_a_folder_that_cannot_be_written_is_an_error_before_anything_is_done(tmp_path: Path) -> None:
    (tmp_path / "site").touch()
    with pytest.raises(CratewheelError) as caught, begin(tmp_path / "site"):
        pytest.fail("it has begun")
    assert caught.value.message.startswith(f"{tmp_path / 'site'} cannot be written: ")
