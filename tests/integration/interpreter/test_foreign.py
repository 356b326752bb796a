"""Choosing the Pythons of a system that is not here."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.errors import InterpreterError
from foreign_pythons import found


def test_a_python_of_the_target_is_known_by_its_name_as_it_cannot_be_started(tmp_path: Path) -> None:
    program = tmp_path / "python3.12"
    program.write_bytes(b"\x7fELF of another machine")
    program.chmod(0o755)
    assert found(str(program)) == (["CPython 3.12"], "")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo no >&2; exit 3", "is not a working Python interpreter"),
        ("exit 3", "cannot be identified"),
    ],
)
def test_a_program_that_is_no_python_is_an_error(tmp_path: Path, script: str, message: str) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    with pytest.raises(InterpreterError, match=message):
        found(str(program))
