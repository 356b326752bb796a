"""What of a source tree goes into an sdist, and where: trees made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cratewheel.archive.layout import FromFile, Generated
from cratewheel.contents.conflicts import Displaced
from cratewheel.contents.sdist import Exclusion, lay_out
from cratewheel.contents.source_tree import CrateSource, SourceFile, SourceTree, WorkspaceSource
from cratewheel.system import toml

HOME = Path("/work/app")
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


def paths(of: SourceTree, *patterns: str) -> list[str]:
    """Return the paths of the archive of a tree."""
    exclusion = Exclusion(patterns=patterns, project=of.project, distribution="app")
    return [entry.path for entry in lay_out(of, exclusion, "Name: app\n")[0]]


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
    entries, _ = lay_out(found, Exclusion(project=HOME, distribution="app"), "")
    assert [entry.path for entry in entries] == ["Cargo.toml", "PKG-INFO", "README.md", "pyproject.toml"]
    assert entries[0].source == Generated(data=b'[package]\nname = "app"\nreadme = "README.md"\n')


def test_parts_beside_each_other_keep_their_distance_and_pyproject_goes_up() -> None:
    core = crate(HOME / "core", "src/lib.rs", text='[package]\nname = "core"\nversion = "1.0.0"\n')
    text = '[workspace]\nmembers = ["py", "core", "gone"]\n'
    workspace = WorkspaceSource(manifest=HOME / "Cargo.toml", text=text, document=toml.parse(text))
    found = tree(crate(HOME / "py", "src/lib.rs"), core, project=HOME / "py", workspace=workspace)
    entries, _ = lay_out(found, Exclusion(project=HOME / "py", distribution="app"), "")
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
    entries, displaced = lay_out(found, Exclusion(project=HOME / "py", distribution="app"), "")
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
    _, displaced = lay_out(found, Exclusion(project=HOME / "py", distribution="app"), "")
    by = str(HOME / "py/data.txt")
    assert displaced == (Displaced(path=str(HOME / "data.txt"), by=by, place="data.txt"),)


def test_a_readme_from_above_takes_no_name_of_the_crate() -> None:
    text = '[package]\nname = "app"\nreadme = "../README.md"\n'
    found = tree(crate(HOME, "README.md", text=text, readme=HOME.parent / "README.md"))
    entries, displaced = lay_out(found, Exclusion(project=HOME, distribution="app"), "")
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
    entries, _ = lay_out(found, Exclusion(project=HOME, distribution="app"), "")
    assert {entry.path for entry in entries if entry.source.executable} == {"configure"}
    assert "configure" in {entry.path for entry in entries}
