"""What a new project consists of: its files, by kind and layout, and what a workspace and a repository change."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import pytest

import golden
from cratewheel.commands import new as scaffold
from cratewheel.commands.new import Choices, files
from cratewheel.commands.project_place import Place, Workspace
from cratewheel.errors import ConfigError
from cratewheel.system import toml
from system_paths import needs_links

COMMON = {
    ".github/workflows/ci.yml", ".gitignore", "LICENSE", "README.md", "pyproject.toml", "tests/test_my_name.py",
}  # fmt: skip
PYTHON = {"python/my_name/__init__.py", "python/my_name/_native.pyi", "python/my_name/py.typed"}
SRC = {"src/my_name/__init__.py", "src/my_name/_native.pyi", "src/my_name/py.typed"}


@pytest.mark.parametrize(
    ("choices", "more"),
    [
        (Choices(name="my-name", kind="pyo3"), {"Cargo.toml", "src/lib.rs", "my_name.pyi"}),
        (Choices(name="my-name", kind="pyo3", mixed=True), {"Cargo.toml", "src/lib.rs", *PYTHON}),
        (Choices(name="my-name", kind="cffi"), {"Cargo.toml", "build.rs", "src/lib.rs", "my_name.pyi"}),
        (
            Choices(name="my-name", kind="cffi", mixed=True, src=True),
            {"rust/Cargo.toml", "rust/build.rs", "rust/src/lib.rs", *SRC},
        ),
        (Choices(name="my-name", kind="bin"), {"Cargo.toml", "src/main.rs"}),
        (
            Choices(name="my-name", kind="bin", mixed=True),
            {"Cargo.toml", "src/main.rs", *PYTHON - {"python/my_name/_native.pyi"}},
        ),
        (
            Choices(name="my-name", kind="bin", mixed=True, src=True),
            {"rust/Cargo.toml", "rust/src/main.rs", *SRC - {"src/my_name/_native.pyi"}},
        ),
        (Choices(name="my-name", kind="uniffi"), {"Cargo.toml", "src/lib.rs", "uniffi-bindgen.rs", "my_name.pyi"}),
        (
            Choices(name="my-name", kind="uniffi", mixed=True),
            {"Cargo.toml", "src/lib.rs", "uniffi-bindgen.rs", *PYTHON},
        ),
    ],
)
def test_the_files_of_a_project(choices: Choices, more: set[str]) -> None:
    found = {str(path): text for path, text in files(choices)}
    assert set(found) == COMMON | more
    assert [path for path, text in found.items() if re.search(r"@\w+@", text)] == []
    crate = "rust/" if "rust/Cargo.toml" in found else ""
    assert toml.parse(found[f"{crate}Cargo.toml"])["package"]["name"] == "my-name"
    assert "workspace" not in toml.parse(found[f"{crate}Cargo.toml"])
    pyproject = toml.parse(found["pyproject.toml"])
    native = "" if choices.kind == "bin" else "._native"
    assert pyproject["tool"]["cratewheel"].get("module-name") == (f"my_name{native}" if choices.mixed else None)
    assert {"file": f"{crate}src/**/*.rs"} in pyproject["tool"]["uv"]["cache-keys"]
    stubs = [text for path, text in found.items() if path.endswith((".py", ".pyi")) and "\n\n\n\n" in text]
    assert stubs == []


def test_the_whole_project_files_of_a_module() -> None:
    found = {
        str(path): text for path, text in files(Choices(name="Shout-It", kind="pyo3"), Place(author="Me", year=2026))
    }
    assert (
        found["Cargo.toml"]
        == """\
[package]
name = "shout-it"
version = "0.1.0"
edition = "2024"
license = "MIT"
description = "A Python module in Rust, with PyO3"

[lib]
name = "shout_it"
crate-type = ["cdylib"]

[dependencies]
pyo3 = "0.30"
"""
    )
    assert (
        found["pyproject.toml"]
        == """\
[build-system]
requires = ["cratewheel>=0.1"]
build-backend = "cratewheel"

[project]
name = "Shout-It"
description = "A Python module in Rust, with PyO3"
readme = "README.md"
requires-python = ">=3.10"
license = "MIT"
license-files = ["LICENSE"]
classifiers = [
    "Programming Language :: Python :: 3",
    "Programming Language :: Python :: Implementation :: CPython",
    "Programming Language :: Rust",
    "Typing :: Typed",
]
dynamic = ["version"]

# [project.urls]
# Repository = "https://github.com/you/Shout-It"

[dependency-groups]
dev = ["pytest>=8"]

[tool.cratewheel.generate-ci.github]
pytest = true

# uv builds the project again when one of these has changed
[tool.uv]
cache-keys = [
    { file = "pyproject.toml" },
    { file = "Cargo.toml" },
    { file = "Cargo.lock" },
    { file = "src/**/*.rs" },
]
"""
    )
    assert (
        found["src/lib.rs"]
        == """\
//! The part of `Shout-It` that is written in Rust.

use pyo3::prelude::*;

/// A Python module in Rust, with PyO3.
#[pymodule]
mod shout_it {
    use pyo3::prelude::*;

    /// Return the sum of two numbers.
    #[pyfunction]
    fn add(left: i64, right: i64) -> i64 {
        left + right
    }
}
"""
    )
    assert (
        found["tests/test_shout_it.py"]
        == """\
from shout_it import add


def test_add() -> None:
    assert add(40, 2) == 42
"""
    )
    assert found["LICENSE"].splitlines()[:3] == ["MIT License", "", "Copyright (c) 2026 Me"]


def test_a_member_takes_what_its_workspace_shares() -> None:
    place = Place(
        workspace=Workspace(
            manifest=Path("/ws/Cargo.toml"),
            member="shout",
            package={"edition": "2021", "license": "Apache-2.0", "version": "2.0.0", "readme": "README.md"},
            dependencies={"pyo3": "0.29", "uniffi": "0.31"},
            lints=True,
        ),
        above=Path("/ws"),
        url="https://github.com/you/ws",
    )
    found = {str(path): text for path, text in files(Choices(name="shout", kind="pyo3"), place)}
    assert (
        found["Cargo.toml"]
        == """\
[package]
name = "shout"
version.workspace = true
edition.workspace = true
repository = "https://github.com/you/ws"
license.workspace = true
description = "A Python module in Rust, with PyO3"

[lib]
name = "shout"
crate-type = ["cdylib"]

[dependencies]
pyo3.workspace = true

[lints]
workspace = true
"""
    )
    project = toml.parse(found["pyproject.toml"])
    assert project["project"]["license"] == "Apache-2.0"
    assert project["project"]["urls"] == {"Repository": "https://github.com/you/ws"}
    assert {"LICENSE", ".github/workflows/ci.yml"} & found.keys() == set()
    assert "cratewheel" not in project["tool"]
    uniffi = dict(files(Choices(name="shout", kind="uniffi"), place))[PurePosixPath("Cargo.toml")]
    assert toml.parse(uniffi)["dependencies"] == {"uniffi": {"workspace": True, "features": ["cli"]}}


@pytest.mark.parametrize(("locked", "wanted"), [("0.28.3", "0.28"), ("0.23.0", "0.23"), ("0.22.6", "0.30")])
def test_a_workspace_has_one_pyo3(locked: str, wanted: str) -> None:
    place = Place(workspace=Workspace(manifest=Path("/ws/Cargo.toml"), member="shout", pyo3=locked))
    cargo = dict(files(Choices(name="shout", kind="pyo3"), place))[PurePosixPath("Cargo.toml")]
    assert toml.parse(cargo)["dependencies"] == {"pyo3": wanted}


@pytest.mark.parametrize("expression", [None, "Apache-2.0 OR MIT"])
def test_the_text_of_another_licence_is_the_users(expression: str | None) -> None:
    found = dict(files(Choices(name="shout", kind="bin", license=expression)))
    assert PurePosixPath("LICENSE") not in found
    for path, table in (("Cargo.toml", "package"), ("pyproject.toml", "project")):
        written = toml.parse(found[PurePosixPath(path)])[table]
        assert (written.get("license"), written.get("license-files")) == (expression, None)


def test_an_author_with_a_placeholder_in_the_name() -> None:
    found = dict(files(Choices(name="shout", kind="bin"), Place(author="a@b@c", year=2026)))
    assert "Copyright (c) 2026 a@b@c\n" in found[PurePosixPath("LICENSE")]


def test_no_file_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"already contains README\.md"):
        scaffold.write(tmp_path, ((PurePosixPath("README.md"), "x"), (PurePosixPath("a/b"), "x")))
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "mine"


def test_all_files_are_written_or_none(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("mine", encoding="utf-8")
    content = tuple((PurePosixPath(path), "x") for path in ("a/c.txt", "b/d.txt"))
    with pytest.raises(ConfigError, match="b is not a folder") as raised:
        scaffold.write(tmp_path, content)
    assert raised.value.hint == "choose another folder; nothing was created"
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


@needs_links
def test_a_dangling_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "README.md").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match=r"already contains README\.md"):
        scaffold.write(tmp_path, ((PurePosixPath("README.md"), "x"),))
    assert not (tmp_path / "elsewhere").exists()


GOLDEN = Path(__file__).with_name("golden") / "new_files.json"


def test_each_file_of_each_kind_and_layout() -> None:
    place = Place(author="Ann", year=2026)
    every = {
        f"{kind} {layout} {backend}": files(
            Choices(name="my-name", kind=kind, mixed=layout != "plain", src=layout == "src", backend=backend), place
        )
        for kind in scaffold.KINDS
        for layout in ("plain", "mixed", "src")
        for backend in scaffold.REQUIRES
        if backend == "cratewheel" or layout == "plain"
    }
    seen: dict[str, str] = {}
    found: dict[str, dict[str, object]] = {}
    for name, contents in every.items():
        found[name] = {}
        for path, text in contents:
            same = seen.setdefault(text, f"{name} {path}")
            found[name][str(path)] = text.splitlines() if same == f"{name} {path}" else f"as {same}"
    golden.check_json(GOLDEN, found)
