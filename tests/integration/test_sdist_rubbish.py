"""What of a project's folder is no source: what was built there, cargo's own files, and links to nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from integration.test_sdist_complete import names, write
from sdist_projects import LIB, crate, locked, pyproject

if TYPE_CHECKING:
    from integration.conftest import Cratewheel

pytestmark = [
    pytest.mark.cargo,
    pytest.mark.skipif(os.name == "nt", reason="making links takes a privilege on Windows"),
]

TREE = {
    "pyproject.toml": pyproject(),
    "Cargo.toml": crate("demo", LIB),
    "Cargo.lock": locked("demo"),
    "src/lib.rs": "",
    "demo/__init__.py": "",
}
FILES = ["Cargo.toml", "demo/__init__.py", "src/lib.rs"]


@pytest.mark.parametrize("place", ["result", "src/gone.rs", "demo/gone.py"])
def test_a_link_to_nothing_that_git_does_not_track_is_left_out_with_a_warning(
    place: str, run_light: Cratewheel, tmp_path: Path
) -> None:
    folder = write(tmp_path / "tree", TREE, git=True)
    (folder / place).symlink_to("/nowhere/at/all")
    run = run_light("sdist", "--explain", cwd=folder).ok()
    assert names(run) == FILES
    warning = (
        f"{folder / place} is skipped, a symbolic link to /nowhere/at/all, which does not exist; git does not track it"
    )
    assert run.stderr.count(warning) == 1


@pytest.mark.parametrize("place", ["src/gone.rs", "demo/gone.py"])
@pytest.mark.parametrize("git", [False, True])
def test_a_link_to_nothing_of_the_project_is_an_error(
    place: str, git: bool, run_light: Cratewheel, tmp_path: Path
) -> None:
    folder = write(tmp_path / "tree", TREE, git=git)
    (folder / place).symlink_to("nowhere")
    if git:
        subprocess.run(["git", "add", "--all"], cwd=folder, check=True)
    run = run_light("sdist", cwd=folder)
    assert run.status == 1
    assert f"{folder / place} is a symbolic link to nowhere, which does not exist" in run.stderr


def test_a_loop_is_called_one(run_light: Cratewheel, tmp_path: Path) -> None:
    folder = write(tmp_path / "tree", TREE)
    (folder / "src/a.rs").symlink_to("b.rs")
    (folder / "src/b.rs").symlink_to("a.rs")
    run = run_light("sdist", cwd=folder)
    assert run.status == 1
    assert f"{folder / 'src/a.rs'} is a symbolic link to b.rs, which is a loop" in run.stderr


TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# This file is a cache directory tag created by cargo.\n"
BUILT: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "a target directory of an earlier build": ({"build/.rustc_info.json": "{}"}, {}),
    "one that cargo has only tagged": ({"build/CACHEDIR.TAG": TAG}, {}),
    "CARGO_TARGET_DIR": ({}, {"CARGO_TARGET_DIR": "build"}),
    "the configuration": ({".cargo/config.toml": '[build]\ntarget-dir = "build"\n'}, {}),
    "CARGO_HOME": ({}, {"CARGO_HOME": "build"}),
    "an earlier CARGO_HOME": ({"build/.package-cache": ""}, {}),
}


@pytest.mark.parametrize("name", BUILT)
@pytest.mark.parametrize("inside", ["", "demo/"])
def test_what_cargo_writes_is_not_packed(name: str, inside: str, run_light: Cratewheel, tmp_path: Path) -> None:
    more, environ = BUILT[name]
    own = {path.replace("build/", f"{inside}build/"): text.replace('"b', f'"{inside}b') for path, text in more.items()}
    built = ("release/of.txt", "registry/of.rs", "credentials.toml")
    tree = {**TREE, **own, **{f"{inside}build/{path}": "" for path in built}}
    folder = write(tmp_path / "tree", tree, git=True)
    variables = {key: str(folder / f"{inside}{value}") for key, value in environ.items()}
    run = run_light("sdist", cwd=folder, env={"CARGO_TARGET_DIR": None, **variables})
    assert [path for path in names(run.ok()) if path != ".cargo/config.toml"] == FILES


@pytest.mark.parametrize("name", ["a target directory of an earlier build", "CARGO_TARGET_DIR", "CARGO_HOME"])
def test_what_cargo_writes_is_in_no_wheel(name: str, run_light: Cratewheel, tmp_path: Path) -> None:
    more, environ = BUILT[name]
    own = {path.replace("build/", "demo/build/"): text.replace('"b', '"demo/b') for path, text in more.items()}
    built = ("release/of.json", "registry/of.py")
    project = pyproject('\n[tool.maturin]\nbindings = "cffi"\ninclude = ["**/*.json"]\n')
    tree = {**TREE, "pyproject.toml": project, "own.json": "", **own, **{f"demo/build/{path}": "" for path in built}}
    folder = write(tmp_path / "tree", tree)
    variables = {key: str(folder / "demo" / value) for key, value in environ.items()}
    run = run_light("list-files", cwd=folder, env={"CARGO_TARGET_DIR": None, **variables}).ok()
    assert "demo/__init__.py" in run.stdout
    assert run.stdout.count("own.json") == 2
    assert "build" not in run.stdout


SETTINGS = '\n[tool.maturin]\ninclude = ["assets/*", { path = "more/**/*", format = "wheel" }]\n'
WITH_DATA = {
    "pyproject.toml": pyproject(SETTINGS),
    "Cargo.toml": crate("demo"),
    "Cargo.lock": locked("demo"),
    "demo/__init__.py": "",
    "src/main.rs": "fn main() {}\n",
    "assets/a.txt": "",
    "more/b.txt": "",
    "demo.data/data/etc/c.txt": "",
}
PLACES = ["demo/gone.py", "assets/gone.txt", "more/deep/gone.txt", "demo.data/data/gone.txt", "demo.data/gone"]


@pytest.mark.parametrize("place", PLACES)
def test_a_link_to_nothing_that_git_does_not_track_is_in_no_wheel_either(
    place: str, run_light: Cratewheel, tmp_path: Path
) -> None:
    folder = write(tmp_path / "tree", WITH_DATA, git=True)
    before = run_light("list-files", cwd=folder).ok()
    (folder / place).parent.mkdir(exist_ok=True)
    (folder / place).symlink_to("nowhere")
    listed = run_light("list-files", cwd=folder).ok()
    assert listed.stdout == before.stdout
    run = run_light("build", "-b", "bin", cwd=folder).ok()
    warning = f"{folder / place} is skipped, a symbolic link to nowhere, which does not exist; git does not track it"
    assert run.stderr.count(warning) == listed.stderr.count(warning) == 1
    assert not [name for name in zipfile.ZipFile(run.wheel).namelist() if "gone" in name]
    assert not [name for name in names(run) if "gone" in name]
    subprocess.run(["git", "add", "--all"], cwd=folder, check=True)
    refused = run_light("build", "-b", "bin", "--no-sdist", cwd=folder)
    assert refused.status == 1
    if place == "demo.data/gone":
        assert f"{folder / place} cannot be packed" in refused.stderr
    else:
        assert f"{folder / place} is a symbolic link to nowhere, which does not exist" in refused.stderr


def test_a_virtual_environment_is_no_file_to_explain(run_light: Cratewheel, tmp_path: Path) -> None:
    folder = write(tmp_path / "tree", TREE, git=True)
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/pyvenv.cfg").write_text("", encoding="utf-8")
    (folder / ".venv/bin/python").symlink_to(sys.executable)
    run = run_light("sdist", "--explain", cwd=folder).ok()
    assert names(run) == FILES
    assert ".venv" not in run.stderr
