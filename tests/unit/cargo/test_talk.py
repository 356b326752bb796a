"""What cargo says is shown, and its end kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.cargo.talk import KEPT, Talk, terminal_variables
from cratewheel.events import CallbackReporter, Event, OutputEvent
from cratewheel.system.command import Command

COMMAND = Command(argv=("cargo", "build"), cwd=Path("/p"))


def test_lines_are_shown_and_kept() -> None:
    seen: list[Event] = []
    talk = Talk(CallbackReporter(on_event=seen.append))
    for line in ("   Compiling a", "error: no"):
        talk.readers["on_error_line"](line)
    assert seen == [OutputEvent(text="   Compiling a\n"), OutputEvent(text="error: no\n")]
    assert talk.text == "   Compiling a\nerror: no\n"
    assert talk.prepare(COMMAND, {}) == COMMAND


def test_only_the_end_is_kept() -> None:
    talk = Talk(CallbackReporter(on_event=lambda _: None))
    for letter in "abcd":
        talk.show(letter * (KEPT // 2))
    assert talk.text == "".join(letter * (KEPT // 2) for letter in "bcd")


@pytest.mark.parametrize(
    ("width", "environ", "variables"),
    [
        (None, {}, {}),
        (80, {}, {"COLOR": "always", "PROGRESS_WHEN": "always", "PROGRESS_WIDTH": "80"}),
        (80, {"NO_COLOR": "1"}, {"COLOR": "never", "PROGRESS_WHEN": "always", "PROGRESS_WIDTH": "80"}),
        (80, {"TERM": "dumb"}, {"COLOR": "never", "PROGRESS_WHEN": "never", "PROGRESS_WIDTH": "80"}),
        (80, {"CI": "1"}, {"COLOR": "always", "PROGRESS_WHEN": "never", "PROGRESS_WIDTH": "80"}),
        (80, {"CARGO_TERM_COLOR": "never"}, {"PROGRESS_WHEN": "always", "PROGRESS_WIDTH": "80"}),
    ],
)
def test_cargo_writes_as_to_the_terminal(width: int | None, environ: dict[str, str], variables: dict[str, str]) -> None:
    assert dict(terminal_variables(width, environ)) == {
        f"CARGO_TERM_{name}": value for name, value in variables.items()
    }
