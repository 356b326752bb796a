"""The crates that a project's own files tell of."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.cargo import manifest as cargo_manifest
from cratewheel.cargo.features import certain_features, parse_choice
from cratewheel.cargo.manifest_graph import read_graph
from cratewheel.cargo.model import CargoMetadata

ROOT = """
[package]
name = "app"
version = "1.2.3"
[lib]
crate-type = ["cdylib", "rlib"]
[[bin]]
name = "tool"
path = "tool.rs"
required-features = ["cli"]
[[example]]
name = "shown"
crate-type = ["cdylib"]
[features]
cli = []
stable = ["pyo3/abi3-py310"]
[dependencies]
pyo3.workspace = true
serde = "1"
near = { path = "near" }
[workspace]
members = ["crates/*"]
[workspace.dependencies]
pyo3 = { version = "0.28.1", default-features = false, features = ["macros"] }
"""


def read(root: Path, lock: str = "") -> CargoMetadata:
    files = {
        "Cargo.toml": ROOT,
        "tool.rs": "",
        "near/Cargo.toml": '[package]\nname = "near"\n',
        "near/src/lib.rs": "",
        "crates/more/Cargo.toml": '[package]\nname = "more"\nversion = "2.0.0"\n',
        "crates/more/src/main.rs": "",
        "Cargo.lock": lock,
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return read_graph(cargo_manifest.read(root / "Cargo.toml"), crates=("pyo3",), target_directory=root / "target")


def test_local_crates_are_there_with_their_targets(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert {one.name: one.version for one in found.packages.values() if one.source is None} == {
        "app": "1.2.3",
        "near": "0.0.0",
        "more": "2.0.0",
    }
    assert [(one.name, one.kinds, one.required_features) for one in found.root_package.targets] == [
        ("app", ("cdylib", "rlib"), ()),
        ("tool", ("bin",), ("cli",)),
        ("shown", ("example",), ()),
    ]
    assert found.from_files


@pytest.mark.parametrize(
    ("lock", "version"),
    [("", "0.28.1"), ('[[package]]\nname = "pyo3"\nversion = "0.28.3"\n', "0.28.3")],
    ids=["by the requirement", "by the lock file"],
)
def test_a_crate_for_python_has_the_features_that_are_asked_for(tmp_path: Path, lock: str, version: str) -> None:
    found = read(tmp_path, lock)
    plain = certain_features(found, parse_choice(()))
    stable = certain_features(found, parse_choice(("--features", "stable")))
    (package,) = (one for one in found.packages.values() if one.name == "pyo3")
    assert package.version == version
    assert plain[package.id] == {"macros"}
    assert stable[package.id] == {"macros", "abi3-py310"}
