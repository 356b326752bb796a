"""What builds left below the target directory, and what of it can go."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cratewheel.commands import clean as cleaning

NOW = 1_800_000_000.0
DAY = 86400
STAGE = ".stage.999999999-0123abcd.tmp"  # of a process whose number no system gives


def put(path: Path, text: str = "12345", *, days: float = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return aged(path, days)


def aged(path: Path, days: float) -> Path:
    os.utime(path, (NOW - days * DAY, NOW - days * DAY))
    return path


@pytest.fixture(name="target")
def target_fixture(tmp_path: Path) -> Path:
    ours = tmp_path / "target" / "cratewheel"
    put(ours / "lock", "")
    put(ours / "pyo3-config-0123.txt")
    put(ours / "packed" / "a.whl.json")
    put(ours / "pgo" / "lock", "")
    put(ours / "pgo" / "optimised" / "cp311-cp311" / "lib.rlib")
    put(ours / STAGE / "lib.so")
    for name, days in (("cp311", 1), ("cp312", 31), ("cp36", 1), ("aarch64-apple-darwin-cp312", 29)):
        put(ours / "build" / name / "release" / "deps" / "lib.rlib", "1" * 100)
        put(ours / "build" / f"{name}.lock", "", days=days)
    put(ours / "build" / "cp310.unfinished" / "lib.rlib")
    put(tmp_path / "target" / "release" / "deps" / "lib.rlib")
    return tmp_path / "target"


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
