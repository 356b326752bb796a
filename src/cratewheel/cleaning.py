"""What our builds leave below cargo's target directory: how much it is, and what of it can go.

Cargo's own files are cargo's to clean, and pyo3's small descriptions of interpreters stay: without them pyo3 would be
compiled again in the target directory that cargo shares with us.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from cratewheel.cargo.target_dir import size_of
from cratewheel.errors import CratewheelError
from cratewheel.files.copying import remove_tree
from cratewheel.files.lock import exclusive_if_free
from cratewheel.frozen import dataclass
from cratewheel.plan.wheels import BUILD_DIRS
from cratewheel.tasks import check_cancelled

UNUSED = 30  # days after which nobody is likely to build there again
_DAY = 86400
_KEPT = ("lock", "pyo3-config-", "zig")  # beginnings of names: small, and a running build may need them


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that can go: what it is, its size in bytes, and why nobody needs it, where that is known.

    `lock` is the file by which a build holds it.
    """

    path: Path
    what: str
    size: int
    lock: Path
    stale: str | None = None


def find(target: Path, interpreters: Collection[str], *, now: float | None = None) -> tuple[Item, ...]:
    """Return all that our builds left in a target directory.

    Of build directories for this machine those are stale whose interpreter is none of `interpreters`, by the names of
    such directories (`cp312`), if nothing was built there for a day; of all, those in which nothing was built for 30.
    What a build has begun to put together today may be wanted, and is not listed.
    """
    now = time.time() if now is None else now
    scratch = target / "cratewheel"
    lock = scratch / "lock"
    found: list[Item] = []
    for path in _inside(scratch):
        if path == target / BUILD_DIRS:
            found += _directories(path, interpreters, now)
        elif path.name.startswith("stage-"):
            if now - path.stat().st_mtime > _DAY:
                found.append(
                    Item(path=path, what="left by a build", size=size_of(path), lock=lock, stale="interrupted")
                )
        elif not path.name.startswith(_KEPT):
            what = "folder" if path.is_dir() else "file"
            own = path / "cratewheel" / "lock"  # a target directory in its turn: that of --sdist-first
            found.append(Item(path=path, what=what, size=_size(path), lock=own if own.exists() else lock))
    return tuple(found)


def _directories(folder: Path, interpreters: Collection[str], now: float) -> Iterator[Item]:
    for path in _inside(folder):
        if not path.is_dir():
            continue
        name = path.name.removesuffix(".unfinished")
        lock = path.with_name(f"{name}.lock")
        days = int((now - (lock if lock.exists() else path).stat().st_mtime) / _DAY)
        stale = None
        if name != path.name:
            stale = "interrupted"
        elif "-" not in name and name not in interpreters and days > 0:  # some are only known to who names them
            stale = "no such interpreter is here"
        elif days >= UNUSED:
            stale = f"not used for {days} days"
        yield Item(path=path, what="build directory", size=size_of(path), lock=lock, stale=stale)


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _size(path: Path) -> int:
    return size_of(path) if path.is_dir() else path.stat().st_size


def remove(item: Item) -> bool:
    """Remove it and return True; False where a build holds it."""
    check_cancelled()
    with exclusive_if_free(item.lock) as free:
        if not free:
            return False
        if item.path.is_dir() and not item.path.is_symlink():  # what a link leads to is not ours
            # under another name at once: a build that is interrupted here, or comes now, finds all of it or nothing
            going = item.path.with_name(f"{item.path.name}.unfinished")
            if item.path != going:
                remove_tree(going)
                item.path.rename(going)
            remove_tree(going)
            if going.exists():
                raise CratewheelError(f"{going} cannot be removed whole", hint="look at its permissions")
        else:
            with suppress(FileNotFoundError):
                item.path.unlink()
        return True
