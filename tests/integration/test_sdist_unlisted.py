"""Source distributions of crates that cargo builds, and does not describe or list."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from integration.test_sdist import unpacked
from integration.test_sdist_complete import names, resolves, write
from sdist_projects import LIB, crate, locked, pyproject

if TYPE_CHECKING:
    from integration.conftest import Cratewheel

pytestmark = pytest.mark.cargo

UNUSED = '\n[[patch.unused]]\nname = "foo"\nversion = "3.0.0"\n'


@pytest.mark.parametrize("git", [False, True])
def test_an_unused_patch_that_the_workspace_around_it_does_not_list(
    git: bool, run_light: Cratewheel, tmp_path: Path
) -> None:
    workspace = f"""{LIB}
[workspace]
members = ["other"]

[workspace.package]
version = "3.0.0"

[workspace.dependencies]
deep = {{ path = "sub/deep" }}

[patch.crates-io]
foo = {{ path = "sub/foo" }}
"""
    inherits = '[package]\nname = "foo"\nversion.workspace = true\nedition = "2021"\n'
    tree = {
        "pyproject.toml": pyproject(),
        "Cargo.toml": crate("demo", workspace),
        "Cargo.lock": locked("demo", "other") + UNUSED,
        "src/lib.rs": "",
        "other/Cargo.toml": crate("other"),
        "other/src/lib.rs": "",
        "sub/foo/Cargo.toml": f"{inherits}\n[dependencies]\ndeep.workspace = true\n",
        "sub/foo/src/lib.rs": "mod inner;\n",
        "sub/foo/src/inner.rs": "",
        "sub/foo/build.rs": "fn main() {}\n",
        "sub/deep/Cargo.toml": crate("deep"),
        "sub/deep/src/lib.rs": "",
    }
    run = run_light("sdist", cwd=write(tmp_path / "tree", tree, git=git)).ok()
    assert names(run) == [
        "Cargo.toml",
        "src/lib.rs",
        "sub/deep/Cargo.toml",
        "sub/deep/src/lib.rs",
        "sub/foo/Cargo.toml",
        "sub/foo/build.rs",
        "sub/foo/src/inner.rs",
        "sub/foo/src/lib.rs",
    ]
    assert "cargo could not update the Cargo.lock" not in run.stderr
    resolves(run, tmp_path, "Cargo.toml", "--locked")


def test_an_unused_patch_that_another_workspace_does_not_list(run_light: Cratewheel, tmp_path: Path) -> None:
    patch = '\n[patch.crates-io]\nfoo = { path = "../theirs/foo" }\n'
    tree = {
        "ours/pyproject.toml": pyproject(),
        "ours/Cargo.toml": crate("demo", f"{LIB}{patch}"),
        "ours/Cargo.lock": locked("demo") + UNUSED.replace("3.0.0", "1.0.0"),
        "ours/src/lib.rs": "",
        "theirs/Cargo.toml": '[workspace]\nmembers = ["listed"]\n',
        "theirs/listed/Cargo.toml": crate("listed"),
        "theirs/listed/src/lib.rs": "",
        "theirs/foo/Cargo.toml": crate("foo", '\n[lib]\npath = "own.rs"\n'),
        "theirs/foo/own.rs": "",
    }
    run = run_light("sdist", cwd=write(tmp_path / "tree", tree, git=True) / "ours").ok()
    assert names(run) == [
        "ours/Cargo.lock",
        "ours/Cargo.toml",
        "ours/src/lib.rs",
        "theirs/foo/Cargo.toml",
        "theirs/foo/own.rs",
    ]
    resolves(run, tmp_path, "ours/Cargo.toml", "--locked")


MODULES = {
    "a build script": (
        'build = "../build.rs"\n',
        "",
        {"build.rs": 'mod helper;\ninclude!("shared/a.rs");\nfn main() {}\n', "helper.rs": "", "shared/a.rs": ""},
    ),
    "a build script with a module above": (
        'build = "../build/build.rs"\n',
        "",
        {
            "build/build.rs": '#[path = "../tools/x.rs"]\nmod x;\nfn main() { x::f(); }\n',
            "tools/x.rs": "pub fn f() {}\n",
        },
    ),
    "a program": (
        "",
        '\n[[bin]]\nname = "tool"\npath = "../main.rs"\n',
        {"main.rs": "mod a;\nfn main() { a::b::f(); }\n", "a/mod.rs": "pub mod b;\n", "a/b.rs": "pub fn f() {}\n"},
    ),
    "a program in a folder": (
        "",
        '\n[[bin]]\nname = "tool"\npath = "../src/main.rs"\n',
        {"src/main.rs": "mod a;\nfn main() {}\n", "src/a.rs": ""},
    ),
}


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("git", [False, True])
def test_the_modules_of_a_target_outside_of_the_crate(
    name: str, git: bool, run_light: Cratewheel, tmp_path: Path
) -> None:
    package, more, files = MODULES[name]
    tree = {
        "pyproject.toml": pyproject('\n[tool.maturin]\nmanifest-path = "rust/Cargo.toml"\n'),
        "rust/Cargo.toml": crate("demo", f"{LIB}{more}", package),
        "rust/Cargo.lock": locked("demo"),
        "rust/src/lib.rs": "",
        **files,
        "unrelated.rs": "",
    }
    run = run_light("sdist", cwd=write(tmp_path / "tree", tree, git=git)).ok()
    assert set(names(run)) == {"rust/Cargo.lock", "rust/Cargo.toml", "rust/src/lib.rs", *files}
    top = unpacked(run.sdists[0], tmp_path)
    command = ["cargo", "check", "--offline", "--all-targets", "--manifest-path", str(top / "rust/Cargo.toml")]
    environ = {**run_light.environ, "CARGO_TARGET_DIR": str(tmp_path / "target")}
    subprocess.run(command, check=True, timeout=120, env=environ)
    assert run_light("sdist", cwd=top).ok().sdists[0].read_bytes() == run.sdists[0].read_bytes()
