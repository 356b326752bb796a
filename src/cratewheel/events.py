"""Typed events of a running command, and the `Reporter` that emits them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEvent:
    """A step of the work, or a fact that was found: a short verb, and the rest of the line."""

    verb: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailEvent:
    """A line shown with `--verbose` repeated at least `level` times."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningEvent:
    """A warning; the work goes on. Each text is emitted once."""

    text: str
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputEvent:
    """Output of another program, most often cargo: one or more lines, with their line ends."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationEvent:
    """The reasons that `--explain` prints, one per line."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEvent:
    """What will be built for one target, as `--dry-run --message-format json` prints it."""

    plan: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltArchive:
    """An archive that was written: its path, the SHA-256 of its bytes in hexadecimal, and its size in bytes.

    A wheel has its compressed `tag`, and in `serves` the names of the Pythons that can install it.
    """

    kind: Literal["wheel", "sdist"]
    path: Path
    sha256: str
    size: int
    tag: str | None = None
    serves: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return the fields that `--message-format json` prints."""
        of_wheel = {"tag": self.tag, "serves": list(self.serves)} if self.kind == "wheel" else {}
        return {"kind": self.kind, **of_wheel, "sha256": self.sha256, "size": self.size, "path": str(self.path)}


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltFile:
    """A file of `build-extension` that was written: its path, its wheel's tag, and the Pythons that it is for."""

    path: Path
    tag: str = ""
    serves: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return the fields that `--message-format json` prints."""
        return {"kind": "file", "tag": self.tag, "serves": list(self.serves), "path": str(self.path)}


@dataclass(frozen=True, slots=True, kw_only=True)
class HookEvent:
    """A hook of the project that runs, or need not, and the reason."""

    hook: str
    when: str
    runs: bool
    why: str

    def as_json(self) -> dict[str, object]:
        """Return the fields that `--message-format json` prints."""
        return {"hook": self.hook, "when": self.when, "runs": self.runs, "why": self.why}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressEvent:
    """Progress of a long step, in bytes; a `total` of 0 ends it."""

    text: str
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseEvent:
    """What is done for one of several wheels that are built side by side, named by `label`.

    The phases are `waiting`, `compiling`, `packing`, `done`, and others that cargo has; `done` of `total` crates are
    compiled, and `total` is 0 where cargo has not said it.
    """

    label: str
    phase: str
    done: int = 0
    total: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadEvent:
    """The result of uploading one archive: `uploaded`, or `skipped` because the repository had it."""

    path: Path
    state: str
    repository: str

    def as_json(self) -> dict[str, object]:
        """Return the fields that `--message-format json` prints."""
        return {"state": self.state, "repository": self.repository, "path": str(self.path)}


Event = (
    StepEvent
    | DetailEvent
    | WarningEvent
    | OutputEvent
    | ExplanationEvent
    | PlanEvent
    | BuiltFile
    | BuiltArchive
    | HookEvent
    | ProgressEvent
    | PhaseEvent
    | UploadEvent
)


class Reporter:
    """Base class of what receives events; subclasses implement `emit`."""

    __slots__ = ()

    label: str
    _warned: set[str]

    @property
    def inherits_stderr(self) -> bool:
        """Whether programs may write directly to this process's stderr, as cargo's progress bar must."""
        return False

    @property
    def terminal_width(self) -> int | None:
        """The number of columns of the terminal that shows the events; None where it is none."""
        return None

    @property
    def shows_steps(self) -> bool:
        """Whether more than warnings is shown; if not, programs are started with `--quiet`."""
        return True

    @property
    def colored(self) -> bool:
        """Whether programs whose output is passed on should colour it."""
        return False

    @property
    def shows_paths(self) -> bool:
        """Whether the messages name each archive by its path: where results are not printed beside them."""
        return False

    def archive_name(self, path: Path, cwd: Path) -> str:
        """Return what messages call an archive: its name, or its path, relative to `cwd` if it is below it."""
        if not self.shows_paths:
            return path.name
        return str(path.relative_to(cwd) if path.is_relative_to(cwd) else path)

    @property
    def shows_decisions(self) -> bool:
        """Whether plans are shown with their reasons: details of level 2."""
        return False

    def emit(self, event: Event) -> None:
        """Handle one event."""
        raise NotImplementedError

    @property
    def shows_progress(self) -> bool:
        """Whether phases are shown as they change, so that cargo should report its progress."""
        return False

    def with_label(self, label: str, width: int = 0) -> Reporter:
        """Return a reporter that labels its events, for one of several parallel builds; `width` is that of all."""
        raise NotImplementedError

    def display(self, labels: Sequence[str]) -> AbstractContextManager[None]:  # noqa: ARG002  # subclasses use it
        """Show what is done for each label during the block."""
        return nullcontext()

    def phase(self, phase: str, *, done: int = 0, total: int = 0, detail: str = "") -> None:
        """Report what is done now for the wheel of the label; without a label, nothing."""
        if self.label:
            self.emit(PhaseEvent(label=self.label, phase=phase, done=done, total=total, detail=detail))

    def is_new(self, text: str) -> bool:
        """Return whether the text is met for the first time, by this reporter or one with another label."""
        new = text not in self._warned
        self._warned.add(text)
        return new

    def step(self, verb: str, text: str) -> None:
        """Report a step or a fact: a short verb, and the rest of the line."""
        self.emit(StepEvent(verb=verb, text=text))

    def detail(self, text: str, level: int = 1) -> None:
        """Report a line that only `-v` shows; one of level 2 only `-vv`."""
        self.emit(DetailEvent(text=text, level=level))

    def warn(self, text: str, *, hint: str | None = None) -> None:
        """Emit a warning with `text`, once for all archives."""
        if self.is_new(text):
            self.emit(WarningEvent(text=text, hint=hint))

    def pass_output(self, text: str) -> None:
        """Pass on output of another program."""
        self.emit(OutputEvent(text=text))

    def ask(self, question: str, *, secret: bool = False) -> str:  # noqa: ARG002  # subclasses use it
        """Return the answer of a user at a terminal; an empty string without a terminal."""
        return ""

    def explain(self, lines: tuple[str, ...]) -> None:
        """Report reasons, one per line."""
        self.emit(ExplanationEvent(lines=lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackReporter(Reporter):
    """Calls a function with each event; None ignores them."""

    on_event: Callable[[Event], None] | None = None
    label: str = ""
    prefix: str = ""
    _warned: set[str] = field(default_factory=set, repr=False, compare=False)

    def emit(self, event: Event) -> None:
        """Call the function with the event."""
        if self.on_event is not None:
            self.on_event(event)

    def with_label(self, label: str, width: int = 0) -> CallbackReporter:
        """Return a reporter that starts each line of programs' output with the label."""
        return replace(self, label=label, prefix=f"[{label}] ".ljust(width + len("[] ")))

    def pass_output(self, text: str) -> None:
        """Pass on output of another program, each line with the label."""
        self.emit(OutputEvent(text="".join(f"{self.prefix}{line}" for line in text.splitlines(keepends=True))))


@dataclass(frozen=True, slots=True, kw_only=True)
class HideArchives(Reporter):
    """Passes all events but `BuiltArchive` to another reporter, for archives that are only intermediate."""

    reporter: Reporter
    label: str = ""
    _warned: set[str] = field(default_factory=set, repr=False, compare=False)

    @property
    def inherits_stderr(self) -> bool:
        """Same as the other reporter."""
        return self.reporter.inherits_stderr

    @property
    def terminal_width(self) -> int | None:
        """Same as the other reporter."""
        return self.reporter.terminal_width

    @property
    def shows_steps(self) -> bool:
        """Same as the other reporter."""
        return self.reporter.shows_steps

    @property
    def colored(self) -> bool:
        """Same as the other reporter."""
        return self.reporter.colored

    @property
    def shows_decisions(self) -> bool:
        """Same as the other reporter."""
        return self.reporter.shows_decisions

    def emit(self, event: Event) -> None:
        """Pass on the event unless it is a `BuiltArchive`."""
        if not isinstance(event, BuiltArchive):
            self.reporter.emit(event)

    @property
    def shows_progress(self) -> bool:
        """Same as the other reporter."""
        return self.reporter.shows_progress

    def with_label(self, label: str, width: int = 0) -> HideArchives:
        """Return a reporter with the label."""
        return replace(self, reporter=self.reporter.with_label(label, width), label=label)

    def display(self, labels: Sequence[str]) -> AbstractContextManager[None]:
        """Same as the other reporter."""
        return self.reporter.display(labels)
