from __future__ import annotations

import os
from pathlib import Path

import pytest

from cratewheel.interpreter.candidates import candidates, list_programs, version_in_name
from cratewheel.interpreter.model import Version

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the folders are those of Unix")


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x", encoding="utf-8")
    path.chmod(0o755)
    return path


def found(environ: dict[str, str], tmp_path: Path, *, windows: bool = False) -> list[tuple[str, str]]:
    listed = candidates({"PATH": "", **environ}, cwd=tmp_path, windows=windows)
    inside = [one for one in listed if tmp_path in one.path.parents]
    return [(one.path.relative_to(tmp_path).as_posix(), one.source) for one in inside]


def test_only_the_names_of_interpreters_count_and_the_most_telling_of_a_file(tmp_path: Path) -> None:
    for name in ("python3.12", "python3.13t", "pypy3.10", "graalpy", "python2.7", "python3-config", "python3.12-gdb.py",
                 "pythonw", "ipython3", "python3.11-dbg"):  # fmt: skip
        program(tmp_path / "bin" / name)
    for link in ("python3", "python"):
        (tmp_path / "bin" / link).symlink_to("python3.12")
    assert found({"PATH": str(tmp_path / "bin")}, tmp_path) == [
        ("bin/python3.11-dbg", "PATH"),
        ("bin/python3.13t", "PATH"),
        ("bin/python3.12", "PATH"),
        ("bin/pypy3.10", "PATH"),
        ("bin/graalpy", "PATH"),
    ]


def test_folders_broken_links_and_files_that_may_not_be_executed_are_no_candidates(tmp_path: Path) -> None:
    (tmp_path / "bin" / "python3.9").mkdir(parents=True)
    (tmp_path / "bin" / "python3.10").symlink_to("gone")
    (tmp_path / "bin" / "python3.11").write_text("x", encoding="utf-8")
    assert found({"PATH": str(tmp_path / "bin")}, tmp_path) == []


def test_what_the_user_put_forward_comes_before_what_is_in_store(tmp_path: Path) -> None:
    places = {
        "named/python3.12": "PYO3_PYTHON",
        "venv/bin/python3": "VIRTUAL_ENV",
        "conda/bin/python3": "CONDA_PREFIX",
        "setup/bin/python3": "pythonLocation",
        "bin/python3.9": "PATH",
        ".pyenv/versions/3.12.1/bin/python3.12": "pyenv",
        ".local/share/uv/python/cpython-3.13.1-linux-x86_64-gnu/bin/python3.13": "uv",
        "envs/science/bin/python3.11": "conda",
        ".asdf/installs/python/3.10.1/bin/python3": "asdf",
        ".local/share/mise/installs/python/3.10.2/bin/python3": "mise",
        ".rye/py/cpython@3.10.3/bin/python3": "rye",
        ".proto/tools/python/3.10.4/bin/python3": "proto",
        ".local/share/hatch/pythons/3.10/python/bin/python3": "hatch",
    }
    for place in places:
        program(tmp_path / place)
    (tmp_path / ".conda").mkdir()
    (tmp_path / ".conda" / "environments.txt").write_text(f"{tmp_path}/envs/science\n\n{tmp_path}/gone\n", "utf-8")
    environ = {
        "HOME": str(tmp_path),
        "PATH": str(tmp_path / "bin"),
        "PYO3_PYTHON": str(tmp_path / "named" / "python3.12"),
        "VIRTUAL_ENV": str(tmp_path / "venv"),
        "CONDA_PREFIX": str(tmp_path / "conda"),
        "pythonLocation": str(tmp_path / "setup"),
    }
    assert found(environ, tmp_path) == list(places.items())


def test_version_managers_may_have_been_told_to_be_elsewhere(tmp_path: Path) -> None:
    program(tmp_path / "a/cpython-3.12.1/bin/python3.12")
    program(tmp_path / "b/installs/python/3.11.1/bin/python3.11")
    program(tmp_path / "c/versions/3.10.1/bin/python3.10")
    program(tmp_path / "d/uv/python/cpython-3.9.1/bin/python3.9")
    environ = {
        "UV_PYTHON_INSTALL_DIR": f"{tmp_path}/a",
        "MISE_DATA_DIR": f"{tmp_path}/b",
        "PYENV_ROOT": f"{tmp_path}/c",
    }
    assert found(environ, tmp_path) == [
        ("c/versions/3.10.1/bin/python3.10", "pyenv"),
        ("a/cpython-3.12.1/bin/python3.12", "uv"),
        ("b/installs/python/3.11.1/bin/python3.11", "mise"),
    ]
    assert found({"XDG_DATA_HOME": f"{tmp_path}/d"}, tmp_path) == [("d/uv/python/cpython-3.9.1/bin/python3.9", "uv")]


def test_the_python_of_an_active_environment_stands_for_its_base(tmp_path: Path) -> None:
    base = program(tmp_path / "bin" / "python3.12")
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").symlink_to(base)
    environ = {"PATH": str(tmp_path / "bin"), "VIRTUAL_ENV": str(tmp_path / "venv")}
    assert found(environ, tmp_path) == [("venv/bin/python", "VIRTUAL_ENV")]


def test_stand_ins_are_passed_over_for_the_versions_that_are_active(tmp_path: Path) -> None:
    pyenv = tmp_path / ".pyenv"
    for version in ("3.11.7", "3.12.1", "3.12.10"):
        program(pyenv / "versions" / version / "bin" / f"python{version.rpartition('.')[0]}")
    (pyenv / "version").write_text("3.11.7\n", "utf-8")
    program(pyenv / "shims" / "python3.11")
    program(tmp_path / "bin" / "python3.11")
    environ = {"PATH": f"{pyenv}/shims:{tmp_path}/bin", "HOME": str(tmp_path)}
    assert found(environ, tmp_path) == [
        (".pyenv/versions/3.11.7/bin/python3.11", "PATH, by pyenv"),
        ("bin/python3.11", "PATH"),
        (".pyenv/versions/3.12.10/bin/python3.12", "pyenv"),
        (".pyenv/versions/3.12.1/bin/python3.12", "pyenv"),
    ]


def test_links_to_a_version_manager_are_known_by_their_own_names(tmp_path: Path) -> None:
    program(tmp_path / "tool" / "mise")
    (tmp_path / "bin").mkdir()
    for name in ("python3.11", "python3.12"):
        (tmp_path / "bin" / name).symlink_to(tmp_path / "tool" / "mise")
    assert found({"PATH": str(tmp_path / "bin")}, tmp_path) == [("bin/python3.11", "PATH"), ("bin/python3.12", "PATH")]


def test_path_entries_that_depend_on_the_working_directory_are_not_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "python3.12")
    monkeypatch.chdir(tmp_path)
    assert found({"PATH": f".:{os.pathsep}bin"}, tmp_path) == []


def test_windows_keeps_interpreters_at_the_top_of_an_installation(tmp_path: Path) -> None:
    (tmp_path / "Store").mkdir()
    (tmp_path / "Store" / "python.exe").touch(0o755)  # the empty file that opens the Microsoft Store
    program(tmp_path / "Python312" / "python.exe")
    program(tmp_path / "venv" / "Scripts" / "python.exe")
    program(tmp_path / "Roaming" / "uv" / "data" / "python" / "cpython-3.13.1-windows-x86_64-none" / "python.exe")
    environ = {
        "PATH": os.pathsep.join([str(tmp_path / "Store"), str(tmp_path / "Python312")]),
        "VIRTUAL_ENV": str(tmp_path / "venv"),
        "APPDATA": str(tmp_path / "Roaming"),
    }
    assert found(environ, tmp_path, windows=True) == [
        ("venv/Scripts/python.exe", "VIRTUAL_ENV"),
        ("Python312/python.exe", "PATH"),
        ("Roaming/uv/data/python/cpython-3.13.1-windows-x86_64-none/python.exe", "uv"),
    ]


def test_an_installation_names_its_most_telling_program_first(tmp_path: Path) -> None:
    for name in ("python", "python3", "python3.12"):
        program(tmp_path / "bin" / name)
    assert [path.name for path in list_programs(tmp_path)] == ["python3.12", "python3", "python"]


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("3.12.1/bin/python", (3, 12)),
        ("3.12.1/bin/python3.12", (3, 12)),
        ("2.7.18/bin/python", (2, 7)),
        ("pypy3.10-7.3.12/bin/pypy3", (3, 10)),
        ("3.13.0t/bin/python", (3, 13)),
        ("cpython-3.13.1-linux-x86_64-gnu/bin/python3", (3, 13)),
        ("graalpy-24.1.1/bin/graalpy", None),
        ("miniconda3-latest/bin/python", None),
        ("miniconda3-3.11-24.1.2/bin/python", (3, 11)),
        ("anaconda3-5.3.1/bin/python", None),
        ("cpython-3.12.1-windows-x86_64-none/python.exe", (3, 12)),
    ],
)
def test_version_that_a_managed_installation_promises(path: str, version: Version | None) -> None:
    assert version_in_name(Path("/store") / path, folder=True) == version
