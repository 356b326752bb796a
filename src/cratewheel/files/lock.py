"""A lock between processes, for folders that only one may use at a time."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE = 0.1  # seconds between two looks at whether the lock is free, or wanted no more

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    _try_shared_lock = _try_lock

    def _wait_for_lock(descriptor: int) -> None:
        while not _try_lock(descriptor):
            msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)  # gives up after ten seconds

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

    def _wait_for_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)


@contextmanager
def exclusive(
    path: Path, *, waiting: Callable[[], None], still_wanted: Callable[[], None] | None = None
) -> Iterator[None]:
    """Hold the lock of the file `path` for the duration; call `waiting` once if another process has it.

    In a thread, which no signal reaches, `still_wanted` is called again and again meanwhile, and ends the wait by what
    it raises. The system frees the lock when the process ends, however that comes about. A file system that knows no
    locks gives none: there the user is on their own, as with cargo's.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        with suppress(OSError):  # ENOLCK, ENOTSUP
            if not _try_lock(descriptor):
                waiting()
                if still_wanted is None:
                    _wait_for_lock(descriptor)
                else:
                    _look_for_lock(descriptor, still_wanted)
            os.utime(path)  # so it is known when the place was last used
        yield
    finally:
        os.close(descriptor)


def _look_for_lock(descriptor: int, still_wanted: Callable[[], None]) -> None:
    while not _try_lock(descriptor):
        still_wanted()
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
