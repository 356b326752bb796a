"""What a source tree says of itself."""

from __future__ import annotations

from pathlib import Path

from cratewheel.cargo.model import CrateTarget
from cratewheel.contents.source_tree import CrateSource, SourceFile, common_folder


def test_the_folder_around_all_parts_is_the_nearest() -> None:
    assert common_folder([Path("/w/a/b"), Path("/w/a")]) == Path("/w/a")
    assert common_folder([Path("/w/ab"), Path("/w/a")]) == Path("/w")
    assert common_folder([Path("/w"), Path("/x")]) == Path("/")


def test_a_crate_is_in_its_folder_and_in_those_of_files_outside_of_it() -> None:
    crate = CrateSource(
        manifest=Path("/w/a/Cargo.toml"),
        text="",
        document={},
        files=tuple(SourceFile(path=path, why="") for path in ("/w/a/src/lib.rs", "/w/ab/x.rs", "/w/c/deep/m.rs")),
        targets=(
            CrateTarget(name="b", kinds=("bin",), crate_types=("bin",), source=Path("/w/c/main.rs")),
            CrateTarget(name="a", kinds=("lib",), crate_types=("lib",), source=Path("/w/a/src/lib.rs")),
        ),
    )
    assert crate.directory == Path("/w/a")
    assert crate.folders == (Path("/w/a"), Path("/w/c"), Path("/w/ab"), Path("/w/c/deep"))
