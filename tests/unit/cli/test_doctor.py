"""The page that `doctor` prints."""

from __future__ import annotations

from cratewheel.cli.doctor import render
from cratewheel.commands.doctor import Check, summary

CHECKS = (
    Check(subject="rustc", state="ok", text="1.95.0", hint="not shown"),
    Check(subject="uniffi-bindgen", state="note", text="not found", hint="add it"),
    Check(subject="linker", state="problem", text="cc was not found", hint="install it"),
)


def test_subjects_are_aligned_and_states_coloured() -> None:
    assert render(CHECKS) == (
        ("green", "ok     ", "  rustc           1.95.0"),
        ("yellow", "note   ", "  uniffi-bindgen  not found"),
        ("cyan", "         help", ": add it"),
        ("red", "problem", "  linker          cc was not found"),
        ("cyan", "         help", ": install it"),
    )
    assert render(()) == ()


def test_the_last_line_counts() -> None:
    assert summary(CHECKS) == "1 problem, 1 note"
    assert summary(CHECKS[:1]) == "no problems, no notes"
