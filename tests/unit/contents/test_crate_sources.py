"""Which files of crates another backend packs."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from cratewheel.contents.crate_sources import CrateFile, crate_files
from cratewheel.contents.sdist import Exclusion, SdistContents, lay_out
from cratewheel.contents.sdist_paths import SdistPaths
from cratewheel.contents.source_tree import SourceTree, WorkspaceSource
from cratewheel.errors import UnsupportedError
from cratewheel.system import toml
from unit.contents.test_sdist import HOME, MANIFEST, crate, file, tree


def contents(of: SourceTree) -> SdistContents:
    exclusion = Exclusion(project=of.project, distribution="app")
    layout, _ = lay_out(of, SdistPaths.of(of), frozenset(), "Name: app\n")
    return SdistContents(layout=layout, manifest=PurePosixPath("Cargo.toml"), tree=of, exclusion=exclusion, roots=())


def needs(files: tuple[CrateFile, ...]) -> dict[str, bool]:
    return {one.entry.path: one.needed for one in files}


def test_they_are_those_of_the_crates_without_what_is_of_python() -> None:
    of = tree(
        crate(HOME / "rust", "src/lib.rs", "README.md"),
        crate(HOME / "dep", "src/lib.rs", text=MANIFEST.replace("app", "dep")),
        python=(file(HOME / "app" / "__init__.py"),),
    )
    assert needs(crate_files(contents(of))) == {
        "dep/Cargo.toml": True,
        "dep/src/lib.rs": False,
        "rust/Cargo.toml": True,
        "rust/README.md": False,
        "rust/src/lib.rs": False,
    }


@pytest.mark.parametrize("outside", ["crate", "workspace"])
def test_one_outside_of_the_project_is_an_error(outside: str) -> None:
    around = HOME.parent / "Cargo.toml"
    other = crate(HOME.parent / "dep", text=MANIFEST.replace("app", "dep"))
    text = '[workspace]\nmembers = ["app"]\n'
    workspace = WorkspaceSource(manifest=around, text=text, document=toml.parse(text))
    of = tree(crate(HOME), other) if outside == "crate" else tree(crate(HOME), workspace=workspace)
    place = other.manifest if outside == "crate" else around
    with pytest.raises(UnsupportedError) as caught:
        crate_files(contents(of))
    assert caught.value.message == f"{place} is outside of {HOME}, and other build backends pack only files there"
