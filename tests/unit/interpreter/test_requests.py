"""What the words of `-i` lead to, on a machine of folders and stored answers: nothing is started."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from packaging.specifiers import SpecifierSet

from cratewheel.errors import CratewheelError, InterpreterError, UsageError
from cratewheel.interpreter.discover import find
from cratewheel.interpreter.known_table import known
from cratewheel.interpreter.model import EVERY, Interpreter, Supported
from cratewheel.targets.triples import parse

if TYPE_CHECKING:
    from unit.interpreter.conftest import Machine

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the folders are those of Unix")


def asked(
    machine: Machine,
    *words: str,
    supported: Supported = EVERY,
    requires: SpecifierSet | None = None,
    table: tuple[Interpreter, ...] = (),
) -> list[str]:
    found = find(
        words,
        supported=supported,
        requires_python=requires,
        environ=machine.environ,
        cache_dir=machine.cache,
        reporter=machine.ui,
        table=table,
    )
    return [
        f"{one.requested}: {os.path.relpath(one.executable, machine.root) if one.executable else one.display} "
        f"({one.source})"
        for one in found
    ]


def refusal(machine: Machine, *words: str) -> CratewheelError:
    with pytest.raises(CratewheelError) as caught:
        asked(machine, *words)
    return caught.value


@pytest.fixture
def usual(machine: Machine) -> Machine:
    """System Pythons on PATH, behind pyenv, of which 3.11.7 is active."""
    machine.python("usr/bin/python3.11", "cpython-3.11-linux", "python3", patch=2)
    machine.python("usr/bin/pypy3.9", "pypy-3.9-linux", "pypy3")
    pyenv = "home/.pyenv/versions"
    machine.python(f"{pyenv}/2.7.18/bin/python2.7", "cpython-2.7-linux", "python")
    machine.python(f"{pyenv}/3.6.15/bin/python3.6", "cpython-3.6-linux", "python3", "python")
    machine.python(f"{pyenv}/3.11.7/bin/python3.11", "cpython-3.11-linux", "python3", "python", patch=7)
    machine.python(f"{pyenv}/3.12.1/bin/python3.12", "cpython-3.12-linux", "python3", "python", patch=1)
    machine.python(f"{pyenv}/3.12.9/bin/python3.12", "cpython-3.12-linux", "python3", "python", patch=9)
    machine.python(f"{pyenv}/3.13.0t/bin/python3.13t", "cpython-3.13t-linux", "python3", "python")
    machine.shims("python", "python3", "python2.7", "python3.6", "python3.11", "python3.12", "python3.13t")
    (machine.home / ".pyenv" / "version").write_text("3.11.7\n", encoding="utf-8")
    machine.on_path("home/.pyenv/shims", "usr/bin")
    return machine


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("python3", "home/.pyenv/versions/3.11.7/bin/python3 (PATH, by pyenv)"),
        ("python3.11", "home/.pyenv/versions/3.11.7/bin/python3.11 (PATH, by pyenv)"),
        ("3.11", "home/.pyenv/versions/3.11.7/bin/python3.11 (PATH, by pyenv)"),
        ("3.11.2", "usr/bin/python3.11 (PATH)"),
        ("3.12", "home/.pyenv/versions/3.12.9/bin/python3.12 (pyenv)"),
        ("3.12.1", "home/.pyenv/versions/3.12.1/bin/python3.12 (pyenv)"),
        ("cp312", "home/.pyenv/versions/3.12.9/bin/python3.12 (pyenv)"),
        ("3.13t", "home/.pyenv/versions/3.13.0t/bin/python3.13t (pyenv)"),
        ("pypy3", "usr/bin/pypy3 (PATH)"),
        ("pypy", "usr/bin/pypy3 (PATH)"),
        ("pypy3.9", "usr/bin/pypy3.9 (PATH)"),
        ("pypy-3.9", "usr/bin/pypy3.9 (PATH)"),
    ],
)
def test_a_word_leads_to_an_interpreter(usual: Machine, word: str, found: str) -> None:
    assert asked(usual, word) == [f"{word}: {found}"]
    assert usual.said == []


def test_paths_are_taken_as_they_are(usual: Machine) -> None:
    venv = usual.venv("project/.venv", usual.root / "usr/bin/python3.11")
    assert asked(usual, ".venv/bin/python") == [".venv/bin/python: project/.venv/bin/python (-i)"]
    assert asked(usual, str(venv / "bin" / "python3")) == [f"{venv}/bin/python3: project/.venv/bin/python3 (-i)"]
    assert asked(usual, "../usr/bin/pypy3") == ["../usr/bin/pypy3: usr/bin/pypy3 (-i)"]


def test_interpreters_come_in_the_order_of_their_words(usual: Machine) -> None:
    assert [one.partition(":")[0] for one in asked(usual, "pypy3", "3.12", "3.11")] == ["pypy3", "3.12", "3.11"]


@pytest.mark.parametrize("words", ["3.11 3.12", "3.11,3.12", " 3.11   python3.12"])
def test_several_versions_in_one_word_are_several_words(usual: Machine, words: str) -> None:
    assert len(asked(usual, words)) == 2


def test_two_words_for_one_file_are_one_interpreter(usual: Machine) -> None:
    assert len(asked(usual, "python3.11", "3.11", "python3")) == 1
    assert usual.said == []


def test_two_alike_need_one_wheel_and_the_first_is_taken(usual: Machine) -> None:
    assert asked(usual, "../usr/bin/python3.11", "3.11") == ["../usr/bin/python3.11: usr/bin/python3.11 (-i)"]
    assert usual.said == ["warning: `../usr/bin/python3.11` and `3.11` are both CPython 3.11: one wheel serves both"]


def test_a_stand_in_leads_to_the_newest_version_when_no_active_one_has_it(usual: Machine) -> None:
    assert asked(usual, "python3.12", "3.11") == [
        "python3.12: home/.pyenv/versions/3.12.9/bin/python3.12 (pyenv)",
        "3.11: home/.pyenv/versions/3.11.7/bin/python3.11 (PATH, by pyenv)",
    ]
    assert usual.said == [
        "warning: `python3.12` is provided by pyenv, but no active version has it: using 3.12.9",
        "   help: `pyenv shell 3.12.9` activates it",
    ]


def test_a_stand_in_falls_back_to_the_rest_of_path_as_pyenv_does(usual: Machine) -> None:
    (usual.home / ".pyenv" / "version").write_text("system\n", encoding="utf-8")
    assert asked(usual, "python3.11") == ["python3.11: usr/bin/python3.11 (PATH, by pyenv)"]


def test_a_stand_in_with_nothing_usable_behind_it_is_skipped(usual: Machine) -> None:
    assert asked(usual, "python2.7", "3.11") == ["3.11: home/.pyenv/versions/3.11.7/bin/python3.11 (PATH, by pyenv)"]
    (warning,) = usual.said
    assert warning == (
        "warning: skipped the interpreter python2.7: it is pyenv's 2.7.18, which is too old: the oldest supported "
        "Python is 3.7"
    )


def test_only_a_stand_in_with_nothing_behind_it_is_an_error(usual: Machine) -> None:
    usual.shims("python3.5")
    error = refusal(usual, "python2.7", "python3.6", "python3.5")
    too_old = "which is too old: the oldest supported Python is 3.7"
    assert error.message == "none of the requested interpreters can be used"
    assert error.notes == (
        f"python2.7: it is pyenv's 2.7.18, {too_old}",
        f"python3.6: it is pyenv's 3.6.15, {too_old}",
        "python3.5: no version in pyenv provides it",
    )


def test_what_is_not_there_is_an_error_even_beside_others(usual: Machine) -> None:
    error = refusal(usual, "3.11", "3.14")
    assert error.message == "the interpreter `3.14` was not found"
    assert error.notes == ("on PATH and in version managers: CPython 3.11, CPython 3.12, CPython 3.13t, PyPy 3.9",)
    assert error.hint == "install it, or name it by its path"


def test_an_unknown_word_says_what_words_there_are(usual: Machine) -> None:
    error = refusal(usual, "jython")
    assert error.message == "the interpreter `jython` was not found"
    assert error.hint == "use a path, a program or a version: 3.12, python3.12, pypy3.10, 3.13t"


def test_a_file_in_the_working_directory_is_not_a_program_on_path(usual: Machine) -> None:
    usual.python("project/my-python", "cpython-3.12-linux")
    assert refusal(usual, "my-python").hint == "to use the file in this folder, write ./my-python"
    assert asked(usual, "./my-python") == ["./my-python: project/my-python (-i)"]


@pytest.mark.parametrize("word", ["3.6", "pypy3.6", "cp36", "2.7", "2", "python2", "python-2.7.18", "cp27", "pypy2.7"])
def test_a_version_before_3_7_is_too_old_whether_there_or_not(usual: Machine, word: str) -> None:
    assert refusal(usual, word).message == f"`{word}` is too old: the oldest supported Python is 3.7"


@pytest.mark.parametrize("word", ["3.7", "cp37", "python3.7"])
def test_the_oldest_version_is_not_too_old(machine: Machine, word: str) -> None:
    machine.python("usr/bin/python3.7", "cpython-3.7-linux")
    machine.on_path("usr/bin")
    assert asked(machine, word) == [f"{word}: usr/bin/python3.7 (PATH)"]


def test_the_oldest_version_that_is_not_there_is_absent_and_not_too_old(usual: Machine) -> None:
    assert refusal(usual, "3.7").message == "the interpreter `3.7` was not found"


def test_a_stand_in_leads_to_the_oldest_version_too(usual: Machine) -> None:
    usual.python("home/.pyenv/versions/3.7.17/bin/python3.7", "cpython-3.7-linux")
    usual.shims("python3.7")
    assert asked(usual, "python3.7") == ["python3.7: home/.pyenv/versions/3.7.17/bin/python3.7 (pyenv)"]


def test_an_old_interpreter_by_its_path_is_too_old(usual: Machine) -> None:
    path = f"{usual.home}/.pyenv/versions/2.7.18/bin/python"
    assert refusal(usual, path).message == f"{path} is Python 2.7.18; the oldest supported version is 3.7"


def test_a_folder_is_no_interpreter_but_may_have_one(usual: Machine) -> None:
    error = refusal(usual, "../usr")
    assert error.message == "`../usr` is a folder, not an interpreter"
    assert error.hint == f"name the interpreter in it: {usual.root}/usr/bin/python3.11"


def test_a_file_that_may_not_be_executed_is_no_interpreter(usual: Machine) -> None:
    (usual.cwd / "python3.12").write_text("x", encoding="utf-8")
    assert refusal(usual, "./python3.12").message == "`./python3.12` is not an executable file"


def test_a_path_where_nothing_is_is_an_error(usual: Machine) -> None:
    assert refusal(usual, "bin/python3.12").message == "there is no interpreter at `bin/python3.12`"


def test_an_environment_whose_base_is_gone_is_named_as_such(usual: Machine) -> None:
    usual.venv("project/.venv", usual.root / "gone" / "python3.9")
    error = refusal(usual, ".venv/bin/python")
    assert (
        error.message == f"`.venv/bin/python` is a symbolic link to {usual.root}/gone/python3.9, which does not exist"
    )


def test_an_empty_word_is_a_usage_error(usual: Machine) -> None:
    assert isinstance(refusal(usual, "3.11", " "), UsageError)


def test_whoever_asks_is_warned_but_obeyed(usual: Machine) -> None:
    supported = Supported(cpython=((3, 9), (3, 14)), free_threaded=True)
    assert len(asked(usual, "3.11", "3.13t", "pypy3", supported=supported, requires=SpecifierSet(">=3.12"))) == 3
    python, wheel = "the project's Requires-Python is >=3.12", "pip will not install the wheel there"
    assert usual.said == [
        f"warning: CPython 3.11 was requested, but {python}: {wheel}",
        "warning: PyPy 3.9 was requested, but these bindings support CPython 3.9 to 3.14",
        f"warning: PyPy 3.9 was requested, but {python}: {wheel}",
    ]


def test_the_error_of_an_interpreter_error_is_the_users_to_mend(usual: Machine) -> None:
    assert isinstance(refusal(usual, "3.14"), InterpreterError)
    assert refusal(usual, "3.14").exit_status == 1


TABLE = known(parse("x86_64-unknown-linux-gnu"))


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("3.14t", ["CPython 3.14t"]),
        ("python3.15", ["CPython 3.15"]),
        ("3.10.2", ["CPython 3.10"]),
        ("graalpy3.12", ["GraalPy 3.12"]),
        ("pypy3.11", ["PyPy 3.11", "PyPy 3.11 (pp80)"]),
        ("pypy311_pp80", ["PyPy 3.11 (pp80)"]),
    ],
)
def test_a_python_that_is_not_here_is_looked_up_in_the_table(usual: Machine, word: str, names: list[str]) -> None:
    assert asked(usual, word, table=TABLE) == [f"{word}: {name} (the table of known interpreters)" for name in names]


def test_a_python_that_is_here_is_not_looked_up(usual: Machine) -> None:
    assert asked(usual, "3.12", "3.14", table=TABLE) == [
        "3.12: home/.pyenv/versions/3.12.9/bin/python3.12 (pyenv)",
        "3.14: CPython 3.14 (the table of known interpreters)",
    ]


@pytest.mark.parametrize("word", ["3.99", "3.14td", "jython", "pypy3.99", "bin/python3.14"])
def test_what_the_table_does_not_have_is_still_an_error(usual: Machine, word: str) -> None:
    with pytest.raises(InterpreterError):
        asked(usual, word, table=TABLE)
