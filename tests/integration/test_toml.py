"""Projects in TOML 1.1, which cargo reads from 1.94 on and older parsers do not."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import pytest

import wheels

if TYPE_CHECKING:
    from integration.conftest import Cratewheel

pytestmark = pytest.mark.cargo

MANIFEST = """\
[package]
name = "lines"
version = "1.2.3"
edition = "2021"

[dependencies]
leaf = {
  path = "leaf",
  default-features = false,
}
"""
LEAF = '[package]\nname = "leaf"\nversion = "0.1.0"\nedition = "2021"\n'
PROJECT = """\
[build-system]
requires = ["cratewheel"]
build-backend = "cratewheel"

[project]
name = "lines"
dynamic = ["version"]
authors = [{
  name = "Ann",  # and nobody else
}]
"""


def test_inline_tables_of_several_lines_are_read_with_and_without_cargo_and_stay_in_the_sdist(
    run_light: Cratewheel,
) -> None:
    root = run_light.folder / "lines"
    for name, text in {
        "Cargo.toml": MANIFEST,
        "pyproject.toml": PROJECT,
        "leaf/Cargo.toml": LEAF,
        "src/main.rs": 'fn main() {\n    println!("{}", leaf::answer());\n}\n',
        "leaf/src/lib.rs": "pub fn answer() -> u32 {\n    42\n}\n",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")

    nowhere = str(run_light.folder / "nowhere")
    run = run_light("metadata", cwd=root, env={"CARGO": nowhere}).ok()
    assert run.stdout == "Metadata-Version: 2.4\nName: lines\nVersion: 1.2.3\nAuthor: Ann\n"

    run = run_light("build", "--sdist", cwd=root).ok()
    assert wheels.names(run.wheel) == ["lines-1.2.3.data/scripts/lines"]
    with tarfile.open(run.sdists[0]) as archive:
        found = archive.extractfile("lines-1.2.3/Cargo.toml")
        assert found is not None
        assert found.read().decode() == MANIFEST
