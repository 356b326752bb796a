"""Reading pyproject.toml: its shape, and the errors of files that are none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cratewheel.errors import ConfigError
from cratewheel.options.tool_tables import ToolTables
from cratewheel.project import pyproject
from cratewheel.project.pyproject import PyProject
from cratewheel.system import toml

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
        tools=ToolTables(path=path, maturin={"strip": True}, cratewheel={}),
        dependency_groups={"test": []},
    )


@pytest.mark.parametrize(
    ("build_system", "backend"),
    [
        ('requires = ["cratewheel"]\nbuild-backend = "cratewheel"\n', None),
        ('requires = ["maturin>=1"]\nbuild-backend = "maturin"\n', None),
        ('requires = ["maturin"]\nbuild-backend = "wrapper"\nbackend-path = ["tools"]\n', None),
        ('requires = ["setuptools", "cratewheel"]\nbuild-backend = "setuptools.build_meta"\n', None),
        ('requires = ["hatchling"]\nbuild-backend = "hatchling.build"\n[tool.hatch.build.hooks.cratewheel]\n', None),
        ('requires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n', "setuptools.build_meta"),
        ('requires = ["hatchling"]\nbuild-backend = "hatchling.build"\n', "hatchling.build"),
        ('requires = ["cratewheel"]\n', "setuptools"),
    ],
)
def test_a_backend_that_knows_nothing_of_crates_is_known(path: Path, build_system: str, backend: str | None) -> None:
    path.write_text(f"[build-system]\n{build_system}")
    assert pyproject.read(path).foreign_backend == backend


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
        toml.load_file(path)
    assert mistake.value.message == f"{path} is not valid TOML: Invalid value (at line 2, column 5)"
    path.write_bytes(b"a = '\xff'\n")
    with pytest.raises(ConfigError) as encoding:
        toml.load_file(path)
    assert encoding.value.message == f"{path} is not UTF-8: invalid start byte in line 1"
    path.unlink()
    with pytest.raises(ConfigError) as absent:
        toml.load_file(path)
    assert absent.value.message == f"{path} cannot be read: No such file or directory"


def warning(place: str, text: str, divided: str) -> str:
    return (
        f"{place} in pyproject.toml is '{text}', and read as '{divided}': "
        "write it with `/`, which works on every system"
    )


@pytest.mark.parametrize("tool", ["maturin", "cratewheel"])
@pytest.mark.parametrize(
    ("settings", "expected", "said"),
    [
        (r"manifest-path = 'a\b\Cargo.toml'", {"manifest-path": "a/b/Cargo.toml"}, [("", r"a\b\Cargo.toml")]),
        (
            r"manifest-path = '..\rust\Cargo.toml'",
            {"manifest-path": "../rust/Cargo.toml"},
            [("", r"..\rust\Cargo.toml")],
        ),
        (r"python-source = 'py\src'", {"python-source": "py/src"}, [("", r"py\src")]),
        (r"data = '.\data'", {"data": "./data"}, [("", r".\data")]),
        (r"python-packages = ['a\b', 'c']", {"python-packages": ["a/b", "c"]}, [("[0]", r"a\b")]),
        (r"include = ['a\*.txt', 'b/c']", {"include": ["a/*.txt", "b/c"]}, [("[0]", r"a\*.txt")]),
        (
            r"include = [{ path = 'x\y', format = 'sdist' }]",
            {"include": [{"path": "x/y", "format": "sdist"}]},
            [("[0].path", r"x\y")],
        ),
        (
            r"include = [{ path = 'x', from = 'out-dir', to = 'p\q' }]",
            {"include": [{"path": "x", "from": "out-dir", "to": "p/q"}]},
            [("[0].to", r"p\q")],
        ),
        (r"exclude = ['a\**\*.pyc']", {"exclude": ["a/**/*.pyc"]}, [("[0]", r"a\**\*.pyc")]),
        (r"exclude = [{ path = 'x\y' }]", {"exclude": [{"path": "x/y"}]}, [("[0].path", r"x\y")]),
        (r"exclude = ['none\*', '\#a', 'a\ ']", {"exclude": [r"none\*", r"\#a", "a\\ "]}, []),
        (r"sbom = { include = ['s\b.json'] }", {"sbom": {"include": ["s/b.json"]}}, [(".include[0]", r"s\b.json")]),
        (r"rustc-args = ['\n']", {"rustc-args": [r"\n"]}, []),
        (r"python-source = 'odd\name'", {"python-source": r"odd\name"}, []),
        (r"include = 1", {"include": 1}, []),
    ],
)
@pytest.mark.skipif(os.sep != "/", reason="a backslash is a character of names")
def test_backslashes_between_folders_are_read_as_slashes_with_a_warning(
    path: Path, tool: str, settings: str, expected: dict[str, object], said: list[tuple[str, str]]
) -> None:
    (path.parent / "a").mkdir()
    (path.parent / r"odd\name").mkdir()
    path.write_text(f"{BUILD_SYSTEM}[tool.{tool}]\n{settings}\n", encoding="utf-8")
    found = pyproject.read(path)

    assert (found.tools.maturin, found.tools.cratewheel) == ((expected, {}) if tool == "maturin" else ({}, expected))
    (key,) = expected
    assert found.warnings == tuple(
        warning(f"tool.{tool}.{key}{place}", text, text.replace("\\", "/")) for place, text in said
    )


def test_backslashes_of_the_project_table_too(path: Path) -> None:
    path.write_text(
        f"{BUILD_SYSTEM}[project]\nname = 'a\\b'\nreadme = 'docs\\a.md'\nlicense = {{ file = 'docs\\b' }}\n",
        encoding="utf-8",
    )
    found = pyproject.read(path)
    assert found.project == {"name": "a\\b", "readme": "docs/a.md", "license": {"file": "docs/b"}}
    assert found.warnings == (
        warning("project.readme", "docs\\a.md", "docs/a.md"),
        warning("project.license.file", "docs\\b", "docs/b"),
    )
    path.write_text(
        f"{BUILD_SYSTEM}[project]\nreadme = {{ file = 'docs\\a.md' }}\nlicense = 'A\\B'\n", encoding="utf-8"
    )
    assert pyproject.read(path).project == {"readme": {"file": "docs/a.md"}, "license": "A\\B"}


@pytest.mark.parametrize(
    "place", ["tool.hatch.build.targets.wheel.hooks.cratewheel", "tool.hatch.build.hooks.cratewheel"]
)
def test_the_hook_for_hatchling_has_a_table_without_hatchlings_keys(path: Path, place: str) -> None:
    path.write_text(
        f'{BUILD_SYSTEM}build-backend = "hatchling.build"\n[{place}]\nfeatures = ["a"]\ndependencies = ["x"]\n'
        "enable-by-default = true\n"
    )
    tools = pyproject.read(path).tools
    assert (tools.hook_place, tools.hook) == (place, {"features": ["a"]})
    assert tools.find(["features"]) == (f"{place}.features", ["a"])


def test_the_hook_of_wheels_replaces_that_of_all_targets_as_in_hatchling(path: Path) -> None:
    path.write_text(
        f'{BUILD_SYSTEM}build-backend = "hatchling.build"\n[tool.hatch.build.hooks.cratewheel]\nstrip = true\n'
        "[tool.hatch.build.targets.wheel.hooks.cratewheel]\nlocked = true\n[tool.cratewheel]\nlocked = false\n"
    )
    tools = pyproject.read(path).tools
    assert tools.hook == {"locked": True}
    assert tools.find(["locked"]) == ("tool.hatch.build.targets.wheel.hooks.cratewheel.locked", True)


def test_other_backends_have_no_hook(path: Path) -> None:
    path.write_text(f'{BUILD_SYSTEM}build-backend = "cratewheel"\n[tool.hatch.build.hooks.cratewheel]\nstrip = true\n')
    assert pyproject.read(path).tools.hook == {}


DYNAMIC = '[project]\nname = "app"\ndynamic = ["version"]\n'


@pytest.mark.parametrize("table", pyproject.VERSION_TABLES)
def test_a_table_by_which_another_backend_finds_the_version_has_no_effect(path: Path, table: str) -> None:
    path.write_text(f'{BUILD_SYSTEM}build-backend = "cratewheel"\n{DYNAMIC}[tool.{table}]\n')
    assert pyproject.read(path).warnings == (
        (
            f"[tool.{table}] in {path} has no effect: the version is that of Cargo.toml; to take it from git, "
            'write `[[tool.dynamic-metadata]]` with `provider = "cratewheel.vcs"`'
        ),
    )


@pytest.mark.parametrize(
    "text",
    [
        f'build-backend = "cratewheel"\n{DYNAMIC}[[tool.dynamic-metadata]]\nprovider = "cratewheel.vcs"\n',
        'build-backend = "cratewheel"\n[project]\nname = "app"\nversion = "1"\n',
        'build-backend = "cratewheel"\n',
        f'build-backend = "setuptools.build_meta"\n{DYNAMIC}',
        f'build-backend = "cratewheel"\nbackend-path = ["."]\n{DYNAMIC}',
    ],
    ids=["a provider", "a version", "no project", "another backend", "a backend of its own"],
)
def test_such_a_table_may_have_an_effect_elsewhere(path: Path, text: str) -> None:
    path.write_text(f"{BUILD_SYSTEM}{text}[tool.setuptools_scm]\n")
    assert pyproject.read(path).warnings == ()
