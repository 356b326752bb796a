"""What several cargos at once write to stderr."""

from __future__ import annotations

import pytest

from cratewheel.cargo.output import LiveOutput, status_of
from cratewheel.events import CallbackReporter, Event, OutputEvent, PhaseEvent

GREEN, END = "\x1b[1m\x1b[92m", "\x1b[0m"


def read(*lines: str, label: str = "cp312") -> list[Event]:
    events: list[Event] = []
    reporter = CallbackReporter(on_event=events.append, label=label)
    output = LiveOutput(reporter, reporter.pass_output)
    for line in lines:
        output.read(f"{line}\n")
    output.flush()
    return events


def phase(name: str, **fields: int | str) -> PhaseEvent:
    return PhaseEvent(label="cp312", phase=name, **fields)  # type: ignore[arg-type]  # of PhaseEvent


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("   Compiling syn v2.0.1", ("Compiling", "syn v2.0.1")),
        (f"{GREEN}   Compiling{END} syn v2.0.1", ("Compiling", "syn v2.0.1")),
        ("    Updating crates.io index", ("Updating", "crates.io index")),
        ("    Blocking waiting for file lock on package cache", ("Blocking", "waiting for file lock on package cache")),
        (" Downloading 3 crates", ("Downloading", "3 crates")),
        ("  Compiling syn v2.0.1", None),
        ("        Note that it is unused", None),
        ("warning: unused variable: `x`", None),
        ("16 | fn unused() {}", None),
        ("", None),
    ],
)
def test_a_status_line_has_its_verb_in_cargos_column(line: str, expected: tuple[str, str] | None) -> None:
    assert status_of(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("    Building [====>         ] 12/40: syn, quote(build)",
         phase("compiling", done=12, total=40, detail="syn, quote(build)")),
        (f"{GREEN}    Building{END} [              ] 0/3", phase("compiling", done=0, total=3)),
        ("    Building [=============>] 39/40: app             ",
         phase("compiling", done=39, total=40, detail="app")),
        ("   Compiling syn v2.0.1 (/home/x)", phase("compiling", detail="syn")),
        ("    Blocking waiting for file lock on package cache",
         phase("waiting", detail="file lock on package cache")),
        ("    Updating crates.io index", phase("updating", detail="crates.io index")),
    ],
)  # fmt: skip
def test_progress_and_status_become_phases(line: str, expected: PhaseEvent) -> None:
    assert read(line) == [expected]


@pytest.mark.parametrize("line", ["    Finished `dev` profile [unoptimized] target(s) in 1.2s", "       Fresh syn v2"])
def test_what_the_display_says_anyway_is_dropped(line: str) -> None:
    assert read(line) == []


def test_a_diagnostic_is_passed_on_as_a_whole_with_its_colours() -> None:
    first = ("\x1b[33mwarning\x1b[0m: unused", " --> src/lib.rs:1:1", "  |", "1 | fn x() {}", "")
    assert read("   Compiling app v1", *first, "warning: `app` generated 1 warning", "    Finished `dev`") == [
        phase("compiling", detail="app"),
        OutputEvent(text="\n".join(first) + "\n"),
        OutputEvent(text="warning: `app` generated 1 warning\n"),
    ]


def test_what_is_held_back_at_the_end_is_not_lost() -> None:
    assert read("error: could not compile `app`") == [OutputEvent(text="error: could not compile `app`\n")]
    assert read("", "  ") == []


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_pieces_may_end_anywhere(size: int) -> None:
    text = (
        "    Building [>  ] 1/9: syn\r    Building [=> ] 2/9: syn\r   Compiling app v1\r\n"
        "warning: odd\r\n --> x:1:1\n\n"
        "    Building [==>] 8/9: app\rerror: last"
    )
    events: list[Event] = []
    reporter = CallbackReporter(on_event=events.append, label="cp312")
    output = LiveOutput(reporter, reporter.pass_output)
    for start in range(0, len(text), size):
        output.read(text[start : start + size])
    output.flush()
    assert events == [
        phase("compiling", done=1, total=9, detail="syn"),
        phase("compiling", done=2, total=9, detail="syn"),
        phase("compiling", detail="app"),
        OutputEvent(text="warning: odd\n --> x:1:1\n\n"),
        phase("compiling", done=8, total=9, detail="app"),
        OutputEvent(text="error: last\n"),
    ]
