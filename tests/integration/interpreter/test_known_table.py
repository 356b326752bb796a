"""The table of interpreters, for systems that are not here."""

from __future__ import annotations

import io
import os
import sys
import sysconfig
from pathlib import Path

import pytest

from cratewheel.interpreter.discover import probe
from cratewheel.interpreter.known_table import known
from cratewheel.interpreter.model import Interpreter
from cratewheel.targets.triples import parse
from cratewheel.ui import Ui


@pytest.mark.skipif(sys.platform != "linux", reason="the interpreters are those of a Linux machine")
def test_the_table_agrees_with_the_interpreters_of_this_machine() -> None:
    machine = os.uname().machine
    table = {one.display: one for one in known(parse(f"{machine}-unknown-linux-gnu"))}
    programs = [
        Path(sys.executable),
        *Path.home().glob(".pyenv/versions/3.[89]*/bin/python3"),
        *Path.home().glob(".pyenv/versions/3.1?.*/bin/python3"),
        Path("/usr/bin/pypy3"),
    ]
    checked = []
    for program in programs:
        found = (
            probe(program, dict(os.environ), reporter=Ui(out=io.StringIO(), err=io.StringIO()))
            if program.exists()
            else None
        )
        if isinstance(found, Interpreter) and found.display in table:
            one = table[found.display]
            same = ("ext_suffix", "abiflags", "pointer_width", "gil_disabled", "system", "python_tag", "abi_tag")
            assert {name: getattr(one, name) for name in same} == {name: getattr(found, name) for name in same}
            checked.append(found.display)
    assert f"CPython {sysconfig.get_python_version()}" in checked
