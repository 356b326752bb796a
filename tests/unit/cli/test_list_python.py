from __future__ import annotations

import json
from pathlib import Path

from cratewheel.cli.list_python import as_json, known_for, render
from cratewheel.interpreter.model import Interpreter
from system_paths import native

ELEVEN = Interpreter(
    implementation="cpython",
    implementation_name="cpython",
    version=(3, 11),
    patch=7,
    ext_suffix=".cpython-311-x86_64-linux-gnu.so",
    soabi="cpython-311-x86_64-linux-gnu",
    platform="linux_x86_64",
    system="linux",
    executable=Path("/usr/bin/python3.11"),
    source="PATH",
)
PYPY = Interpreter(
    implementation="pypy",
    implementation_name="pypy",
    version=(3, 9),
    patch=16,
    ext_suffix=".pypy39-pp73-x86_64-linux-gnu.so",
    soabi="pypy39-pp73",
    platform="linux_x86_64",
    system="linux",
    executable=Path("/opt/pypy/bin/pypy3"),
    source="pyenv",
)


def test_the_list_for_people_is_a_line_an_interpreter() -> None:
    assert render([ELEVEN, PYPY]) == (
        native("CPython 3.11  3.11.7  /usr/bin/python3.11  (PATH)"),
        native("PyPy 3.9      3.9.16  /opt/pypy/bin/pypy3  (pyenv)"),
    )  # fmt: skip


def test_the_list_for_programs_is_json() -> None:
    assert json.loads(as_json([ELEVEN])) == [
        {
            "name": "CPython 3.11",
            "implementation": "cpython",
            "implementation_name": "cpython",
            "version": "3.11.7",
            "executable": native("/usr/bin/python3.11"),
            "source": "PATH",
            "python_tag": "cp311",
            "abi_tag": "cp311",
            "platform": "linux_x86_64",
            "system": "linux",
            "pointer_width": 64,
            "ext_suffix": ".cpython-311-x86_64-linux-gnu.so",
            "gil_disabled": False,
            "debug": False,
            "virtual_environment": False,
        }
    ]


def test_the_list_for_a_target_has_the_known_versions() -> None:
    assert render(known_for("x86_64-pc-windows-msvc"))[5:12] == (
        "CPython 3.12",
        "CPython 3.13",
        "CPython 3.14",
        "CPython 3.15",
        "CPython 3.13t",
        "CPython 3.14t",
        "CPython 3.15t",
    )
    first = json.loads(as_json(known_for("aarch64-unknown-linux-gnu")))[0]
    assert (first["version"], first["executable"], first["ext_suffix"]) == (
        "3.7",
        None,
        ".cpython-37m-aarch64-linux-gnu.so",
    )


def test_nothing_found_is_an_empty_list() -> None:
    assert render([]) == ()
    assert as_json([]) == "[]\n"
