"""Names of our temporary files and folders.

All temporary files are named here, so that no archive includes one and `cratewheel clean` finds those that a killed
process has left behind.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cratewheel.system.files.copying import remove_tree

DAY = 86400  # seconds after which a process number may belong to another process

_SYNCHRONIZE, _ACCESS_DENIED, _WAIT_TIMEOUT = 0x0010_0000, 5, 0x102  # of winnt.h and winerror.h
_KEPT = 50  # characters kept of the target's name: a file name has at most 255 bytes
LOCK = ".cratewheel.lock"  # for systems that cannot lock a folder; removed with the lock
SUFFIX = r"\.cratewheel-\d{1,20}-[0-9a-f]{8}"
# hidden, and not ending in .whl: `upload dist/*` must not see it. The first releases wrote no `cratewheel`
_NAME = re.compile(
    r"\.(?P<of>.+)\.(?:cratewheel-)?(?P<process>\d{1,20})-[0-9a-f]{8}(?:-\d+)?\.(?P<end>tmp|old|journal)", re.DOTALL
)
_MAYBE = re.compile(rf"-[0-9a-f]{{8}}[-.]|{re.escape(LOCK)}")
_TARGET_MARK = ".rustc_info.json"  # cargo has it in every target directory
_OURS_IN_TARGET = ("cratewheel", "wheels")
_NOT_LOOKED_INTO = frozenset({".git", ".jj", "node_modules"})


def new_suffix() -> str:
    """Return a suffix for temporary files; a number and `.tmp` or `.old` follow it."""
    return f".cratewheel-{os.getpid()}-{os.urandom(4).hex()}"


def temporary_name(name: str) -> str:
    """Return a new temporary name for a file or folder that will be renamed to `name`."""
    return f".{name[:_KEPT]}{new_suffix()}.tmp"


def is_temporary(name: str) -> bool:
    """Return whether this is the name of one of our temporary files or folders.

    >>> is_temporary(".demo-1.0.tar.gz.cratewheel-4711-0123abcd.tmp"), is_temporary(".notes.tmp")
    (True, False)
    """
    return name.startswith(".") and (name == LOCK or _NAME.fullmatch(name) is not None)


def within_temporary(relative: str) -> bool:
    """Return whether a part of the path is one of our temporary files or folders.

    >>> within_temporary("dist/.stage.cratewheel-4711-0123abcd.tmp/lib.so")
    True
    """
    return any(map(is_temporary, re.split(r"[/\\]", relative))) if _MAYBE.search(relative) else False


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a new private folder in the system's temporary folder; it is removed at the end of the block."""
    from tempfile import gettempdir  # slow to import

    folder = Path(os.path.realpath(gettempdir()), temporary_name("cratewheel"))
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        remove_tree(folder)


def find_leftovers(folder: Path, *, deep: bool = True) -> Iterator[Path]:
    """Yield our temporary files and folders in a folder and, if `deep`, below it.

    In target directories only our own folders are searched; `.git`, virtual environments and unreadable folders are
    skipped.
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


def target_name(path: Path) -> str:
    """Return the name of the file that a temporary file was made for."""
    return _parse(path)["of"]


def is_in_use(path: Path, *, now: float | None = None) -> bool:
    """Return whether the process that made a temporary file may still use it.

    After a day its number may be another's.
    """
    with suppress(OSError):
        if (time.time() if now is None else now) - path.lstat().st_mtime > DAY:
            return False
    return _is_running(int(_parse(path)["process"]))


def _parse(path: Path) -> re.Match[str]:
    found = _NAME.fullmatch(path.name)
    assert found is not None, f"{path} is a temporary file"
    return found


def _is_running(process: int) -> bool:
    if sys.platform == "win32":  # where os.kill ends it, whatever the signal
        return _is_running_on_windows(process)
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # of another user
        return True
    return True


if sys.platform == "win32":

    def _is_running_on_windows(process: int) -> bool:
        import ctypes  # seldom needed

        if process >= 1 << 32:
            return False
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = ctypes.c_void_p
        handle = kernel.OpenProcess(_SYNCHRONIZE, 0, ctypes.c_uint32(process))
        if not handle:
            return bool(ctypes.get_last_error() == _ACCESS_DENIED)  # of another user
        try:
            return bool(kernel.WaitForSingleObject(ctypes.c_void_p(handle), 0) == _WAIT_TIMEOUT)
        finally:
            kernel.CloseHandle(ctypes.c_void_p(handle))
