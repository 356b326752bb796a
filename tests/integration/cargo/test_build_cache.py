"""Build directories: what is copied into a new one, and what is left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from build_directories import copied_files, tree, write_unit
from cratewheel.cargo import build_cache as target_dir


@pytest.mark.skipif(os.name == "nt", reason="the other process takes the lock as POSIX systems have it")
def test_a_directory_that_cargo_writes_to_is_passed_over(tmp_path: Path) -> None:
    busy, quiet = tmp_path / "busy", tmp_path / "quiet"
    for mark in "ab":
        write_unit(busy / "release", "syn", mark)
    write_unit(quiet / "release", "syn", "c")
    lock = busy / "release" / ".cargo-lock"
    lock.write_text("")
    holder = "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", holder, lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as cargo:
        assert cargo.stdout is not None
        cargo.stdout.readline()
        target_dir.seed(tmp_path / "new", (busy, quiet), ("release",), ["syn"])
        cargo.communicate(b"\n")
    assert tree(tmp_path / "new") == copied_files("syn", "c")
