"""Shows what cargo writes to stderr, and keeps its end for the error message.

Cargo writes to a pipe, so it is told to draw its progress bar and colours as on the terminal where they are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypedDict

from cratewheel.events import Reporter
from cratewheel.system.command import Command

KEPT = 200_000  # characters


class Readers(TypedDict, total=False):
    """How `system.command.stream` passes on stderr."""

    on_error_line: Callable[[str], None]
    on_error_text: Callable[[str], None]


class Talk:
    """What one cargo wrote to stderr: shown by `reporter` as it arrives, the last of it in `text`."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._pieces: list[str] = []
        self._size = 0

    @property
    def text(self) -> str:
        """The last characters of what cargo wrote."""
        return "".join(self._pieces)

    @property
    def readers(self) -> Readers:
        """The arguments for `stream`: in pieces for a terminal or file, by lines for anything else."""
        return {"on_error_text": self.show} if self._reporter.inherits_stderr else {"on_error_line": self._show_line}

    def prepare(self, command: Command, environ: Mapping[str, str]) -> Command:
        """Return the command with variables that let cargo write to the pipe as to the reporter's terminal."""
        width = self._reporter.terminal_width
        return replace(command, env=(*command.env, *terminal_variables(width, environ)))

    def show(self, text: str) -> None:
        """Show a piece, and keep it."""
        self._reporter.pass_output(text)
        self._pieces.append(text)
        self._size += len(text)
        while self._size - len(self._pieces[0]) > KEPT:
            self._size -= len(self._pieces.pop(0))

    def _show_line(self, line: str) -> None:
        self.show(f"{line}\n")


def terminal_variables(width: int | None, environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return cargo's variables for a terminal of that width; those that the user has set stay.

    See https://doc.rust-lang.org/cargo/reference/config.html#termprogresswhen.

    >>> terminal_variables(80, {"CARGO_TERM_COLOR": "never", "CARGO_TERM_PROGRESS_WHEN": "never"})
    (('CARGO_TERM_PROGRESS_WIDTH', '80'),)
    """
    if width is None:
        return ()
    colour = "never" if environ.get("NO_COLOR") or environ.get("TERM") == "dumb" else "always"
    progress = "never" if environ.get("TERM") == "dumb" or environ.get("CI") else "always"
    wanted = {
        "CARGO_TERM_COLOR": colour,
        "CARGO_TERM_PROGRESS_WHEN": progress,
        "CARGO_TERM_PROGRESS_WIDTH": str(width),
    }
    return tuple((name, value) for name, value in wanted.items() if name not in environ)
