"""What cargo and rustc say, as values: asked of the real ones, and of answers that cannot be had here."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cratewheel.cargo import query
from cratewheel.cargo.model import (
    CargoMetadata,
    CrateTarget,
    Dependency,
    DependencyKind,
    Node,
    NodeDependency,
    Package,
)
from cratewheel.cargo.query import Rustc
from cratewheel.errors import ProcessError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "release: 1.97.0-nightly\nhost: x86_64-apple\n",
            Rustc(version=(1, 97, 0), host="x86_64-apple"),
        ),
        ("release: 1.97\nhost: x86_64-apple\n", None),
        ("release: 1.97.0\n", None),
        ("", None),
    ],
)
def test_what_rustc_says_of_itself(text: str, expected: Rustc | None) -> None:
    if expected is not None:
        assert query.parse_rustc(text) == expected
        return
    with pytest.raises(ProcessError) as caught:
        query.parse_rustc(text)
    assert caught.value.message == "`rustc -vV` did not print its release and host"
    assert caught.value.notes == tuple(text.splitlines())


PACKAGE = {
    "id": "path+file:///w/app#0.1.0",
    "name": "app",
    "version": "0.1.0",
    "source": None,
    "manifest_path": "/w/app/Cargo.toml",
    "targets": [
        {
            "name": "app",
            "kind": ["lib"],
            "crate_types": ["cdylib", "rlib"],
            "src_path": "/w/app/../shared/lib.rs",
            "required-features": ["python"],
        },
        {"name": "tool", "kind": ["bin"], "crate_types": ["bin"], "src_path": "/w/app/src/main.rs"},
    ],
    "dependencies": [
        {
            "name": "pyo3",
            "req": "^0.26",
            "kind": None,
            "source": "registry",
            "rename": "py",
            "optional": True,
            "uses_default_features": False,
            "features": ["abi3"],
            "target": "cfg(unix)",
        },
        {
            "name": "dep",
            "req": "*",
            "kind": "build",
            "source": None,
            "rename": None,
            "optional": False,
            "uses_default_features": True,
            "features": [],
            "target": None,
            "path": "/w/dep",
        },
    ],
    "features": {"default": ["python"], "python": ["dep:pyo3"]},
    "metadata": {"maturin": {"name": "a.b"}},
    "edition": "2021",
    "rust_version": "1.74",
    "license": "MIT",
    "license_file": "LICENSE",
    "description": "A crate.",
    "authors": ["A <a@example.org>"],
    "homepage": "https://example.org",
    "repository": "https://example.org/r",
    "documentation": "https://example.org/d",
    "readme": "README.md",
}
APP = Package(
    id="path+file:///w/app#0.1.0",
    name="app",
    version="0.1.0",
    source=None,
    manifest_path=Path("/w/app/Cargo.toml"),
    targets=(
        CrateTarget(
            name="app",
            kinds=("lib",),
            crate_types=("cdylib", "rlib"),
            source=Path("/w/shared/lib.rs"),
            required_features=("python",),
        ),
        CrateTarget(name="tool", kinds=("bin",), crate_types=("bin",), source=Path("/w/app/src/main.rs")),
    ),
    dependencies=(
        Dependency(
            name="pyo3",
            requirement="^0.26",
            kind="normal",
            source="registry",
            rename="py",
            optional=True,
            default_features=False,
            features=("abi3",),
            target="cfg(unix)",
            path=None,
        ),
        Dependency(
            name="dep",
            requirement="*",
            kind="build",
            source=None,
            rename=None,
            optional=False,
            default_features=True,
            features=(),
            target=None,
            path=Path("/w/dep"),
        ),
    ),
    features={"default": ("python",), "python": ("dep:pyo3",)},
    metadata={"maturin": {"name": "a.b"}},
    edition="2021",
    rust_version="1.74",
    license="MIT",
    license_file="LICENSE",
    description="A crate.",
    authors=("A <a@example.org>",),
    homepage="https://example.org",
    repository="https://example.org/r",
    documentation="https://example.org/d",
    readme="README.md",
)


def test_the_answer_of_cargo_metadata_is_read_whole() -> None:
    edges = [
        {"pkg": "dep", "name": "dep", "dep_kinds": [{"kind": None}, {"kind": "build"}, {"kind": "dev"}, {"kind": None}]}
    ]
    answer = {
        "packages": [PACKAGE],
        "resolve": {"root": PACKAGE["id"], "nodes": [{"id": "app", "deps": edges, "features": ["python"]}]},
        "workspace_root": "/w",
        "workspace_members": [PACKAGE["id"]],
        "target_directory": "/w/target",
        "build_directory": "/w/build",
    }
    kinds: tuple[DependencyKind, ...] = ("build", "dev", "normal")
    dependencies = (NodeDependency(package="dep", name="dep", kinds=kinds),)
    assert query.parse_metadata(answer) == CargoMetadata(
        packages={APP.id: APP},
        nodes={"app": Node(id="app", dependencies=dependencies, features=("python",))},
        root=APP.id,
        workspace_root=Path("/w"),
        workspace_members=(APP.id,),
        target_directory=Path("/w/target"),
        build_directory=Path("/w/build"),
    )


def test_older_cargos_leave_fields_out_of_their_answer() -> None:
    optional = ("rust_version", "homepage", "documentation", "readme")
    package = {name: value for name, value in PACKAGE.items() if name not in optional} | {"metadata": None}
    answer = {"packages": [package], "workspace_root": "/w", "workspace_members": [], "target_directory": "/w/target"}
    plain = replace(APP, rust_version=None, homepage=None, documentation=None, readme=None, metadata={})
    assert query.parse_metadata(answer) == CargoMetadata(
        packages={APP.id: plain},
        nodes={},
        root=None,
        workspace_root=Path("/w"),
        workspace_members=(),
        target_directory=Path("/w/target"),
        build_directory=None,
    )


@pytest.mark.parametrize(
    ("llvm", "expected"), [("LLVM version: 20.1.5\n", 20), ("LLVM version: x\n", None), ("", None)]
)
def test_rustc_names_its_llvm(llvm: str, expected: int | None) -> None:
    text = f"rustc 1.80.1 (x)\nbinary: rustc\nhost: a-b-c\nrelease: 1.80.1\n{llvm}"
    assert query.parse_rustc(text) == Rustc(version=(1, 80, 1), host="a-b-c", llvm=expected)


NO_JSON = "Expecting value" if sys.implementation.name == "cpython" else "Unexpected 'h'"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello", f"{NO_JSON}: line 1 column 1 (char 0)"),
        ("{}", "`packages` is missing"),
        ('{"packages": [{}]}', "`id` is missing"),
        ("[1]", "list indices must be integers or slices, not str"),
    ],
)
def test_an_answer_of_another_program_is_an_error_that_names_the_command(text: str, said: str) -> None:
    with pytest.raises(ProcessError) as caught:
        query.parse_answer(text, "cargo metadata")
    assert caught.value.message == f"`cargo metadata` printed what cannot be read: {said}"
    assert caught.value.notes == ("the command was `cargo metadata`",)
