"""Copies that keep file times, and share blocks with the original where the file system supports that.

`shutil` is imported in the functions, because it is slow to import and most builds neither copy nor remove.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from cratewheel.system.tasks import check_cancelled

_FICLONE = 0x40049409  # ioctl_ficlone(2)


def copy_file(source: Path, destination: Path) -> int:
    """Copy a file with its times and permissions, replacing the destination, and return its size in bytes.

    Hard links are not used: a write to one copy would change the other. Raises as `check_cancelled` does.
    """
    import shutil

    check_cancelled()
    destination.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        destination.unlink()
    if not _clone(source, destination):
        shutil.copyfile(source, destination)
    shutil.copystat(source, destination)
    return destination.stat().st_size


def copy_tree(source: Path, destination: Path, *, skip: Collection[str] = ()) -> int:
    """Copy a folder with its content, as `copy_file` does, and return the size in bytes. Links stay links.

    Files named in `skip` are not copied.
    """
    import shutil

    size = 0
    copied = []
    waiting = [(source, destination)]
    while waiting:
        folder, target = waiting.pop()
        target.mkdir(parents=True, exist_ok=True)
        copied.append((folder, target))
        for entry in os.scandir(folder):
            if entry.is_symlink():
                (target / entry.name).symlink_to(os.readlink(entry.path))  # noqa: PTH115  # a Path would change how it is written
            elif entry.is_dir():
                waiting.append((Path(entry.path), target / entry.name))
            elif entry.name not in skip:
                size += copy_file(Path(entry.path), target / entry.name)
    for folder, target in copied:  # last, because writing into a folder changes its time
        shutil.copystat(folder, target)
    return size


def remove_tree(folder: Path) -> None:
    """Remove a folder with its content, as far as possible, at any depth."""
    if os.name == "nt":  # Windows has junctions, which shutil handles
        import shutil

        shutil.rmtree(folder, ignore_errors=True)
        return
    # shutil.rmtree() before Python 3.13 is recursive, and keeps each folder open
    found: list[str] = []
    waiting = [] if folder.is_symlink() else [str(folder)]
    while waiting:
        found.append(waiting.pop())
        with suppress(OSError):
            for entry in os.scandir(found[-1]):
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    with suppress(OSError):
                        os.unlink(entry.path)  # noqa: PTH108  # of thousands of files
    for each in reversed(found):
        with suppress(OSError):
            os.rmdir(each)  # noqa: PTH106


def _clone(source: Path, destination: Path, platform: str = sys.platform) -> bool:
    """Return whether the file system made a copy that shares its blocks with the source."""
    if platform == "linux":
        return _clone_on_linux(source, destination)
    return platform == "darwin" and _clone_on_macos(source, destination, _load_c_library())


def _clone_on_linux(source: Path, destination: Path) -> bool:
    """Clone a file on Btrfs, XFS or bcachefs."""
    import fcntl  # not on Windows

    with source.open("rb") as reader, destination.open("wb") as writer:
        try:
            fcntl.ioctl(writer.fileno(), _FICLONE, reader.fileno())  # type: ignore[attr-defined,unused-ignore]  # Windows
        except OSError:
            return False
    return True


def _clone_on_macos(source: Path, destination: Path, library: Any) -> bool:
    """Clone a file on APFS: clonefile(2), with links followed. The destination must not exist."""
    clone = getattr(library, "clonefile", None)
    return clone is not None and clone(os.fsencode(source), os.fsencode(destination), 0) == 0


def _load_c_library() -> Any:
    """Return the C library, or None for a Python that was built without ctypes."""
    try:
        import ctypes
    except ImportError:
        return None
    return ctypes.CDLL(None)
