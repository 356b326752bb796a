"""Typed events of a running command, and the `Reporter` that emits them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEvent:
    """A step of the work, or a fact that was found: a short verb, and the rest of the sentence."""

    verb: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailEvent:
    """What only `--verbose` shows."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningEvent:
    """Something that is probably not meant; the work goes on. Each text comes once."""

    text: str
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputEvent:
    """What another program printed, most often cargo: one line or several, with their line ends."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationEvent:
    """Reasons that `explain` asked for, line by line."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEvent:
    """What will be built for one target, as `--dry-run --message-format json` prints it."""

    plan: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltArchive:
    """An archive that was written: its path, the SHA-256 of its bytes in hexadecimal, and its size in bytes.

    A wheel has its compressed `tag` and the Pythons that it `serves`, by the names that people know.
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
class ProgressEvent:
    """How much of a long work is done, in bytes; a `total` of 0 ends it."""

    text: str
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadEvent:
    """What became of an archive that was to be uploaded: `uploaded`, or `skipped` as it was there."""

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
    | BuiltArchive
    | ProgressEvent
    | UploadEvent
)


class Reporter:
    """Tells what happens; what becomes of an event, `emit` of the class below decides."""

    __slots__ = ()

    label: str
    _warned: set[str]

    @property
    def inherits_stderr(self) -> bool:
        """Whether programs may write to this process's stderr themselves, as cargo's progress bar must."""
        return False

    @property
    def shows_steps(self) -> bool:
        """Whether anybody sees what is no warning: else programs are told to be quiet as well."""
        return True

    @property
    def colored(self) -> bool:
        """Whether programs whose output is handed on are to colour it."""
        return False

    def emit(self, event: Event) -> None:
        """Hand on one event."""
        raise NotImplementedError

    def labelled(self, label: str) -> Reporter:
        """Return a reporter whose events carry a label: for one of several works at once."""
        raise NotImplementedError

    def step(self, verb: str, text: str) -> None:
        """Say what was found or is being done: a short verb, and the rest of the line."""
        self.emit(StepEvent(verb=verb, text=text))

    def detail(self, text: str) -> None:
        """Say a line that only `-v` shows."""
        self.emit(DetailEvent(text=text))

    def warn(self, text: str, *, hint: str | None = None) -> None:
        """Say that something is probably not meant, once for all the archives that it concerns; the work goes on."""
        if text not in self._warned:
            self._warned.add(text)
            self.emit(WarningEvent(text=text, hint=hint))

    def passthrough(self, text: str) -> None:
        """Hand on what another program printed."""
        self.emit(OutputEvent(text=text))

    def ask(self, question: str, *, secret: bool = False) -> str:  # noqa: ARG002  # for those below
        """Return what somebody at a terminal answers; nothing where there is nobody."""
        return ""

    def explain(self, lines: tuple[str, ...]) -> None:
        """Say reasons that were asked for."""
        self.emit(ExplanationEvent(lines=lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackReporter(Reporter):
    """Hands each event to a function; None drops them."""

    on_event: Callable[[Event], None] | None = None
    label: str = ""
    _warned: set[str] = field(default_factory=set, repr=False, compare=False)

    def emit(self, event: Event) -> None:
        """Call the function with the event."""
        if self.on_event is not None:
            self.on_event(event)

    def labelled(self, label: str) -> CallbackReporter:
        """Return a reporter that begins what programs print with the label."""
        return replace(self, label=label)

    def passthrough(self, text: str) -> None:
        """Hand on what another program printed, each line with the label."""
        prefix = f"{self.label} " if self.label else ""
        self.emit(OutputEvent(text="".join(f"{prefix}{line}" for line in text.splitlines(keepends=True))))


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutArchives(Reporter):
    """Hands everything to another reporter but the archives: what is built on the way is nobody's result."""

    reporter: Reporter
    _warned: set[str] = field(default_factory=set, repr=False, compare=False)

    @property
    def inherits_stderr(self) -> bool:
        """As the other reporter has it."""
        return self.reporter.inherits_stderr

    @property
    def shows_steps(self) -> bool:
        """As the other reporter has it."""
        return self.reporter.shows_steps

    @property
    def colored(self) -> bool:
        """As the other reporter has it."""
        return self.reporter.colored

    def emit(self, event: Event) -> None:
        """Hand on what is no archive."""
        if not isinstance(event, BuiltArchive):
            self.reporter.emit(event)

    def labelled(self, label: str) -> WithoutArchives:
        """Return one with a label."""
        return replace(self, reporter=self.reporter.labelled(label))
