"""Draw the table of docs/performance.md as bars, maturin beside cratewheel.

    python bench/chart.py docs/performance.md docs/_static/performance.svg

Of a work that several tables have, the last one counts.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path

THEIRS, OURS = "maturin", "cratewheel"
COLOURS = {THEIRS: "#b9bcc9", OURS: "#c2641c"}
WIDTH, LABELS, BAR, GAP, TOP = 900, 390, 13, 12, 34
LONGEST = WIDTH - LABELS - 110  # room for the seconds behind a bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A work, and the median seconds of each tool."""

    title: str
    seconds: dict[str, float]


def read_bars(page: str) -> list[Bar]:
    r"""Return the rows in which both tools have seconds, in the order of the page.

    >>> read_bars("| work | maturin | cratewheel |\n|---|---|---|\n| `a` | 2.0 s (1 to 3) | 0.5 s (0 to 1) |\n")
    [Bar(title='a', seconds={'maturin': 2.0, 'cratewheel': 0.5})]
    """
    found: dict[str, Bar] = {}
    columns: list[str] = []
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            columns = []
        elif not columns:
            columns = cells
        elif {THEIRS, OURS} <= set(columns) and len(cells) == len(columns):
            row = dict(zip(columns, cells, strict=True))
            times = {tool: re.match(r"([\d.]+) s", row[tool]) for tool in (THEIRS, OURS)}
            seconds = {tool: float(match[1]) for tool, match in times.items() if match}
            title = row["work"].replace("`", "")
            if len(seconds) == len(times):
                found[title] = Bar(title=title, seconds=seconds)
    return list(found.values())


def draw(bars: list[Bar]) -> str:
    """Return the picture as SVG: in each row the slower tool has the longest bar."""
    step = 2 * BAR + GAP
    height = TOP + step * len(bars) + GAP
    fonts = 'font-family="sans-serif" font-size="12" fill="#22242c"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {fonts}>',
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#ffffff"/>',
    ]
    for place, tool in enumerate((THEIRS, OURS)):
        left = LABELS + 110 * place
        parts.append(f'<rect x="{left}" y="10" width="12" height="12" fill="{COLOURS[tool]}"/>')
        parts.append(f'<text x="{left + 18}" y="20">{tool}</text>')
    parts.append(f'<text x="{LABELS + 230}" y="20">seconds; shorter is better</text>')
    for number, bar in enumerate(bars):
        top = TOP + step * number
        parts.append(
            f'<text x="{LABELS - 10}" y="{top + BAR + 4}" text-anchor="end">{escape(_short(bar.title))}</text>'
        )
        for place, (tool, seconds) in enumerate(bar.seconds.items()):
            length = max(1.0, LONGEST * seconds / max(bar.seconds.values()))
            y = top + BAR * place
            parts.append(f'<rect x="{LABELS}" y="{y}" width="{length:.1f}" height="{BAR - 1}" fill="{COLOURS[tool]}"/>')
            parts.append(f'<text x="{LABELS + length + 6:.1f}" y="{y + BAR - 3}" font-size="11">{seconds:.2f} s</text>')
    return "\n".join([*parts, "</svg>", ""])


def _short(title: str, limit: int = 62) -> str:
    """Return the title, cut after a word where it is too long.

    >>> _short("a build of many words", 12)
    'a build of …'
    """
    return title if len(title) <= limit else title[: limit - 1].rsplit(" ", 1)[0] + " …"


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    target.write_text(draw(read_bars(source.read_text(encoding="utf-8"))), encoding="utf-8")
