"""A jobserver of GNU make, by which several cargo processes share one limit of parallel jobs.

https://www.gnu.org/software/make/manual/html_node/POSIX-Jobserver.html: a pipe holds a byte for each job that may run.
A process takes a byte for each job beyond its first one, and puts it back afterwards. The pipe is not a named one,
because GNU make before 4.4 (in a build script) does not support those.
"""

from __future__ import annotations

import os
import re
import select
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from cratewheel.system.tasks import POLL_INTERVAL, check_cancelled

# In the order in which cargo looks for one (the crate jobserver, `Client::from_env`).
VARIABLES = ("CARGO_MAKEFLAGS", "MAKEFLAGS", "MFLAGS")
AVAILABLE = os.name == "posix"  # Windows uses semaphores, which are not supported here
MAX_JOBS = 4096  # more bytes may not fit into the pipe, and os.write() would block
MEMORY_PER_BUILD = 2 << 30  # bytes for rustc and the linker of one build


class Jobserver:
    """A jobserver for `jobs` jobs; `variables` and `descriptors` are what a cargo process needs to use it."""

    def __init__(self, jobs: int) -> None:
        self._read, self._write = os.pipe()
        os.write(self._write, b"+" * min(jobs, MAX_JOBS))
        self.descriptors = (self._read, self._write)
        self._own_read = _nonblocking_end(self._read)
        both = f"{self._read},{self._write}"
        # the older option first: make uses the last one
        self.variables = ((VARIABLES[0], f"-j --jobserver-fds={both} --jobserver-auth={both}"),)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold one job for the block, waiting for a free one. Raises as `check_cancelled` does."""
        byte = b""
        while not byte:
            check_cancelled()
            if select.select([self._own_read], [], [], POLL_INTERVAL)[0]:
                with suppress(BlockingIOError):  # another process took the byte
                    byte = os.read(self._own_read, 1)
        try:
            yield
        finally:
            os.write(self._write, byte)

    def close(self) -> None:
        """Close the pipe."""
        for descriptor in {self._read, self._write, self._own_read}:
            os.close(descriptor)


def _nonblocking_end(descriptor: int) -> int:
    """Return a descriptor of the pipe that reads without blocking; the shared one stays blocking."""
    try:
        return os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_NONBLOCK)
    except OSError:  # only Linux has /proc/self/fd
        return descriptor


def is_inherited(environ: Mapping[str, str]) -> bool:
    """Return whether make or cargo has started us with a jobserver that we can use.

    make passes the variable to every recipe, but the open descriptors only to recipes marked with `+`.


    >>> is_inherited({"MAKEFLAGS": " -j4 --jobserver-auth=-2,-2"})
    False
    """
    return any(_is_open(environ.get(variable, "")) for variable in VARIABLES)


def _is_open(flags: str) -> bool:
    found = re.findall(r"--jobserver-(?:auth|fds)=(?:fifo:(\S+)|(\d{1,9}),(\d{1,9}))", flags)
    if not found:
        return False
    fifo, *descriptors = found[-1]  # the last one wins
    try:
        if fifo:
            return stat.S_ISFIFO(os.stat(fifo).st_mode)  # noqa: PTH116  # a string
        return all(stat.S_ISFIFO(os.fstat(int(number)).st_mode) for number in descriptors)
    except (OSError, OverflowError, ValueError):  # not a valid descriptor
        return False


def job_count(requested: int | None, configured: int | str | None, processors: int) -> int:
    """Return how many jobs may run in parallel: `--jobs`, else the configured number, else one more than processors.

    The additional job keeps a processor busy while another build compiles its last crate. As in cargo, a negative
    number is subtracted from the processors, and text means the default.

    >>> job_count(None, None, 8)
    9
    >>> job_count(None, "-1", 8)
    7
    """
    if requested is None:
        text = str(configured)
        requested = int(text) if re.fullmatch(r"-?\d{1,5}", text) else processors + 1
    return max(1, requested if requested > 0 else processors + requested)


def parallel_builds(jobs: int, memory: int | None) -> int:
    """Return how many cargo processes may run in parallel, given the bytes of free memory (None: unknown).

    >>> parallel_builds(8, 5 << 30), parallel_builds(2, None)
    (2, 2)
    """
    room = jobs if memory is None else memory // MEMORY_PER_BUILD
    return max(1, min(jobs, room))


def job_shares(jobs: int, builds: int, memory: int | None) -> tuple[int, ...]:
    """Return the jobs of each cargo process that runs at once, where they have no jobserver: together `jobs`.

    >>> job_shares(9, 4, None), job_shares(2, 5, None), job_shares(8, 3, 5 << 30)
    ((3, 2, 2, 2), (1, 1), (4, 4))
    """
    count = min(parallel_builds(jobs, memory), max(builds, 1))
    return tuple(jobs // count + (at < jobs % count) for at in range(count))
