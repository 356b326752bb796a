"""Reading pyproject.toml: its shape, and the errors of files that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel import pyproject, toml
from cratewheel.errors import ConfigError
from cratewheel.pyproject import PyProject

BUILD_SYSTEM = '[build-system]\nrequires = ["cratewheel"]\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pyproject.toml"


def test_the_tables_come_as_they_are(path: Path) -> None:
    path.write_text(
        f'{BUILD_SYSTEM}build-backend = "cratewheel"\n[project]\nname = "app"\n[tool.maturin]\nstrip = true\n'
        "[tool.other]\n[dependency-groups]\ntest = []\n"
    )
    assert pyproject.read(path) == PyProject(
        path=path,
        requires=("cratewheel",),
        build_backend="cratewheel",
        project={"name": "app"},
        tool_maturin={"strip": True},
        tool_cratewheel={},
        dependency_groups={"test": []},
    )


def test_a_file_without_a_project_table_is_not_one_with_an_empty_table(path: Path) -> None:
    path.write_text(BUILD_SYSTEM)
    assert pyproject.read(path).project is None
    path.write_text(f"{BUILD_SYSTEM}[project]\n")
    assert pyproject.read(path).project == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "{path} has no [build-system] table"),
        ("build-system = 3", "build-system in {path} must be a table, found 3"),
        ("[build-system]\nbuild-backend = 'x'", "build-system.requires in {path} must be a list of requirements"),
        ("[build-system]\nrequires = [1]", "build-system.requires in {path} must be a list of requirements"),
        (f"{BUILD_SYSTEM}build-backend = 1", "build-system.build-backend in {path} must be a string, found 1"),
        (f"{BUILD_SYSTEM}[tool]\nmaturin = []", "tool.maturin in {path} must be a table, found an empty array"),
        (f"project = 'x'\n{BUILD_SYSTEM}", "project in {path} must be a table, found 'x'"),
    ],
)
def test_a_wrong_shape_is_named_with_its_key_and_file(path: Path, text: str, message: str) -> None:
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        pyproject.read(path)
    assert caught.value.message == message.format(path=path)


def test_toml_errors_say_where(path: Path) -> None:
    path.write_text("a = 1\nb = = 2\n")
    with pytest.raises(ConfigError) as mistake:
        toml.load(path)
    assert mistake.value.message == f"{path} is not valid TOML: Invalid value (at line 2, column 5)"
    path.write_bytes(b"a = '\xff'\n")
    with pytest.raises(ConfigError) as encoding:
        toml.load(path)
    assert encoding.value.message == f"{path} is not UTF-8: invalid start byte at byte 5"
    path.unlink()
    with pytest.raises(ConfigError) as absent:
        toml.load(path)
    assert absent.value.message == f"{path} cannot be read: No such file or directory"
