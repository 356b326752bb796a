"""A treemap of sizes as SVG: each file a rectangle, large compiled ones divided into crates or sections. Pure.

The layout is that of Bruls, Huizing and van Wijk, "Squarified Treemaps" (2000).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from cratewheel.commands.inspect.model import CompiledFile, Inspection, SizedPart
from cratewheel.ui import escape_controls, format_size

MOST_FILES = 40  # rectangles; the rest are one
MOST_PARTS = 24  # of one compiled file
COLORS = 8  # classes of the page's style
REST = "other parts"
# sections that no symbol is in: names, unwinding, relocations, debug information
_TABLE = re.compile(
    r"\.(?:sym|str|dynsym|dynstr|eh_frame|gcc_except_t|rela?\.|z?debug_|comment|gnu\.).*|__LINKEDIT|__DWARF,.*"
)
_MARGIN = 2.0
_TITLE = 20.0  # height of a divided file's name
_LETTER = 7.2  # width of a letter of 13 px


@dataclass(frozen=True, slots=True, kw_only=True)
class Rectangle:
    """A place in the picture."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A name with its bytes, and what they consist of."""

    name: str
    size: int
    parts: tuple[SizedPart, ...] = ()


def areas(inspection: Inspection) -> tuple[Area, ...]:
    """Return what to draw: the files, the largest first, and those beyond `MOST_FILES` as one."""
    compiled = {file.path: file for file in inspection.compiled}
    files = [member for member in inspection.files if member.size]
    found = [
        Area(name=member.path, size=member.size, parts=_parts(compiled[member.path]) if member.path in compiled else ())
        for member in files[:MOST_FILES]
    ]
    rest = sum(member.size for member in files[MOST_FILES:])
    return (*found, *([Area(name=f"{len(files) - MOST_FILES} other files", size=rest)] if rest else []))


def _parts(file: CompiledFile) -> tuple[SizedPart, ...]:
    """Return what a compiled file consists of: crates where symbols tell them, and sections; the rest is one part."""
    tables = [section for section in file.sections if _TABLE.fullmatch(section.name)]
    parts = (*file.symbols_by_crate, *tables) if file.symbols_by_crate else file.sections
    chosen = sorted(parts, key=lambda part: -part.size)[:MOST_PARTS]
    rest = file.size - sum(part.size for part in chosen)
    if rest < 0:  # symbols that overlap
        return file.sections[:MOST_PARTS]
    return (*chosen, *([SizedPart(name=REST, size=rest)] if rest else []))


def svg(drawn: Sequence[Area], *, width: int, height: int) -> str:
    """Return the picture as an SVG element."""
    inner = "".join(_files(drawn, Rectangle(x=0, y=0, width=width, height=height)))
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="Treemap of sizes">{inner}</svg>'


def _files(drawn: Sequence[Area], whole: Rectangle) -> Iterator[str]:
    for number, (area, place) in enumerate(zip(drawn, layout([one.size for one in drawn], whole), strict=True)):
        if not area.parts or place.width < 4 * _TITLE or place.height < 3 * _TITLE:
            yield _box(area.name, area.size, place, f"c{number % COLORS}")
            continue
        yield _box(area.name, area.size, place, "group", title_only=True)
        inside = Rectangle(
            x=place.x + _MARGIN,
            y=place.y + _TITLE,
            width=place.width - 2 * _MARGIN,
            height=place.height - _TITLE - _MARGIN,
        )
        parts = zip(area.parts, layout([part.size for part in area.parts], inside), strict=True)
        for index, (part, inner) in enumerate(parts):
            yield _box(
                part.name, part.size, inner, "rest" if part.name == REST else f"c{index % COLORS}", within=area.name
            )


def _box(name: str, size: int, place: Rectangle, kind: str, *, title_only: bool = False, within: str = "") -> str:
    text = f"{name}: {format_size(size)}" + (f" of {within}" if within else "")
    label = ""
    room = int((place.width - 8) / _LETTER)
    if room >= 3 and place.height >= _TITLE - 2:
        shown = name.rpartition("/")[2] if kind != "group" else name
        label = _text(_cut(shown, room), place.x + 4, place.y + 14)
        if place.height >= 2 * _TITLE and not title_only:
            label += _text(_cut(format_size(size), room), place.x + 4, place.y + 30)
    shape = f'<rect class="{kind}" {_geometry(place)}/>'
    return f"<g><title>{_safe(text)}</title>{shape}{label}</g>"


def _geometry(place: Rectangle) -> str:
    return f'x="{place.x:.1f}" y="{place.y:.1f}" width="{max(place.width, 0):.1f}" height="{max(place.height, 0):.1f}"'


def _text(text: str, x: float, y: float) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}">{_safe(text)}</text>'


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"


def _safe(text: str) -> str:
    return escape(escape_controls(text))


def layout(sizes: Sequence[int], whole: Rectangle) -> tuple[Rectangle, ...]:
    """Return a rectangle for each size, in the same order; together they fill the whole, and none is very narrow.

    >>> [(place.x, place.width) for place in layout([3, 1], Rectangle(x=0, y=0, width=8, height=2))]
    [(0, 6.0), (6.0, 2.0)]
    """
    order = sorted(range(len(sizes)), key=lambda index: -sizes[index])
    total = sum(sizes)
    scale = whole.width * whole.height / total if total else 0.0
    found: dict[int, Rectangle] = {}
    left, at = whole, 0
    while at < len(order):
        side = min(left.width, left.height)
        end, row = at + 1, [sizes[order[at]] * scale]
        while end < len(order) and _worst([*row, sizes[order[end]] * scale], side) <= _worst(row, side):
            row.append(sizes[order[end]] * scale)
            end += 1
        places, left = _row(row, left)
        found.update(zip(order[at:end], places, strict=True))
        at = end
    return tuple(found[index] for index in range(len(sizes)))


def _worst(row: Sequence[float], side: float) -> float:
    """Return how narrow the narrowest rectangle of a row is: 1 for a square."""
    total = sum(row)
    if not total or not side or not min(row):
        return float("inf")
    return max(side * side * max(row) / (total * total), total * total / (side * side * min(row)))


def _row(row: Sequence[float], left: Rectangle) -> tuple[list[Rectangle], Rectangle]:
    """Return the rectangles of a row along the shorter side, and what is left of the whole."""
    places, total = [], sum(row)
    if left.width >= left.height:
        width = total / left.height if left.height else 0.0
        y = left.y
        for area in row:
            height = area / width if width else 0.0
            places.append(Rectangle(x=left.x, y=y, width=width, height=height))
            y += height
        return places, Rectangle(x=left.x + width, y=left.y, width=max(left.width - width, 0.0), height=left.height)
    height = total / left.width if left.width else 0.0
    x = left.x
    for area in row:
        width = area / height if height else 0.0
        places.append(Rectangle(x=x, y=left.y, width=width, height=height))
        x += width
    return places, Rectangle(x=left.x, y=left.y + height, width=left.width, height=max(left.height - height, 0.0))
