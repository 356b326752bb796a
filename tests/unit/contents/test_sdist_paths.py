"""Where the files of a project are in its archive."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.cargo.model import CrateTarget
from cratewheel.contents.sdist_paths import RelativePath, SdistPaths, free_name
from cratewheel.contents.source_tree import CrateSource, SourceFile, SourceTree, WorkspaceSource
from system_paths import native


def crate(folder: str, *names: str, library: str | None = None) -> CrateSource:
    targets = (CrateTarget(name="l", kinds=("lib",), crate_types=("lib",), source=Path(library)),) if library else ()
    return CrateSource(
        manifest=Path(folder, "Cargo.toml"),
        text="",
        document={},
        files=tuple(SourceFile(path=str(Path(folder, name)), why="") for name in names),
        targets=targets,
    )


def places(
    project: str, *crates: CrateSource, source: str = "", python: tuple[str, ...] = (), workspace: str | None = None
) -> SdistPaths:
    tree = SourceTree(
        pyproject=Path(project, "pyproject.toml"),
        pyproject_text="",
        project_table={},
        python_source=Path(source or project),
        python_folders=tuple(map(Path, python)),
        crates=crates,
        workspace=None if workspace is None else WorkspaceSource(manifest=Path(workspace), text="", document={}),
    )
    return SdistPaths.of(tree)


@pytest.mark.parametrize(
    ("folder", "path", "way"),
    [
        ("/a", "/a/b/c", "b/c"),
        ("/a", "/a", "."),
        ("/a", "/ab", None),
        ("/a", "/", None),
        ("/", "/a/b", "a/b"),
        ("/a/b", "/a", None),
    ],
)
def test_the_way_to_what_is_below_a_folder(folder: str, path: str, way: str | None) -> None:
    assert RelativePath(Path(folder))(native(path)) == way


@pytest.mark.parametrize(
    ("found", "root"),
    [
        (places("/w/p"), "/w/p"),
        (places("/w/p", crate("/w/p")), "/w/p"),
        (places("/w/p", crate("/w/p/rust")), "/w/p"),
        (places("/w/p", crate("/w/p"), crate("/w/core")), "/w"),
        (places("/w/p", crate("/w/p"), source="/w/python"), "/w"),
        (places("/w/p", crate("/w/p"), workspace="/w/Cargo.toml"), "/w"),
        (places("/w/p", crate("/w/p", "../shared/a.rs")), "/w/p"),
        (places("/w/p", crate("/w/p", library="/w/shared/lib.rs")), "/w"),
        (places("/w/p", source="/w/python"), "/w/p"),
    ],
    ids=["git", "alone", "below", "beside", "python", "workspace", "written oddly", "target", "git and python"],
)
def test_the_root_is_the_folder_around_all_parts(found: SdistPaths, root: str) -> None:
    assert (found.root, found.moved) == (Path(root), root != "/w/p")


def test_crates_stay_and_what_pyproject_speaks_of_goes_with_it() -> None:
    found = places("/w/p", crate("/w/p", "src/lib.rs"), crate("/w/core"))
    assert found.of_crate(Path("/w/p/src/lib.rs")) == "p/src/lib.rs"
    assert found.of_project(Path("/w/p/README.md")) == "README.md"
    assert found.of_project(Path("/w/README.md")) == "README.md"
    assert found.of_project(Path("/w/docs/README.md")) == "docs/README.md"
    assert found.of_project(Path("/elsewhere/README.md")) == "README.md"
    assert found.of_project(Path("/w/p")) == "."
    with pytest.raises(AssertionError, match=r"^.x is a part of the project$"):
        found.of_crate(Path("/x"))


@pytest.mark.parametrize(
    ("files", "stays"),
    [
        (("p/src/lib.rs",), False),
        (("app/x.rs",), True),
        (("app",), True),
        (("application/x.rs",), False),
        (("p/app/native.rs",), False),
    ],
)
def test_a_package_keeps_its_place_where_a_crate_has_files_at_the_new_one(files: tuple[str, ...], stays: bool) -> None:
    found = places("/w/p", crate("/w", *files), python=("/w/p/app",))
    assert found.python_stays is stays
    assert found.of_python(Path("/w/p/app/a.py")) == ("p/app/a.py" if stays else "app/a.py")


def test_a_package_of_a_project_that_does_not_move_has_one_place() -> None:
    assert not places("/w/p", crate("/w/p", "app/x.rs"), python=("/w/p/app",)).python_stays


@pytest.mark.parametrize(
    ("readme", "files", "place"),
    [
        ("/w/p/R.md", (), "R.md"),
        ("/w/p/R.md", ("p/R.md",), "R.md"),
        ("/w/p/R.md", ("R.md",), "p/R.md"),
        ("/w/R.md", ("R.md",), "R.md"),
        ("/elsewhere/R.md", ("R.md",), "R-2.md"),
        ("/elsewhere/R.md", ("R.md", "R-2.md"), "R-3.md"),
    ],
)
def test_a_readme_takes_no_place_of_a_crates_file(readme: str, files: tuple[str, ...], place: str) -> None:
    assert places("/w/p", crate("/w", *files)).of_readme(native(readme)) == place


def test_a_name_without_an_ending_is_counted_too() -> None:
    assert free_name(Path("/a"), "docs/R", frozenset({native("/a/docs/R"), native("/a/docs/R-2")})) == "docs/R-3"
