"""How our temporary files are named, and known again."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cratewheel.system.files import glob, tree, walk
from cratewheel.system.files.temporary import (
    is_temporary,
    new_suffix,
    temporary_folder,
    temporary_name,
    within_temporary,
)

NAMES = [
    "demo-1.0.tar.gz",
    "demo-1.0-py3-none-any.whl",
    "x" * 255,
    "interpreters.json",
    "_native.so",
    "a\nb",
    ".hidden",
]
OF_USERS = [
    "demo.tmp", ".demo.tmp", ".demo.1-2.tmp", ".demo.4711-0123abcd.txt", "demo.4711-0123abcd.tmp", ".4711-0123abcd.tmp",
    ".demo.4711-0123ABCD.tmp", ".demo.4711-0123abcde.tmp", ".demo.4711-0123abcd.tmp.txt", ".demo.x-0123abcd.old",
    ".tmp", "tmp", ".stage", "stage-1", "lock", ".demo.cratewheel-1.tmp", ".demo.maturin-4711-0123abcd.tmp",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_temporary_file_is_hidden_short_enough_and_known_again(name: str) -> None:
    suffix = new_suffix()
    made = [
        temporary_name(name),
        f".{name[:50]}{suffix}-12.tmp",
        f".{name[:50]}{suffix}-0.old",
        f".demo{suffix}.journal",
    ]
    assert all(map(is_temporary, made))
    assert len(set(made)) == 4
    assert all(
        one.startswith(".") and len(one.encode()) < 255 and not one.endswith((".whl", ".tar.gz")) for one in made
    )


@pytest.mark.parametrize("name", OF_USERS)
def test_no_other_name_is_taken_for_one(name: str) -> None:
    assert not is_temporary(name)
    assert not within_temporary(f"dist/{name}/x")


@given(st.text(min_size=1))
def test_every_name_that_is_made_is_known_again(name: str) -> None:
    assert is_temporary(temporary_name(name))


def test_whatever_lies_in_a_temporary_folder_is_known() -> None:
    folder = temporary_name("stage")
    assert within_temporary(folder)
    assert within_temporary(f"target/cratewheel/{folder}/lib.so")
    assert within_temporary(f"target\\{folder}\\lib.so")


def test_no_walk_and_no_glob_finds_one(tmp_path: Path) -> None:
    stage = tmp_path / temporary_name("stage")
    stage.mkdir()
    (stage / "x").touch()
    left = [tmp_path / temporary_name("a.whl"), tmp_path / f".b.so{new_suffix()}-1.old"]
    for path in (*left, tmp_path / "kept"):
        path.touch()
    kept = [str(tmp_path / "kept")]
    assert list(walk(tmp_path)) == kept
    assert list(tree(tmp_path, roots=(str(tmp_path),))) == kept
    for pattern in ("**/*", "*", ".*", left[0].name, f"{stage.name}/x"):
        assert [path for path in map(str, glob(tmp_path, pattern)) if path not in kept] == []


def test_a_temporary_folder_is_private_and_goes_with_all_that_is_in_it() -> None:
    with temporary_folder() as folder:
        assert is_temporary(folder.name)
        assert sys.platform == "win32" or folder.stat().st_mode & 0o777 == 0o700
        (folder / "deep" / "er").mkdir(parents=True)
        (folder / "deep" / "file").touch()
    assert not os.path.lexists(folder)
