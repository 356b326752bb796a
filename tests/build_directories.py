"""Build directories as cargo and cratewheel lay them out, written by hand."""

from __future__ import annotations

import os
from pathlib import Path

OLD = 1_600_000_000
NOW = 1_800_000_000.0
DAY = 86400
STAGE = ".stage.999999999-0123abcd.tmp"  # of a process whose number no system gives


def write_unit(profile: Path, package: str, mark: str, *, finished: bool = True, text: str = "12345") -> None:
    """Put a unit into a profile's folder, as cargo lays it out."""
    unit_hash = mark * 16
    files = {
        f"deps/lib{package}-{unit_hash}.rlib": text,
        f"deps/lib{package}-{unit_hash}.rmeta": "",
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


def copied_files(package: str, mark: str) -> set[str]:
    """Return the files of a unit that are copied."""
    name = f"{package}-{mark * 16}"
    return {
        f"release/deps/lib{name}.rlib",
        f"release/deps/lib{name}.rmeta",
        f"release/deps/{name}.d",
        f"release/build/{name}/output",
        f"release/.fingerprint/{name}/lib-{package}",
        f"release/.fingerprint/{name}/dep-lib-{package}",
    }


def tree(folder: Path) -> set[str]:
    """Return the paths of all files below a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def put(path: Path, text: str = "12345", *, days: float = 0) -> Path:
    """Write a file that was last used some days before `NOW`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return aged(path, days)


def aged(path: Path, days: float) -> Path:
    """Give a file the time of some days before `NOW`."""
    os.utime(path, (NOW - days * DAY, NOW - days * DAY))
    return path


def used_target(root: Path) -> Path:
    """Write a target directory after several builds, one of them interrupted, and return it."""
    ours = root / "target" / "cratewheel"
    put(ours / "lock", "")
    put(ours / "pyo3-config-0123.txt")
    put(ours / "packed" / "a.whl.json")
    put(ours / STAGE / "lib.so")
    for name, days in (("cp311", 1), ("cp312", 31), ("cp36", 1), ("aarch64-apple-darwin-cp312", 29)):
        put(ours / "build" / name / "release" / "deps" / "lib.rlib", "1" * 100)
        put(ours / "build" / f"{name}.lock", "", days=days)
    put(ours / "build" / "cp310.unfinished" / "lib.rlib")
    put(root / "target" / "release" / "deps" / "lib.rlib")
    return root / "target"
