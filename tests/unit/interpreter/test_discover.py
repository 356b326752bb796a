"""Finding interpreters on a machine of folders and stored answers: nothing is started."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from packaging.specifiers import SpecifierSet

from cratewheel.errors import InterpreterError
from cratewheel.interpreter.discover import default_python, find
from cratewheel.interpreter.model import EVERY, Interpreter, Supported

if TYPE_CHECKING:
    from unit.interpreter.conftest import Machine

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the folders are those of Unix")

PYO3 = Supported(pypy=((3, 9), (3, 11)), free_threaded=True)


def every(
    machine: Machine, supported: Supported = EVERY, requires: str | None = None, *, allow_empty: bool = False
) -> tuple[Interpreter, ...]:
    return find(
        (),
        supported=supported,
        requires_python=None if requires is None else SpecifierSet(requires),
        environ=machine.environ,
        cache_dir=machine.cache,
        reporter=machine.talkative,
        allow_empty=allow_empty,
    )


def named(machine: Machine, found: tuple[Interpreter, ...]) -> list[str]:
    return [f"{one.display}: {os.path.relpath(str(one.executable), machine.root)} ({one.source})" for one in found]


def everything(machine: Machine) -> None:
    machine.on_path("usr/bin", "opt/bin")
    machine.python("usr/bin/python3.11", "cpython-3.11-linux", "python3")
    machine.python("usr/bin/pypy3.9", "pypy-3.9-linux", "pypy3")
    machine.python("opt/bin/python3.12", "cpython-3.12-linux")
    machine.python("opt/bin/python3.12d", "cpython-3.12d-linux")
    machine.python("opt/bin/python3.13t", "cpython-3.13t-linux")
    machine.python("opt/bin/python3.14t", "cpython-3.14t-linux")
    machine.python("opt/bin/graalpy", "graalpy-3.11-linux")
    machine.python("home/.pyenv/versions/3.8.18/bin/python3.8", "cpython-3.8-linux", "python3", "python")
    machine.python("home/.pyenv/versions/3.6.15/bin/python3.6", "cpython-3.6-linux", "python3", "python")
    machine.python("home/.local/share/uv/python/cpython-3.9.1-linux/bin/python3.9", "cpython-3.9-linux")
    machine.python("opt/python/cp310-cp310/bin/python3.10", "cpython-3.10-linux")


def test_every_interpreter_of_a_machine_is_found_in_order(machine: Machine) -> None:
    everything(machine)
    assert named(machine, every(machine)) == [
        "CPython 3.8: home/.pyenv/versions/3.8.18/bin/python3.8 (pyenv)",
        "CPython 3.9: home/.local/share/uv/python/cpython-3.9.1-linux/bin/python3.9 (uv)",
        f"CPython 3.10: opt/python/cp310-cp310/bin/python3.10 ({machine.root}/opt/python)",
        "CPython 3.11: usr/bin/python3.11 (PATH)",
        "CPython 3.12: opt/bin/python3.12 (PATH)",
        "CPython 3.12d: opt/bin/python3.12d (PATH)",
        "CPython 3.13t: opt/bin/python3.13t (PATH)",
        "CPython 3.14t: opt/bin/python3.14t (PATH)",
        "PyPy 3.9: usr/bin/pypy3.9 (PATH)",
        "GraalPy 3.11: opt/bin/graalpy (PATH)",
    ]


def test_only_those_that_the_bindings_and_the_project_fit_are_built_for(machine: Machine) -> None:
    everything(machine)
    assert [one.display for one in every(machine, PYO3, ">=3.10")] == [
        "CPython 3.10", "CPython 3.11", "CPython 3.12", "CPython 3.12d", "CPython 3.14t",
    ]  # fmt: skip
    assert f"skipped {machine.root}/usr/bin/pypy3.9: Python 3.9.16 does not fit Requires-Python >=3.10" in machine.said
    assert not any(line.startswith("warning") for line in machine.said)


@pytest.mark.parametrize(
    ("requires", "fitting"),
    [
        ("!=3.9.*,!=3.10.*", ["3.8", "3.11", "3.12", "3.12d", "3.13t", "3.14t", "3.11"]),
        ("~=3.11", ["3.11", "3.12", "3.12d", "3.13t", "3.14t", "3.11"]),
        ("<3.9", ["3.8"]),
        ("==3.8.18", ["3.8"]),
        (">=3.8.19,<3.10", ["3.9", "3.9"]),
        (">=3.14", ["3.14t"]),
    ],
)
def test_requires_python_is_a_whole_specifier(machine: Machine, requires: str, fitting: list[str]) -> None:
    everything(machine)
    assert [one.display.split()[1] for one in every(machine, requires=requires)] == fitting


def test_of_two_alike_the_first_on_path_counts_and_then_the_newest_in_store(machine: Machine) -> None:
    machine.on_path("first", "second")
    machine.python("second/python3.11", "cpython-3.11-linux")
    machine.python("first/python3.11", "cpython-3.11-linux")
    machine.python("home/.pyenv/versions/3.11.9/bin/python3.11", "cpython-3.11-linux", patch=9)
    machine.python("home/.pyenv/versions/3.12.1/bin/python3.12", "cpython-3.12-linux", patch=1)
    machine.python("home/.pyenv/versions/3.12.10/bin/python3.12", "cpython-3.12-linux", patch=10)
    assert named(machine, every(machine)) == [
        "CPython 3.11: first/python3.11 (PATH)",
        "CPython 3.12: home/.pyenv/versions/3.12.10/bin/python3.12 (pyenv)",
    ]


def test_a_patch_release_that_does_not_fit_gives_way_to_one_that_does(machine: Machine) -> None:
    machine.on_path("bin")
    machine.python("bin/python3.9", "cpython-3.9-linux", patch=1)
    machine.python("home/.pyenv/versions/3.9.18/bin/python3.9", "cpython-3.9-linux")
    assert named(machine, every(machine, requires=">=3.9.2")) == [
        "CPython 3.9: home/.pyenv/versions/3.9.18/bin/python3.9 (pyenv)"
    ]


def test_the_active_environment_comes_before_path(machine: Machine) -> None:
    base = machine.python("bin/python3.11", "cpython-3.11-linux")
    machine.on_path("bin")
    machine.environ["VIRTUAL_ENV"] = str(machine.venv("venv", base))
    (found,) = every(machine)
    assert named(machine, (found,)) == ["CPython 3.11: venv/bin/python3 (VIRTUAL_ENV)"]
    assert found.in_virtualenv


@pytest.mark.parametrize("word", ["absolute", "python3.11"])
def test_the_variable_of_pyo3_comes_before_all_else(machine: Machine, word: str) -> None:
    machine.on_path("first", "second")
    machine.python("first/python3.12", "cpython-3.12-linux")
    machine.python("second/python3.11", "cpython-3.11-linux")
    venv = machine.venv("venv", machine.python("base/python3.11", "cpython-3.11-linux"))
    path = machine.root / "second" / "python3.11"
    machine.environ |= {"VIRTUAL_ENV": str(venv), "PYO3_PYTHON": str(path) if word == "absolute" else word}
    assert named(machine, every(machine)) == [
        "CPython 3.11: second/python3.11 (PYO3_PYTHON)",
        "CPython 3.12: first/python3.12 (PATH)",
    ]


def test_a_variable_of_pyo3_that_names_nothing_is_told_about(machine: Machine) -> None:
    machine.on_path("bin")
    machine.python("bin/python3.12", "cpython-3.12-linux")
    machine.environ["PYO3_PYTHON"] = "/nowhere/python3"
    assert len(every(machine)) == 1
    assert machine.said == ["warning: PYO3_PYTHON names /nowhere/python3, which does not exist"]


def test_stand_ins_of_pyenv_are_not_started(machine: Machine) -> None:
    machine.python("home/.pyenv/versions/3.11.7/bin/python3.11", "cpython-3.11-linux", "python3")
    machine.python("home/.pyenv/versions/3.12.1/bin/python3.12", "cpython-3.12-linux", "python3")
    (machine.cwd / ".python-version").write_text("3.12\n", encoding="utf-8")
    machine.shims("python3", "python3.11", "python3.12")
    machine.on_path("home/.pyenv/shims")
    assert named(machine, every(machine)) == [
        "CPython 3.11: home/.pyenv/versions/3.11.7/bin/python3.11 (pyenv)",
        "CPython 3.12: home/.pyenv/versions/3.12.1/bin/python3.12 (PATH, by pyenv)",
    ]
    assert machine.said == []


def test_an_empty_machine_is_an_error_that_says_what_to_do(machine: Machine) -> None:
    with pytest.raises(InterpreterError) as caught:
        every(machine)
    assert caught.value.message == "no Python interpreter found that this project supports"
    assert caught.value.hint == "install one, or select one with -i"


def test_a_machine_where_nothing_fits_says_why(machine: Machine) -> None:
    machine.on_path("bin")
    machine.python("bin/python3.8", "cpython-3.8-linux")
    machine.python("bin/pypy3.9", "pypy-3.9-linux")
    with pytest.raises(InterpreterError) as caught:
        every(machine, Supported(), ">=3.9")
    assert caught.value.notes == (
        f"skipped {machine.root}/bin/python3.8: Python 3.8.18 does not fit Requires-Python >=3.9",
        f"skipped {machine.root}/bin/pypy3.9: PyPy 3.9 is not among CPython 3.7 to 3.15",
    )


def test_finding_nothing_may_be_fine(machine: Machine) -> None:
    assert every(machine, allow_empty=True) == ()


def test_the_default_is_the_active_environment_then_setup_python_then_path(machine: Machine) -> None:
    machine.on_path("bin")
    machine.python("bin/python3.11", "cpython-3.11-linux", "python3")
    machine.python("setup/bin/python3.12", "cpython-3.12-linux", "python3", "python")
    base = machine.python("base/bin/python3.8", "cpython-3.8-linux")

    def default(*, pyo3: bool = False) -> list[str]:
        found = default_python(environ=machine.environ, cache_dir=machine.cache, reporter=machine.ui, pyo3=pyo3)
        return named(machine, (found,))

    assert default() == ["CPython 3.11: bin/python3 (PATH)"]
    machine.environ["pythonLocation"] = str(machine.root / "setup")
    assert default() == ["CPython 3.12: setup/bin/python (pythonLocation)"]
    machine.environ["VIRTUAL_ENV"] = str(machine.venv("venv", base))
    assert default() == ["CPython 3.8: venv/bin/python (VIRTUAL_ENV)"]
    machine.environ["PYO3_PYTHON"] = "python3"
    assert default() == ["CPython 3.8: venv/bin/python (VIRTUAL_ENV)"]
    assert default(pyo3=True) == ["CPython 3.11: bin/python3 (PYO3_PYTHON)"]


def test_a_default_that_a_variable_names_must_be_there(machine: Machine) -> None:
    machine.on_path("bin")
    machine.python("bin/python3.11", "cpython-3.11-linux", "python3")
    machine.environ["VIRTUAL_ENV"] = str(machine.root / "gone")
    with pytest.raises(InterpreterError) as caught:
        default_python(environ=machine.environ, cache_dir=machine.cache, reporter=machine.ui)
    assert caught.value.message == f"VIRTUAL_ENV is set to {machine.root}/gone, which has no Python"


def test_the_default_on_path_is_the_one_that_pyenv_has_active(machine: Machine) -> None:
    machine.python("home/.pyenv/versions/3.12.1/bin/python3.12", "cpython-3.12-linux", "python3")
    machine.python("bin/python3.11", "cpython-3.11-linux", "python3")
    machine.shims("python3")
    machine.on_path("home/.pyenv/shims", "bin")

    def default() -> list[str]:
        return named(machine, (default_python(environ=machine.environ, cache_dir=machine.cache, reporter=machine.ui),))

    assert default() == ["CPython 3.11: bin/python3 (PATH, by pyenv)"]
    machine.environ["PYENV_VERSION"] = "3.12.1"
    assert default() == ["CPython 3.12: home/.pyenv/versions/3.12.1/bin/python3 (PATH, by pyenv)"]


def test_without_any_python_there_is_no_default(machine: Machine) -> None:
    with pytest.raises(InterpreterError, match=r"^no Python interpreter found$"):
        default_python(environ=machine.environ, cache_dir=machine.cache, reporter=machine.ui)


def test_pythons_of_another_processor_are_skipped_with_a_line(machine: Machine) -> None:
    machine.python("usr/bin/python3.12", "cpython-3.12-macos")
    machine.python("usr/bin/python3.8", "cpython-3.8-windows-32")
    machine.on_path("usr/bin")

    def found(arch: str, *words: str) -> list[str]:
        interpreters = find(
            words,
            supported=EVERY,
            requires_python=None,
            environ=machine.environ,
            cache_dir=machine.cache,
            reporter=machine.ui,
            allow_empty=True,
            arch=arch,
        )
        return [one.display for one in interpreters]

    assert found("aarch64") == ["CPython 3.12"]
    assert machine.said == [
        f"      Python skipped {machine.root}/usr/bin/python3.8: CPython 3.8 for x86, and the wheels are for aarch64"
    ]
    assert found("x86", "3.8") == ["CPython 3.8"]
    with pytest.raises(InterpreterError, match=r"the interpreter `3\.8` was not found"):
        found("x86_64", "3.8")
