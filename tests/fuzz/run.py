"""Feeds one target with inputs for some seconds of its processor time: `python -m fuzz.run TARGET SECONDS SEED FILE`.

With 0 seconds they are a few that depend on nothing but the seed, so that a run of CI finds what a change has broken,
and nothing else: what Hypothesis draws depends on its version, and on the constants in our code.

Prints how many inputs it has tried, as JSON; FILE holds the input that is being tried, for what starts this has to
know it when this dies of it. Memory is bounded, and so is the time that an input takes.
"""

from __future__ import annotations

import json
import mmap
import random
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from cratewheel.errors import CratewheelError, InternalError
from fuzz.mutation import inputs, random_input
from fuzz.target import Target
from fuzz.targets import TARGETS

MEMORY = 1 << 30  # bytes of address space
PATIENCE = 5.0  # seconds of processor time for one input
LARGEST = 1 << 22  # bytes of an input that are kept in the file
BATCH = 200  # inputs between two looks at the clock, and those of a run without seconds


class TooSlowError(BaseException):
    """An input has taken too long; no `except Exception` takes it."""


class Current:
    """The input that is being tried, in a file that outlives this process."""

    def __init__(self, path: Path) -> None:
        with path.open("w+b") as file:
            file.truncate(LARGEST + 8)
            self._map = mmap.mmap(file.fileno(), LARGEST + 8)

    def put(self, data: bytes) -> None:
        """Keep an input."""
        kept = data[:LARGEST]
        self._map[: 8 + len(kept)] = len(kept).to_bytes(8, "little") + kept


def read_current(path: Path) -> bytes:
    """Return the input that was tried last."""
    data = path.read_bytes()
    return data[8 : 8 + int.from_bytes(data[:8], "little")]


def attempt(target: Target, data: bytes) -> None:
    """Have the target read an input; raises what is neither a result nor an error of ours."""
    signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE)
    try:
        target.read(data)
    except CratewheelError as error:
        if isinstance(error, InternalError):
            raise
    except target.documented:
        pass
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def bound() -> None:
    """Bound the memory of this process, and the time that an input takes."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGVTALRM, _late)


def _late(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001  # the interface is the interpreter's
    raise TooSlowError(f"an input takes more than {PATIENCE} seconds")


def main(name: str, seconds: float, first: int, current: Path) -> None:
    """Try inputs until the time is over."""
    target = TARGETS[name]
    kept = Current(current)
    bound()
    tried = 0

    def read(data: bytes) -> None:
        nonlocal tried
        tried += 1
        kept.put(data)
        attempt(target, data)

    seeds = target.seeds()
    if seconds:
        _search(read, inputs(seeds, target.words), seconds, first)
    else:
        chance = random.Random(first)
        for _ in range(BATCH):
            read(random_input(chance, seeds, target.words))
    taken = resource.getrusage(resource.RUSAGE_SELF)
    answer = {"inputs": tried, "seconds": round(time.process_time(), 1), "memory": taken.ru_maxrss >> 10}
    sys.stdout.write(json.dumps(answer) + "\n")


def _search(read: Callable[[bytes], None], strategy: SearchStrategy[bytes], seconds: float, first: int) -> None:
    """Have Hypothesis draw inputs until the time is over, and shrink one that fails."""
    quick = settings(
        max_examples=BATCH, deadline=None, database=None, phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck), print_blob=False,
    )  # fmt: skip
    turn = first
    while time.process_time() < seconds or turn == first:
        seed(turn)(quick(given(strategy)(read)))()
        turn += 1


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
