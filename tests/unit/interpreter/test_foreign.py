"""Choosing the Pythons of a system that is not here."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from cratewheel.errors import InterpreterError
from cratewheel.interpreter import foreign
from cratewheel.interpreter.model import Supported
from cratewheel.targets.triples import is_foreign, parse
from cratewheel.ui import Ui
from foreign_pythons import PYO3, found


def test_without_words_all_that_fit() -> None:
    names, said = found(requires_python=">=3.12")
    assert names == ["CPython 3.12", "CPython 3.13", "CPython 3.14", "CPython 3.14t"]
    assert said == ""
    assert found(requires_python=">=3.11.4,<3.12")[0] == ["CPython 3.11", "PyPy 3.11", "PyPy 3.11 (pp80)"]
    assert found(requires_python="<=3.9")[0] == ["CPython 3.9"]
    assert found(requires_python=">=3.9,!=3.10.*,<3.12", supported=Supported())[0] == ["CPython 3.9", "CPython 3.11"]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("3.10", "3.14t", "pypy3.11"), ["CPython 3.10", "CPython 3.14t", "PyPy 3.11", "PyPy 3.11 (pp80)"]),
        (("3.10,3.12",), ["CPython 3.10", "CPython 3.12"]),
        (("3.10 3.12",), ["CPython 3.10", "CPython 3.12"]),
        (("python3.12", "cp312", "/usr/bin/python3.12", "3.12.4"), ["CPython 3.12"]),
        (("pypy",), ["PyPy 3.11", "PyPy 3.11 (pp80)"]),
        (("pp311",), ["PyPy 3.11", "PyPy 3.11 (pp80)"]),
        (("pypy311_pp80",), ["PyPy 3.11 (pp80)"]),
        (("pp311-pypy311_pp73", "cp314-cp314t"), ["PyPy 3.11", "CPython 3.14t"]),
        (("python3",), ["CPython 3.14"]),
    ],
)
def test_words_are_looked_up_in_the_table(words: tuple[str, ...], names: list[str]) -> None:
    assert found(*words) == (names, "")


def test_what_was_asked_for_and_does_not_fit_is_built_with_a_warning() -> None:
    names, said = found("3.15", requires_python="<3.15")
    assert names == ["CPython 3.15"]
    assert said == (
        "warning: CPython 3.15 was requested, but these bindings support CPython 3.9 to 3.14, PyPy 3.11 to 3.11\n"
        "warning: CPython 3.15 was requested, but the project's Requires-Python is <3.15: pip will not install the "
        "wheel there\n"
    )
    assert found("3.13t")[1] == ""


def test_each_says_by_which_word_it_was_asked_for() -> None:
    interpreters = foreign.find(
        ("3.12 3.13", "pypy3.11"),
        target=parse("aarch64-unknown-linux-gnu"),
        supported=PYO3,
        requires_python=None,
        environ={"PATH": ""},
        reporter=Ui(out=io.StringIO(), err=io.StringIO()),
    )
    assert [one.requested for one in interpreters] == ["3.12", "3.13", "pypy3.11", "pypy3.11"]


@pytest.mark.skipif(sys.platform == "win32", reason="the interpreter's file is a link")
@pytest.mark.skipif(
    sys.implementation.name != "cpython" or sys.version_info >= (3, 15), reason="PYO3 has no wheels for this Python"
)
@pytest.mark.parametrize("by_path", [True, False])
def test_a_program_of_this_machine_stands_for_the_same_python_of_the_target(tmp_path: Path, by_path: bool) -> None:
    (tmp_path / "python").symlink_to(sys.executable)
    word = str(tmp_path / "python") if by_path else "python"
    here = f"CPython {sys.version_info[0]}.{sys.version_info[1]}"
    assert found(word, environ={"PATH": str(tmp_path)}) == (
        [here],
        f"      Python {word} is {here} on this machine: using the same version for aarch64-unknown-linux-gnu\n",
    )


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("3.99", "describe it with PYO3_CONFIG_FILE or PYO3_CROSS_LIB_DIR"),
        ("graalpy3.9", "describe it with PYO3_CONFIG_FILE or PYO3_CROSS_LIB_DIR"),
        ("jython", "name it by its version: 3.12, 3.14t, pypy3.11"),
    ],
)
def test_a_word_that_names_none_of_them_is_an_error(word: str, hint: str) -> None:
    with pytest.raises(InterpreterError) as caught:
        found(word)
    assert caught.value.message == f"no interpreter `{word}` is known for aarch64-unknown-linux-gnu"
    assert caught.value.hint == hint
    assert "CPython 3.14t" in caught.value.notes[0]


def test_a_system_without_known_pythons() -> None:
    assert found(triple="x86_64-unknown-illumos", allow_empty=True) == ([], "")
    with pytest.raises(InterpreterError) as caught:
        found(triple="x86_64-unknown-illumos")
    assert caught.value.message == ("no Python is known for x86_64-unknown-illumos that this project supports")


def test_the_version_variable_of_pyo3_is_a_word() -> None:
    assert found(environ={"PYO3_CROSS_PYTHON_VERSION": "3.12"}) == (["CPython 3.12"], "")
    assert found("3.11", environ={"PYO3_CROSS_PYTHON_VERSION": "3.12"}) == (["CPython 3.11"], "")
    assert found(environ={"PYO3_CROSS_PYTHON_VERSION": "3.14t"}) == (["CPython 3.14t"], "")
    pypy = {"PYO3_CROSS_PYTHON_VERSION": "3.11", "PYO3_CROSS_PYTHON_IMPLEMENTATION": "PyPy"}
    assert found(environ=pypy) == (["PyPy 3.11", "PyPy 3.11 (pp80)"], "")
    with pytest.raises(InterpreterError) as caught:
        found(environ={"PYO3_CROSS_PYTHON_VERSION": "4.0"})
    assert caught.value.message == (
        "no interpreter `4.0`, which PYO3_CROSS_PYTHON_VERSION asks for, is known for aarch64-unknown-linux-gnu"
    )


def test_a_described_python_is_the_only_one_and_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "pyo3.txt"
    path.write_text("implementation=PyPy\nversion=3.10\n", encoding="utf-8")
    environ = {"PYO3_CONFIG_FILE": str(path)}
    names, said = found("3.12", "pypy3.10", "python", environ=environ, requires_python=">=3.11")
    assert names == ["PyPy 3.10"]
    assert said == (
        f"warning: skipped `3.12`: {path} describes PyPy 3.10, the only interpreter to build for\n"
        "warning: PyPy 3.10 was requested, but these bindings support CPython 3.9 to 3.14, PyPy 3.11 to 3.11\n"
        "warning: PyPy 3.10 was requested, but the project's Requires-Python is >=3.11: pip will not install the "
        "wheel there\n"
    )
    (one,) = foreign.find(
        (),
        target=parse("aarch64-unknown-linux-gnu"),
        supported=Supported(pypy=((3, 9), (3, 11))),
        requires_python=None,
        environ=environ,
        reporter=Ui(out=io.StringIO(), err=io.StringIO()),
    )
    assert one.requested == str(path)


@pytest.mark.parametrize(
    ("variable", "version"),
    [
        ("PYEMSCRIPTEN_PLATFORM_VERSION", "2026_0"),
        ("MATURIN_PYODIDE_ABI_VERSION", "2024_0"),
    ],
)
def test_a_platform_of_pyodide_has_one_python(variable: str, version: str) -> None:
    name = {"2026_0": "CPython 3.14", "2024_0": "CPython 3.12"}[version]
    assert found(triple="wasm32-unknown-emscripten", environ={variable: version})[0] == [name]
    assert found("3.11", triple="wasm32-unknown-emscripten", environ={variable: version})[0] == ["CPython 3.11"]


@pytest.mark.parametrize(
    ("target", "host", "answer"),
    [
        ("x86_64-unknown-linux-gnu", "x86_64-unknown-linux-gnu", False),
        ("x86_64-unknown-linux-musl", "x86_64-unknown-linux-gnu", True),
        ("aarch64-unknown-linux-gnu", "x86_64-unknown-linux-gnu", True),
        ("i686-unknown-linux-gnu", "x86_64-unknown-linux-gnu", True),
        ("aarch64-apple-darwin", "x86_64-apple-darwin", False),
        ("universal2-apple-darwin", "aarch64-apple-darwin", False),
        ("universal2-apple-darwin", "x86_64-unknown-linux-gnu", True),
        ("i686-pc-windows-msvc", "x86_64-pc-windows-msvc", False),
        ("x86_64-pc-windows-gnu", "x86_64-pc-windows-msvc", False),
        ("x86_64-pc-windows-msvc", "aarch64-pc-windows-msvc", False),
        ("aarch64-pc-windows-msvc", "x86_64-pc-windows-msvc", True),
        ("aarch64-apple-ios", "aarch64-apple-darwin", True),
    ],
)
def test_which_pythons_can_run_here(target: str, host: str, answer: bool) -> None:
    assert is_foreign(parse(target), parse(host)) is answer
