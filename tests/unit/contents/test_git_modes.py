"""The executable bits that git keeps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cratewheel.archive.layout import Entry, FromFile, Generated
from cratewheel.contents.git_modes import mark_executable, with_modes_of_git
from system_paths import WINDOWS, needs_links


def test_the_files_that_git_calls_executable_are_so_in_the_archive() -> None:
    script, other = FromFile(path="/p/run.sh", roots=("/p",)), FromFile(path="/p/a.py")
    entries = (
        Entry(path="run.sh", source=script, why="listed"),
        Entry(path="a.py", source=other),
        Entry(path="x", source=Generated(data=b"")),
    )
    assert tuple(mark_executable(entries, {"/p/run.sh", "/p/gone"})) == (
        Entry(path="run.sh", source=FromFile(path="/p/run.sh", executable=True, roots=("/p",)), why="listed"),
        *entries[1:],
    )


@pytest.mark.skipif(WINDOWS, reason="git would be started")
def test_where_files_have_such_bits_git_is_not_asked() -> None:
    entries = (Entry(path="a", source=FromFile(path="/p/a")),)
    assert with_modes_of_git(entries, Path("/p"), {"PATH": ""}) == entries


@needs_links
def test_a_file_has_several_paths(tmp_path: Path) -> None:  # a drive of the network, and its share
    (tmp_path / "share" / "bin").mkdir(parents=True)
    (tmp_path / "drive").symlink_to(tmp_path / "share", target_is_directory=True)
    script = FromFile(path=str(tmp_path / "drive" / "bin" / "run.sh"))
    (entry,) = mark_executable([Entry(path="run.sh", source=script)], {str(tmp_path / "share" / "bin" / "run.sh")})
    assert entry == Entry(path="run.sh", source=replace(script, executable=True))
