"""What of a source tree goes into an sdist, and where: trees made by hand."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from crate_graphs import crate as package_of
from cratewheel.archive.layout import FromFile, Generated, Layout
from cratewheel.cargo import manifest
from cratewheel.contents.conflicts import Displaced
from cratewheel.contents.sdist import (
    Exclusion,
    SdistContents,
    SkippedFile,
    archive_warnings,
    every_path,
    explain,
    lay_out,
    make_contents,
)
from cratewheel.contents.sdist_paths import SdistPaths
from cratewheel.contents.source_tree import CrateSource, SourceFile, SourceTree, WorkspaceSource
from cratewheel.errors import ConfigError
from cratewheel.options.arguments import parse_flags
from cratewheel.options.resolve import resolve
from cratewheel.options.values import Exclude
from cratewheel.system import toml
from situations import METADATA

HOME = Path("/work/app").absolute()
MANIFEST = '[package]\nname = "app"\nversion = "1.0.0"\n'


def file(path: Path, why: str = "cargo package --list", *, executable: bool = False) -> SourceFile:
    """Return a file of the tree."""
    return SourceFile(path=str(path), why=why, executable=executable)


def crate(folder: Path, *names: str, text: str = MANIFEST, readme: Path | None = None) -> CrateSource:
    """Return a crate with the files `names`."""
    files = tuple(file(folder / name) for name in names)
    return CrateSource(manifest=folder / "Cargo.toml", text=text, document=toml.parse(text), files=files, readme=readme)


def tree(
    *crates: CrateSource,
    project: Path = HOME,
    python: tuple[SourceFile, ...] = (),
    workspace: WorkspaceSource | None = None,
    lock: SourceFile | None = None,
) -> SourceTree:
    """Return a tree around the crates."""
    return SourceTree(
        pyproject=project / "pyproject.toml",
        pyproject_text="[project]\n",
        project_table={},
        python_source=project,
        crates=crates,
        python=python,
        workspace=workspace,
        lock=lock,
        built=(project / "target",),
    )


def laid_out(of: SourceTree, *patterns: str) -> tuple[Layout, tuple[Displaced, ...]]:
    """Return the layout of a tree without the files that the patterns exclude, and the displaced files."""
    exclusion = Exclusion(patterns=patterns, project=of.project, distribution="app")
    return lay_out(of, SdistPaths.of(of), exclusion.decide(every_path(of)), "")


def paths(of: SourceTree, *patterns: str) -> list[str]:
    """Return the paths of the archive of a tree."""
    return [entry.path for entry in laid_out(of, *patterns)[0]]


def test_only_the_readme_and_licence_of_the_built_crate_outlive_an_exclude() -> None:
    text = MANIFEST.replace("app", "dep")
    own = replace(crate(HOME, "R.md", "LIC"), readme=HOME / "R.md", license_file=HOME / "LIC")
    other = replace(crate(HOME / "dep", "R.md", text=text), readme=HOME / "dep" / "R.md")
    assert paths(tree(own, other), "R.md", "**/R.md", "LIC") == [
        "Cargo.toml", "LIC", "PKG-INFO", "R.md", "dep/Cargo.toml", "pyproject.toml"
    ]  # fmt: skip


def test_compiled_files_and_what_is_excluded_stay_out() -> None:
    found = tree(crate(HOME, "src/lib.rs", "app.so", "a.pyc", "a.pyd", "b.snap"))
    assert paths(found, "*.snap") == ["Cargo.toml", "PKG-INFO", "pyproject.toml", "src/lib.rs"]


def test_archives_made_before_stay_out_of_the_next() -> None:
    made = ["app-0.9.tar.gz", "app-0.9-py3-none-any.whl", "App-1.0rc1.tar.gz", "app-2-1-cp311-cp311-win_amd64.whl"]
    own = ["app-data.tar.gz", "app-0.9.zip", "app_more-1.0.tar.gz", "other-1.tar.gz", "app-0.9-data.tar.gz"]
    found = tree(crate(HOME, *(f"{folder}/{name}" for folder in ("dist", "src/old") for name in (*made, *own))))
    assert paths(found) == [
        "Cargo.toml",
        "PKG-INFO",
        *(f"dist/{name}" for name in sorted(own)),
        "pyproject.toml",
        *(f"src/old/{name}" for name in sorted(own)),
    ]


def test_a_readme_from_above_is_put_beside_the_manifest_which_names_it() -> None:
    text = '[package]\nname = "app"\nreadme = "../README.md"\n'
    found = tree(crate(HOME, text=text, readme=HOME.parent / "README.md"))
    entries, _ = laid_out(found)
    assert [entry.path for entry in entries] == ["Cargo.toml", "PKG-INFO", "README.md", "pyproject.toml"]
    assert entries[0].source == Generated(data=b'[package]\nname = "app"\nreadme = "README.md"\n')


def test_parts_beside_each_other_keep_their_distance_and_pyproject_goes_up() -> None:
    core = crate(HOME / "core", "src/lib.rs", text='[package]\nname = "core"\nversion = "1.0.0"\n')
    text = '[workspace]\nmembers = ["py", "core", "gone"]\n'
    workspace = WorkspaceSource(manifest=HOME / "Cargo.toml", text=text, document=toml.parse(text))
    found = tree(crate(HOME / "py", "src/lib.rs"), core, project=HOME / "py", workspace=workspace)
    entries, _ = laid_out(found)
    assert {entry.path: entry.source for entry in entries if isinstance(entry.source, Generated)} == {
        "Cargo.toml": Generated(data=b'[workspace]\nmembers = ["py", "core"]\n'),
        "PKG-INFO": Generated(data=b""),
        "pyproject.toml": Generated(data=b'[project]\n\n[tool.cratewheel]\nmanifest-path = "py/Cargo.toml"\n'),
    }
    assert [entry.path for entry in entries if not isinstance(entry.source, Generated)] == [
        "core/Cargo.toml",
        "core/src/lib.rs",
        "py/Cargo.toml",
        "py/src/lib.rs",
    ]


def test_a_python_package_stays_where_it_is_if_a_crate_has_files_at_the_place_it_would_get() -> None:
    text = '[workspace]\nmembers = ["py"]\n'
    workspace = WorkspaceSource(manifest=HOME / "Cargo.toml", text=text, document=toml.parse(text))
    root = crate(HOME, "app/__init__.py", text='[package]\nname = "root"\n')
    inner = file(HOME / "py/app/__init__.py", "Python package")
    found = replace(
        tree(crate(HOME / "py"), root, project=HOME / "py", python=(inner,), workspace=workspace),
        python_folders=(HOME / "py/app",),
    )
    entries, displaced = laid_out(found)
    assert displaced == ()
    assert {entry.path: entry.source.path for entry in entries if isinstance(entry.source, FromFile)} == {
        "Cargo.toml": str(HOME / "Cargo.toml"),
        "app/__init__.py": str(HOME / "app/__init__.py"),
        "py/Cargo.toml": str(HOME / "py/Cargo.toml"),
        "py/app/__init__.py": str(HOME / "py/app/__init__.py"),
    }
    (pyproject,) = (entry.source for entry in entries if entry.path == "pyproject.toml")
    expected = b'[project]\n\n[tool.cratewheel]\nmanifest-path = "py/Cargo.toml"\npython-source = "py"\n'
    assert pyproject == Generated(data=expected)


def test_a_file_whose_place_is_taken_is_told_of() -> None:
    text = '[workspace]\nmembers = ["py"]\n'
    workspace = WorkspaceSource(manifest=HOME / "Cargo.toml", text=text, document=toml.parse(text))
    root = crate(HOME, "data.txt", text='[package]\nname = "root"\n')
    found = replace(
        tree(crate(HOME / "py"), root, project=HOME / "py", workspace=workspace),
        named=(file(HOME / "py/data.txt", "include"),),
    )
    _, displaced = laid_out(found)
    by = str(HOME / "py/data.txt")
    assert displaced == (Displaced(path=str(HOME / "data.txt"), by=by, place="data.txt"),)


def test_a_readme_from_above_takes_no_name_of_the_crate() -> None:
    text = '[package]\nname = "app"\nreadme = "../README.md"\n'
    found = tree(crate(HOME, "README.md", text=text, readme=HOME.parent / "README.md"))
    entries, displaced = laid_out(found)
    assert displaced == ()
    assert [entry.path for entry in entries] == [
        "Cargo.toml", "PKG-INFO", "README-2.md", "README.md", "pyproject.toml",
    ]  # fmt: skip
    assert entries[0].source == Generated(data=text.replace("../README.md", "README-2.md").encode())


def test_the_executable_bit_goes_along() -> None:
    found = tree(
        CrateSource(
            manifest=HOME / "Cargo.toml",
            text=MANIFEST,
            document=toml.parse(MANIFEST),
            files=(file(HOME / "configure", executable=True),),
        )
    )
    entries, _ = laid_out(found)
    assert {entry.path for entry in entries if entry.source.executable} == {"configure"}
    assert "configure" in {entry.path for entry in entries}


def test_a_package_of_python_beside_its_crate_keeps_rust_files_where_they_are() -> None:
    python = (file(HOME / "app/__init__.py", "Python package"), file(HOME / "app/data.txt", "Python package"))
    names = ("src/lib.rs", "app/__init__.py", "app/extra.rs", "app/left.py", "app/data.txt")
    found = replace(tree(crate(HOME, *names), python=python), python_folders=(HOME / "app",))
    entries, displaced = laid_out(found)
    assert displaced == ()
    assert [(entry.path, entry.why) for entry in entries if isinstance(entry.source, FromFile)] == [
        ("Cargo.toml", "the crate"),
        ("app/__init__.py", "Python package"),
        ("app/data.txt", "Python package"),
        ("app/extra.rs", "cargo package --list"),
        ("pyproject.toml", "the project"),
        ("src/lib.rs", "cargo package --list"),
    ]


def test_a_package_of_python_that_moves_leaves_the_crate_altogether() -> None:
    text = '[workspace]\nmembers = ["py"]\n'
    workspace = WorkspaceSource(manifest=HOME / "Cargo.toml", text=text, document=toml.parse(text))
    python = (file(HOME / "py/app/__init__.py", "Python package"),)
    own = crate(HOME / "py", "src/lib.rs", "app/__init__.py", "app/extra.rs", "app/left.py")
    found = replace(
        tree(own, project=HOME / "py", python=python, workspace=workspace), python_folders=(HOME / "py/app",)
    )
    assert paths(found) == [
        "Cargo.toml", "PKG-INFO", "app/__init__.py", "py/Cargo.toml", "py/src/lib.rs", "pyproject.toml"
    ]  # fmt: skip


def test_the_data_folder_is_packed_once() -> None:
    data = (file(HOME / "app.data/scripts/run", "data folder of the wheel", executable=True),)
    for listed in ((), ("app.data/scripts/run",)):
        found = replace(tree(crate(HOME, *listed)), data=data, data_folder=HOME / "app.data")
        entries, _ = laid_out(found)
        assert [entry.path for entry in entries] == ["Cargo.toml", "PKG-INFO", "app.data/scripts/run", "pyproject.toml"]
    assert paths(replace(tree(crate(HOME)), data=data), "app.data/**") == ["Cargo.toml", "PKG-INFO", "pyproject.toml"]


def test_archives_that_include_names_are_told_of() -> None:
    named = (file(HOME / "dist/app-0.9.tar.gz", "include = 'dist/*'"), file(HOME / "dist/notes.txt", "include"))
    found = replace(tree(crate(HOME)), named=named)
    (warning,) = archive_warnings(found, Exclusion(project=HOME, distribution="app"))
    path = HOME / "dist/app-0.9.tar.gz"
    assert warning == f"{path} is skipped although include = 'dist/*' matches it: it is an archive of this project"


def test_what_git_lists_must_hold_what_the_metadata_names() -> None:
    listed = (file(HOME / "Cargo.toml", "git ls-files"), file(HOME / "src/lib.rs", "git ls-files"))
    inside = replace(tree(), listed=listed, readme=file(HOME / "R.md", "readme of the project"))
    assert paths(inside) == ["Cargo.toml", "PKG-INFO", "R.md", "pyproject.toml", "src/lib.rs"]
    outside = HOME.parent / "R.md"
    for changed in (
        replace(inside, readme=file(outside, "readme of the project")),
        replace(inside, license=file(outside, "licence of the project")),
        replace(inside, licences=(("LICENSE", file(outside, "licence file")),)),
    ):
        with pytest.raises(ConfigError) as caught:
            paths(changed)
        assert caught.value.message.startswith(f"{outside}, the ")
        assert caught.value.message.endswith(f", is not below {HOME}, and git lists only files there")


def written(root: Path) -> SourceTree:
    """Write a project below `root`, and return its tree, of which some files are packed."""
    for name in ("Cargo.toml", "pyproject.toml", "src/lib.rs", "a.snap", "app/x.so", "app/left.py", "more/b.txt"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
    (root / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    (root / "Cargo.toml").write_text(MANIFEST, encoding="utf-8")
    found = tree(crate(root, "src/lib.rs", "a.snap"), project=root)
    return replace(found, python_folders=(root / "app",), roots=(str(root),))


def test_skipped_files_are_listed_with_the_reason(tmp_path: Path) -> None:
    found = written(tmp_path)
    exclusion = Exclusion(patterns=("*.snap",), project=tmp_path, distribution="app")
    entries, _ = laid_out(found, "*.snap")
    contents = SdistContents(
        layout=entries, manifest=PurePosixPath("Cargo.toml"), tree=found, exclusion=exclusion, roots=(str(tmp_path),)
    )
    assert contents.skipped_files() == (
        SkippedFile(path=str(tmp_path / "a.snap"), why="excluded by `exclude`, or an archive of the project"),
        SkippedFile(path=str(tmp_path / "app/left.py"), why="ignored by git or an `.ignore` file"),
        SkippedFile(path=str(tmp_path / "app/x.so"), why="compiled"),
        SkippedFile(
            path=str(tmp_path / "more/b.txt"),
            why="not in cargo's list of the crate's files, a Python package or `include`",
        ),
    )
    assert explain(contents) == (
        "  + Cargo.toml      the crate",
        "  + PKG-INFO        core metadata",
        "  + pyproject.toml  the project",
        "  + src/lib.rs      cargo package --list",
        "  - a.snap          excluded by `exclude`, or an archive of the project",
        "  - app/left.py     ignored by git or an `.ignore` file",
        "  - app/x.so        compiled",
        "  - more/b.txt      not in cargo's list of the crate's files, a Python package or `include`",
    )


@pytest.mark.skipif(os.name == "nt", reason="Windows has links for some users only")
def test_links_that_could_not_be_packed_are_no_skipped_files(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    found = written(root)
    (tmp_path / "outside.txt").write_text("", encoding="utf-8")
    (root / "more/out").symlink_to(tmp_path / "outside.txt")
    (root / "more/nowhere").symlink_to("gone")
    (root / "more/in").symlink_to("b.txt")
    exclusion = Exclusion(patterns=(), project=root, distribution="app")
    entries, _ = laid_out(found)
    contents = SdistContents(
        layout=entries, manifest=PurePosixPath("Cargo.toml"), tree=found, exclusion=exclusion, roots=(str(root),)
    )
    more = [Path(file.path).name for file in contents.skipped_files() if Path(file.path).parent == root / "more"]
    assert more == ["b.txt", "in"]


def test_the_contents_name_the_manifest_and_hold_to_the_exclusion(tmp_path: Path) -> None:
    found = written(tmp_path)
    options, _ = resolve(parse_flags("sdist", "", []), environ={}, tools=None)
    options = replace(options, exclude=(Exclude(path="*.snap"), Exclude(path="src/lib.rs", formats=("wheel",))))
    package = package_of("app", source=None, folder=tmp_path)
    own = manifest.read(tmp_path / "Cargo.toml")
    made = make_contents(found, (package,), own, options, METADATA)
    assert [entry.path for entry in made.layout] == ["Cargo.toml", "PKG-INFO", "pyproject.toml", "src/lib.rs"]
    assert (made.manifest, made.roots) == (PurePosixPath("Cargo.toml"), (str(tmp_path),))
    assert made.exclusion == Exclusion(patterns=("*.snap",), project=tmp_path, distribution="app")


def test_an_exclude_of_a_file_that_stays_is_named(tmp_path: Path) -> None:
    found = written(tmp_path)
    names = ("pyproject.toml", "/Cargo.toml", "src/lib.rs", "*.toml", "gone.txt")
    exclusion = Exclusion(patterns=names, project=tmp_path, distribution="app")
    entries, _ = laid_out(found, *names)
    contents = SdistContents(
        layout=entries, manifest=PurePosixPath("Cargo.toml"), tree=found, exclusion=exclusion, roots=(str(tmp_path),)
    )
    assert contents.excluded_in_vain() == tuple(
        f"exclude '{name}' has no effect: the source distribution needs the file" for name in names[:2]
    )
