"""Which environment a project is installed into."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from cratewheel.errors import ConfigError, CratewheelError, MissingToolError
from cratewheel.interpreter import environment
from cratewheel.interpreter.environment import find_python

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the folders are those of Unix")


def python(folder: Path, program: str = "bin/python") -> Path:
    path = folder / program
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o755)
    return path


def refusal(environ: dict[str, str], cwd: Path, named: str | None = None) -> CratewheelError:
    with pytest.raises(CratewheelError) as caught:
        find_python(named, environ=environ, cwd=cwd)
    return caught.value


def test_a_named_interpreter_comes_first_then_the_active_environment_then_one_nearby(tmp_path: Path) -> None:
    near, above = python(tmp_path / "a" / ".venv"), python(tmp_path / ".venv")
    active, named = python(tmp_path / "active"), python(tmp_path / "named")
    environ = {"VIRTUAL_ENV": str(tmp_path / "active"), "PATH": ""}
    assert find_python(str(named), environ=environ, cwd=tmp_path / "a") == named
    assert find_python(None, environ=environ, cwd=tmp_path / "a") == active
    assert find_python(None, environ={"CONDA_PREFIX": str(tmp_path / "active")}, cwd=tmp_path) == active
    assert find_python(None, environ={"VIRTUAL_ENV": ""}, cwd=tmp_path / "a") == near
    assert find_python(None, environ={}, cwd=tmp_path / "b") == above


@pytest.mark.parametrize("program", ["bin/python", "Scripts/python.exe", "python.exe"])
def test_the_program_is_where_each_system_has_it(tmp_path: Path, program: str) -> None:
    made = python(tmp_path / ".venv", program)
    assert find_python(None, environ={}, cwd=tmp_path) == made


def test_two_active_environments_are_an_error_but_one_by_two_names_is_not(tmp_path: Path) -> None:
    one = python(tmp_path / "one")
    environ = {"VIRTUAL_ENV": str(tmp_path / "one"), "CONDA_PREFIX": str(tmp_path / "one")}
    assert find_python(None, environ=environ, cwd=tmp_path) == one
    error = refusal({**environ, "CONDA_PREFIX": "/two"}, tmp_path)
    assert isinstance(error, ConfigError)
    assert error.message == f"two environments are active: VIRTUAL_ENV ({tmp_path}/one) and CONDA_PREFIX (/two)"


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    python(tmp_path / ".venv")
    broken = refusal({"VIRTUAL_ENV": str(tmp_path / "gone")}, tmp_path)
    assert broken.message == f"VIRTUAL_ENV names {tmp_path}/gone, which has no Python in it"
    assert broken.hint is not None
    assert broken.hint.endswith(", or forget it: `unset VIRTUAL_ENV`")
    absent = refusal({"PATH": str(tmp_path)}, tmp_path, "python9")
    assert isinstance(absent, MissingToolError)
    assert absent.message == "the interpreter `python9` was not found"
    (tmp_path / "x").mkdir()
    (tmp_path / ".venv" / "bin" / "python").unlink()
    assert refusal({}, tmp_path / "x").message == f"the environment {tmp_path}/.venv has no Python in it"
    shutil.rmtree(tmp_path / ".venv")
    assert refusal({}, tmp_path / "x").message == (
        "no environment to install into: none is active, and no .venv in this folder or its parents"
    )


def test_a_conda_environment_without_python_is_not_cleared(tmp_path: Path) -> None:
    (tmp_path / "env" / "conda-meta").mkdir(parents=True)
    error = refusal({"CONDA_PREFIX": str(tmp_path / "env")}, tmp_path)
    assert error.message == f"CONDA_PREFIX names {tmp_path}/env, which has no Python in it"
    assert error.hint == (
        "install one there: `conda install python`, or `pixi add python`, or forget it: `unset CONDA_PREFIX`"
    )


def test_the_base_of_conda_gives_way_to_a_virtual_environment(tmp_path: Path) -> None:
    one, base = python(tmp_path / "one"), python(tmp_path / "base")
    environ = {"CONDA_PREFIX": str(tmp_path / "base"), "CONDA_DEFAULT_ENV": "base"}
    assert find_python(None, environ=environ, cwd=tmp_path) == base
    assert find_python(None, environ={**environ, "VIRTUAL_ENV": str(tmp_path / "one")}, cwd=tmp_path) == one


def test_an_environment_of_pixi_is_found_active_or_nearby(tmp_path: Path) -> None:
    default = python(tmp_path / "p" / ".pixi" / "envs" / "default")
    test = python(tmp_path / "p" / ".pixi" / "envs" / "test")
    active = {"CONDA_PREFIX": str(test.parents[1]), "CONDA_DEFAULT_ENV": "p:test", "PIXI_PROJECT_ROOT": str(tmp_path)}
    assert find_python(None, environ=active, cwd=tmp_path / "p") == test
    assert find_python(None, environ={}, cwd=tmp_path / "p" / "src") == default
    near = python(tmp_path / "p" / ".venv")
    assert find_python(None, environ={}, cwd=tmp_path / "p") == near


def made(folder: Path, *names: str) -> Path:
    """Make an environment with these files, and return its Python."""
    for name in ("bin/python", *names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder / "bin" / "python"


def test_an_environment_whose_python_installs_elsewhere_is_damaged(tmp_path: Path) -> None:
    venv, other = tmp_path / ".venv", tmp_path / "usr"
    python = made(venv)
    environment._check_prefix(python, venv, {})
    with pytest.raises(MissingToolError) as caught:
        environment._check_prefix(python, other, {})
    assert caught.value.message == f"the environment {venv} is damaged: it has no pyvenv.cfg"
    assert caught.value.notes == (f"its Python would install into {other}",)
    assert caught.value.hint == f"create it again: `python3 -m venv --clear {venv}` or `uv venv --clear {venv}`"
    made(venv, "pyvenv.cfg")
    with pytest.raises(MissingToolError) as caught:
        environment._check_prefix(python, other, {})
    assert caught.value.message == f"the environment {venv} is damaged"
    made(venv, "conda-meta/history")
    with pytest.raises(MissingToolError) as caught:
        environment._check_prefix(python, other, {})
    assert caught.value.hint == "install one there: `conda install python`, or `pixi add python`"


def test_a_folder_is_an_environment_by_its_name_its_scripts_or_a_variable(tmp_path: Path) -> None:
    other = tmp_path / "usr"
    plain = made(tmp_path / "plain")
    environment._check_prefix(plain, other, {})
    environment._check_prefix(plain, other, {"VIRTUAL_ENV": str(tmp_path / "another")})
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        with pytest.raises(MissingToolError):
            environment._check_prefix(plain, other, {variable: str(tmp_path / "plain")})
    with pytest.raises(MissingToolError):
        environment._check_prefix(made(tmp_path / "scripts", "bin/activate"), other, {})
    top = tmp_path / "top" / "python.exe"
    environment._check_prefix(top, other, {})
    with pytest.raises(MissingToolError):
        environment._check_prefix(top, other, {"CONDA_PREFIX": str(tmp_path / "top")})


def test_nobody_is_told_to_clear_a_folder_that_is_no_virtual_environment(tmp_path: Path) -> None:
    (tmp_path / "usr" / "lib").mkdir(parents=True)
    made(tmp_path / "own env", "bin/activate").unlink()
    (tmp_path / "empty").mkdir()
    hints = {}
    for name in ("usr", "own env", "empty", "absent"):
        with pytest.raises(MissingToolError) as caught:
            environment.find_python(None, environ={"VIRTUAL_ENV": str(tmp_path / name)}, cwd=tmp_path)
        hints[name] = (caught.value.hint or "").replace(str(tmp_path), "DIR").partition(", or forget")[0]
    assert hints == {
        "usr": "it is no virtual environment: create one with `python3 -m venv .venv` or `uv venv`",
        "own env": "create it again: `python3 -m venv --clear 'DIR/own env'` or `uv venv --clear 'DIR/own env'`",
        "empty": "create it again: `python3 -m venv --clear DIR/empty` or `uv venv --clear DIR/empty`",
        "absent": "create it again: `python3 -m venv --clear DIR/absent` or `uv venv --clear DIR/absent`",
    }
