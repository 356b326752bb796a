"""Run a command in a pseudo-terminal and draw what it printed, colours and all, as an SVG picture.

    python scripts/record_terminal.py docs/_static/build.svg -- cratewheel build --release

`--title` is what the picture shows after the prompt instead of the command as typed here; `--replace OLD NEW` keeps
folders of the recording machine out of the picture, and `--light FILE` writes the same picture on a light ground.
POSIX only.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import re
import shlex
import struct
import sys
import termios
import unicodedata
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

CELL_WIDTH, CELL_HEIGHT, MARGIN, TITLE_BAR = 8.4, 19, 16, 34
BACKGROUND, FOREGROUND = "#1d1f27", "#d8dae3"
COLOURS = ("#5b6078", "#f0717f", "#8fd18a", "#f2cf7e", "#7fa9f5", "#d39bf0", "#79d2d4", "#d8dae3")
ON_LIGHT = {
    BACKGROUND: "#f6f7f9",
    FOREGROUND: "#24262e",
    **dict(
        zip(COLOURS[:7], ("#7b8091", "#c4314b", "#1a7f37", "#8a6100", "#2456c8", "#8a3fb8", "#0e7c86"), strict=True)
    ),
}
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
SEQUENCE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]|([\r\n\t\b])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a character looks."""

    colour: str = FOREGROUND
    bold: bool = False
    dim: bool = False


def record(argv: list[str], columns: int) -> tuple[str, int]:
    """Return what `argv` prints to a terminal of that width, and its exit status."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "xterm-256color"
        os.environ.pop("NO_COLOR", None)
        os.execvp(argv[0], argv)  # noqa: S606  # the command is this script's own argument
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    printed = b""
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # Linux reports the end of a terminal as an error
            break
        if not chunk:
            break
        printed += chunk
    _, status = os.waitpid(child, 0)
    return printed.decode("utf-8", errors="replace"), os.waitstatus_to_exitcode(status)


def screen(printed: str, columns: int) -> list[list[tuple[str, Style]]]:
    """Return the lines as they stand at the end: each a list of characters with their styles."""
    lines: list[list[tuple[str, Style]]] = [[]]
    style, row, column, position = Style(), 0, 0, 0
    while position < len(printed):
        match = SEQUENCE.match(printed, position)
        if match is None:
            if column >= columns:
                lines.append([])
                row, column = row + 1, 0
            line = lines[row]
            line.extend([(" ", Style())] * (column + 1 - len(line)))
            line[column] = (printed[position], style)
            column += 1
            position += 1
            continue
        position = match.end()
        match match[2], match[3]:
            case "m", _:
                style = restyle(style, match[1])
            case "K", _:
                del lines[row][column * (match[1] in ("", "0")) :]
            case "J", _:
                del lines[row + 1 :], lines[row][column:]
            case "A", _:
                row = max(0, row - int(match[1] or 1))
            case _, "\n":
                row, column = row + 1, 0
                lines[row:] = lines[row:] or [[]]
            case _, str(control):
                column = {"\r": 0, "\b": max(0, column - 1), "\t": (column // 8 + 1) * 8}[control]
    return without_blank_end(lines)


def without_blank_end(lines: list[list[tuple[str, Style]]]) -> list[list[tuple[str, Style]]]:
    """Return the lines up to the last that shows something."""
    return lines[: max((at for at, line in enumerate(lines, start=1) if line), default=0)]


def restyle(style: Style, codes: str) -> Style:
    """Return `style` after an SGR sequence (ECMA-48, 8.3.117)."""
    for code in (int(word or 0) for word in codes.split(";")):
        match code:
            case 0:
                style = Style()
            case 1:
                style = replace(style, bold=True)
            case 2:
                style = replace(style, dim=True)
            case 22:
                style = replace(style, bold=False, dim=False)
            case 39:
                style = replace(style, colour=FOREGROUND)
            case _ if 30 <= code <= 37:
                style = replace(style, colour=COLOURS[code - 30])
            case _ if 90 <= code <= 97:
                style = replace(style, colour=COLOURS[code - 90])
    return style


def draw(lines: list[list[tuple[str, Style]]], columns: int, title: str) -> str:
    """Return the SVG picture of a terminal that shows `lines` under the prompt that started them."""
    prompt = [("$", Style(colour=COLOURS[2], bold=True)), *((character, Style()) for character in f" {title}")]
    lines = [prompt, *lines]
    width = columns * CELL_WIDTH + 2 * MARGIN
    height = TITLE_BAR + len(lines) * CELL_HEIGHT + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>',
        *(
            f'<circle cx="{18 + 18 * i}" cy="17" r="5.5" fill="{c}"/>'
            for i, c in enumerate((COLOURS[1], *COLOURS[3:1:-1]))
        ),
        f'<g font-family="{FONTS}" font-size="14">',
    ]
    for row, line in enumerate(lines):
        y = TITLE_BAR + row * CELL_HEIGHT + 14
        for start, text, style in runs(line):
            look = f'fill="{style.colour}"' + ' font-weight="bold"' * style.bold + ' opacity="0.6"' * style.dim
            cells = sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
            # a fixed length keeps the columns straight whatever font the viewer has
            length = f'textLength="{cells * CELL_WIDTH:g}" xml:space="preserve"'
            parts.append(f'<text x="{MARGIN + start * CELL_WIDTH:g}" y="{y}" {length} {look}>{escape(text)}</text>')
    return "\n".join([*parts, "</g>", "</svg>", ""])


def lighten(picture: str) -> str:
    """Return the picture in the colours for a light ground."""
    return re.sub("#[0-9a-f]{6}", lambda found: ON_LIGHT[found[0]], picture)


def runs(line: list[tuple[str, Style]]) -> list[tuple[int, str, Style]]:
    """Return the stretches of one style: where each starts, its text, and the style; blank ends left out."""
    found: list[tuple[int, str, Style]] = []
    for column, (character, style) in enumerate(line):
        if found and found[-1][2] == style:
            start, text, _ = found[-1]
            found[-1] = (start, text + character, style)
        else:
            found.append((column, character, style))
    stripped = [(start + len(text) - len(text.lstrip()), text.strip(), style) for start, text, style in found]
    return [run for run in stripped if run[1]]


def main() -> int:
    """Record, draw, write; the exit status is the command's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--title")
    parser.add_argument("--replace", action="append", nargs=2, default=[], metavar=("OLD", "NEW"))
    parser.add_argument("--light", type=Path, metavar="FILE")
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    printed, status = record(arguments.command, arguments.columns)
    for old, new in arguments.replace:
        printed = printed.replace(old, new)
    title = arguments.title or shlex.join(arguments.command)
    arguments.picture.parent.mkdir(parents=True, exist_ok=True)
    picture = draw(screen(printed, arguments.columns), arguments.columns, title)
    arguments.picture.write_text(picture, encoding="utf-8")
    if arguments.light:
        arguments.light.write_text(lighten(picture), encoding="utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main())
