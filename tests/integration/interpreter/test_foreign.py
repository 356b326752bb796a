"""Choosing the Pythons of a system that is not here."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from cratewheel.errors import InterpreterError
from cratewheel.interpreter import foreign
from cratewheel.interpreter.model import Supported
from cratewheel.targets.triples import parse
from cratewheel.ui import Ui

PYO3 = Supported(cpython=((3, 9), (3, 14)), pypy=((3, 11), (3, 11)), graalpy=None, free_threaded=True)


def found(
    *words: str,
    triple: str = "aarch64-unknown-linux-gnu",
    supported: Supported = PYO3,
    requires_python: str | None = None,
    environ: dict[str, str] | None = None,
    allow_empty: bool = False,
) -> tuple[list[str], str]:
    """Return the names of what is found, and what was said."""
    said = io.StringIO()
    interpreters = foreign.find(
        words,
        target=parse(triple),
        supported=supported,
        requires_python=SpecifierSet(requires_python) if requires_python else None,
        environ={"PATH": "", **(environ or {})},
        reporter=Ui(out=io.StringIO(), err=said),
        allow_empty=allow_empty,
    )
    assert all(one.executable is None for one in interpreters)
    return [one.display for one in interpreters], said.getvalue()


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
