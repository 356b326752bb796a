"""Searching Pythons for a system that is not here."""

from __future__ import annotations

import io

from packaging.specifiers import SpecifierSet

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
