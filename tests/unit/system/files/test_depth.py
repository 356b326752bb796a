"""Folders in folders, deeper than Python's stack, and deeper than a path may be long."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from cratewheel.cargo.build_cache import disk_usage
from cratewheel.errors import ConfigError
from cratewheel.system.files import glob, tree, walk
from cratewheel.system.files.copying import copy_tree, remove_tree
from cratewheel.system.files.walking import every_file
from deep_folders import nested

DEPTH = 1100  # more than the thousand calls that Python allows
needs_long_paths = pytest.mark.skipif(sys.platform != "linux", reason="paths of 4,096 bytes are Linux's")


@needs_long_paths
def test_every_way_to_walk_reaches_the_file_below_1100_folders(tmp_path: Path) -> None:
    with nested(tmp_path, DEPTH) as file:
        assert list(walk(tmp_path)) == [file]
        assert list(tree(tmp_path, roots=(str(tmp_path),))) == [file]
        assert list(every_file(tmp_path)) == [file]
        assert list(map(str, glob(tmp_path, "**/*"))) == [file]
        assert list(map(str, glob(tmp_path, "**/x.py"))) == [file]


@needs_long_paths
def test_1100_folders_are_measured_copied_and_removed(tmp_path: Path) -> None:
    source, copy = tmp_path / "source", tmp_path / "copy"
    source.mkdir()
    with nested(source, DEPTH) as file:
        Path(file).write_bytes(b"four")
        assert disk_usage(source) == 4
        assert copy_tree(source, copy) == 4
        assert [path.removeprefix(str(copy)) for path in every_file(copy)] == [file.removeprefix(str(source))]
        remove_tree(copy)
    assert list(tmp_path.iterdir()) == [source]


@needs_long_paths
@pytest.mark.parametrize("how", ["walk", "tree"])
def test_a_path_that_is_too_long_is_an_error_that_says_so(tmp_path: Path, how: str) -> None:
    with (
        nested(tmp_path, 50, name="d" * 100),
        pytest.raises(ConfigError, match=f"d cannot be read: {os.strerror(errno.ENAMETOOLONG)}$"),
    ):
        list(walk(tmp_path) if how == "walk" else tree(tmp_path, roots=(str(tmp_path),)))


@needs_long_paths
def test_what_a_link_in_a_tree_leads_to_stays_when_the_tree_is_removed(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    (tmp_path / "going").mkdir()
    (tmp_path / "going" / "link").symlink_to("../kept")
    (tmp_path / "link").symlink_to("kept")
    remove_tree(tmp_path / "going")
    remove_tree(tmp_path / "link")
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == [
        "kept",
        "kept/file",
        "link",
    ]
