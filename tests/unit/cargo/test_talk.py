"""What cargo says is shown, and its end kept."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from cratewheel.cargo.config import TerminalSettings
from cratewheel.cargo.talk import KEPT, Talk, terminal_variables
from cratewheel.events import CallbackReporter, Event, OutputEvent
from cratewheel.system.command import Command
from cratewheel.ui import Ui

COMMAND = Command(argv=("cargo", "build"), cwd=Path("/p"))


def test_lines_are_shown_and_kept() -> None:
    seen: list[Event] = []
    talk = Talk(CallbackReporter(on_event=seen.append))
    with talk.reading() as readers:
        for line in ("   Compiling a", "error: no"):
            readers["on_error_line"](line)
    assert seen == [OutputEvent(text="   Compiling a\n"), OutputEvent(text="error: no\n")]
    assert talk.text == "   Compiling a\nerror: no\n"
    assert talk.prepare(COMMAND, {}) == COMMAND


def test_a_line_about_a_lock_is_shown_once_for_all_labels() -> None:
    seen: list[Event] = []
    reporter = CallbackReporter(on_event=seen.append)
    for label in ("cp311", "cp312"):
        with Talk(reporter.with_label(label)).reading() as readers:
            for line in ("    Blocking waiting for file lock on package cache", "warning: odd", "warning: odd"):
                readers["on_error_line"](line)
    assert [event.text for event in seen if isinstance(event, OutputEvent)] == [
        "[cp311]     Blocking waiting for file lock on package cache\n",
        *("[cp311] warning: odd\n",) * 2,
        *("[cp312] warning: odd\n",) * 2,
    ]


def test_where_progress_is_shown_it_is_read_and_the_rest_kept() -> None:
    err = io.StringIO()
    ui = Ui(out=io.StringIO(), err=err, live=True)
    with ui.display(["cp312"]):
        talk = Talk(ui.with_label("cp312"))
        with talk.reading() as readers:
            readers["on_error_text"]("    Building [> ] 1/2: app\r   Compiling app v1\nerror: no")
        assert talk.text == "error: no\n"
        added = {"CARGO_TERM_PROGRESS_WHEN": "always", "CARGO_TERM_PROGRESS_WIDTH": "100"}
        assert dict(talk.prepare(COMMAND, {}).env) == added
        assert talk.prepare(COMMAND, dict.fromkeys(added, "")) == COMMAND
    assert "cp312 compiling       1/2" in err.getvalue()


def test_only_the_end_is_kept() -> None:
    talk = Talk(CallbackReporter(on_event=lambda _: None))
    for letter in "abcd":
        talk.show(letter * (KEPT // 2))
    assert talk.text == "".join(letter * (KEPT // 2) for letter in "bcd")


@pytest.mark.parametrize(
    ("settings", "environ", "variables"),
    [
        ({}, {}, {"COLOR": "always", "PROGRESS_WHEN": "always", "PROGRESS_WIDTH": "80"}),
        ({}, {"NO_COLOR": "1"}, {"COLOR": "never", "PROGRESS_WHEN": "always", "PROGRESS_WIDTH": "80"}),
        ({}, {"TERM": "dumb"}, {"COLOR": "never", "PROGRESS_WHEN": "never", "PROGRESS_WIDTH": "80"}),
        ({}, {"CI": "1"}, {"COLOR": "always", "PROGRESS_WHEN": "never", "PROGRESS_WIDTH": "80"}),
        ({}, {"CARGO_TERM_COLOR": "never"}, {"PROGRESS_WHEN": "always", "PROGRESS_WIDTH": "80"}),
        ({"color": "never"}, {}, {"PROGRESS_WHEN": "always", "PROGRESS_WIDTH": "80"}),
        ({"color": "auto", "progress": "never"}, {}, {"COLOR": "always", "PROGRESS_WIDTH": "80"}),
    ],
)
def test_cargo_writes_as_to_the_terminal(
    settings: dict[str, Any], environ: dict[str, str], variables: dict[str, str]
) -> None:
    assert dict(terminal_variables(80, environ, TerminalSettings(**settings))) == {
        f"CARGO_TERM_{name}": value for name, value in variables.items()
    }


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("start", ["error: ", "\x1b[1m\x1b[91merror\x1b[0m: ", "error[E0001]: "])
def test_what_follows_the_first_error_can_be_held(size: int, start: str) -> None:
    seen: list[Event] = []
    talk = Talk(CallbackReporter(on_event=seen.append), hold_errors=True)
    before, after = "    Updating errors of the index\r\x1b[Kentries\n", f"{start}no matching package\nerror: more\n"
    for begin in range(0, len(before + after), size):
        talk.show((before + after)[begin : begin + size])
    assert "".join(event.text for event in seen if isinstance(event, OutputEvent)) == before
    assert talk.text == before + after


def test_bright_colours_are_shown_as_plain_ones() -> None:
    seen: list[Event] = []
    Talk(CallbackReporter(on_event=seen.append)).show(
        "\x1b[1m\x1b[92m   Compiling\x1b[0m a\n\x1b[1;91merror\x1b[0m: no\n"
    )
    assert seen == [OutputEvent(text="\x1b[1m\x1b[32m   Compiling\x1b[0m a\n\x1b[1;31merror\x1b[0m: no\n")]
