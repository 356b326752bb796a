"""The part of a terminal that is drawn again and again below what is printed: a progress bar, or a line for each wheel.

`ui` decides where it is shown, and writes it.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

LABEL_WIDTH = 12  # as in `ui`
PHASE_WIDTH = 11
INTERVAL = 0.5  # seconds between two drawings of the clock
SGR = re.compile("\x1b\\[[0-9;]*m")

Write = Callable[[str], None]
Size = Callable[[], tuple[int, int]]
DEFAULT_SIZE = (80, 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is shown of one wheel: its label, what is done, the crates done of all, the crate, and when it began.

    `total` is 0 as long as cargo has not said it.
    """

    label: str
    phase: str = "waiting"
    done: int = 0
    total: int = 0
    detail: str = ""
    begun: float = 0.0


def render(rows: Sequence[Row], *, size: tuple[int, int], now: float, mark: Callable[[str], str] = str) -> list[str]:
    """Return a line for each row, no wider than the terminal, and as many as fit; `mark` colours the labels.

    >>> render([Row(label="cp312", phase="compiling", done=3, total=12, detail="syn")], size=(80, 24), now=4.2)
    ['       cp312 compiling     3/12     4 s  syn']
    """
    columns, height = size
    most = max(1, height - 2)  # the last line of a terminal is left free
    shown = rows if len(rows) <= most else rows[: most - 1]
    width = max([LABEL_WIDTH, *(len(row.label) for row in rows)])
    counts = [f"{row.done}/{row.total}" if row.total else "" for row in shown]
    count_width = max([7, *map(len, counts)])
    lines = []
    for row, count in zip(shown, counts, strict=True):
        seconds = f"{max(0, int(now - row.begun))} s"
        rest = f" {row.phase:<{PHASE_WIDTH}} {count:>{count_width}} {seconds:>7}  {row.detail}".rstrip()
        label = row.label.rjust(width)[: max(0, columns - 1)]
        lines.append(mark(label) + rest[: max(0, columns - 1 - len(label))])
    if len(shown) < len(rows):
        lines.append(f"{'':{width}} and {len(rows) - len(shown)} more"[: max(0, columns - 1)])
    return lines


class Block:
    """Lines at the end of what a terminal shows, which make way for other output; several threads may write.

    They are cleared before anything else is written, and drawn again after it.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._shown: tuple[str, ...] = ()

    def draw(self, lines: Sequence[str], write: Write, size: Size) -> None:
        """Replace the lines; none removes them."""
        with self._lock:
            if tuple(lines) != self._shown:
                write(self._clearing(size()[0]) + "\n".join(lines))
                self._shown = tuple(lines)

    @contextmanager
    def hidden(self, write: Write, size: Size) -> Iterator[None]:
        """Remove the lines while something else is written."""
        with self._lock:
            shown = self._shown
            self.draw((), write, size)
            try:
                yield
            finally:
                self.draw(shown, write, size)

    def _clearing(self, columns: int) -> str:
        """Return what removes the lines; where the terminal is narrower by now, it has wrapped them."""
        lengths = [len(SGR.sub("", line)) for line in self._shown]
        rows = sum(max(1, -(-length // max(1, columns))) for length in lengths)
        return "\r\x1b[2K" if rows <= 1 else f"\r\x1b[{rows - 1}A\x1b[J"


class Display:
    """The rows of wheels that are built side by side, drawn into a `Block`; several threads may change them."""

    def __init__(self, block: Block, write: Write, size: Size, mark: Callable[[str], str]) -> None:
        self._block, self._write, self._size, self._mark = block, write, size, mark
        self._lock = threading.Lock()
        self._rows: dict[str, Row] = {}
        self._ended = threading.Event()
        self._clock = threading.Thread(target=self._run, daemon=True)

    def start(self, labels: Sequence[str]) -> None:
        """Show a row for each label."""
        now = time.monotonic()
        self._rows = {label: Row(label=label, begun=now) for label in labels}
        self._draw()
        self._clock.start()

    def end(self) -> None:
        """Remove all rows."""
        self._ended.set()
        self._clock.join()
        self._rows = {}
        self._draw()

    def change(self, label: str, *, phase: str, done: int, total: int, detail: str) -> None:
        """Show what is done for a wheel; the phase `done` removes its row."""
        with self._lock:
            row = self._rows.get(label)
            if row is None:
                return
            if phase == "done":
                del self._rows[label]
            else:
                if not total and phase == row.phase:
                    done, total = row.done, row.total
                self._rows[label] = replace(row, phase=phase, done=done, total=total, detail=detail)
        self._draw()

    def _run(self) -> None:
        while not self._ended.wait(INTERVAL):
            self._draw()

    def _draw(self) -> None:
        with self._lock:
            rows = tuple(self._rows.values())
            lines = render(rows, size=self._size(), now=time.monotonic(), mark=self._mark)
            self._block.draw(lines, self._write, self._size)
