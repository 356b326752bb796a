"""A source distribution has each file that its manifests name, or is not written."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from integration.test_sdist import unpacked
from sdist_projects import LIB, crate, locked, pyproject

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Run

pytestmark = pytest.mark.cargo


def write(root: Path, tree: dict[str, str], *, git: bool = False) -> Path:
    """Write the files of a project, and return its folder."""
    for name, text in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    if git:
        subprocess.run(["git", "init", "-q"], cwd=root, check=True)
        subprocess.run(["git", "add", "--all"], cwd=root, check=True)
    return root


def names(run: Run) -> list[str]:
    """Return what a source distribution holds, without what each has."""
    with tarfile.open(run.sdists[0]) as archive:
        every = [name.partition("/")[2] for name in archive.getnames()]
    return [name for name in every if name not in ("PKG-INFO", "pyproject.toml", "Cargo.lock")]


def resolves(run: Run, folder: Path, manifest: str = "Cargo.toml", *flags: str) -> None:
    """Check that cargo takes the crates of the archive as they are, with such flags as `--locked`."""
    top = unpacked(run.sdists[0], folder / "unpacked")
    subprocess.run(
        ["cargo", "metadata", "--offline", "--format-version=1", "--manifest-path", top / manifest, *flags],
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=60,
    )


@pytest.mark.parametrize("default", ['["other"]', '["o*"]'])
def test_the_root_of_a_workspace_whose_default_members_are_others(
    default: str, run_light: Cratewheel, tmp_path: Path
) -> None:
    workspace = f'{LIB}\n[workspace]\nmembers = ["other"]\ndefault-members = {default}\n'
    tree = {
        "pyproject.toml": pyproject(),
        "Cargo.toml": crate("demo", workspace),
        "Cargo.lock": locked("demo", "other"),
        "src/lib.rs": "mod inner;\n",
        "src/inner.rs": "",
        "other/Cargo.toml": crate("other"),
        "other/src/lib.rs": "",
        "other/src/own.rs": "",
    }
    run = run_light("sdist", cwd=write(tmp_path / "tree", tree)).ok()
    assert names(run) == ["Cargo.toml", "src/inner.rs", "src/lib.rs"]


def test_a_dependency_that_is_the_root_of_such_a_workspace(run_light: Cratewheel, tmp_path: Path) -> None:
    tree = {
        "pyproject.toml": pyproject(),
        "Cargo.toml": crate(
            "demo", f'{LIB}\n[dependencies]\ndep = {{ path = "dep" }}\n\n[workspace]\nexclude = ["dep"]\n'
        ),
        "Cargo.lock": locked("demo dep", "dep"),
        "src/lib.rs": "",
        "dep/Cargo.toml": crate("dep", '\n[workspace]\nmembers = ["other"]\ndefault-members = ["other"]\n'),
        "dep/src/lib.rs": "",
        "dep/other/Cargo.toml": crate("other"),
        "dep/other/src/lib.rs": "",
    }
    run = run_light("sdist", cwd=write(tmp_path / "tree", tree)).ok()
    assert names(run) == ["Cargo.toml", "dep/Cargo.toml", "dep/src/lib.rs", "src/lib.rs"]


@pytest.mark.parametrize("git", [False, True])
def test_a_patch_inside_of_a_workspace_that_does_not_mention_it(
    git: bool, run_light: Cratewheel, tmp_path: Path
) -> None:
    more = f"""{LIB}
[workspace]
members = ["member"]

[dependencies]
dep = "1"

[patch.crates-io]
dep = {{ path = "vendor/dep" }}
"""
    tree = {
        ".gitignore": "*.log\n",
        "pyproject.toml": pyproject(),
        "Cargo.toml": crate("demo", more),
        "Cargo.lock": locked("demo dep", "dep", "member"),
        "src/lib.rs": "",
        "member/Cargo.toml": crate("member"),
        "member/src/lib.rs": "",
        "vendor/dep/Cargo.toml": crate("dep", package='exclude = ["notes/", "*.tmp"]\n'),
        "vendor/dep/src/lib.rs": "mod inner;\n",
        "vendor/dep/src/inner.rs": "",
        "vendor/dep/src/of.log": "",
        "vendor/dep/src/of.tmp": "",
        "vendor/dep/notes/a/b.txt": "",
        "vendor/dep/inner/Cargo.toml": crate("inner"),
        "vendor/dep/inner/src/lib.rs": "",
    }
    run = run_light("sdist", cwd=write(tmp_path / "tree", tree, git=git)).ok()
    assert names(run) == [
        *([".gitignore"] if git else []),
        "Cargo.toml",
        "src/lib.rs",
        "vendor/dep/Cargo.toml",
        "vendor/dep/src/inner.rs",
        "vendor/dep/src/lib.rs",
        *([] if git else ["vendor/dep/src/of.log"]),
    ]
    (warning,) = (line for line in run.stderr.splitlines() if "does not list the files" in line)
    assert str(Path("vendor", "dep")) in warning
    resolves(run, tmp_path)


LIBRARY = '[lib]\ncrate-type = ["cdylib"]\npath = "../src/lib.rs"\n'
PROGRAM = f'{LIB}[[bin]]\nname = "tool"\npath = "../src/main.rs"\n'
OUTSIDE = {
    "a library": ({"../src/lib.rs": "mod inner;\n", "../src/inner.rs": ""}, LIBRARY),
    "a program": ({"../src/main.rs": "fn main() {}\n", "src/lib.rs": ""}, PROGRAM),
    "a build script": ({"../build.rs": "fn main() {}\n", "src/lib.rs": ""}, LIB),
}


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("git", [False, True])
def test_targets_outside_of_the_folder_of_the_crate(
    name: str, git: bool, run_light: Cratewheel, tmp_path: Path
) -> None:
    files, more = OUTSIDE[name]
    package = 'build = "../build.rs"\n' if name == "a build script" else ""
    tree = {
        "pyproject.toml": pyproject('\n[tool.maturin]\nmanifest-path = "rust/Cargo.toml"\n'),
        "rust/Cargo.toml": crate("demo", f"\n{more}", package=package),
        "rust/Cargo.lock": locked("demo"),
        **{str(Path("rust", path)).replace("rust/../", ""): text for path, text in files.items()},
        "unrelated.rs": "",
    }
    run = run_light("sdist", cwd=write(tmp_path / "tree", tree, git=git)).ok()
    expected = {"rust/Cargo.lock", "rust/Cargo.toml", *(f"rust/{path}".replace("rust/../", "") for path in files)}
    assert set(names(run)) == expected
    resolves(run, tmp_path, "rust/Cargo.toml")


def test_a_target_above_pyproject_toml_keeps_its_distance(run_light: Cratewheel, tmp_path: Path) -> None:
    tree = {
        "rust/pyproject.toml": pyproject(),
        "rust/Cargo.toml": crate("demo", f'{LIB}[[bin]]\nname = "tool"\npath = "../src/main.rs"\n'),
        "rust/Cargo.lock": locked("demo"),
        "rust/src/lib.rs": "",
        "src/main.rs": "fn main() {}\n",
    }
    folder = write(tmp_path / "tree", tree, git=True)
    run = run_light("sdist", cwd=folder / "rust").ok()
    assert names(run) == ["rust/Cargo.lock", "rust/Cargo.toml", "rust/src/lib.rs", "src/main.rs"]
    resolves(run, tmp_path, "rust/Cargo.toml")


LACKING = {
    "an ignored library": ("/src/lib.rs\n", "", "src/lib.rs", "the library 'demo'"),
    "an ignored build script": ("/build.rs\n", "", "build.rs", "the build script 'build-script-build'"),
    "an ignored program": ("/src/bin\n", "", "src/bin/tool.rs", "the program 'tool'"),
    "an excluded library": ("", 'exclude = ["src/lib.rs"]\n', "src/lib.rs", "the library 'demo'"),
    "no readme": ("", 'readme = "GONE.md"\n', "GONE.md", "the readme"),
    "no licence": ("", 'license-file = "GONE"\n', "GONE", "license-file"),
}


@pytest.mark.parametrize("name", LACKING)
def test_a_crate_that_lacks_what_its_manifest_names_is_an_error(
    name: str, run_light: Cratewheel, tmp_path: Path
) -> None:
    ignored, package, path, what = LACKING[name]
    tree = {
        ".gitignore": ignored,
        "pyproject.toml": pyproject(),
        "Cargo.toml": crate("demo", LIB, package=package),
        "Cargo.lock": locked("demo"),
        "src/lib.rs": "",
        "src/bin/tool.rs": "fn main() {}\n",
        "build.rs": "fn main() {}\n",
    }
    folder = write(tmp_path / "tree", tree, git=True)
    run = run_light("sdist", cwd=folder)
    assert run.status == 1
    assert f"{folder / path}, " in run.stderr
    assert what in run.stderr
    assert "help: " in run.stderr
    assert run.sdists == ()


@pytest.mark.parametrize("name", ["src/a:b.txt", "src/a?b.txt", "src/a\\b.txt"])
def test_a_name_that_not_every_system_can_have_is_an_error_that_says_what_to_do(
    run_light: Cratewheel, tmp_path: Path, name: str
) -> None:
    tree = {"pyproject.toml": pyproject(), "Cargo.toml": crate("demo", LIB), "src/lib.rs": "", name: ""}
    root = write(tmp_path / "demo", tree)
    run = run_light("sdist", cwd=root)
    assert run.status == 1
    assert (
        f"error: {root / name} cannot be in a source distribution: cargo packs no name with `{name[5]}`" in run.stderr
    )
    assert f'rename the file, or exclude it: `exclude = ["{name}"]` in [package] of Cargo.toml' in run.stderr
