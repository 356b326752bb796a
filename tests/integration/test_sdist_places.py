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
    assert (
        f"two files have the same path in the sdist, {folder / 'py/LICENSE'} and {folder / 'LICENSE'}: LICENSE"
        in run.stderr
    )
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


def test_a_second_pyproject_toml_does_not_give_way_in_silence(run_light: Cratewheel, tmp_path: Path) -> None:
    folder = write(tmp_path / "tree", member({"pyproject.toml": "[tool.ruff]\n"}), git=True)
    run = run_light("sdist", cwd=folder / "py")
    assert run.status == 1
    mine, theirs = folder / "py/pyproject.toml", folder / "pyproject.toml"
    assert f"two files have the same path in the sdist, {mine} and {theirs}: pyproject.toml" in run.stderr
    assert f'exclude {theirs}: `exclude = ["/pyproject.toml"]` in [package] of the Cargo.toml beside it' in run.stderr
    root = crate("root", '\n[workspace]\nmembers = ["py"]\n', 'exclude = ["/pyproject.toml"]\n')
    (folder / "Cargo.toml").write_text(root)
    top = unpacked(run_light("sdist", cwd=folder / "py").ok().sdists[0], tmp_path)
    assert 'name = "demo"' in (top / "pyproject.toml").read_text()


def test_a_manifest_that_an_include_brings_to_the_place_of_a_crate_s_is_an_error(
    run_light: Cratewheel, tmp_path: Path
) -> None:
    including = '\n[tool.maturin]\ninclude = [{ path = "data/*", format = "sdist" }]\n'
    tree = member({"py/pyproject.toml": pyproject(including), "py/data/Cargo.toml": "[package]\n"})
    tree |= {"data/Cargo.toml": crate("data"), "data/src/lib.rs": ""}
    needs_data = '\n[workspace]\nmembers = ["py", "data"]\n\n[dependencies]\ndata = { path = "data" }\n'
    tree |= {"Cargo.toml": crate("root", needs_data), "Cargo.lock": locked("data", "demo root", "root data")}
    folder = write(tmp_path / "tree", tree, git=True)
    run = run_light("sdist", cwd=folder / "py")
    assert run.status == 1
    two = f"{folder / 'data/Cargo.toml'} and {folder / 'py/data/Cargo.toml'}: data/Cargo.toml"
    assert f"two files have the same path in the sdist, {two}" in run.stderr
    assert run.sdists == ()


@pytest.mark.parametrize("name", ["Cargo.lock", "Cargo.toml"])
def test_the_manifests_that_an_include_names_stay_where_they_are(
    name: str, run_light: Cratewheel, tmp_path: Path
) -> None:
    including = f'\n[tool.maturin]\ninclude = [{{ path = "{name}", format = "sdist" }}]\n'
    tree = member({"py/pyproject.toml": pyproject(including)})
    run = run_light("sdist", cwd=write(tmp_path / "tree", tree, git=True) / "py").ok()
    assert names(run) == ["Cargo.toml", "README.md", "py/Cargo.toml", "py/src/lib.rs", "src/lib.rs"]


def test_a_leftover_lock_that_an_include_names_is_no_other_workspace_s(run_light: Cratewheel, tmp_path: Path) -> None:
    including = '\n[tool.maturin]\ninclude = [{ path = "Cargo.lock", format = "sdist" }]\n'
    tree = member({"py/pyproject.toml": pyproject(including), "py/Cargo.lock": "version = 4\n"})
    folder = write(tmp_path / "tree", tree, git=True)
    run = run_light("sdist", cwd=folder / "py")
    assert run.status == 1
    two = f"{folder / 'Cargo.lock'} and {folder / 'py/Cargo.lock'}: Cargo.lock"
    assert f"two files have the same path in the sdist, {two}" in run.stderr
    (folder / "py/Cargo.lock").write_text((folder / "Cargo.lock").read_text())
    assert run_light("sdist", cwd=folder / "py").ok().sdists != ()
