"""What a source tree says of itself."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from crate_graphs import crate, graph
from cratewheel.cargo import manifest
from cratewheel.cargo.model import CrateTarget
from cratewheel.contents import source_tree
from cratewheel.contents.git_tracked import DanglingLinks
from cratewheel.contents.source_tree import (
    CrateSource,
    Reader,
    SourceFile,
    SourceTree,
    WorkspaceSource,
    common_folder,
    read_with_cargo_or_git,
)
from cratewheel.errors import ConfigError
from cratewheel.options.arguments import parse_flags
from cratewheel.options.resolve import resolve
from cratewheel.options.values import Sbom
from cratewheel.project import pyproject
from cratewheel.project.python_layout import ModuleLayout
from cratewheel.system import toml
from cratewheel.ui import Ui
from situations import METADATA
from system_paths import WINDOWS, native


def test_the_folder_around_all_parts_is_the_nearest() -> None:
    assert common_folder([Path("/w/a/b"), Path("/w/a")]) == Path("/w/a")
    assert common_folder([Path("/w/ab"), Path("/w/a")]) == Path("/w")
    assert common_folder([Path("/w"), Path("/x")]) == Path("/")


def test_a_crate_is_in_its_folder_and_in_those_of_files_outside_of_it() -> None:
    crate = CrateSource(
        manifest=Path("/w/a/Cargo.toml"),
        text="",
        document={},
        files=tuple(
            SourceFile(path=native(path), why="") for path in ("/w/a/src/lib.rs", "/w/ab/x.rs", "/w/c/deep/m.rs")
        ),
        targets=(
            CrateTarget(name="b", kinds=("bin",), crate_types=("bin",), source=Path("/w/c/main.rs")),
            CrateTarget(name="a", kinds=("lib",), crate_types=("lib",), source=Path("/w/a/src/lib.rs")),
        ),
    )
    assert crate.directory == Path("/w/a")
    assert crate.folders == (Path("/w/a"), Path("/w/c"), Path("/w/ab"), Path("/w/c/deep"))


def project(root: Path, **changes: Any) -> Reader:
    """Write a project with files of every kind below `root`, and return what its files are read with."""
    written = {
        "Cargo.toml": '[package]\nname = "app"\nversion = "1.0.0"\nreadme = "R.md"\nlicense-file = "gone"\n',
        "Cargo.lock": "version = 4\n",
        "pyproject.toml": PYPROJECT,
        "R.md": "read",
        "LICENSE": "free",
        "COPYING": "free too",
        "src/lib.rs": "",
        "python/app/__init__.py": "",
        "python/app/native.so": "",
        "python/app/a.pyc": "",
        "python/other.py": "",
        "notes/a.txt": "",
        "notes/b.txt": "",
        "sbom.json": "{}",
        "app.data/scripts/run": "#!/bin/sh\n",
        "target/debug/a": "",
        "target/CACHEDIR.TAG": "",
        ".ignore": "*.tmp\n",
        "a.tmp": "",
        "dist/old.tar.gz": "",
    }
    for name, text in written.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    (root / "app.data" / "scripts" / "run").chmod(0o755)
    file = pyproject.read(root / "pyproject.toml")
    options, _ = resolve(parse_flags("sdist", "", []), environ={}, tools=file.tools)
    reporter = Ui(out=io.StringIO(), err=io.StringIO())
    layout = ModuleLayout(
        module_name="app",
        extension_name="app",
        package_parts=(),
        mixed=True,
        python_source=root / "python",
        package_dir=root / "python" / "app",
        python_packages=("gone",),
        data=root / "app.data",
    )
    own = crate("app", source=None, folder=root, readme="R.md", license_file="gone", targets=())
    metadata = replace(METADATA, license_files=((PurePosixPath("licenses/LICENSE"), root / "LICENSE"),))
    roots = (str(root),)
    return Reader(
        pyproject=file,
        manifest=manifest.read(root / "Cargo.toml"),
        cargo=replace(graph(own), target_directory=root / "target"),
        packages=(own,),
        options=replace(options, **changes),
        core_metadata=metadata,
        modules=layout,
        cwd=root,
        environ={"PATH": "", "CARGO_HOME": "home/cargo"},
        reporter=reporter,
        roots=roots,
        dangling=DanglingLinks({"PATH": ""}, reporter),
    )


PYPROJECT = """[build-system]
requires = ["cratewheel"]
build-backend = "cratewheel"
[project]
name = "app"
version = "1"
readme = "R.md"
license = { file = "LICENSE" }
[tool.cratewheel]
sdist-generator = "git"
include = ["notes/a.txt", { path = "notes/b.txt", format = "wheel" }]
[tool.cratewheel.sbom]
include = ["sbom.json"]
"""


def of(root: Path, name: str, why: str, *, executable: bool = False) -> SourceFile:
    executable = executable and not WINDOWS  # whose files have no such bit
    return SourceFile(path=str(root / name), why=why, executable=executable, roots=(str(root),))


def said(reader: Reader) -> str:
    assert isinstance(reader.reporter, Ui)
    assert isinstance(reader.reporter.err, io.StringIO)
    return reader.reporter.err.getvalue()


def test_a_project_without_a_list_of_files_is_walked(tmp_path: Path) -> None:
    reader = project(tmp_path, out=tmp_path / "dist")
    tree = read_with_cargo_or_git(reader, needs_manifest_path=True)
    listed = (
        ".ignore", "Cargo.lock", "Cargo.toml", "COPYING", "LICENSE", "R.md", "app.data/scripts/run", "notes/a.txt",
        "notes/b.txt", "pyproject.toml", "python/app/__init__.py", "python/app/native.so",
        "python/other.py", "sbom.json", "src/lib.rs",
    )  # fmt: skip
    assert sorted(Path(file.path).relative_to(tmp_path).as_posix() for file in tree.listed) == sorted(listed)
    assert {file.why for file in tree.listed} == {"in the folder of the project"}
    assert [file.path for file in tree.listed if file.executable] == (
        [] if WINDOWS else [str(tmp_path / "app.data" / "scripts" / "run")]
    )
    assert replace(tree, listed=()) == SourceTree(
        pyproject=tmp_path / "pyproject.toml",
        pyproject_text=PYPROJECT,
        project_table={"name": "app", "version": "1", "readme": "R.md", "license": {"file": "LICENSE"}},
        python_source=tmp_path / "python",
        python_folders=(tmp_path / "python" / "app",),
        data_folder=tmp_path / "app.data",
        named=(
            of(tmp_path, "notes/a.txt", "include = 'notes/a.txt'"),
            of(tmp_path, "sbom.json", "sbom.include"),
        ),
        licences=(("licenses/LICENSE", of(tmp_path, "LICENSE", "licence file")),),
        readme=of(tmp_path, "R.md", "readme of the project"),
        license=of(tmp_path, "LICENSE", "licence of the project"),
        needs_manifest_path=True,
        roots=(str(tmp_path),),
        built=(tmp_path / "target", tmp_path / "home" / "cargo"),
    )
    assert f"{tmp_path} is not in a git repository; the sdist contains all files in it" in said(reader)


def test_an_unpacked_sdist_is_walked_without_a_word(tmp_path: Path) -> None:
    reader = project(tmp_path)
    (tmp_path / "PKG-INFO").write_text("", encoding="utf-8")
    listed = [file.path for file in read_with_cargo_or_git(reader, needs_manifest_path=False).listed]
    assert str(tmp_path / "PKG-INFO") in listed
    assert str(tmp_path / "dist" / "old.tar.gz") in listed
    assert said(reader) == ""


def test_the_packages_of_python_are_packed_without_what_is_compiled(tmp_path: Path) -> None:
    assert source_tree._python(project(tmp_path)) == (
        (of(tmp_path, "python/app/__init__.py", "Python package"),),
        (str(tmp_path / "python" / "app" / "native.so"),),
    )


def test_the_data_folder_is_packed_with_its_executable_files(tmp_path: Path) -> None:
    reader = project(tmp_path)
    why = "data folder of the wheel"
    assert source_tree._data(reader) == (of(tmp_path, "app.data/scripts/run", why, executable=True),)
    assert source_tree._data(replace(reader, modules=replace(reader.modules, data=None))) == ()


def test_a_crate_has_what_cargo_lists_but_for_what_is_generated_or_gone(tmp_path: Path) -> None:
    reader = project(tmp_path)
    names = ("Cargo.toml", "Cargo.toml.orig", ".cargo_vcs_info.json", "R.md", "src/lib.rs", "src", "gone.rs")
    (tmp_path / "Cargo.toml.orig").touch()
    found = source_tree._crate(reader.packages[0], [str(tmp_path / name) for name in names], {}, reader)
    text = (tmp_path / "Cargo.toml").read_text(encoding="utf-8")
    assert found == CrateSource(
        manifest=tmp_path / "Cargo.toml",
        text=text,
        document=toml.parse(text),
        files=(of(tmp_path, "R.md", "cargo package --list"), of(tmp_path, "src/lib.rs", "cargo package --list")),
        readme=tmp_path / "R.md",
        license_file=None,
        roots=(str(tmp_path),),
    )


def test_a_file_that_a_package_of_python_has_too_keeps_its_reason(tmp_path: Path) -> None:
    reader = project(tmp_path)
    seen = of(tmp_path, "src/lib.rs", "Python package")
    found = source_tree._crate(reader.packages[0], [seen.path], {seen.path: seen}, reader)
    assert found.files == (seen,)


@pytest.mark.parametrize("flag", ["locked", "frozen"])
def test_a_lock_file_that_is_asked_for_has_to_be_there(tmp_path: Path, flag: str) -> None:
    reader = project(tmp_path, **{flag: True})
    assert source_tree._lock(reader) == of(tmp_path, "Cargo.lock", "the locked versions")
    (tmp_path / "Cargo.lock").unlink()
    with pytest.raises(ConfigError) as caught:
        source_tree._lock(reader)
    assert caught.value.message == f"there is no Cargo.lock in {tmp_path}, as required by --locked"


def test_without_a_lock_file_there_is_a_warning(tmp_path: Path) -> None:
    reader = project(tmp_path)
    (tmp_path / "Cargo.lock").unlink()
    assert source_tree._lock(reader) is None
    assert f"there is no Cargo.lock in {tmp_path}; the sdist will have none" in said(reader)


@pytest.mark.parametrize(
    ("value", "what", "expected"),
    [
        ("R.md", "readme", "R.md"),
        ({"file": "notes/../R.md", "content-type": "text/markdown"}, "readme", "R.md"),
        ({"text": "words"}, "readme", None),
        ("MIT", "licence", None),
        ({"file": "LICENSE"}, "licence", "LICENSE"),
        (None, "readme", None),
    ],
)
def test_the_readme_and_the_licence_are_the_files_that_the_project_names(
    tmp_path: Path, value: object, what: str, expected: str | None
) -> None:
    found = source_tree._metadata_file(project(tmp_path), value, what)
    assert found == (None if expected is None else of(tmp_path, expected, f"{what} of the project"))


def test_a_readme_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        source_tree._metadata_file(project(tmp_path), "gone.md", "readme")
    assert caught.value.message == (
        f"{tmp_path / 'gone.md'}, the readme in {tmp_path / 'pyproject.toml'}, does not exist"
    )


def test_the_manifest_of_the_workspace_is_read_with_its_line_ends(tmp_path: Path) -> None:
    reader = project(tmp_path)
    assert source_tree._workspace(reader) is None
    around = tmp_path / "around.toml"
    around.write_bytes(b"[workspace]\r\nmembers = []\r\n")
    inside = replace(reader, manifest=replace(reader.manifest, workspace_manifest=around))
    assert source_tree._workspace(inside) == WorkspaceSource(
        manifest=around, text="[workspace]\r\nmembers = []\r\n", document={"workspace": {"members": []}}
    )
    around.write_bytes(b"[workspace]\xff")
    with pytest.raises(ConfigError) as caught:
        source_tree._workspace(inside)
    assert caught.value.message == f"{around} is not UTF-8: invalid start byte at byte 11"


def test_sdist_include_is_below_the_crate(tmp_path: Path) -> None:
    reader = project(tmp_path, sdist_include=("notes/*.txt",), include=(), sbom=Sbom())
    assert tuple(source_tree._named(reader)) == tuple(
        of(tmp_path, f"notes/{name}.txt", "sdist-include = 'notes/*.txt'") for name in "ab"
    )
