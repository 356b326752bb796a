"""Finds and removes the files that builds leave behind, with their sizes.

Cargo's own files are left to `cargo clean`. pyo3's small descriptions of interpreters are kept: without them pyo3
would be compiled again in the target directory that cargo shares with us.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from cratewheel.cargo.build_cache import disk_usage
from cratewheel.errors import CratewheelError
from cratewheel.planning.pgo import PGO_DIR
from cratewheel.planning.wheels import BUILD_DIRS
from cratewheel.system.files.copying import remove_tree
from cratewheel.system.files.lock import exclusive_folder, exclusive_if_free
from cratewheel.system.files.temporary import DAY, find_leftovers, is_in_use, is_temporary, target_name
from cratewheel.system.files.transaction import JOURNAL, Bounds, recover
from cratewheel.system.tasks import check_cancelled

UNUSED_DAYS = 30  # days after which a build directory counts as unused
_KEPT_PREFIXES = ("lock", "pyo3-config-", "zig")  # small files that a running build may need


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A file or folder that can be removed: a description, its size in bytes, and why it is stale, if it is.

    `lock` is the lock file that a build holds while using it, if there is one.
    """

    path: Path
    what: str
    size: int
    lock: Path | None = None
    stale: str | None = None


def find(target: Path, interpreters: Collection[str], *, now: float | None = None) -> tuple[Item, ...]:
    """Return all build files in a target directory.

    Build directories of this machine are stale if their interpreter is not in `interpreters`, by the names of
    such directories (`cp312`), and they were not used for a day; all directories are stale after 30 days.
    Temporary files are not listed: see `temporary_files`.
    """
    now = time.time() if now is None else now
    scratch = target / "cratewheel"
    lock = scratch / "lock"
    found: list[Item] = []
    for path in _inside(scratch):
        if path == target / BUILD_DIRS:
            found += _directories(path, interpreters, now)
        elif not path.name.startswith(_KEPT_PREFIXES) and not is_temporary(path.name):
            own = path / "lock" if path == target / PGO_DIR else path / "cratewheel" / "lock"  # of --sdist-first
            found.append(Item(path=path, what=_kind(path), size=_size(path), lock=own if own.exists() else lock))
    return tuple(found)


def recover_transactions(folder: Path) -> tuple[str, ...]:
    """Undo or complete interrupted changes in a folder; return warnings about them.

    Raises as `recover` does.
    """
    warnings: list[str] = []
    for journal in [path for path in find_leftovers(folder) if path.name.endswith(JOURNAL)]:
        if _is_own(journal) and not is_in_use(journal):
            with exclusive_folder(journal.parent, on_wait=lambda: None):
                warnings += recover(journal.parent, target_name(journal), Bounds((folder, journal.parent)))
    return tuple(warnings)


def temporary_files(folders: Iterable[Path], flat: Iterable[Path] = ()) -> tuple[Item, ...]:
    """Return temporary files and folders that killed processes of ours left.

    Searches `folders` with their subfolders, and the folders `flat` without. Files that a running process made today
    are skipped.
    """
    found = {path for folder in folders for path in find_leftovers(folder)}
    found |= {path for folder in flat for path in find_leftovers(folder, deep=False)}
    items = []
    for path in sorted(found):
        with suppress(FileNotFoundError):  # its process has just removed it
            if _is_own(path) and not is_in_use(path):
                items.append(Item(path=path, what=f"temporary {_kind(path)}", size=_size(path), stale="interrupted"))
    return tuple(items)


def _is_own(path: Path) -> bool:
    """Return whether a file belongs to this user; a temporary folder is shared with others."""
    return os.name == "nt" or path.lstat().st_uid == os.geteuid()


def unpacked_sources(folder: Path, *, now: float | None = None) -> tuple[Item, ...]:
    """Return the unpacked source distribution of a project from which wheels were built, if there is one."""
    if not folder.is_dir():
        return ()
    lock = folder.with_name(f"{folder.name}.lock")
    days = int(((time.time() if now is None else now) - (lock if lock.exists() else folder).stat().st_mtime) / DAY)
    stale = f"not used for {days} days" if days >= UNUSED_DAYS else None
    return (Item(path=folder, what="unpacked source distribution", size=disk_usage(folder), lock=lock, stale=stale),)


def _directories(folder: Path, interpreters: Collection[str], now: float) -> Iterator[Item]:
    for path in _inside(folder):
        if not path.is_dir():
            continue
        name = path.name.removesuffix(".unfinished")
        lock = path.with_name(f"{name}.lock")
        days = int((now - (lock if lock.exists() else path).stat().st_mtime) / DAY)
        stale = None
        if name != path.name:
            stale = "interrupted"
        elif (
            "-" not in name and name not in interpreters and days > 0
        ):  # other interpreters may exist without being found
            stale = "no such interpreter"
        elif days >= UNUSED_DAYS:
            stale = f"not used for {days} days"
        yield Item(path=path, what="build directory", size=disk_usage(path), lock=lock, stale=stale)


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _kind(path: Path) -> str:
    return "folder" if path.is_dir() else "file"


def _size(path: Path) -> int:
    return disk_usage(path) if path.is_dir() else path.lstat().st_size


def remove(item: Item) -> bool:
    """Remove an item and return True; return False while a build uses it."""
    check_cancelled()
    with exclusive_if_free(item.lock) if item.lock is not None else nullcontext(True) as free:
        if free:
            _remove(item.path, rename=item.lock is not None)
        return free


def _remove(path: Path, *, rename: bool) -> None:
    if not path.is_dir() or path.is_symlink():  # do not follow links
        with suppress(FileNotFoundError):
            path.unlink()
        return
    going = path.with_name(f"{path.name}.unfinished") if rename else path
    if going != path:
        # rename first, so that another build, or one after an interruption, finds all of it or nothing
        remove_tree(going)
        try:
            path.rename(going)
        except OSError as error:
            # rename(2): a folder of a lower layer of overlayfs (a container image), or one where something is mounted
            if error.errno not in (errno.EXDEV, errno.EBUSY):
                raise
            going = path
    remove_tree(going)
    if going.exists():
        raise CratewheelError(f"cannot remove all of {going}", hint="check its permissions")
