"""Header files for cffi, and the program that makes them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import wheels
from cffi_declarations import declarations
from cratewheel.errors import MissingToolError

if TYPE_CHECKING:
    from integration.conftest import Cratewheel


def test_without_a_header_and_cbindgen_there_is_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(MissingToolError, match="no program cbindgen was found") as caught:
        declarations(tmp_path, {"PATH": str(tmp_path)})

    assert caught.value.hint == (
        "install it (`cargo install cbindgen`, or your system's package), or let the crate's build.rs write header.h "
        "to its OUT_DIR"
    )


MEMBER = """\
[package]
name = "{0}"
version = "1.0.0"
edition = "2021"
[lib]
crate-type = ["cdylib"]
"""
PYPROJECT = """\
[build-system]
requires = ["cratewheel"]
build-backend = "cratewheel"
[project]
name = "{0}"
version = "1.0.0"
dependencies = ["cffi"]
[tool.cratewheel]
bindings = "cffi"
"""
SCRIPT = """\
fn main() {{
    println!("cargo:rerun-if-changed=build.rs");
    std::fs::write({folder}.join("header.h"), "int {name}(void);\\n").unwrap();
}}
"""
OWN = 'std::path::Path::new(&std::env::var_os("OUT_DIR").unwrap())'
SHARED = f"{OWN}.ancestors().nth(4).unwrap()"


def members(root: Path, folder: str) -> None:
    """Write a workspace of two cffi crates, whose build scripts write their headers to `folder`."""
    (root / "Cargo.toml").write_text('[workspace]\nmembers = ["one", "two"]\nresolver = "2"\n')
    for name in ("one", "two"):
        (root / name / "src").mkdir(parents=True)
        (root / name / "Cargo.toml").write_text(MEMBER.format(name))
        (root / name / "pyproject.toml").write_text(PYPROJECT.format(name))
        (root / name / "build.rs").write_text(SCRIPT.format(folder=folder, name=name))
        (root / name / "src/lib.rs").write_text(f'#[no_mangle]\npub extern "C" fn {name}() -> i32 {{ 1 }}\n')


@pytest.mark.cargo
def test_each_member_of_a_workspace_has_its_own_declarations(run_light: Cratewheel, tmp_path: Path) -> None:
    members(tmp_path, OWN)
    environ = {"CARGO_TARGET_DIR": str(tmp_path / "target")}
    for name in ("one", "two", "one"):
        run = run_light("build", "--no-sdist", "-i", sys.executable, cwd=tmp_path / name, env=environ).ok()
        other = {"one": "two", "two": "one"}[name]
        made = wheels.text(run.wheel, f"{name}/ffi.py")
        assert name in made
        assert other not in made


@pytest.mark.cargo
def test_a_header_in_the_shared_folder_is_refused_when_it_is_of_another_member(
    run_light: Cratewheel, tmp_path: Path
) -> None:
    members(tmp_path, SHARED)
    environ = {"CARGO_TARGET_DIR": str(tmp_path / "target")}
    for name in ("one", "two"):
        run_light("build", "--no-sdist", "-i", sys.executable, cwd=tmp_path / name, env=environ).ok()
    run = run_light("build", "--no-sdist", "-i", sys.executable, cwd=tmp_path / "one", env=environ)
    assert run.status == 1
    assert f"error: {tmp_path / 'target/header.h'} is of another crate of the workspace" in run.stderr
