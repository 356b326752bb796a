"""The only module that prints: talk goes to stderr, results to stdout.

People read stderr; tools read stdout, which carries the paths of what was built, or one JSON object a line with
`--message-format json`. Colour only where a terminal shows it and NO_COLOR is not set. What a project, the environment
or a program puts into our sentences may hold characters that steer a terminal: they are shown as escapes, and only
what cargo says itself, and data for a file or a pipe, goes out as it is.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TextIO

from cratewheel.errors import CratewheelError
from cratewheel.events import (
    BuiltArchive,
    DetailEvent,
    Event,
    ExplanationEvent,
    OutputEvent,
    PlanEvent,
    ProgressEvent,
    Reporter,
    StepEvent,
    UploadEvent,
    WarningEvent,
)
from cratewheel.system import signals as interrupts
from cratewheel.system.redaction import strip_userinfo

LONGEST_SENTENCE = 20_000  # characters: nobody reads more, and commands are shorter
LABEL_WIDTH = 12  # cargo right-aligns its verbs to this column; ours line up with them

_STYLES = {"green": "\x1b[1;32m", "yellow": "\x1b[1;33m", "red": "\x1b[1;31m", "cyan": "\x1b[36m", "dim": "\x1b[2m"}
_RESET = "\x1b[0m"
_CLEAR = "\r\x1b[2K"
_BAR_WIDTH = 30

# Control characters but the tab (C0, DEL, C1), and those that reorder text, hide in it, end a line or are no
# characters: the bidirectional controls of UAX #9, invisible operators and tags, U+2028 and U+2029, and halves of
# surrogate pairs.
_STEERING = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)

MessageFormat = Literal["human", "json"]
ColorChoice = Literal["auto", "always", "never"]


class ProgressLine:
    """A last line that is drawn anew, and makes way for others; several threads may write."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._shown = ""

    def draw(self, stream: TextIO, line: str) -> None:
        """Show a line in place of the one before; an empty one removes it."""
        with self._lock:
            if line != self._shown:
                self._shown = line
                _write(stream, f"{_CLEAR}{line}")

    @contextmanager
    def hidden(self, stream: TextIO) -> Iterator[None]:
        """Remove the line while something else is written."""
        with self._lock:
            shown = self._shown
            self.draw(stream, "")
            try:
                yield
            finally:
                self.draw(stream, shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ui(Reporter):
    """Where and how to talk; handed to whatever has something to say."""

    out: TextIO
    err: TextIO
    color: bool = False
    quiet: bool = False
    verbosity: int = 0
    message_format: MessageFormat = "human"
    label: str = ""
    _warned: set[str] = field(default_factory=set, repr=False, compare=False)
    _progress: ProgressLine = field(default_factory=ProgressLine, repr=False, compare=False)

    @property
    def inherits_stderr(self) -> bool:
        """Whether programs write to our stderr themselves: a label could not be put before their lines."""
        return not self.label

    @property
    def shows_steps(self) -> bool:
        """Whether steps are shown."""
        return not self.quiet

    @property
    def colored(self) -> bool:
        """Whether a program behind our pipe is to colour what it prints, as it would for the terminal."""
        return bool(self.label) and self.color

    def labelled(self, label: str) -> Ui:
        """Return a `Ui` that begins each line of talk with a label: for one of several works at once."""
        return replace(self, label=f"{self._paint('dim', _sentence(label))} ")

    def emit(self, event: Event) -> None:
        """Print an event: for people on stderr, paths and JSON on stdout."""
        match event:
            case StepEvent() if not self.quiet:
                # aligned with cargo's own verbs
                self._say(f"{self._paint('green', event.verb.rjust(LABEL_WIDTH))} {_sentence(event.text)}")
            case DetailEvent() if self.verbosity > 0:
                self._say(self._paint("dim", _sentence(event.text)))
            case WarningEvent():
                self._say(f"{self._paint('yellow', 'warning')}: {_sentence(event.text)}")
                if event.hint:
                    self._say(f"   {self._paint('cyan', 'help')}: {_sentence(event.hint)}")
            case OutputEvent():
                # in one piece: other threads write as well
                lines = event.text.splitlines(keepends=True)
                _write(self.err, "".join(f"{self.label}{line}" for line in lines) if self.label else event.text)
            case ExplanationEvent():
                for line in event.lines:
                    self._say(_sentence(line))
            case PlanEvent() | BuiltArchive() | UploadEvent():
                self._result(event)
            case ProgressEvent() if not self.quiet and self.message_format == "human" and self.err.isatty():
                self._progress.draw(self.err, _bar(event) if event.total else "")

    def _result(self, event: PlanEvent | BuiltArchive | UploadEvent) -> None:
        if isinstance(event, PlanEvent):
            self.event("plan", event.plan)
        elif isinstance(event, UploadEvent):
            self.event("upload", event.as_json())
        elif self.message_format == "json":
            self.event("artifact", event.as_json())
        else:
            self.answer(f"{event.path}\n")

    def error(self, error: CratewheelError) -> None:
        """Say why the work ends: the error, its details, and what to do."""
        self._say(f"{self._paint('red', 'error')}: {_sentence(error.message)}")
        for note in error.notes:
            self._say(f"       {_sentence(note)}")
        if error.hint:
            self._say(f" {self._paint('cyan', 'help')}: {_sentence(error.hint)}")
        self.event("error", {"message": error.message, "notes": list(error.notes), "hint": error.hint})

    def answer(self, text: str) -> None:
        """Print the data that a command was asked for: exactly as it is, but on a terminal as far as that is safe."""
        print_result("\n".join(map(printable, text.split("\n"))) if self.out.isatty() else text, self.out)

    def answer_lines(self, lines: Iterable[str], *, data: bool = False) -> None:
        """Print what a command was asked for, line by line: sentences, or `data` as `answer` has it."""
        show = _sentence if not data else printable if self.out.isatty() else str
        print_result("".join(f"{show(line)}\n" for line in lines), self.out)

    def event(self, kind: str, fields: Mapping[str, object]) -> None:
        """Print one JSON object on a line of its own, if JSON was asked for."""
        if self.message_format == "json":
            print_result(f"{json.dumps({'event': kind, **_redacted(fields)})}\n", self.out)

    def _paint(self, style: str, text: str) -> str:
        return f"{_STYLES[style]}{text}{_RESET}" if self.color else text

    def _say(self, line: str) -> None:
        with self._progress.hidden(self.err):
            _write(self.err, f"{self.label}{line}\n")

    def ask(self, question: str, *, secret: bool = False) -> str:
        """Return what somebody at the terminal answers; a `secret` is not shown while it is typed."""
        import getpass

        with interrupts.RaiseImmediately():
            if secret:
                return getpass.getpass(printable(question), stream=self.err)
            _write(self.err, printable(question))
            return sys.stdin.readline().strip()


def _bar(event: ProgressEvent) -> str:
    filled = _BAR_WIDTH * event.done // event.total
    bar = "#" * filled + " " * (_BAR_WIDTH - filled)
    return f"{event.text:>{LABEL_WIDTH}} [{bar}] {100 * event.done // event.total:3}% of {size_text(event.total)}"


def printable(text: str) -> str:
    r"""Return the text with escapes for what would steer a terminal: no colour, no move of the cursor, no new line.

    >>> print(printable("name\x1b[31m\r\nerror: none\u202e"))
    name\x1b[31m\r\nerror: none\u202e
    """
    return _STEERING.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def _sentence(text: str) -> str:
    shown = text if len(text) <= LONGEST_SENTENCE else f"{text[:LONGEST_SENTENCE]}…"
    return printable(strip_userinfo(shown))


def _redacted(value: Any) -> Any:
    """Return a JSON value without the users and passwords of URLs in its texts."""
    match value:
        case str():
            return strip_userinfo(value)
        case Mapping():
            return {key: _redacted(item) for key, item in value.items()}
        case list() | tuple():
            return [_redacted(item) for item in value]
        case _:
            return value


def print_result(text: str, stream: TextIO | None = None) -> None:
    """Write what was asked for to stdout, or what stands for it.

    Raises `CratewheelError` where it cannot be written, such as on a full disk; `BrokenPipeError` where nobody reads
    it any more.
    """
    try:
        _write(sys.stdout if stream is None else stream, text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise stdout_error(error) from error


def stdout_error(error: OSError) -> CratewheelError:
    """Return what is said where stdout cannot be written."""
    return CratewheelError(
        f"stdout cannot be written: {error.strerror or error}", hint="make room there, or write to another file"
    )


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
    except UnicodeEncodeError:  # a name that the terminal's encoding lacks must not end the build
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


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
    """Return the `Ui` of this process's own stdout and stderr."""
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
