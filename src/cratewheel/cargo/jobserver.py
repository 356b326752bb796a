"""One allowance of processors for several cargos: the jobserver of GNU make, which cargo and rustc take part in.

https://www.gnu.org/software/make/manual/html_node/POSIX-Jobserver.html: a pipe holds a byte for each job that may run.
Whoever starts one more job than its own first one takes a byte, and puts it back in the end. A pipe and not a named
one, which GNU make before 4.4 in a build script would not understand.
"""

from __future__ import annotations

import os
import re
import select
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from cratewheel.system.tasks import PATIENCE, check_cancelled

# In the order in which cargo looks for one (the crate jobserver, `Client::from_env`).
VARIABLES = ("CARGO_MAKEFLAGS", "MAKEFLAGS", "MFLAGS")
AVAILABLE = os.name == "posix"  # Windows has semaphores in its place, which are not made here
MOST_JOBS = 4096  # what fits into the pipe of any system: with more, we would wait for a reader
MEMORY_FOR_ONE = 2 << 30  # bytes that one interpreter's rustc and linker are given room for


class Jobserver:
    """A jobserver with `jobs` bytes; `variables` and `descriptors` are what a cargo that is to use it must get."""

    def __init__(self, jobs: int) -> None:
        self._read, self._write = os.pipe()
        os.write(self._write, b"+" * min(jobs, MOST_JOBS))
        self.descriptors = (self._read, self._write)
        self._own_read = _own_end(self._read)
        both = f"{self._read},{self._write}"
        # the older name of the option first: of two, make counts the last
        self.variables = ((VARIABLES[0], f"-j --jobserver-fds={both} --jobserver-auth={both}"),)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait for a byte, and hold it: a program has one job of its own. Raises as `check_cancelled` does."""
        byte = b""
        while not byte:
            check_cancelled()
            if select.select([self._own_read], [], [], PATIENCE)[0]:
                with suppress(BlockingIOError):  # another was faster
                    byte = os.read(self._own_read, 1)
        try:
            yield
        finally:
            os.write(self._write, byte)

    def close(self) -> None:
        """Close the pipe."""
        for descriptor in {self._read, self._write, self._own_read}:
            os.close(descriptor)


def _own_end(descriptor: int) -> int:
    """Return an end of the pipe that can be read without waiting, while those that share the other one still wait."""
    try:
        return os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_NONBLOCK)
    except OSError:  # only Linux opens it anew
        return descriptor


def inherited(environ: Mapping[str, str]) -> bool:
    """Return whether somebody above us, make or cargo, has a jobserver already, and has left it open for us.

    make does so only for a recipe that it takes for another make (`+` before it); the others it tells of it all the
    same.

    >>> inherited({"MAKEFLAGS": " -j4 --jobserver-auth=-2,-2"})
    False
    """
    return any(_is_open(environ.get(variable, "")) for variable in VARIABLES)


def _is_open(flags: str) -> bool:
    found = re.findall(r"--jobserver-(?:auth|fds)=(?:fifo:(\S+)|(\d+),(\d+))", flags)
    if not found:
        return False
    fifo, *descriptors = found[-1]  # the last one counts
    try:
        if fifo:
            return stat.S_ISFIFO(os.stat(fifo).st_mode)  # noqa: PTH116  # of text
        return all(stat.S_ISFIFO(os.fstat(int(number)).st_mode) for number in descriptors)
    except (OSError, OverflowError, ValueError):  # no number of a descriptor
        return False


def jobs(asked: int | None, configured: int | str | None, processors: int) -> int:
    """Return how many jobs may run at a time: `--jobs`, else what is configured, else one more than processors.

    The one more has something to do while another build is down to its last crate. As cargo reads them, a negative
    number is that many less than there are processors, and a word is the default.

    >>> jobs(None, None, 8)
    9
    >>> jobs(None, "-1", 8)
    7
    """
    if asked is None:
        text = str(configured)
        asked = int(text) if re.fullmatch(r"-?\d{1,5}", text) else processors + 1
    return max(1, asked if asked > 0 else processors + asked)


def side_by_side(jobs: int, memory: int | None) -> int:
    """Return how many cargos may run at a time, given the bytes of free memory (None: not known).

    >>> side_by_side(8, 5 << 30), side_by_side(2, None)
    (2, 2)
    """
    room = jobs if memory is None else memory // MEMORY_FOR_ONE
    return max(1, min(jobs, room))
