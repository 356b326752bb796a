"""What shells complete: the options of each command, as a list that is checked in."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

import golden
from cratewheel.cli import main
from cratewheel.cli.completions import command_lines
from cratewheel.commands.completions import SHELLS

GOLDEN = Path(__file__).with_name("golden") / "completions.json"


def said(value: Any) -> dict[str, Any]:
    """Return the fields that are not at their defaults."""
    return {
        field.name: getattr(value, field.name)
        for field in dataclasses.fields(value)
        if getattr(value, field.name) != field.default
    }


def test_the_options_of_each_command_are_completed() -> None:
    golden.check_json(
        GOLDEN,
        [
            {
                **said(line),
                "options": [said(option) for option in line.options],
                "positional": line.positional and said(line.positional),
            }
            for line in command_lines()
        ],
    )


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_is_printed(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completions", shell]) == 0
    assert capsys.readouterr().out.rstrip("\n") == SHELLS[shell](command_lines()).rstrip("\n")
