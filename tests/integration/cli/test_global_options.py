"""Options before the command, and what the levels of -v and RUST_LOG show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from integration.conftest import Cratewheel


@pytest.mark.parametrize(
    "words",
    [
        ("-v", "list-python"), ("-q", "metadata"), ("--color", "never", "list-python"), ("-v", "build", "--help"),
        ("-v", "completions", "bash"), ("-vq", "--color=always", "generate-ci", "github"), ("-v", "--version"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_the_options_of_every_command_may_stand_before_it(run_light: Cratewheel, words: tuple[str, ...]) -> None:
    run = run_light(*words, crate="bin-two").ok()
    assert run.stdout


def test_options_alone_are_no_command(run_light: Cratewheel) -> None:
    assert run_light("-v", "-q").status == 2
    assert run_light("--locked", "build").status == 2


@pytest.mark.parametrize(
    ("words", "variable", "level"),
    [
        ((), None, 0), (("-v",), None, 1), (("-vv",), None, 2), (("-vvv",), None, 3), ((), "info", 1), ((), "debug", 2),
        ((), "cratewheel=trace", 3), (("-v",), "debug", 2),
    ],
)  # fmt: skip
def test_each_level_shows_more(run_light: Cratewheel, words: tuple[str, ...], variable: str | None, level: int) -> None:
    run = run_light(*words, "build", "--no-sdist", crate="bin-two", env={"RUST_LOG": variable}).ok()
    shown = [
        "running `cargo metadata" in run.stderr,
        "  because " in run.stderr,
        "cargo ended with status 0 after" in run.stderr,
    ]
    assert shown == [level >= 2, level >= 2, level >= 3]
    assert bool(re.search(r"^ +(Running|Fresh) ", run.stderr, re.MULTILINE)) == bool(words)  # cargo's own lines


def test_a_level_that_does_not_exist_is_wrong_usage(run_light: Cratewheel) -> None:
    run = run_light("list-python", env={"RUST_LOG": "cratewheel=loud"})
    assert (run.status, run.stdout) == (2, "")
    assert "RUST_LOG has the level 'loud', which does not exist" in run.stderr


def test_secrets_are_not_shown_with_the_programs(run_light: Cratewheel) -> None:
    run = run_light("build", "-vvv", "--config", "registries.mine.token='hush'", crate="bin-two")
    assert "running `cargo metadata" in run.stderr
    assert "registries.mine.token=***" in run.stderr
    assert "hush" not in run.stderr
