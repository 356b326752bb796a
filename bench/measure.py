"""Timing whole commands, ours and the peer's in turn, so that what else the machine does falls on both."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Side = str  # "cratewheel", "maturin", or "cargo" where cargo alone is the measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A command to time; `before` puts things in the state that the row is about, and is not timed."""

    argv: Sequence[str | Path]
    cwd: Path
    env: Mapping[str, str]
    before: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one run took: wall and processor seconds (with its children's), and the most memory of one process."""

    seconds: float
    cpu: float
    peak_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: what is run on each side, how often, and the ratio that is to be reached."""

    name: str
    title: str
    sides: Mapping[Side, Run]
    rounds: int
    ratio: Callable[[Mapping[Side, float]], float]  # of the seconds that the sides took in one round
    limit: float
    check: Callable[[], None] = lambda: None  # that the work was done at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The samples of a row by side."""

    row: Row
    samples: Mapping[Side, tuple[Sample, ...]]
    notes: tuple[str, ...] = ()

    @property
    def ratios(self) -> tuple[float, ...]:
        """The row's ratio in each round, in which the sides ran one right after the other."""
        rounds = zip(*self.samples.values(), strict=True)
        return tuple(
            self.row.ratio(dict(zip(self.samples, (one.seconds for one in samples), strict=True))) for samples in rounds
        )

    @property
    def ratio(self) -> float:
        """The median of the ratios: what else the machine does for a while falls on both sides of a round."""
        return statistics.median(self.ratios)

    @property
    def reached(self) -> bool:
        """Whether the ratio is within the limit."""
        return self.ratio <= self.row.limit


class FailedError(Exception):
    """A command of the benchmark ended with an error; nothing was measured."""


@dataclass(slots=True)
class Log:
    """Where the talk of the timed commands goes: a file, so that no terminal is measured."""

    path: Path
    count: int = field(default=0)

    def timed(self, run: Run) -> Sample:
        """Bring the state about, then run the command and return what it took."""
        run.before()
        with self.path.open("ab") as log:
            before = time.perf_counter()
            child = subprocess.Popen(
                [str(word) for word in run.argv],
                cwd=run.cwd,
                env=dict(run.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            _, status, usage = os.wait4(child.pid, 0)
            seconds = time.perf_counter() - before
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise FailedError(f"{' '.join(map(str, run.argv))} ended with {child.returncode}; see {self.path}")
        self.count += 1
        return Sample(seconds=seconds, cpu=usage.ru_utime + usage.ru_stime, peak_mb=usage.ru_maxrss / 1024)


def measure(row: Row, log: Log) -> Measured:
    """Return the samples of a row: the sides in turn, round after round."""
    found: dict[Side, list[Sample]] = {side: [] for side in row.sides}
    for _ in range(row.rounds):
        for side, run in row.sides.items():
            found[side].append(log.timed(run))
    row.check()
    return Measured(row=row, samples={side: tuple(samples) for side, samples in found.items()})
