"""What is told while a command works."""

from __future__ import annotations

from pathlib import Path

from cratewheel.events import (
    BuiltArchive,
    CallbackReporter,
    DetailEvent,
    Event,
    ExplanationEvent,
    HideArchives,
    OutputEvent,
    StepEvent,
    WarningEvent,
)
from system_paths import native

WHEEL = BuiltArchive(kind="wheel", path=Path("/o/w.whl"), sha256="ab", size=3, tag="py3-none-any", serves=("CPython",))


def test_each_call_is_an_event_and_a_warning_comes_once() -> None:
    events: list[Event] = []
    reporter = CallbackReporter(on_event=events.append)
    reporter.step("Building", "app")
    reporter.detail("more")
    for _ in range(2):
        reporter.warn("odd", hint="fix it")
    reporter.pass_output("a\nb\n")
    reporter.explain(("because",))
    reporter.with_label("cp312").warn("odd")
    assert events == [
        StepEvent(verb="Building", text="app"),
        DetailEvent(text="more"),
        WarningEvent(text="odd", hint="fix it"),
        OutputEvent(text="a\nb\n"),
        ExplanationEvent(lines=("because",)),
    ]


def test_the_output_of_several_works_is_labelled_line_by_line() -> None:
    events: list[Event] = []
    CallbackReporter(on_event=events.append).with_label("cp312").pass_output("a\nb")
    assert events == [OutputEvent(text="[cp312] a\n[cp312] b")]


def test_a_reporter_works_without_a_listener() -> None:
    CallbackReporter().step("Building", "app")


def test_archives_that_are_built_on_the_way_are_not_told_of() -> None:
    events: list[Event] = []
    reporter = HideArchives(reporter=CallbackReporter(on_event=events.append)).with_label("x")
    reporter.emit(WHEEL)
    reporter.step("Building", "app")
    assert events == [StepEvent(verb="Building", text="app")]
    assert (reporter.inherits_stderr, reporter.shows_steps, reporter.colored) == (False, True, False)


def test_only_a_wheel_has_a_tag_in_json() -> None:
    assert WHEEL.as_json() == {
        "kind": "wheel", "tag": "py3-none-any", "serves": ["CPython"], "sha256": "ab", "size": 3,
        "path": native("/o/w.whl"),
    }  # fmt: skip
    sdist = BuiltArchive(kind="sdist", path=Path("/o/s.tar.gz"), sha256="cd", size=4)
    assert sdist.as_json() == {"kind": "sdist", "sha256": "cd", "size": 4, "path": native("/o/s.tar.gz")}
