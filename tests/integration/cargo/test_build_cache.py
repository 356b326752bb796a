"""Build directories: what is copied into a new one, and what is left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cratewheel.cargo import build_cache as target_dir

OLD = 1_600_000_000


def unit(profile: Path, package: str, mark: str, *, finished: bool = True, text: str = "12345") -> None:
    """Put a unit into a profile's folder, as cargo lays it out."""
    unit_hash = mark * 16
    files = {
        f"deps/lib{package}-{unit_hash}.rlib": text,
        f"deps/{package}-{unit_hash}.d": "",
        f"deps/{package}-{unit_hash}": "a test program",
        f"build/{package}-{unit_hash}/output": text,
        f".fingerprint/{package}-{unit_hash}/lib-{package}": "hash" if finished else "",
        f".fingerprint/{package}-{unit_hash}/dep-lib-{package}": "",
    }
    for name, content in files.items():
        path = profile / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        os.utime(path, (OLD, OLD))


def tree(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def of_unit(package: str, mark: str) -> set[str]:
    """Return the files of a unit that are copied."""
    name = f"{package}-{mark * 16}"
    return {
        f"release/deps/lib{name}.rlib",
        f"release/deps/{name}.d",
        f"release/build/{name}/output",
        f"release/.fingerprint/{name}/lib-{package}",
        f"release/.fingerprint/{name}/dep-lib-{package}",
    }


@pytest.mark.skipif(os.name == "nt", reason="the other process takes the lock as POSIX systems have it")
def test_a_directory_that_cargo_writes_to_is_passed_over(tmp_path: Path) -> None:
    busy, quiet = tmp_path / "busy", tmp_path / "quiet"
    for mark in "ab":
        unit(busy / "release", "syn", mark)
    unit(quiet / "release", "syn", "c")
    lock = busy / "release" / ".cargo-lock"
    lock.write_text("")
    holder = "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", holder, lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as cargo:
        assert cargo.stdout is not None
        cargo.stdout.readline()
        target_dir.seed(tmp_path / "new", (busy, quiet), ("release",), ["syn"])
        cargo.communicate(b"\n")
    assert tree(tmp_path / "new") == of_unit("syn", "c")
