"""What each command says of itself: the pages of `-h` and `--help`, as files."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import golden
from cratewheel.cli import COMMANDS, main

GOLDEN = Path(__file__).with_name("golden")


def page(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    try:
        status: object = main(words)
    except SystemExit as end:
        status = end.code or 0
    assert status == 0
    return capsys.readouterr().out


@pytest.fixture(autouse=True)
def _usual_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((100, 50)))


@pytest.mark.parametrize("command", [*COMMANDS, "rebuild"])
def test_the_pages_of_a_command_are_those_of_its_file(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    short, long = page(capsys, command, "-h"), page(capsys, command, "--help")
    golden.check_text(GOLDEN / f"{command}.txt", f"{short}\n{'-' * 100}\n\n{long}")


@pytest.mark.parametrize("words", [["-h"], ["--help"], ["help"]])
def test_the_page_of_the_program_is_that_of_its_file(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    golden.check_text(GOLDEN / "cratewheel.txt", page(capsys, *words))


def test_a_command_has_its_page_by_each_of_its_names(capsys: pytest.CaptureFixture[str]) -> None:
    for command, (_, aliases, _) in COMMANDS.items():
        for name in aliases:
            assert page(capsys, name, "--help") == page(capsys, command, "--help") == page(capsys, "help", name)
    assert {name: aliases for name, (_, aliases, _) in COMMANDS.items() if aliases} == {
        "build": ("b",),
        "develop": ("dev",),
    }


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert page(capsys, "-V") == page(capsys, "--version")
    assert re.fullmatch(r"cratewheel \d+\.\d+\.\d+\S*\n", page(capsys, "-V"))
