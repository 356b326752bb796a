"""Each file of a source distribution has a place of its own, and the one that the metadata says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from integration.test_sdist import unpacked
from integration.test_sdist_complete import names, write
from sdist_projects import LIB, crate, locked, pyproject

if TYPE_CHECKING:
    from integration.conftest import Cratewheel

pytestmark = pytest.mark.cargo

INHERITED = crate("demo", LIB, package="license-file.workspace = true\n")
MEMBERS = '[workspace]\nmembers = ["rust"]\n\n[workspace.package]\nlicense-file = "docs/COPYING"\n'
BELOW = pyproject('\n[tool.maturin]\nmanifest-path = "rust/Cargo.toml"\n')
LICENCES = {
    "above the crate": {
        "pyproject.toml": BELOW,
        "rust/Cargo.toml": crate("demo", LIB, package='license-file = "../docs/COPYING"\n'),
    },
    "inherited": {"Cargo.toml": MEMBERS, "rust/pyproject.toml": pyproject(), "rust/Cargo.toml": INHERITED},
    "beside a crate below": {
        "pyproject.toml": BELOW,
        "rust/Cargo.toml": crate("demo", LIB, package='license-file = "COPYING"\n'),
        "rust/COPYING": "do\n",
    },
}


@pytest.mark.parametrize("name", LICENCES)
def test_the_licence_is_where_the_metadata_says_and_stays_there(
    name: str, run_light: Cratewheel, tmp_path: Path
) -> None:
    lock = "Cargo.lock" if name == "inherited" else "rust/Cargo.lock"
    tree = {**LICENCES[name], "docs/COPYING": "do\n", "rust/src/lib.rs": "", lock: locked("demo")}
    folder = write(tmp_path / "tree", tree, git=True)
    first = run_light("sdist", cwd=folder / "rust" if name == "inherited" else folder).ok()
    top = unpacked(first.sdists[0], tmp_path)
    assert [line for line in (top / "PKG-INFO").read_text().splitlines() if line.startswith("License-File")] == [
        "License-File: COPYING"
    ]
    assert (top / "COPYING").read_text() == (top / "rust" / "COPYING").read_text() == "do\n"
    second = run_light("sdist", cwd=top).ok()
    assert "left out" not in second.stderr
    assert second.sdists[0].read_bytes() == first.sdists[0].read_bytes()


def member(more: dict[str, str], project: str = "") -> dict[str, str]:
    """Return a workspace whose root is a crate that the member in `py` is built with."""
    return {
        "Cargo.toml": crate("root", '\n[workspace]\nmembers = ["py"]\n'),
        "Cargo.lock": locked("demo root", "root"),
        "src/lib.rs": '#![doc = include_str!("../README.md")]\n',
        "README.md": "of the root\n",
        "py/pyproject.toml": pyproject(project=project),
        "py/Cargo.toml": crate("demo", f'{LIB}\n[dependencies]\nroot = {{ path = ".." }}\n'),
        "py/src/lib.rs": "",
        **more,
    }


def test_the_readme_of_a_member_does_not_replace_that_of_the_root(run_light: Cratewheel, tmp_path: Path) -> None:
    tree = member({"py/README.md": "of the member\n"}, 'readme = "README.md"\n')
    run = run_light("sdist", cwd=write(tmp_path / "tree", tree, git=True) / "py").ok()
    top = unpacked(run.sdists[0], tmp_path)
    assert (top / "README.md").read_text() == "of the root\n"
    assert (top / "py/README.md").read_text() == "of the member\n"
    assert 'readme = "py/README.md"\n' in (top / "pyproject.toml").read_text()
    again = run_light("sdist", cwd=top).ok()
    assert again.sdists[0].read_bytes() == run.sdists[0].read_bytes()


def test_a_readme_of_the_root_does_not_replace_that_of_the_member(run_light: Cratewheel, tmp_path: Path) -> None:
    tree = member({"py/README.md": "of the member\n"})
    tree["py/Cargo.toml"] = crate(
        "demo", f'{LIB}\n[dependencies]\nroot = {{ path = ".." }}\n', 'readme = "../README.md"\n'
    )
    run = run_light("sdist", cwd=write(tmp_path / "tree", tree, git=True) / "py").ok()
    top = unpacked(run.sdists[0], tmp_path)
    assert (top / "README.md").read_text() == (top / "py/README-2.md").read_text() == "of the root\n"
    assert (top / "py/README.md").read_text() == "of the member\n"
    assert 'readme = "README-2.md"\n' in (top / "py/Cargo.toml").read_text()


@pytest.mark.parametrize("project", ["", 'license = { file = "LICENSE" }\n', 'license-files = ["LICENSE"]\n'])
def test_two_licences_with_one_place_are_an_error(project: str, run_light: Cratewheel, tmp_path: Path) -> None:
    tree = member({"py/LICENSE": "of the member\n", "LICENSE": "of the root\n"}, project)
    folder = write(tmp_path / "tree", tree, git=True)
    run = run_light("sdist", cwd=folder / "py")
    assert run.status == 1
    assert f"one place for two files, {folder / 'py/LICENSE'} and {folder / 'LICENSE'}: LICENSE" in run.stderr
    assert run.sdists == ()
    (folder / "py/LICENSE").write_text("of the root\n")
    assert run_light("sdist", cwd=folder / "py").ok().sdists != ()


@pytest.mark.parametrize("source", ["", "python"])
def test_a_python_package_with_the_name_of_a_crate_does_not_merge_with_it(
    source: str, run_light: Cratewheel, tmp_path: Path
) -> None:
    inner = f"{source}/demo" if source else "demo"
    crate_folder = source or "demo"
    tree = {
        "Cargo.toml": f'[workspace]\nmembers = ["py", "{crate_folder}"]\n',
        "Cargo.lock": locked("core", "demo core"),
        f"{crate_folder}/Cargo.toml": crate("core"),
        f"{crate_folder}/src/lib.rs": "",
        f"{crate_folder}/demo/asset.txt": "",
        "py/pyproject.toml": pyproject(f'\n[tool.maturin]\npython-source = "{source}"\n' if source else ""),
        "py/Cargo.toml": crate("demo", f'{LIB}\n[dependencies]\ncore = {{ path = "../{crate_folder}" }}\n'),
        "py/src/lib.rs": "",
        f"py/{inner}/__init__.py": "",
    }
    folder = write(tmp_path / "tree", tree, git=True) / "py"
    run = run_light("sdist", cwd=folder).ok()
    assert set(names(run)) == {name for name in tree if name not in ("py/pyproject.toml", "Cargo.lock")}
    top = unpacked(run.sdists[0], tmp_path)
    assert f'python-source = "{f"py/{source}" if source else "py"}"\n' in (top / "pyproject.toml").read_text()
    from_tree = run_light("list-files", "--wheel", cwd=folder).ok().stdout
    assert "Cargo.toml" not in from_tree
    assert run_light("list-files", "--wheel", cwd=top).ok().stdout == from_tree
    assert run_light("sdist", cwd=top).ok().sdists[0].read_bytes() == run.sdists[0].read_bytes()
