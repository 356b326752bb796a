"""What cargo and rustc say, as values: asked of the real ones, and of answers that cannot be had here."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import pytest

from cratewheel.cargo import query
from cratewheel.errors import DownloadError, MissingToolError, ProcessError
from cratewheel.ui import Ui

MANIFEST = """
[package]
name = "app"
version = "0.1.0"
edition = "2021"
license = "MIT"
[[bin]]
name = "tool"
path = "src/main.rs"
required-features = ["extra"]
[features]
extra = []
[dependencies]
helper = { path = "helper", optional = true }
[build-dependencies]
again = { package = "helper", path = "helper" }
[package.metadata.maturin]
name = "x"
"""


@pytest.fixture
def crate(tmp_path: Path) -> Path:
    if shutil.which("cargo") is None:
        pytest.skip("cargo is not here")
    (tmp_path / "Cargo.toml").write_text(MANIFEST)
    (tmp_path / "src").mkdir()
    (tmp_path / "src/main.rs").write_text("fn main() {}\n")
    (tmp_path / "helper/src").mkdir(parents=True)
    (tmp_path / "helper/Cargo.toml").write_text('[package]\nname = "helper"\nversion = "1.0.0"\nedition = "2021"\n')
    (tmp_path / "helper/src/lib.rs").touch()
    return tmp_path


def ui() -> Ui:
    return Ui(out=io.StringIO(), err=io.StringIO(), quiet=True)


def test_the_answer_of_cargo_as_values(crate: Path) -> None:
    found = query.read_metadata(("--offline", "--features", "extra"), crate / "Cargo.toml", os.environ, ui(), cwd=crate)
    root = found.root_package
    assert (root.name, root.version, root.license, root.metadata) == ("app", "0.1.0", "MIT", {"maturin": {"name": "x"}})
    assert root.features == {"extra": (), "helper": ("dep:helper",)}
    (program,) = root.targets
    assert (program.name, program.kinds, program.crate_types) == ("tool", ("bin",), ("bin",))
    assert (program.source, program.required_features) == (crate / "src/main.rs", ("extra",))
    assert {(item.name, item.rename, item.kind, item.optional, item.path) for item in root.dependencies} == {
        ("helper", None, "normal", True, crate / "helper"),
        ("helper", "again", "build", False, crate / "helper"),
    }
    node = found.nodes[root.id]
    assert node.features == ("extra",)
    assert [(edge.name, edge.kinds) for edge in node.dependencies] == [("again", ("build",))]
    assert (found.workspace_root, found.target_directory) == (crate, crate / "target")


def test_a_manifest_that_cargo_refuses_is_an_error_with_its_words_shown(crate: Path) -> None:
    (crate / "Cargo.toml").write_text(MANIFEST.replace("extra = []", 'extra = ["none"]'))
    talk = ui()
    with pytest.raises(ProcessError) as caught:
        query.read_metadata(("--offline",), crate / "Cargo.toml", os.environ, talk, cwd=crate)
    assert caught.value.message == (
        f"cargo cannot resolve {crate / 'Cargo.toml'}: feature `extra` includes `none` which is neither a dependency "
        "nor another feature"
    )
    assert isinstance(talk.err, io.StringIO)
    assert (talk.err.getvalue(), caught.value.notes) == (
        "",
        (f"failed to parse manifest at `{crate / 'Cargo.toml'}`",),
    )


def test_without_rustc_the_way_to_get_it_is_said(tmp_path: Path) -> None:
    nowhere = {"PATH": str(tmp_path / "nowhere")}
    with pytest.raises(MissingToolError) as named:
        query.read_rustc({**nowhere, "RUSTC": "/no/rustc"}, tmp_path)
    assert (named.value.message, named.value.hint) == (
        "RUSTC names /no/rustc, which was not found",
        "correct the path, or `unset RUSTC`",
    )
    with pytest.raises(MissingToolError) as rustc:
        query.read_rustc(nowhere, tmp_path)
    assert (rustc.value.message, rustc.value.hint) == ("the Rust compiler (rustc) was not found", query.INSTALL_RUST)


def test_the_standard_library_is_known_by_the_names_of_its_crates(tmp_path: Path) -> None:
    host = query.read_rustc(os.environ, tmp_path).host
    found = query.read_standard_library(host, os.environ, tmp_path)
    assert {"core", "alloc", "std"} <= set(found)
    assert found["core"].name.startswith("libcore-")
    assert query.read_standard_library("no-such-target", os.environ, tmp_path) == {}


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands for cargo")
@pytest.mark.parametrize(
    ("tell", "fails", "calls"),
    [(False, ProcessError, 1), (True, DownloadError, 2)],
    ids=["nobody needs to know", "Rust is optional"],
)
def test_cargo_is_asked_again_only_where_it_matters_whether_a_download_failed(
    tmp_path: Path, tell: bool, fails: type[ProcessError], calls: int
) -> None:
    log, cargo = tmp_path / "log", tmp_path / "cargo"
    cargo.write_text(f'#!/bin/sh\necho "$@" >> "{log}"\necho "error: try without --offline" >&2\nexit 101\n')
    cargo.chmod(0o755)
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    with pytest.raises(ProcessError) as caught:
        query.read_metadata((), tmp_path / "Cargo.toml", environ, ui(), cwd=tmp_path, tell_downloads=tell)
    assert type(caught.value) is fails
    assert ["--offline" in line for line in log.read_text().splitlines()] == [False, True][:calls]
