"""Reads what cargo writes to stderr while several run at once: its progress, its status lines, and diagnostics."""

from __future__ import annotations

import re
from collections.abc import Callable

from cratewheel.events import Reporter

# Makes cargo write its progress to a pipe too: https://doc.rust-lang.org/cargo/reference/config.html#termprogresswhen
PROGRESS = (("CARGO_TERM_PROGRESS_WHEN", "always"), ("CARGO_TERM_PROGRESS_WIDTH", "100"))

_SGR = re.compile("\x1b\\[[0-9;]*[mK]")
_BAR = re.compile(r" *[A-Z][a-z]+ \[[=> ]*\] (\d{1,9})/(\d{1,9})(?:: (.*))?")
_STATUS = re.compile(r" *([A-Z][a-z]+) (.*)")
_WIDTH = 12  # of the column of verbs
_VERBS = frozenset({
    "Adding", "Blocking", "Building", "Checking", "Compiling", "Credential", "Dirty", "Downgrading", "Downloaded",
    "Downloading", "Finished", "Fresh", "Locking", "Removing", "Running", "Unchanged", "Updating",
})  # fmt: skip
_QUIET = frozenset({"Fresh", "Dirty", "Finished", "Running", "Locking", "Adding", "Downloaded"})


def status_of(line: str) -> tuple[str, str] | None:
    r"""Return the verb and the rest of one of cargo's status lines, None for any other line.

    >>> status_of("\x1b[1m\x1b[32m   Compiling\x1b[0m syn v2.0.1")
    ('Compiling', 'syn v2.0.1')
    >>> status_of("   Compiling this is part of a message, with another width")
    ('Compiling', 'this is part of a message, with another width')
    >>> status_of("warning: unused") is None
    True
    """
    plain = _SGR.sub("", line)
    found = _STATUS.fullmatch(plain)
    return (found[1], found[2]) if found and found[1] in _VERBS and found.end(1) == _WIDTH else None


class LiveOutput:
    """Turns the lines of one cargo into phases of its wheel, and shows each diagnostic as a whole."""

    def __init__(self, reporter: Reporter, show: Callable[[str], None]) -> None:
        self._reporter = reporter
        self._show_text = show
        self._held: list[str] = []
        self._rest = ""
        self._after_return = False

    def read(self, piece: str) -> None:
        """Take a piece of the output; a drawing of the progress bar ends with a carriage return."""
        text = self._rest + (piece.removeprefix("\n") if self._after_return else piece)
        self._after_return = piece.endswith("\r") if piece else self._after_return
        *lines, self._rest = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for line in lines:
            self._read_line(line)

    def _read_line(self, line: str) -> None:
        bar = _BAR.fullmatch(_SGR.sub("", line).rstrip())
        if bar is not None:
            self._reporter.phase("compiling", done=int(bar[1]), total=int(bar[2]), detail=bar[3] or "")
        elif (status := status_of(line)) is not None:
            self._flush()
            self._show(*status)
        else:
            self._held.append(f"{line}\n")
            if not line.strip():
                self._flush()

    def flush(self) -> None:
        """Pass on what is held back, at the end of the output."""
        if self._rest:
            line, self._rest = self._rest, ""
            self._read_line(line)
        self._flush()

    def _flush(self) -> None:
        text, self._held = "".join(self._held), []
        if text.strip():
            self._show_text(text)

    def _show(self, verb: str, rest: str) -> None:
        if verb == "Blocking":
            self._reporter.phase("waiting", detail=rest.removeprefix("waiting for "))
        elif verb == "Compiling":
            self._reporter.phase("compiling", detail=rest.split(" ")[0])
        elif verb not in _QUIET:
            self._reporter.phase(verb.lower(), detail=rest)
