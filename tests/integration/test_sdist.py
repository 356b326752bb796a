"""Source distributions of projects of every shape: file lists, rewritten texts, and cargo's word on the result."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sdist_projects import CASES, INCLUDE, WORKSPACE, Case

if TYPE_CHECKING:
    from integration.conftest import Cratewheel

pytestmark = pytest.mark.cargo


def lay_out(case: Case, root: Path) -> Path:
    """Write the project, and return the folder in which a user would be."""
    for name, text in case.tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        path.chmod(0o755 if path.suffix == ".sh" else 0o644)
    if case.git:
        subprocess.run(["git", "init", "-q"], cwd=root, check=True)
        subprocess.run(["git", "add", "--all"], cwd=root, check=True)
    return root / case.folder


def unpacked(path: Path, folder: Path) -> Path:
    """Unpack an sdist and return its top folder."""
    with tarfile.open(path) as archive:
        archive.extractall(folder, filter="data")
    return folder / path.name.removesuffix(".tar.gz")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_archive_of_a_project(case: Case, run_light: Cratewheel, tmp_path: Path) -> None:
    run = run_light("sdist", cwd=lay_out(case, tmp_path / "tree")).ok()
    top = unpacked(run.sdists[0], tmp_path)
    with tarfile.open(run.sdists[0]) as archive:
        names = [member.name.removeprefix("demo-1.0.0/") for member in archive]
        modes = {member.name.removeprefix("demo-1.0.0/"): member.mode for member in archive}
    assert names == list(case.files)
    assert {name for name, mode in modes.items() if mode != 0o644} == {n for n in names if n.endswith(".sh")}

    def original(name: str) -> str:
        moved = f"{case.folder}/{name}" if name == "pyproject.toml" and case.folder != "." else name
        return case.tree[moved]

    written = {name: (top / name).read_bytes().decode() for name in names if name != "PKG-INFO"}
    assert written == {name: case.texts[name] if name in case.texts else original(name) for name in written}
    (manifest,) = (path for path in top.rglob("Cargo.toml") if 'name = "demo"' in path.read_text())
    resolved = subprocess.run(
        ["cargo", "metadata", "--locked", "--offline", "--format-version=1", "--manifest-path", manifest],
        capture_output=True,
        text=True,
        check=False,
    )
    assert resolved.returncode == 0, resolved.stderr


def test_an_unpacked_sdist_makes_the_same_sdist(run_light: Cratewheel, tmp_path: Path) -> None:
    first = run_light("sdist", cwd=lay_out(WORKSPACE, tmp_path / "tree")).ok()
    second = run_light("sdist", cwd=unpacked(first.sdists[0], tmp_path)).ok()
    assert second.sdists[0].read_bytes() == first.sdists[0].read_bytes()


@pytest.mark.skipif(os.name == "nt", reason="making links takes a privilege on Windows")
def test_an_sdist_that_another_backend_would_build_is_a_warning(run_light: Cratewheel, tmp_path: Path) -> None:
    lay_out(WORKSPACE, tmp_path)
    file = tmp_path / WORKSPACE.folder / "pyproject.toml"
    for backend, told in (
        ('build-backend = "setuptools.build_meta"', "names setuptools.build_meta"),
        ("", "has no `build-backend`, which means setuptools"),
    ):
        text = WORKSPACE.tree[f"{WORKSPACE.folder}/pyproject.toml"]
        text = text.replace('build-backend = "maturin"', backend).replace("maturin>=1", "setuptools")
        file.write_text(text, encoding="utf-8")
        run = run_light("sdist", cwd=file.parent).ok()
        warning = f"warning: installers will build the sdist without Rust: [build-system] in {file} {told}\n"
        hint = '   help: write `requires = ["cratewheel"]` and `build-backend = "cratewheel"` there\n'
        assert warning + hint in run.stderr


def test_a_submodule_that_is_not_there_has_its_hint(run_light: Cratewheel, tmp_path: Path) -> None:
    lay_out(WORKSPACE, tmp_path)
    manifest = tmp_path / WORKSPACE.folder / "Cargo.toml"
    manifest.write_text(f'{manifest.read_text()}\n[dependencies.inner]\npath = "../inner"\n', encoding="utf-8")
    (tmp_path / ".gitmodules").write_text('[submodule "inner"]\n\tpath = inner\n', encoding="utf-8")
    run = run_light("sdist", cwd=manifest.parent)
    fetch = "`git submodule update --init --recursive`"
    assert run.status == 1
    assert f" help: {tmp_path / 'inner'} is a git submodule that is not there: {fetch}\n" in run.stderr


def test_a_link_out_of_the_project_is_refused_by_its_name(run_light: Cratewheel, tmp_path: Path) -> None:
    folder = lay_out(INCLUDE, tmp_path / "tree")
    (tmp_path / "secret").write_text("not yours")
    (folder / "src" / "link.rs").symlink_to(tmp_path / "secret")
    run = run_light("sdist", cwd=folder)
    assert run.status == 1
    assert str(folder / "src" / "link.rs") in run.stderr
    assert run.sdists == ()


def test_a_virtual_environment_in_the_folder_of_the_crate_is_not_packed(run_light: Cratewheel) -> None:
    project = run_light.copy("light-module")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", project / "env"], check=True)
    run = run_light("sdist", cwd=project).ok()
    with tarfile.open(run.sdists[0]) as archive:
        assert [name for name in archive.getnames() if "/env/" in name] == []
