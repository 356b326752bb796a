"""Locks between processes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cratewheel.system.files.temporary import LOCK
from cratewheel.system.tasks import POLL_INTERVAL, check_cancelled

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
def exclusive(path: Path, *, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of the file `path` for the block; call `on_wait` once if another process has it.

    Raises as `check_cancelled` does while it waits. The system frees the lock when the process ends. On a file system
    without locks, nothing is locked, as with cargo.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        with suppress(OSError):  # ENOLCK, ENOTSUP
            _wait_for_lock(descriptor, on_wait)
            os.utime(path)  # records when the folder was last used
        yield
    finally:
        os.close(descriptor)


@contextmanager
def exclusive_folder(folder: Path, *, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold a lock on a folder for the block, as `exclusive` does, but leave no lock file behind."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / LOCK
    if sys.platform == "win32":  # folders cannot be locked there
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT)
    else:
        descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            _wait_for_lock(descriptor, on_wait)
        yield
    finally:
        os.close(descriptor)
        if sys.platform == "win32":
            with suppress(OSError):  # another process holds it, and will remove it
                file.unlink()


def _wait_for_lock(descriptor: int, on_wait: Callable[[], None]) -> None:
    if not _try_lock(descriptor):
        on_wait()
        while not _try_lock(descriptor):
            check_cancelled()
            time.sleep(POLL_INTERVAL)


@contextmanager
def exclusive_if_free(path: Path) -> Iterator[bool]:
    """Try to take the lock of the file `path` for the block; yield False if another process has it."""
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
    """Try to take a shared lock of the file `path` for the block; yield False if another process has it exclusively.

    A file that does not exist is not locked.
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
