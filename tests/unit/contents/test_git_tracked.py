"""What is told of files that git tracks and that are not there; git itself is not started."""

from __future__ import annotations

import io
from pathlib import Path

from cratewheel.contents.git_tracked import DanglingLinks, warn_missing
from cratewheel.ui import Ui


def warnings(tracked: list[Path], here: list[Path]) -> list[str]:
    err = io.StringIO()
    warn_missing(map(str, tracked), set(map(str, here)), Ui(out=io.StringIO(), err=err))
    return err.getvalue().splitlines()


def test_nothing_is_told_when_all_is_there_or_was_left_out_on_purpose(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert warnings([tmp_path / "a"], [tmp_path / "a"]) == []
    assert warnings([tmp_path / "a"], []) == []


def test_files_and_submodules_that_are_missing_are_told_apart(tmp_path: Path) -> None:
    for name in ("module", "other"):
        (tmp_path / name).mkdir()
    gone = [tmp_path / f"gone{number}" for number in range(5)]
    missing = f"{tmp_path / 'gone0'}, {tmp_path / 'gone1'}, {tmp_path / 'gone2'} and 2 more"
    assert warnings([tmp_path / "module", *gone, tmp_path / "other"], []) == [
        f"warning: missing submodules in the sdist: {tmp_path / 'module'}, {tmp_path / 'other'}",
        "   help: to get them, run `git submodule update --init`",
        f"warning: missing files that git tracks: {missing}",
        "   help: run `git restore` or `git rm`; `git status` shows which repository this is",
    ]


def test_three_missing_files_are_all_named(tmp_path: Path) -> None:
    gone = [tmp_path / name for name in "abc"]
    assert warnings(gone, [])[0] == (
        f"warning: missing files that git tracks: {tmp_path / 'a'}, {tmp_path / 'b'}, {tmp_path / 'c'}"
    )


def test_a_dangling_link_stays_where_git_cannot_be_asked(tmp_path: Path) -> None:
    said = io.StringIO()
    (tmp_path / "file").touch()
    links = DanglingLinks({"PATH": ""}, Ui(out=io.StringIO(), err=said))
    assert not links.skips(str(tmp_path / "file"))
    assert not links.skips(str(tmp_path / "gone"))
    assert said.getvalue() == ""
