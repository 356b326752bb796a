"""What tests read from a finished wheel, and how they install one."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path


def names(wheel: Path) -> list[str]:
    """Return the names in the archive, in their order, without its metadata folder."""
    with zipfile.ZipFile(wheel) as archive:
        return [name for name in archive.namelist() if ".dist-info/" not in name]


def text(wheel: Path, name: str) -> str:
    """Return a text file of the archive; `name` may begin with `.dist-info/` for one of the metadata folder."""
    with zipfile.ZipFile(wheel) as archive:
        (found,) = [one for one in archive.namelist() if one == name or (name[0] == "." and one.endswith(name))]
        return archive.read(found).decode()


def data(wheel: Path, end: str) -> bytes:
    """Return the only file of the archive whose name has that `end`."""
    with zipfile.ZipFile(wheel) as archive:
        (found,) = [name for name in archive.namelist() if name.endswith(end)]
        return archive.read(found)


def tags(wheel: Path) -> str:
    """Return the Python, ABI and platform tags in the file name."""
    return "-".join(wheel.stem.split("-")[-3:])


def site(wheel: Path, folder: Path) -> Path:
    """Unpack the wheel to `folder` and return that, a folder to import from."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def python(program: Path, code: str, *, path: Path) -> str:
    """Return what a Python prints for `code` that can import from the folder `path`."""
    environ = {**os.environ, "PYTHONPATH": str(path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [str(program), "-c", code], env=environ, cwd=path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
