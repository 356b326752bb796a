"""The only module that prints: messages go to stderr, results to stdout.

stdout has the paths of the archives, or one JSON object per line with `--message-format json`. Messages are coloured
on a terminal unless NO_COLOR is set. Texts from a project, the environment or a program may contain terminal control
characters; messages show them as escapes. The output of cargo, and results for a file or pipe, are written
unchanged.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TextIO

from cratewheel.errors import CratewheelError
from cratewheel.events import (
    BuiltArchive,
    BuiltFile,
    DetailEvent,
    Event,
    ExplanationEvent,
    HookEvent,
    OutputEvent,
    PhaseEvent,
    PlanEvent,
    ProgressEvent,
    Reporter,
    StepEvent,
    UploadEvent,
    WarningEvent,
)
from cratewheel.live import DEFAULT_SIZE, Block, Display
from cratewheel.system import signals as interrupts
from cratewheel.system.redaction import strip_userinfo

MAX_MESSAGE = 20_000  # characters; longer messages are cut
LABEL_WIDTH = 12  # cargo right-aligns its verbs to this column

# none of the bright colours, which are hard to read on a white ground; `cargo.talk` does the same to cargo's
_STYLES = {"green": "\x1b[1;32m", "yellow": "\x1b[1;33m", "red": "\x1b[1;31m", "cyan": "\x1b[36m", "dim": "\x1b[2m"}
_RESET = "\x1b[0m"
_BAR_WIDTH = 30
_SHOWN_AS_PHASES = frozenset({"Building", "Copied", "Waiting"})  # steps of one of several wheels

# Control characters but the tab (C0, DEL, C1), and those that reorder text, hide in it, end a line or are no
# characters: the bidirectional controls of UAX #9, invisible operators and tags, U+2028 and U+2029, and halves of
# surrogate pairs.
_CONTROL_CHARACTERS = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)

MessageFormat = Literal["human", "json"]
Style = Literal["green", "yellow", "red", "cyan", "dim"]
ColorChoice = Literal["auto", "always", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ui(Reporter):
    """Prints events to `err` and results to `out`."""

    out: TextIO
    err: TextIO
    color: bool = False
    quiet: bool = False
    verbosity: int = 0
    message_format: MessageFormat = "human"
    live: bool = False
    bars: bool = True
    label: str = ""
    prefix: str = ""
    _warned: set[str] = field(default_factory=set, repr=False, compare=False)
    _block: Block = field(default_factory=Block, repr=False, compare=False)
    _displays: list[Display] = field(default_factory=list, repr=False, compare=False)

    @property
    def inherits_stderr(self) -> bool:
        """Whether programs write directly to our stderr: without a label, which could not be put before their lines."""
        return not self.label

    @property
    def terminal_width(self) -> int | None:
        """The number of columns of the terminal; None where stderr is none, or lines have a label."""
        if self.label or not self.err.isatty():
            return None
        with suppress(OSError, ValueError):  # a stream without a descriptor
            return os.get_terminal_size(self.err.fileno()).columns or None
        return None

    @property
    def shows_steps(self) -> bool:
        """Whether steps are shown."""
        return not self.quiet

    @property
    def colored(self) -> bool:
        """Whether programs whose output is passed on should colour it."""
        return bool(self.label) and self.color

    @property
    def shows_progress(self) -> bool:
        """Whether phases are shown as they change."""
        return bool(self.label and self._displays)

    @property
    def shows_paths(self) -> bool:
        """Whether results and messages are for the same eyes: then each path is shown once, in the messages."""
        human = self.message_format == "human" and not self.quiet
        return human and self.out.isatty() and self.err.isatty()

    @property
    def shows_decisions(self) -> bool:
        """Whether plans are shown with their reasons: with `-vv`."""
        return self.verbosity >= 2

    def log(self, level: int, text: str) -> None:
        """Print a line about a program, as a detail of that level."""
        self.detail(text, level)

    def with_label(self, label: str, width: int = 0) -> Ui:
        """Return a `Ui` that starts each line of messages with a label, for one of several parallel builds."""
        shown = f"[{_safe_message(label)}]"
        padding = " " * (width + len("[] ") - len(shown))
        return replace(self, label=label, prefix=f"{self._paint('dim', shown)}{padding or ' '}")

    @contextmanager
    def display(self, labels: Sequence[str]) -> Iterator[None]:
        """Show a line for each label at the end of the terminal, during the block."""
        if not self.live or self._displays:
            yield
            return
        display = Display(self._block, self._write_err, self._size, lambda text: self._paint("cyan", text))
        self._displays.append(display)
        display.start([_safe_message(label) for label in labels])
        try:
            yield
        finally:
            display.end()
            self._displays.remove(display)

    def emit(self, event: Event) -> None:
        """Print an event: messages to stderr, paths and JSON to stdout."""
        match event:
            case StepEvent() if not self.quiet and not (self.shows_progress and event.verb in _SHOWN_AS_PHASES):
                # aligned with cargo's own verbs
                self._write_line(f"{self._paint('green', event.verb.rjust(LABEL_WIDTH))} {_safe_message(event.text)}")
            case DetailEvent() if self.verbosity >= event.level:
                self._write_line(self._paint("dim", _safe_message(event.text)))
            case WarningEvent():
                self._write_line(f"{self._paint('yellow', 'warning')}: {_safe_message(event.text)}")
                if event.hint:
                    self._write_line(f"   {self._paint('cyan', 'help')}: {_safe_message(event.hint)}")
            case OutputEvent():
                self._pass_on(event.text)
            case ExplanationEvent():
                for line in event.lines:
                    self._write_line(_safe_message(line))
            case HookEvent() | PlanEvent() | BuiltArchive() | BuiltFile() | UploadEvent():
                self._result(event)
            case ProgressEvent() | PhaseEvent():
                self._show_progress(event)

    def _pass_on(self, text: str) -> None:
        lines = text.splitlines(keepends=True)
        with self._hidden():  # one write, since other threads write too
            _write(self.err, "".join(f"{self.prefix}{line}" for line in lines) if self.label else text)

    def _show_progress(self, event: ProgressEvent | PhaseEvent) -> None:
        if isinstance(event, PhaseEvent):
            texts = {name: _safe_message(getattr(event, name)) for name in ("phase", "detail")}
            for display in self._displays:
                display.change(_safe_message(event.label), done=event.done, total=event.total, **texts)
        elif not self.quiet and self.message_format == "human" and self.bars and self.err.isatty():
            self._block.draw([_bar(event)] if event.total else [], self._write_err, self._size)

    def _result(self, event: HookEvent | PlanEvent | BuiltArchive | BuiltFile | UploadEvent) -> None:
        if isinstance(event, HookEvent):
            self.step("Running" if event.runs else "Fresh", f"hook `{event.hook}` ({event.why})")
            self.event("hook", event.as_json())
        elif isinstance(event, PlanEvent):
            self.event("plan", event.plan)
        elif isinstance(event, UploadEvent):
            self.event("upload", event.as_json())
        elif self.message_format == "json":
            self.event("artifact", event.as_json())
        elif not (self.shows_paths and isinstance(event, BuiltArchive)):
            self.write_result(f"{event.path}\n")

    def error(self, error: CratewheelError) -> None:
        """Print an error with its notes and hint."""
        self._write_line(f"{self._paint('red', 'error')}: {_safe_message(error.message)}")
        for note in error.notes:
            self._write_line(f"       {_safe_message(note)}")
        if error.hint:
            self._write_line(f" {self._paint('cyan', 'help')}: {_safe_message(error.hint)}")
        self.event("error", {"message": error.message, "notes": list(error.notes), "hint": error.hint})

    def write_result(self, text: str) -> None:
        """Print a result unchanged; on a terminal, with control characters escaped."""
        with self._hidden():
            print_result("\n".join(map(escape_controls, text.split("\n"))) if self.out.isatty() else text, self.out)

    def write_result_lines(self, lines: Iterable[str], *, data: bool = False, wrap: bool = False) -> None:
        """Print result lines; `data` is printed unchanged to a file or pipe, as `write_result` does.

        With `wrap`, lines that are too long for a terminal are divided between words.
        """
        show = _safe_message if not data else escape_controls if self.out.isatty() else str
        shown = [show(line) for line in lines]
        if wrap and self.out.isatty():
            width = _columns(self.out)
            shown = [part for line in shown for part in _wrapped(line, width)]
        print_result("".join(f"{line}\n" for line in shown), self.out)

    def write_status(self, word: str, rest: str, *, style: Style) -> None:
        """Print a result line that starts with a word in colour, where colours are shown."""
        # stderr is coloured though it is no terminal: colours were asked for
        colored = self.color and (self.out.isatty() or not self.err.isatty())
        shown = f"{_STYLES[style]}{word}{_RESET}" if colored else word
        print_result(f"{shown}{_safe_message(rest)}\n", self.out)

    def event(self, kind: str, fields: Mapping[str, object]) -> None:
        """Print a JSON object on one line, with `--message-format json` only."""
        if self.message_format == "json":
            print_result(f"{json.dumps({'event': kind, **_redacted(fields)})}\n", self.out)

    def _paint(self, style: str, text: str) -> str:
        return f"{_STYLES[style]}{text}{_RESET}" if self.color else text

    def _write_line(self, line: str) -> None:
        with self._hidden():
            _write(self.err, f"{self.prefix}{line}\n")

    def _hidden(self) -> AbstractContextManager[None]:
        return self._block.hidden(self._write_err, self._size)

    def _write_err(self, text: str) -> None:
        _write(self.err, text)

    def _size(self) -> tuple[int, int]:
        try:
            size = os.get_terminal_size(self.err.fileno())
        except (OSError, ValueError):  # no terminal, or none with a descriptor
            return DEFAULT_SIZE
        return (size.columns or DEFAULT_SIZE[0], size.lines or DEFAULT_SIZE[1])

    def ask(self, question: str, *, secret: bool = False) -> str:
        """Return the answer of the user at the terminal; a `secret` is not shown while it is typed."""
        import getpass

        with interrupts.RaiseImmediately():
            if secret:
                return getpass.getpass(escape_controls(question), stream=self.err)
            _write(self.err, escape_controls(question))
            return sys.stdin.readline().strip()


def _columns(stream: TextIO) -> int:
    with suppress(OSError, ValueError):  # a stream without a descriptor
        return os.get_terminal_size(stream.fileno()).columns or DEFAULT_SIZE[0]
    return DEFAULT_SIZE[0]


def _wrapped(line: str, width: int) -> list[str]:
    """Return a line divided between words; what follows the first part is indented more than it.

    >>> _wrapped("  libraries: libc.so.6, libm.so.6", 24)
    ['  libraries: libc.so.6,', '      libm.so.6']
    """
    if len(line) <= width:
        return [line]
    import textwrap  # slow to import

    indent = " " * (len(line) - len(line.lstrip()) + 4)
    return textwrap.wrap(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )


def _bar(event: ProgressEvent) -> str:
    filled = _BAR_WIDTH * event.done // event.total
    bar = "#" * filled + " " * (_BAR_WIDTH - filled)
    return f"{event.text:>{LABEL_WIDTH}} [{bar}] {100 * event.done // event.total:3}% of {format_size(event.total)}"


def escape_controls(text: str) -> str:
    r"""Return the text with terminal control characters escaped: no colours, cursor moves or new lines.

    >>> print(escape_controls("name\x1b[31m\r\nerror: none\u202e"))
    name\x1b[31m\r\nerror: none\u202e
    """
    return _CONTROL_CHARACTERS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def _safe_message(text: str) -> str:
    shown = text if len(text) <= MAX_MESSAGE else f"{text[:MAX_MESSAGE]}…"
    return escape_controls(strip_userinfo(shown))


def _redacted(value: Any) -> Any:
    """Return a JSON value without users and passwords in the URLs of its texts."""
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
    """Write a result to stdout, or to `stream`.

    Raises `CratewheelError` when it cannot be written, such as on a full disk; `BrokenPipeError` when the reader has
    exited.
    """
    try:
        _write(sys.stdout if stream is None else stream, text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise stdout_error(error) from error


def stdout_error(error: OSError) -> CratewheelError:
    """Return the error for a failed write to stdout."""
    return CratewheelError(
        f"cannot write to stdout: {error.strerror or error}",
        hint="free disk space, or redirect the output to another place",
    )


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
    except UnicodeEncodeError:  # a character missing in the terminal's encoding must not fail the build
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def use_color(choice: ColorChoice, environ: Mapping[str, str], *, terminal: bool) -> bool:
    """Return whether to use colour: by `choice`, CARGO_TERM_COLOR, NO_COLOR, FORCE_COLOR, else on a terminal.

    >>> use_color("auto", {"NO_COLOR": "1"}, terminal=True)
    False
    """
    words = (choice, environ.get("CARGO_TERM_COLOR"))
    if (wanted := next((word for word in words if word in ("always", "never")), None)) is not None:
        return wanted == "always"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return terminal and environ.get("TERM") != "dumb"


def use_live(environ: Mapping[str, str], *, terminal: bool, progress: ColorChoice = "auto") -> bool:
    """Return whether lines can be drawn again: on a terminal that moves its cursor, and not in a CI job's log.

    `progress` is cargo's setting `term.progress.when`: `always` is for CI jobs with a terminal.

    >>> use_live({"TERM": "xterm"}, terminal=True), use_live({"TERM": "xterm", "CI": "true"}, terminal=True)
    (True, False)
    """
    wanted = progress == "always" or (progress == "auto" and not environ.get("CI"))
    return terminal and wanted and environ.get("TERM", "dumb") != "dumb"


def terminal_ui(
    environ: Mapping[str, str],
    *,
    color: ColorChoice = "auto",
    quiet: bool = False,
    verbosity: int = 0,
    message_format: MessageFormat = "human",
    progress: ColorChoice = "auto",
) -> Ui:
    """Return a `Ui` for this process's stdout and stderr."""
    return Ui(
        out=sys.stdout,
        err=sys.stderr,
        color=use_color(color, environ, terminal=sys.stderr.isatty()),
        quiet=quiet,
        verbosity=verbosity,
        message_format=message_format,
        live=not quiet and not verbosity and use_live(environ, terminal=sys.stderr.isatty(), progress=progress),
        bars=progress != "never",
    )


def format_size(size: int) -> str:
    """Return a number of bytes as readable text.

    >>> format_size(1536), format_size(12_345_678)
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


def format_duration(seconds: float) -> str:
    """Return a time as people say it.

    >>> format_duration(3.14), format_duration(47.2), format_duration(125)
    ('3.1 s', '47 s', '2 min 5 s')
    """
    if round(seconds, 1) < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"
