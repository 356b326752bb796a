"""What builds left below the target directory, and what of it can go."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from build_directories import NOW, put, used_target
from cratewheel.commands import clean as cleaning


@pytest.fixture(name="target")
def target_fixture(tmp_path: Path) -> Path:
    target = used_target(tmp_path)
    put(target / "cratewheel" / "pgo" / "lock", "")
    put(target / "cratewheel" / "pgo" / "optimised" / "cp311-cp311" / "lib.rlib")
    return target


@pytest.mark.skipif(os.name == "nt", reason="the other process takes the lock as POSIX systems have it")
@pytest.mark.parametrize("name", ["cp311", "pgo"])
def test_what_a_build_holds_stays(target: Path, name: str) -> None:
    found = {item.path.name: item for item in cleaning.find(target, set(), now=NOW)}
    lock = found[name].lock
    assert lock is not None
    holder = "import fcntl, sys; f = open(sys.argv[1], 'r+'); fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", holder, lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert not cleaning.remove(found[name])
        assert found[name].path.is_dir()
        other.communicate(b"\n")
    assert cleaning.remove(found[name])
    assert not found[name].path.exists()
