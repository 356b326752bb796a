"""Shows what cargo writes to stderr, and keeps its end for the error message.

Cargo writes to a pipe, so it is told to draw its progress bar and colours as on the terminal where they are shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TypedDict

from cratewheel.cargo.config import TerminalSettings, terminal_settings
from cratewheel.cargo.output import PROGRESS, LiveOutput, status_of
from cratewheel.events import Reporter
from cratewheel.system.command import Command

KEPT = 200_000  # characters
BRIGHT = r"(\x1b\[(?:1;)?)9([1236])m"  # colours that are hard to read on a white ground
LINE = r"[^\r\n]+"
_COLOUR = r"(?:\x1b\[[0-9;]*[A-Za-z]?|\x1b)*"
ERROR = rf"{_COLOUR}error{_COLOUR}[:\[]"
MAY_BE_ERROR = rf"{_COLOUR}(?:e|er|err|erro|error{_COLOUR})?"


class Readers(TypedDict, total=False):
    """How `system.command.stream` passes on stderr."""

    on_error_line: Callable[[str], None]
    on_error_text: Callable[[str], None]


class Talk:
    """What one cargo wrote to stderr: shown by `reporter` as it arrives, the last of it in `text`.

    With `hold_errors`, what cargo writes from its first error on is not shown: the error of the command has it.
    """

    def __init__(self, reporter: Reporter, *, hold_errors: bool = False) -> None:
        self._reporter = reporter
        self._holds_errors = hold_errors
        self._line = ""
        self._pieces: list[str] = []
        self._size = 0

    @property
    def text(self) -> str:
        """The last characters of what cargo wrote."""
        return "".join(self._pieces)

    @contextmanager
    def reading(self) -> Iterator[Readers]:
        """Yield the arguments for `stream`: in pieces for a terminal or file, by lines for anything else."""
        if self._reporter.inherits_stderr:
            yield {"on_error_text": self.show}
        elif not self._reporter.shows_progress:
            yield {"on_error_line": self._show_line}
        else:
            output = LiveOutput(self._reporter, self.show)
            try:
                yield {"on_error_text": output.read}
            finally:
                output.flush()

    def prepare(self, command: Command, environ: Mapping[str, str]) -> Command:
        """Return the command with variables that let cargo write to the pipe as to the reporter's terminal."""
        width = self._reporter.terminal_width
        added: tuple[tuple[str, str], ...] = ()
        if width is not None:
            flags = [value for flag, value in pairwise(command.argv) if flag == "--config"]
            added = terminal_variables(width, environ, terminal_settings(flags, environ, command.cwd or Path.cwd()))
        if self._reporter.shows_progress:
            added = tuple((name, value) for name, value in PROGRESS if name not in environ)
        return replace(command, env=(*command.env, *added))

    def show(self, text: str) -> None:
        """Show a piece, and keep it."""
        shown = re.sub(BRIGHT, r"\g<1>3\2m", self._before_error(text) if self._holds_errors else text)
        if shown:
            self._reporter.pass_output(shown)
        self._pieces.append(text)
        self._size += len(text)
        while self._size - len(self._pieces[0]) > KEPT:
            self._size -= len(self._pieces.pop(0))

    def _before_error(self, text: str) -> str:
        """Return what can be shown of a piece; the start of a line that may be an error's waits for its next piece."""
        if re.match(ERROR, self._line):
            return ""
        text = self._line + text
        begin = max(text.rfind("\n"), text.rfind("\r")) + 1
        found = next((found for found in re.finditer(LINE, text) if re.match(ERROR, found[0])), None)
        if found is not None:
            self._line = found[0]
            return text[: found.start()]
        last = text[begin:]
        self._line = last if re.fullmatch(MAY_BE_ERROR, last) else ""
        return text[: len(text) - len(self._line)]

    def _show_line(self, line: str) -> None:
        status = status_of(line)
        # that several wait for a lock is said once
        if status is None or status[0] != "Blocking" or self._reporter.is_new(status[1]):
            self.show(f"{line}\n")


def terminal_variables(
    width: int, environ: Mapping[str, str], settings: TerminalSettings
) -> tuple[tuple[str, str], ...]:
    """Return cargo's variables for a terminal of that width; those that the user has set stay, as does `[term]`.

    See https://doc.rust-lang.org/cargo/reference/config.html#termprogresswhen.

    >>> terminal_variables(80, {"CARGO_TERM_COLOR": "never"}, TerminalSettings(progress="never"))
    (('CARGO_TERM_PROGRESS_WIDTH', '80'),)
    """
    wanted = {"CARGO_TERM_PROGRESS_WIDTH": str(width)}
    if settings.color in (None, "auto"):
        plain = environ.get("NO_COLOR") or environ.get("TERM") == "dumb"
        wanted["CARGO_TERM_COLOR"] = "never" if plain else "always"
    if settings.progress in (None, "auto"):
        still = environ.get("TERM") == "dumb" or environ.get("CI")
        wanted["CARGO_TERM_PROGRESS_WHEN"] = "never" if still else "always"
    return tuple((name, value) for name, value in wanted.items() if name not in environ)
