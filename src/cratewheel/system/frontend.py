"""Notices that the program which has started a hook, and waits for it, has ended: pip that was killed, for example."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INTERVAL = 0.5  # seconds between two looks
THREAD = "cratewheel-frontend"
RUNNER = "_in_process.py"  # by this script, pip and build run nothing but hooks


@contextmanager
def end_with_frontend() -> Iterator[None]:
    """Ask this process to end, by SIGTERM, when its frontend ends during the block; not on Windows.

    A hook may also be called by a script in the background, which goes on when the shell that has started it ends: only
    where the script of frontends runs it, or what it prints is no longer read, was that a frontend.
    """
    if os.name == "nt":  # where the number of the parent stays the same
        yield
        return
    done = threading.Event()
    threading.Thread(target=_watch, args=(os.getppid(), done), name=THREAD, daemon=True).start()
    try:
        yield
    finally:
        done.set()


def _watch(parent: int, done: threading.Event) -> None:
    while not done.wait(INTERVAL):
        if os.getppid() != parent:
            if Path(sys.argv[0]).name == RUNNER or is_unread(2):
                os.kill(os.getpid(), signal.SIGTERM)
            return


def is_unread(descriptor: int) -> bool:
    """Return whether a descriptor is a pipe that nobody reads any longer, or a terminal that was closed."""
    import select

    poll = select.poll()
    poll.register(descriptor, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
