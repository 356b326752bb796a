from __future__ import annotations

import os
from pathlib import Path

import pytest

from cratewheel.interpreter import pyenv


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in (
        "3.8.18",
        "3.12.1",
        "3.12.10",
        "3.13.0",
        "3.13.1t",
        "3.14.0rc1",
        "3.14-dev",
        "pypy3.10-7.3.12",
        "site",
    ):
        (tmp_path / "pyenv" / "versions" / name).mkdir(parents=True)
    (tmp_path / "project" / "deep").mkdir(parents=True)
    return tmp_path / "pyenv"


def active(root: Path, environ: dict[str, str], folder: str = "project/deep") -> list[str]:
    return [path.name for path in pyenv.active_versions(root, environ, root.parent / folder)]


def test_versions_come_newest_first_and_cpython_before_the_others(root: Path) -> None:
    assert [path.name for path in pyenv.list_versions(root)] == [
        "3.13.1t", "3.13.0", "3.12.10", "3.12.1", "3.8.18", "3.14-dev", "3.14.0rc1", "pypy3.10-7.3.12", "site",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("3.12.1", ["3.12.1"]),
        ("3.12", ["3.12.10"]),
        ("python-3.12.1", ["3.12.1"]),
        ("3", ["3.13.0"]),
        ("3.13t", ["3.13.1t"]),
        ("pypy3.10", ["pypy3.10-7.3.12"]),
        ("3.14", []),
        ("3.14-dev", ["3.14-dev"]),
        ("site", ["site"]),
        ("system", []),
        ("3.7", []),
        ("3.8.18:system:3.12.1:3.8.18", ["3.8.18", "3.12.1"]),
    ],
)
def test_the_variable_names_versions_or_their_beginnings(root: Path, words: str, names: list[str]) -> None:
    assert active(root, {"PYENV_VERSION": words}) == names


def test_the_nearest_file_decides_before_the_global_one(root: Path) -> None:
    (root / "version").write_text("3.8.18\n", encoding="utf-8")
    assert active(root, {}) == ["3.8.18"]
    (root.parent / "project" / ".python-version").write_text("# ours\n\n3.12.1  # pinned\r\n3.13.0\n", encoding="utf-8")
    assert active(root, {}) == ["3.12.1", "3.13.0"]
    (root.parent / "project" / "deep" / ".python-version").write_text("system", encoding="utf-8")
    assert active(root, {}) == []
    assert active(root, {"PYENV_VERSION": "3.8.18"}) == ["3.8.18"]


def test_pyenv_dir_is_looked_at_before_the_working_directory(root: Path) -> None:
    (root.parent / "project" / ".python-version").write_text("3.12.1", encoding="utf-8")
    assert active(root, {"PYENV_DIR": str(root.parent / "project")}, folder=".") == ["3.12.1"]


def test_a_word_cannot_lead_out_of_the_folder_of_versions(root: Path) -> None:
    (root / "version").write_text("..\n../versions/3.12.1\n3.8.18\n", encoding="utf-8")
    assert active(root, {}) == ["3.8.18"]


def test_without_any_file_nothing_is_active(root: Path) -> None:
    assert active(root, {}) == []


def test_roots_are_named_or_on_path_or_at_home(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "home" / ".pyenv"
    (other / "versions").mkdir(parents=True)
    environ = {
        "PYENV_ROOT": str(tmp_path / "gone"),
        "PATH": os.pathsep.join([str(root / "shims"), "/usr/bin", "relative", str(root / "shims")]),
    }
    assert pyenv.roots(environ, tmp_path / "home") == (root, other)
    assert pyenv.roots({"PYENV_ROOT": str(other), "PATH": ""}, None) == (other,)


def test_a_root_without_versions_has_none(tmp_path: Path) -> None:
    assert pyenv.list_versions(tmp_path) == ()
