"""One rule of what a Python package holds: the wheel of the tree, the sdist and its wheel agree, wherever they lie."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters

pytestmark = [pytest.mark.cargo, pytest.mark.skipif(os.name == "nt", reason="names of POSIX")]

PYPROJECT = """
[build-system]
requires = ["cratewheel"]
build-backend = "cratewheel"

[project]
name = "light-module"
dynamic = ["version"]

[tool.cratewheel]
module-name = "lightly._native"
"""
RUBBISH = (
    "__pycache__/a.cpython-311.pyc",
    "gone/__pycache__/b.pyc",
    ".DS_Store",
    ".a.py.swp",
    "a.py~",
    "#a#",
    ".#b.py",
)
IGNORED = ("_version.py", "sub/notes.local", "secret.txt")
KEPT = {".hidden", "forced.local", "__init__.py", "sub/data.txt"}


def of_package(names: list[str]) -> set[str]:
    places = (name.partition("lightly/")[2] for name in names if "lightly/" in name and not name.endswith("/"))
    return {place for place in places if not place.startswith("_native")}


def lay_out(project: Path, repository: Path, generator: str, include: str) -> None:
    text = f'{PYPROJECT}sdist-generator = "{generator}"\n{include}'
    (project / "pyproject.toml").write_text(text, encoding="utf-8")
    for name in (*RUBBISH, *IGNORED, *KEPT):
        path = project / "lightly" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("from ._version import x\n" if name == "__init__.py" else "", encoding="utf-8")
    (repository / ".gitignore").write_text("_version.py\n*.local\n", encoding="utf-8")


@pytest.mark.parametrize(
    "include", ["", 'include = ["lightly/_version.py", "lightly/**/*.pyc"]\n'], ids=["", "include"]
)
@pytest.mark.parametrize("generator", ["cargo", "git"])
@pytest.mark.parametrize("below", [False, True], ids=["root", "below"])
def test_what_git_ignores_and_rubbish_is_in_no_archive(
    run_light: Cratewheel, interpreters: Interpreters, generator: str, include: str, below: bool
) -> None:
    copied = run_light.copy("light-module")
    project = copied
    if below:
        project = copied.with_name("repository") / "deep" / "project"
        shutil.copytree(copied, project)
    repository = project.parents[1] if below else project
    lay_out(project, repository, generator, include)
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-C", str(repository))
    subprocess.run([*git, "init", "-q"], check=True)
    (repository / ".git" / "info" / "exclude").write_text("secret.txt\n", encoding="utf-8")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "add", "--force", str(project / "lightly" / "forced.local")], check=True)
    subprocess.run([*git, "commit", "-qm", "all"], check=True)
    expected = KEPT | ({"_version.py"} if include else set())

    run = run_light("build", "-i", interpreters.this, cwd=project).ok()
    assert of_package(zipfile.ZipFile(run.wheel).namelist()) == expected
    missing = f"the module {project / 'lightly' / '_version.py'} is not packed"
    assert run.stderr.count(missing) == (not include)  # once for both archives
    assert run_light("sdist", cwd=project).ok().stderr.count(missing) == (not include)
    with tarfile.open(run.sdists[0]) as archive:
        assert of_package(archive.getnames()) - {"sub", ""} == expected
        unpacked = project.parent / "unpacked"  # in the repository, where it is below
        archive.extractall(unpacked, filter="data")
    (again,) = unpacked.iterdir()
    done = run_light("build", "--no-sdist", "-i", interpreters.this, "--out", unpacked / "out", cwd=again).ok()
    (wheel,) = (unpacked / "out").glob("*.whl")
    assert of_package(zipfile.ZipFile(wheel).namelist()) == expected
    assert "is not packed" not in done.stderr


def test_out_of_git_everything_counts_but_rubbish(run_light: Cratewheel, interpreters: Interpreters) -> None:
    project = run_light.copy("light-module")
    lay_out(project, project, "cargo", "")
    run = run_light("build", "-i", interpreters.this, cwd=project).ok()
    expected = KEPT | set(IGNORED)
    assert of_package(zipfile.ZipFile(run.wheel).namelist()) == expected
    with tarfile.open(run.sdists[0]) as archive:
        assert of_package(archive.getnames()) == expected


@pytest.mark.parametrize("generator", ["cargo", "git"])
def test_an_entry_point_beside_the_package_is_missing_in_the_wheel_of_the_sdist(
    generator: str, run_light: Cratewheel
) -> None:
    project = run_light.copy("light-module")
    (project / "guard.py").write_text("def main(): ...\n", encoding="utf-8")
    path = project / "pyproject.toml"
    text = path.read_text(encoding="utf-8").replace("[project]\n", '[project]\nscripts = { tg = "guard:main" }\n')
    path.write_text(f'{text}\n[tool.cratewheel]\nsdist-generator = "{generator}"\n', encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    subprocess.run(["git", "add", "."], cwd=project, check=True)
    run = run_light("sdist", cwd=project).ok()
    named = "although the entry point 'tg' of console_scripts names it"
    assert run.stderr.count(f"the module {project / 'guard.py'} is not packed, {named}") == 1
    assert 'add "guard.py" to `python-packages`' in run.stderr
    text = path.read_text(encoding="utf-8")
    path.write_text(f'{text}python-packages = ["guard.py"]\n', encoding="utf-8")
    assert "is not packed" not in run_light("sdist", cwd=project).ok().stderr
