"""A lock between processes, for folders that only one may use at a time."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cratewheel.system.files.temporary import LOCK
from cratewheel.system.tasks import PATIENCE, check_cancelled

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    _try_shared_lock = _try_lock

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _try_shared_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def exclusive(path: Path, *, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of the file `path` for the duration; call `waiting` once if another process has it.

    Raises as `check_cancelled` does while it waits. The system frees the lock when the process ends, however that comes
    about. A file system that knows no locks gives none: there the user is on their own, as with cargo's.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        with suppress(OSError):  # ENOLCK, ENOTSUP
            _wait_for_lock(descriptor, waiting)
            os.utime(path)  # so it is known when the place was last used
        yield
    finally:
        os.close(descriptor)


@contextmanager
def exclusive_folder(folder: Path, *, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold a folder for the duration: as `exclusive`, but no file stays behind that would have to be explained."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / LOCK
    if sys.platform == "win32":  # where no folder can be locked
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT)
    else:
        descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            _wait_for_lock(descriptor, waiting)
        yield
    finally:
        os.close(descriptor)
        if sys.platform == "win32":
            with suppress(OSError):  # another one holds it, and removes it in its turn
                file.unlink()


def _wait_for_lock(descriptor: int, waiting: Callable[[], None]) -> None:
    if not _try_lock(descriptor):
        waiting()
        while not _try_lock(descriptor):
            check_cancelled()
            time.sleep(PATIENCE)


@contextmanager
def exclusive_if_free(path: Path) -> Iterator[bool]:
    """Hold the lock of the file `path`, and yield whether that could be: False while another process has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        free = True
        with suppress(OSError):
            free = _try_lock(descriptor)
        yield free
    finally:
        os.close(descriptor)


@contextmanager
def shared_if_free(path: Path) -> Iterator[bool]:
    """Keep others from taking the lock of the file `path`, and yield whether that could be: False while one has it.

    A file that is not there is nobody's.
    """
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        yield not path.exists()
        return
    try:
        with suppress(OSError):
            if not _try_shared_lock(descriptor):
                yield False
                return
        yield True
    finally:
        os.close(descriptor)
