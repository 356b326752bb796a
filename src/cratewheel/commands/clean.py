"""What our builds leave below cargo's target directory and among files: how much it is, and what of it can go.

Cargo's own files are cargo's to clean, and pyo3's small descriptions of interpreters stay: without them pyo3 would be
compiled again in the target directory that cargo shares with us.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from cratewheel.cargo.build_cache import disk_usage
from cratewheel.errors import CratewheelError
from cratewheel.planning.wheels import BUILD_DIRS
from cratewheel.system.files.copying import remove_tree
from cratewheel.system.files.lock import exclusive_folder, exclusive_if_free
from cratewheel.system.files.temporary import DAY, find_leftovers, is_in_use, is_temporary, target_name
from cratewheel.system.files.transaction import JOURNAL, Bounds, recover
from cratewheel.system.tasks import check_cancelled

UNUSED = 30  # days after which nobody is likely to build there again
_KEPT = ("lock", "pyo3-config-", "zig")  # beginnings of names: small, and a running build may need them


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that can go: what it is, its size in bytes, and why nobody needs it, where that is known.

    `lock` is the file by which a build holds it, if there is one.
    """

    path: Path
    what: str
    size: int
    lock: Path | None = None
    stale: str | None = None


def find(target: Path, interpreters: Collection[str], *, now: float | None = None) -> tuple[Item, ...]:
    """Return all that our builds left in a target directory.

    Of build directories for this machine those are stale whose interpreter is none of `interpreters`, by the names of
    such directories (`cp312`), if nothing was built there for a day; of all, those in which nothing was built for 30.
    Temporary files are not listed: see `temporary_files`.
    """
    now = time.time() if now is None else now
    scratch = target / "cratewheel"
    lock = scratch / "lock"
    found: list[Item] = []
    for path in _inside(scratch):
        if path == target / BUILD_DIRS:
            found += _directories(path, interpreters, now)
        elif not path.name.startswith(_KEPT) and not is_temporary(path.name):
            own = path / "cratewheel" / "lock"  # a target directory in its turn: that of --sdist-first
            found.append(Item(path=path, what=_kind(path), size=_size(path), lock=own if own.exists() else lock))
    return tuple(found)


def take_back(folder: Path) -> tuple[str, ...]:
    """Take back, or complete, the changes below a folder that were interrupted; return what there is to say about them.

    Raises as `recover` does.
    """
    said: list[str] = []
    for journal in [path for path in find_leftovers(folder) if path.name.endswith(JOURNAL)]:
        if _is_own(journal) and not is_in_use(journal):
            with exclusive_folder(journal.parent, on_wait=lambda: None):
                said += recover(journal.parent, target_name(journal), Bounds((folder, journal.parent)))
    return tuple(said)


def temporary_files(folders: Iterable[Path], flat: Iterable[Path] = ()) -> tuple[Item, ...]:
    """Return the temporary files and folders that processes of ours left when they were killed.

    Those are looked for in `folders` and all below, and in the folders `flat` alone. What a process that still runs has
    made today is not among them.
    """
    found = {path for folder in folders for path in find_leftovers(folder)}
    found |= {path for folder in flat for path in find_leftovers(folder, deep=False)}
    items = []
    for path in sorted(found):
        with suppress(FileNotFoundError):  # its process has just ended
            if _is_own(path) and not is_in_use(path):
                items.append(Item(path=path, what=f"temporary {_kind(path)}", size=_size(path), stale="interrupted"))
    return tuple(items)


def _is_own(path: Path) -> bool:
    """Return whether a file belongs to this user: others have temporary files beside ours."""
    return os.name == "nt" or path.lstat().st_uid == os.geteuid()


def unpacked_sources(folder: Path, *, now: float | None = None) -> tuple[Item, ...]:
    """Return what was unpacked of a project's source distribution to build wheels from it, if it was."""
    if not folder.is_dir():
        return ()
    lock = folder.with_name(f"{folder.name}.lock")
    days = int(((time.time() if now is None else now) - (lock if lock.exists() else folder).stat().st_mtime) / DAY)
    stale = f"not used for {days} days" if days >= UNUSED else None
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
        elif "-" not in name and name not in interpreters and days > 0:  # some are only known to who names them
            stale = "no such interpreter is here"
        elif days >= UNUSED:
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
    """Remove it and return True; False where a build holds it."""
    check_cancelled()
    with exclusive_if_free(item.lock) if item.lock is not None else nullcontext(True) as free:
        if free:
            _remove(item.path, rename=item.lock is not None)
        return free


def _remove(path: Path, *, rename: bool) -> None:
    if not path.is_dir() or path.is_symlink():  # what a link leads to is not ours
        with suppress(FileNotFoundError):
            path.unlink()
        return
    going = path.with_name(f"{path.name}.unfinished") if rename else path
    if going != path:
        # under another name at once: a build that is interrupted here, or comes now, finds all of it or nothing
        remove_tree(going)
        path.rename(going)
    remove_tree(going)
    if going.exists():
        raise CratewheelError(f"{going} cannot be removed whole", hint="look at its permissions")
