"""The only module that prints: talk goes to stderr, results to stdout.

People read stderr; tools read stdout, which carries the paths of what was built, or one JSON object a line with
`--message-format json`. Colour only where a terminal shows it and NO_COLOR is not set.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TextIO

from cratewheel.errors import CratewheelError
from cratewheel.frozen import dataclass, field, replace

LABEL_WIDTH = 12  # cargo right-aligns its verbs to this column; ours line up with them

_STYLES = {"green": "\x1b[1;32m", "yellow": "\x1b[1;33m", "red": "\x1b[1;31m", "cyan": "\x1b[36m", "dim": "\x1b[2m"}
_RESET = "\x1b[0m"

MessageFormat = Literal["human", "json"]
ColorChoice = Literal["auto", "always", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ui:
    """Where and how to talk; handed to whatever has something to say."""

    out: TextIO
    err: TextIO
    color: bool = False
    quiet: bool = False
    verbosity: int = 0
    message_format: MessageFormat = "human"
    label: str = ""
    _warned: set[str] = field(default_factory=set, repr=False, compare=False)

    def labelled(self, label: str) -> Ui:
        """Return a `Ui` that begins each line of talk with a label: for one of several works at once."""
        return replace(self, label=f"{self._paint('dim', label)} ")

    def step(self, verb: str, text: str) -> None:
        """Say what was found or is being done: a short verb, aligned with cargo's own, and the rest of the line."""
        if not self.quiet:
            self._say(f"{self._paint('green', verb.rjust(LABEL_WIDTH))} {text}")

    def detail(self, text: str) -> None:
        """Say a line that only `-v` shows."""
        if self.verbosity > 0:
            self._say(self._paint("dim", text))

    def warn(self, text: str, *, hint: str | None = None) -> None:
        """Say that something is probably not meant, once for all the archives that it concerns; the work goes on."""
        if text in self._warned:
            return
        self._warned.add(text)
        self._say(f"{self._paint('yellow', 'warning')}: {text}")
        if hint:
            self._say(f"   {self._paint('cyan', 'help')}: {hint}")

    def error(self, error: CratewheelError) -> None:
        """Say why the work ends: the error, its details, and what to do."""
        self._say(f"{self._paint('red', 'error')}: {error.message}")
        for note in error.notes:
            self._say(f"       {note}")
        if error.hint:
            self._say(f" {self._paint('cyan', 'help')}: {error.hint}")
        self.event("error", {"message": error.message, "notes": list(error.notes), "hint": error.hint})

    def passthrough(self, text: str) -> None:
        """Hand on what another program said, as it is but for the label."""
        # in one piece: other threads write as well
        self.err.write(
            "".join(f"{self.label}{line}" for line in text.splitlines(keepends=True)) if self.label else text
        )
        self.err.flush()

    def result(self, path: Path, event: Mapping[str, object]) -> None:
        """Report a finished file: its path, or `event` with it when JSON was asked for."""
        if self.message_format == "human":
            self._print(str(path))
        else:
            self.event("artifact", {**event, "path": str(path)})

    def answer(self, text: str) -> None:
        """Print what a query command was asked for, exactly as it is."""
        self.out.write(text)
        self.out.flush()

    def event(self, kind: str, fields: Mapping[str, object]) -> None:
        """Print one JSON object on a line of its own, if JSON was asked for."""
        if self.message_format == "json":
            self._print(json.dumps({"event": kind, **fields}, ensure_ascii=False))

    def _paint(self, style: str, text: str) -> str:
        return f"{_STYLES[style]}{text}{_RESET}" if self.color else text

    def _say(self, line: str) -> None:
        self.err.write(f"{self.label}{line}\n")
        self.err.flush()

    def _print(self, line: str) -> None:
        print(line, file=self.out, flush=True)


def wants_color(choice: ColorChoice, environ: Mapping[str, str], *, terminal: bool) -> bool:
    """Return whether to use colour: the choice if there is one, else NO_COLOR, FORCE_COLOR and the terminal decide.

    >>> wants_color("auto", {"NO_COLOR": "1"}, terminal=True)
    False
    """
    if choice != "auto":
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return terminal and environ.get("TERM") != "dumb"


def terminal_ui(
    environ: Mapping[str, str],
    *,
    color: ColorChoice = "auto",
    quiet: bool = False,
    verbosity: int = 0,
    message_format: MessageFormat = "human",
) -> Ui:
    """Return the `Ui` of this process's own stdout and stderr, which can then print any character."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # a name that the terminal's encoding lacks must not end the build
            reconfigure(errors="backslashreplace")
    return Ui(
        out=sys.stdout,
        err=sys.stderr,
        color=wants_color(color, environ, terminal=sys.stderr.isatty()),
        quiet=quiet,
        verbosity=verbosity,
        message_format=message_format,
    )


def size_text(size: int) -> str:
    """Return a number of bytes for people.

    >>> size_text(1536), size_text(12_345_678)
    ('1.5 kB', '11.8 MB')
    """
    if size < 1024:
        return f"{size} bytes"
    amount = float(size)
    for unit in ("kB", "MB", "GB"):
        amount /= 1024
        if amount < 1024 or unit == "GB":
            break
    return f"{amount:.1f} {unit}"
