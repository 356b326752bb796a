"""Our temporary files and folders: how they are named, so that no archive holds one and `cratewheel clean` finds all.

Whoever writes one takes its name from here. An earlier process may have been killed, and another may be at work beside
us: what has such a name is content of nothing, however old it is.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cratewheel.system.files.copying import remove_tree

DAY = 86400  # seconds after which a number of a process says nothing any more

_KEPT = 50  # characters of the name that it stands for: a file name has at most 255 bytes
LOCK = ".cratewheel.lock"  # where a folder cannot be locked; it vanishes with the lock
SUFFIX = r"\.cratewheel-\d{1,20}-[0-9a-f]{8}"
# hidden, and not ending in .whl: `upload dist/*` must not see it. Once it was without the `cratewheel`
_NAME = re.compile(
    r"\.(?P<of>.+)\.(?:cratewheel-)?(?P<process>\d{1,20})-[0-9a-f]{8}(?:-\d+)?\.(?P<end>tmp|old|journal)", re.DOTALL
)
_MAYBE = re.compile(rf"-[0-9a-f]{{8}}[-.]|{re.escape(LOCK)}")
_TARGET_MARK = ".rustc_info.json"  # cargo has it in every target directory
_OURS_IN_TARGET = ("cratewheel", "wheels")
_NOT_LOOKED_INTO = frozenset({".git", ".jj", "node_modules"})


def new_suffix() -> str:
    """Return what our temporary files have in common, of which each has a number and `.tmp` or `.old` after it."""
    return f".cratewheel-{os.getpid()}-{os.urandom(4).hex()}"


def temporary_name(name: str) -> str:
    """Return a new name for a file or folder that is to become `name`."""
    return f".{name[:_KEPT]}{new_suffix()}.tmp"


def is_temporary(name: str) -> bool:
    """Return whether a file or folder with this name is a temporary one of ours.

    >>> is_temporary(".demo-1.0.tar.gz.cratewheel-4711-0123abcd.tmp"), is_temporary(".notes.tmp")
    (True, False)
    """
    return name.startswith(".") and (name == LOCK or _NAME.fullmatch(name) is not None)


def within_temporary(relative: str) -> bool:
    """Return whether a path has a temporary file or folder of ours in it.

    >>> within_temporary("dist/.stage.cratewheel-4711-0123abcd.tmp/lib.so")
    True
    """
    return any(map(is_temporary, re.split(r"[/\\]", relative))) if _MAYBE.search(relative) else False


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a new folder among the system's temporary ones, which only this user can read; it vanishes in the end."""
    from tempfile import gettempdir  # slow to import, and seldom needed

    folder = Path(os.path.realpath(gettempdir()), temporary_name("cratewheel"))
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        remove_tree(folder)


def left_behind(folder: Path, *, deep: bool = True) -> Iterator[Path]:
    """Yield the temporary files and folders of ours in a folder, and, where `deep`, in those below it.

    Of target directories only our own folders are searched; repositories' own, virtual environments and what cannot be
    read are passed over.
    """
    waiting = [str(folder)]
    while waiting:
        try:
            entries = sorted(os.scandir(waiting.pop()), key=lambda entry: entry.name)
        except OSError:
            continue
        names = {entry.name for entry in entries}
        for entry in entries:
            if _NAME.fullmatch(entry.name):
                yield Path(entry.path)
            elif not deep or not entry.is_dir(follow_symlinks=False) or entry.name in _NOT_LOOKED_INTO:
                continue
            elif "pyvenv.cfg" not in names and (_TARGET_MARK not in names or entry.name in _OURS_IN_TARGET):
                waiting.append(entry.path)


def stands_for(path: Path) -> str:
    """Return the name that a temporary file was made for."""
    return _parsed(path)["of"]


def in_use(path: Path, *, now: float | None = None) -> bool:
    """Return whether the process that made a temporary file or folder may still be at work on it.

    On Windows nothing tells; there, all of the last day are taken to be.
    """
    with suppress(OSError):
        if (time.time() if now is None else now) - path.lstat().st_mtime > DAY:
            return False
    return os.name == "nt" or _runs(int(_parsed(path)["process"]))


def _parsed(path: Path) -> re.Match[str]:
    found = _NAME.fullmatch(path.name)
    assert found is not None, f"{path} is a temporary file"
    return found


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # of another user
        return True
    return True
