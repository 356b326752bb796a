"""A menu for a terminal: ↑ ↓ and Enter, or the number or the name of a row."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from cratewheel.system.signals import RaiseImmediately
from cratewheel.ui import Ui

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"  # the cursor
SEQUENCE = 3  # characters of an arrow key
ESCAPE_SECONDS = 0.1  # the rest of an arrow key's sequence follows at once
KEYS = {
    **{f"\x1b{mark}{letter}": name for mark in "[O" for letter, name in (("A", "up"), ("B", "down"))},
    "\xe0H": "up",
    "\xe0P": "down",
    "\x00H": "up",
    "\x00P": "down",  # msvcrt
    "\r": "enter",
    "\n": "enter",
    "\x7f": "back",
    "\b": "back",
    **dict.fromkeys(("\x1b", "\x03", "\x04", ""), "end"),  # Esc, Ctrl-C on Windows, Ctrl-D, the end of the input
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """The rows as names and descriptions, the chosen one, and what was typed."""

    rows: Sequence[tuple[str, str]]
    at: int = 0
    typed: str = ""

    def press(self, key: str, find: Callable[[str], str | None]) -> Menu:
        """Return the menu after a key; `find` returns the name that a text means."""
        match KEYS.get(key, key):
            case "up" | "down" as way:
                return replace(self, at=(self.at + (1 if way == "down" else -1)) % len(self.rows), typed="")
            case "back":
                typed = self.typed[:-1]
            case text:
                typed = self.typed + text if text.isprintable() else self.typed
        found = find(typed) if typed else None
        names = [name for name, _ in self.rows]
        return replace(self, at=names.index(found) if found else self.at, typed=typed)

    def lines(self, width: int) -> list[str]:
        """Return a line for each row, no wider than the terminal."""
        longest = max(len(name) for name, _ in self.rows)
        return [
            f"{'>' if at == self.at else ' '} {at + 1}  {name:<{longest}}  {text}"[: width - 1]
            for at, (name, text) in enumerate(self.rows)
        ]


def pick(question: str, rows: Sequence[tuple[str, str]], find: Callable[[str], str | None], ui: Ui) -> str | None:
    """Return the name of the row that the user picks, None if none is; `find` returns the name that a text means."""
    menu, width = Menu(rows=rows), ui.terminal_width or 80
    up = f"\x1b[{len(rows)}A\r\x1b[J"
    ui.pass_output(f"{question} ↑ ↓ and Enter, or its number or name\n{HIDE}")
    answer = ""
    try:
        with RaiseImmediately(), _keys() as read_key:
            while True:
                ui.pass_output("".join(f"{line}\n" for line in menu.lines(width)))
                key = read_key()
                ui.pass_output(up)
                name = KEYS.get(key, key)
                if name == "enter" and (not menu.typed or find(menu.typed)):
                    answer = rows[menu.at][0]
                if name in ("enter", "end"):
                    if answer or name == "end":
                        break
                    ui.pass_output(f"'{menu.typed}' is none of these\n")
                    menu = replace(menu, typed="")
                else:
                    menu = menu.press(key, find)
    finally:
        ui.pass_output(f"{SHOW}{answer and f'  {answer}'}\n")
    return answer or None


@contextmanager
def _keys() -> Iterator[Callable[[], str]]:
    """Yield a function that waits for a key; the terminal is as before afterwards."""
    if sys.platform == "win32":
        import msvcrt

        def read() -> str:
            key = msvcrt.getwch()
            return key + msvcrt.getwch() if key in "\x00\xe0" else key

        yield read
        return
    import select
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)

    def read_bytes() -> str:
        key = os.read(terminal, 1)
        while key[:1] == b"\x1b" and len(key) < SEQUENCE and select.select([terminal], [], [], ESCAPE_SECONDS)[0]:
            key += os.read(terminal, 1)
        return key.decode(errors="replace")

    tty.setcbreak(terminal)
    try:
        yield read_bytes
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
