"""Modules that are there, are asked for and are not in the wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.archive.layout import FromFile
from cratewheel.contents.missing_modules import missing_entry_points, missing_modules
from cratewheel.contents.wheel import python_entries
from cratewheel.project import python_layout as modules
from cratewheel.system.files import project_roots

INCLUDE = 'ignored by git or an `.ignore` file: add "{}" to `include` of [tool.cratewheel] in pyproject.toml'
PACKAGES = 'add "{}" to `python-packages` of [tool.cratewheel] in pyproject.toml'


def found(root: Path, tree: dict[str, str], scripts: str = "", *, source: str | None = None) -> list[tuple[str, str]]:
    for name, text in {".git/HEAD": "", **tree}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    roots = project_roots(root)
    layout = modules.read(
        root,
        module_name="pkg",
        lib_name=None,
        project_name=None,
        package_name="pkg",
        python_source=source,
        python_packages=(),
        data=None,
        roots=roots,
    )
    entries = python_entries(layout, root, roots)
    packed = {entry.path: entry.source.path for entry in entries if isinstance(entry.source, FromFile)}
    return list(missing_modules(layout, root, packed, scripts))


@pytest.mark.parametrize(
    "text",
    [
        "from ._version import version",
        "from . import (\n    other,\n    _version,\n)",
        "import pkg._version",
        "from pkg import _version as v",
        "def late():\n    from pkg._version import *",
    ],
)
def test_an_ignored_module_that_the_package_imports_is_told(tmp_path: Path, text: str) -> None:
    tree = {".gitignore": "_version.py\n", "py/pkg/__init__.py": text, "py/pkg/_version.py": "", "py/pkg/other.py": ""}
    missing, importer = tmp_path / "py/pkg/_version.py", tmp_path / "py/pkg/__init__.py"
    assert found(tmp_path, tree, source="py") == [
        (
            f"the module {missing} is not packed, although {importer} imports it",
            INCLUDE.format("py/pkg/_version.py"),
        )
    ]


def test_the_ignored_init_file_of_the_modules_own_package_is_told(tmp_path: Path) -> None:
    tree = {".gitignore": "*.py\n", "pkg/__init__.py": "", "pkg/table.txt": "", "pkg/other.py": ""}
    assert found(tmp_path, tree) == [
        (
            f"the module {tmp_path / 'pkg/__init__.py'} is not packed, although the extension module is in its package",
            INCLUDE.format("pkg/__init__.py"),
        )
    ]


def test_an_ignored_module_that_nobody_imports_is_not_told(tmp_path: Path) -> None:
    tree = {
        ".gitignore": "_*.py\n!__init__.py\n",
        "pkg/__init__.py": "text = 'from ._version import x'",
        "pkg/sub/__init__.py": "from ._version import x",
        "pkg/broken.py": "from ._version import",
        "pkg/_version.py": "",
    }
    assert found(tmp_path, tree) == []


@pytest.mark.parametrize(("file", "name"), [("guard.py", "guard.py"), ("guard/__init__.py", "guard")])
def test_a_module_beside_the_package_is_told_where_it_is_asked_for(tmp_path: Path, file: str, name: str) -> None:
    tree = {"pkg/__init__.py": "", "setup.py": "", file: "", "json.py": ""}
    assert found(tmp_path, tree) == []
    missing = f"the module {tmp_path / file} is not packed, although"
    scripts = "[console_scripts]\ntg = guard:main\n"
    assert found(tmp_path, tree, scripts) == [
        (f"{missing} the entry point 'tg' of console_scripts names it", PACKAGES.format(name))
    ]
    importer = tmp_path / "pkg/__init__.py"
    assert found(tmp_path, {**tree, "pkg/__init__.py": "import guard, json"}) == [
        (f"{missing} {importer} imports it", PACKAGES.format(name))
    ]


@pytest.mark.parametrize(
    ("module", "told"),
    [
        ("app.cli", False),
        ("app.sub", False),
        ("app", False),
        ("app.space.deep", False),
        ("app.space", False),  # a namespace package
        ("app._native.made", False),  # by the extension module
        ("app.more", False),
        ("other.cli", False),  # another distribution's
        ("app.gone", True),
        ("app.sub.gone", True),
        ("app.cli.gone", True),
        ("alone.gone", True),
    ],
)
def test_an_entry_point_of_a_module_that_the_wheel_lacks_is_told(module: str, told: bool) -> None:
    paths = (
        "app/__init__.py",
        "app/cli.py",
        "app/sub/__init__.py",
        "app/space/deep.py",
        "app/_native.cpython-312-x86_64-linux-gnu.so",
        "app-1.data/platlib/app/more.py",
        "app/gone.txt",
        "alone.py",
    )
    text = f"[console_scripts]\nrun={module}:main [fast]\n"
    line = f"the entry point 'run' of console_scripts names the module {module}, which the wheel does not have"
    hint = f"correct it in pyproject.toml, or write {module.replace('.', '/')}.py"
    assert list(missing_entry_points(paths, text)) == ([(line, hint)] if told else [])
    assert list(missing_entry_points((), text)) == []
