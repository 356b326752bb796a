"""A build that makes an sdist and wheels says which files cargo read for the wheels, and the sdist does not have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from integration.test_sdist_complete import write
from sdist_projects import crate, pyproject

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Run

pytestmark = pytest.mark.cargo

EMPTY = "fn main() {}\n"


def lacking(run: Run, root: Path) -> list[str]:
    """Return the warnings about files that cargo read, and their hints, with paths in the folder `root`."""
    lines = run.ok().stderr.replace(f"{root}/", "").splitlines()
    found = [at for at, line in enumerate(lines) if "cargo read" in line]
    return [" ".join(line.strip() for line in lines[at : at + 2]) for at in found]


def said(path: str, *, script: bool = False) -> str:
    """Return the warning of one file of the project."""
    unless = ", unless a build script writes it" if script else ""
    return (
        f"warning: cargo read {path} for the wheel, but it is not in the sdist: builds from there lack it{unless} "
        f'help: `include = [{{ path = "{path}", format = "sdist" }}]` adds it'
    )


@pytest.mark.parametrize(
    ("main", "missing"),
    [
        ('include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/a.txt"))', ["data/a.txt"]),
        ('include_str!("../data/a.txt")', ["data/a.txt"]),
        ('include_str!("../kept/b.txt")', []),
        ('include_str!("../Cargo.toml")', []),  # written anew for the archive
    ],
)
def test_files_that_cargo_leaves_out(main: str, missing: list[str], run_light: Cratewheel, tmp_path: Path) -> None:
    tree = {
        "pyproject.toml": pyproject(),
        "Cargo.toml": crate("demo", package='exclude = ["data"]\n'),
        "src/main.rs": f'fn main() {{\n    print!("{{}}", {main});\n}}\n',
        "data/a.txt": "a",
        "kept/b.txt": "b",
    }
    root = write(tmp_path / "tree", tree)
    assert lacking(run_light("build", cwd=root), root) == [said(path) for path in missing]


def test_a_file_that_include_names_is_there(run_light: Cratewheel, tmp_path: Path) -> None:
    include = '[tool.maturin]\ninclude = [{ path = "data/a.txt", format = "sdist" }]\n'
    tree = {
        "pyproject.toml": pyproject(include),
        "Cargo.toml": crate("demo", package='exclude = ["data"]\n'),
        "src/main.rs": 'fn main() {\n    print!("{}", include_str!("../data/a.txt"));\n}\n',
        "data/a.txt": "a",
    }
    root = write(tmp_path / "tree", tree)
    assert lacking(run_light("build", cwd=root), root) == []


def test_modules_in_the_repository_outside_of_every_crate(run_light: Cratewheel, tmp_path: Path) -> None:
    tree = {
        "py/pyproject.toml": pyproject(),
        "py/Cargo.toml": crate("demo", '[dependencies]\nother = { path = "../other" }\n'),
        "py/src/main.rs": f'#[path = "../../shared/outside.rs"]\nmod outside;\n{EMPTY}',
        "other/Cargo.toml": crate("other", package='exclude = ["table.txt"]\n'),
        "other/src/lib.rs": 'pub const TABLE: &str = include_str!(concat!("../", "table.txt"));\n',
        "other/table.txt": "",
        "shared/outside.rs": "",
    }
    root = write(tmp_path / "tree", tree, git=True)
    hint = "help: `cratewheel sdist --check` builds from the sdist"
    lines = [said(path).partition(" help:")[0] for path in ("other/table.txt", "shared/outside.rs")]
    assert lacking(run_light("build", cwd=root / "py"), root) == [f"{line} {hint}" for line in lines]


def test_what_build_scripts_read(run_light: Cratewheel, tmp_path: Path) -> None:
    names = ("templates", "kept", "single.txt", ".git/HEAD", "gone.txt", "/etc/passwd")
    lines = "".join(f'    println!("cargo:rerun-if-changed={name}");\n' for name in names)
    tree = {
        "pyproject.toml": pyproject(),
        "Cargo.toml": crate("demo", package='exclude = ["templates", "single.txt"]\n'),
        "build.rs": f"fn main() {{\n{lines}}}\n",
        "src/main.rs": EMPTY,
        "templates/a.txt": "",
        "kept/a.txt": "",
        "single.txt": "",
    }
    root = write(tmp_path / "tree", tree, git=True)
    assert lacking(run_light("build", cwd=root), root) == [
        said("single.txt", script=True),
        said("templates", script=True),
    ]


def test_many_files_are_counted(run_light: Cratewheel, tmp_path: Path) -> None:
    modules = {f"src/excluded_{at}.rs": "" for at in range(7)}
    tree = {
        "pyproject.toml": pyproject(),
        "Cargo.toml": crate("demo", package='exclude = ["src/excluded_*.rs"]\n'),
        "src/main.rs": "".join(f"mod excluded_{at};\n" for at in range(7)) + EMPTY,
        **modules,
    }
    root = write(tmp_path / "tree", tree)
    counted = "warning: 2 more files that cargo read for the wheel are not in the sdist"
    counted += " help: `cratewheel sdist --check` builds from the sdist"
    assert lacking(run_light("build", cwd=root), root) == [*(said(path) for path in list(modules)[:5]), counted]


def test_an_sdist_alone_or_a_wheel_alone_says_nothing(run_light: Cratewheel, tmp_path: Path) -> None:
    tree = {
        "pyproject.toml": pyproject(),
        "Cargo.toml": crate("demo", package='exclude = ["data"]\n'),
        "src/main.rs": 'fn main() {\n    print!("{}", include_str!("../data/a.txt"));\n}\n',
        "data/a.txt": "a",
    }
    root = write(tmp_path / "tree", tree)
    assert lacking(run_light("sdist", cwd=root), root) == []
    assert lacking(run_light("build", "--no-sdist", cwd=root), root) == []
