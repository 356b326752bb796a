"""The Python side of a wheel, as the peer gathers it but for what stands in docs/differences.md."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from cratewheel.archive.layout import Entry, FromFile, Generated, layout
from cratewheel.bindings import pyo3
from cratewheel.contents.wheel import (
    apply_excludes,
    data_entries,
    exclude_warnings,
    find_stub,
    include_entries,
    included_files,
    python_entries,
    python_warnings,
    without_own_stubs,
)
from cratewheel.errors import ConfigError
from cratewheel.options.values import ArchiveFormat, Exclude, Include
from cratewheel.project import python_layout as modules
from cratewheel.project.python_layout import ModuleLayout
from cratewheel.system.files import project_roots

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege on Windows")


def project(root: Path, *files: str) -> Path:
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def read(
    root: Path,
    name: str = "demo",
    *,
    source: str | None = None,
    packages: tuple[str, ...] = (),
    data: str | None = None,
) -> ModuleLayout:
    return modules.read(
        root,
        module_name=name,
        lib_name=None,
        project_name=None,
        package_name="unused",
        python_source=source,
        python_packages=packages,
        data=data,
        roots=project_roots(root),
    )


def places(entries: Iterable[Entry]) -> list[str]:
    return [entry.path for entry in entries]


def entry(place: str, path: Path, why: str, *, root: Path, executable: bool = False) -> Entry:
    source = FromFile(path=str(path), executable=executable, roots=project_roots(root))
    return Entry(path=place, source=source, why=why)


# -- Python packages


@pytest.mark.parametrize("pattern", ["demo/old.pyc", "demo/__pycache__/*", "**/.DS_Store"])
def test_an_include_of_rubbish_is_told(tmp_path: Path, pattern: str) -> None:
    roots = project_roots(project(tmp_path, "demo/old.pyc", "demo/__pycache__/a", "demo/.DS_Store"))
    include = (Include(path=pattern),)
    found = include_entries(tmp_path, read(tmp_path), include, roots=roots, out_dirs={}, root_crate="demo")
    rest = "files of interpreters, editors and desktops are never packed"
    assert found == ([], (f"include '{pattern}' adds nothing: {rest}",))


def test_a_folder_of_stubs_is_a_part_of_the_generated_package(tmp_path: Path) -> None:
    roots = project_roots(project(tmp_path, "demo.pyi", "demo/__init__.pyi", "demo/py.typed", "demo/sub.pyi"))
    layout_ = read(tmp_path)
    own = python_entries(layout_, tmp_path, roots)
    assert places(own) == ["demo/__init__.pyi", "demo/py.typed", "demo/sub.pyi"]
    found = find_stub(layout_, tmp_path, roots)
    assert found == FromFile(path=str(tmp_path / "demo" / "__init__.pyi"), roots=roots)
    compiled = pyo3.entries(layout_, tmp_path / "x.so", "demo.abi3.so", stub=found)
    assert places(without_own_stubs(layout_, compiled, own)) == ["demo/__init__.py", "demo/demo.abi3.so"]
    (tmp_path / "demo" / "__init__.pyi").unlink()
    (tmp_path / "demo" / "py.typed").unlink()
    own = python_entries(layout_, tmp_path, roots)
    found = find_stub(layout_, tmp_path, roots)
    assert found == FromFile(path=str(tmp_path / "demo.pyi"), roots=roots)
    compiled = pyo3.entries(layout_, tmp_path / "x.so", "demo.abi3.so", stub=found)
    assert places([*own, *without_own_stubs(layout_, compiled, own)]) == [
        "demo/sub.pyi",
        "demo/__init__.py",
        "demo/demo.abi3.so",
        "demo/__init__.pyi",
        "demo/py.typed",
    ]


def test_the_files_of_the_packages_are_taken_relative_to_python_source(tmp_path: Path) -> None:
    project(tmp_path, "py/demo/__init__.py", "py/demo/sub/.hidden", "py/other/a.pyi", "py/third/b.py", "py/c.py")
    found = python_entries(
        read(tmp_path, source="py", packages=("other", "c.py", "demo/sub")), tmp_path, project_roots(tmp_path)
    )
    assert found == [
        entry("c.py", tmp_path / "py/c.py", "Python package", root=tmp_path),
        entry("demo/__init__.py", tmp_path / "py/demo/__init__.py", "Python package", root=tmp_path),
        entry("demo/sub/.hidden", tmp_path / "py/demo/sub/.hidden", "Python package", root=tmp_path),
        entry("other/a.pyi", tmp_path / "py/other/a.pyi", "Python package", root=tmp_path),
    ]


def test_a_crate_without_a_package_ships_its_python_packages_only(tmp_path: Path) -> None:
    project(tmp_path, "src/lib.rs", "extra/a.py")
    assert python_entries(read(tmp_path), tmp_path, project_roots(tmp_path)) == []
    assert places(python_entries(read(tmp_path, packages=("extra",)), tmp_path, project_roots(tmp_path))) == [
        "extra/a.py"
    ]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such bit")
def test_the_executable_bit_is_kept(tmp_path: Path) -> None:
    project(tmp_path, "demo/run.sh", "demo/a.py")
    (tmp_path / "demo" / "run.sh").chmod(0o744)
    found = python_entries(read(tmp_path), tmp_path, project_roots(tmp_path))
    assert {str(item.path): item.source.executable for item in found} == {"demo/a.py": False, "demo/run.sh": True}


def test_ignore_files_of_the_project_are_heeded_and_bytecode_always_stays_out(tmp_path: Path) -> None:
    project(tmp_path, ".git/HEAD", "demo/a.py", "demo/a.log", "demo/__pycache__/a.pyc", "demo/gone/b.py")
    assert places(python_entries(read(tmp_path), tmp_path, project_roots(tmp_path))) == [
        "demo/a.log",
        "demo/a.py",
        "demo/gone/b.py",
    ]
    (tmp_path / ".gitignore").write_text("*.log\n/demo/gone\n")
    assert places(python_entries(read(tmp_path), tmp_path, project_roots(tmp_path))) == ["demo/a.py"]


@pytest.mark.parametrize(
    "name",
    [
        "_x.so", "_x.cpython-312-x86_64-linux-gnu.so", "_x.pyd", "_x.dll", "_x.pdb", "_x.dwp", "_x.dylib", "lib_x.so",
        "lib_x.dylib", "lib_x-0123456789abcdef.so", "_x.dSYM/Contents/Info.plist", "lib_x.dylib.dSYM/a/b",
    ],
)  # fmt: skip
def test_left_overs_of_an_earlier_build_stay_out(tmp_path: Path, name: str) -> None:
    project(tmp_path, "demo/__init__.py", f"demo/{name}", f"demo/sub/{name}")
    assert places(python_entries(read(tmp_path, "demo._x"), tmp_path, project_roots(tmp_path))) == ["demo/__init__.py"]


@pytest.mark.parametrize(
    "name",
    [
        "other.so", "_xother.so", "_x_data.pyd", "_xy.dSYM/a", "_X.so", "_x.so.1", "_x.py", "my_x.so", "lib_x.a",
        "_x.dSYM", "_x.DLL",
        "other.dSYM/Contents/Info.plist", "_x/other.dSYM/a", "_x.d/a.dSYM/b",
    ],
)  # fmt: skip
def test_other_libraries_are_part_of_the_package(tmp_path: Path, name: str) -> None:
    project(tmp_path, f"demo/{name}")
    assert places(python_entries(read(tmp_path, "demo._x"), tmp_path, project_roots(tmp_path))) == [f"demo/{name}"]


def test_a_python_source_beside_the_project_in_its_repository_is_not_lost(tmp_path: Path) -> None:
    project(tmp_path, ".git/HEAD", "py/demo/a.py", "py/demo/b.py", "crate/Cargo.toml")
    (tmp_path / "py" / ".ignore").write_text("b.py\n")
    found = python_entries(
        read(tmp_path / "crate", source="../py"), tmp_path / "crate", project_roots(tmp_path / "crate")
    )
    assert found == [entry("demo/a.py", tmp_path / "py/demo/a.py", "Python package", root=tmp_path)]


@needs_links
def test_a_file_behind_a_link_is_taken_and_one_outside_is_refused(tmp_path: Path) -> None:
    project(tmp_path, "project/demo/a.py", "project/shared/b.py", "secret")
    (tmp_path / "project" / "demo" / "b.py").symlink_to("../shared/b.py")
    root = tmp_path / "project"
    assert places(python_entries(read(root), root, project_roots(root))) == ["demo/a.py", "demo/b.py"]
    (root / "demo" / "c.py").symlink_to("../../secret")
    with pytest.raises(ConfigError, match=r"c\.py leads out of the project"):
        python_entries(read(root), root, project_roots(root))


def test_a_package_that_is_ignored_as_a_whole_is_told(tmp_path: Path) -> None:
    project(tmp_path, "demo/__init__.py")
    layout_ = read(tmp_path, packages=("gone",))
    missing = f"python-packages has 'gone', but there is no {tmp_path / 'gone'}"
    assert python_warnings(layout_, python_entries(layout_, tmp_path, project_roots(tmp_path))) == (missing,)
    (tmp_path / ".ignore").write_text("demo\n")
    package = tmp_path / "demo"
    empty = f"the wheel has no file of the Python package {package}: it is empty, or its files are ignored"
    assert python_warnings(layout_, python_entries(layout_, tmp_path, project_roots(tmp_path))) == (missing, empty)


# -- include


def included(root: Path, layout: ModuleLayout, *includes: Include, **out_dirs: Path) -> tuple[list[Entry], list[str]]:
    entries, warnings = include_entries(
        root, layout, includes, roots=project_roots(root), out_dirs=out_dirs, root_crate="demo"
    )
    return entries, list(warnings)


def test_included_files_lie_where_they_are_or_relative_to_python_source(tmp_path: Path) -> None:
    project(tmp_path, "py/demo/__init__.py", "py/assets/p.txt", "assets/r.txt", "py/q.txt")
    found = included(
        tmp_path,
        read(tmp_path, source="py"),
        Include(path="assets/*"),
        Include(path="py/assets/*"),
        Include(path="*.txt"),
    )
    assert found == (
        [
            entry("assets/r.txt", tmp_path / "assets/r.txt", "include 'assets/*'", root=tmp_path),
            entry("assets/p.txt", tmp_path / "py/assets/p.txt", "include 'py/assets/*'", root=tmp_path),
            entry("q.txt", tmp_path / "py/q.txt", "include '*.txt'", root=tmp_path),
        ],
        [],
    )


def test_ignored_files_can_be_included_and_a_file_may_be_meant_twice(tmp_path: Path) -> None:
    project(tmp_path, ".git/HEAD", "demo/__init__.py", "demo/made.py")
    (tmp_path / ".gitignore").write_text("made.py\n")
    layout_ = read(tmp_path)
    added, _ = included(tmp_path, layout_, Include(path="demo/*.py"))
    together = layout([*python_entries(layout_, tmp_path, project_roots(tmp_path)), *added])
    assert places(together) == ["demo/__init__.py", "demo/made.py"]


def test_an_include_for_the_sdist_adds_nothing_and_one_without_a_match_warns(tmp_path: Path) -> None:
    project(tmp_path, "docs/a.md", "demo/__init__.py")
    found = included(
        tmp_path,
        read(tmp_path),
        Include(path="docs/*", formats=("sdist",)),
        Include(path="nothing/*"),
        Include(path="docs/"),
        Include(path="docs/**"),
    )
    assert found == (
        [],
        [
            f"include 'nothing/*' matches no file in {tmp_path}",
            "include 'docs/' matches only a folder; write 'docs/**/*' for its files",
            "include 'docs/**' matches only a folder; write 'docs/**/*' for its files",
        ],
    )


@pytest.mark.parametrize("pattern", ["../secret", "/etc/hostname", "./a"])
def test_an_include_that_leaves_the_project_is_an_error(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(ConfigError, match="the glob"):
        included(tmp_path, read(tmp_path), Include(path=pattern))


def test_the_files_of_an_include_are_those_of_the_root_or_else_of_python_source(tmp_path: Path) -> None:
    project(tmp_path, "py/a.txt", "py/b.txt", "b.txt")
    assert included_files(tmp_path, tmp_path / "py", "a.txt", project_roots(tmp_path)) == (tmp_path / "py" / "a.txt",)
    assert included_files(tmp_path, tmp_path / "py", "b.txt", project_roots(tmp_path)) == (tmp_path / "b.txt",)
    assert included_files(tmp_path, tmp_path, "c.txt", project_roots(tmp_path)) == ()


def test_files_of_a_build_script_keep_their_place_below_the_folder_named(tmp_path: Path) -> None:
    out = project(tmp_path / "out", "a.txt", "sub/b.txt")
    found = included(
        tmp_path / "project",
        read(tmp_path / "project"),
        Include(path="**/*", from_out_dir=True, to="demo/made"),
        Include(path="a.txt", from_out_dir=True, to="", crate="helper"),
        demo=out,
        helper=out,
    )
    assert found == (
        [
            entry("demo/made/a.txt", out / "a.txt", "include '**/*' from OUT_DIR", root=out),
            entry("demo/made/sub/b.txt", out / "sub/b.txt", "include '**/*' from OUT_DIR", root=out),
            entry("a.txt", out / "a.txt", "include 'a.txt' from OUT_DIR", root=out),
        ],
        [],
    )


def test_a_build_script_that_did_not_write_the_file_is_worth_a_warning(tmp_path: Path) -> None:
    found = included(tmp_path, read(tmp_path), Include(path="a", from_out_dir=True, to="x"), demo=tmp_path)
    assert found == ([], [f"include 'a' matches no file in {tmp_path}"])


def test_a_crate_without_a_build_script_is_an_error(tmp_path: Path) -> None:
    include = Include(path="a", from_out_dir=True, to="x", crate="serde")
    with pytest.raises(ConfigError, match="OUT_DIR of the crate 'serde', which has no build script"):
        included(tmp_path, read(tmp_path), include, demo=tmp_path)


# -- the data folder


@needs_links
def test_the_data_folder_is_taken_whole(tmp_path: Path) -> None:
    project(
        tmp_path,
        ".git/HEAD",
        "demo.data/data/.a",
        "demo.data/data/b.pyc",
        "demo.data/data/c",
        "demo.data/scripts/run",
        "shared/c",
    )
    (tmp_path / "demo.data" / "data" / ".gitignore").write_text("*\n")
    (tmp_path / "demo.data" / "scripts" / "run").chmod(0o755)
    (tmp_path / "demo.data" / "headers").symlink_to("../shared")
    found = data_entries(read(tmp_path), "demo-1.0.data", roots=project_roots(tmp_path))
    assert found == [
        entry("demo-1.0.data/data/.a", tmp_path / "demo.data/data/.a", "data folder", root=tmp_path),
        entry("demo-1.0.data/data/.gitignore", tmp_path / "demo.data/data/.gitignore", "data folder", root=tmp_path),
        entry("demo-1.0.data/data/c", tmp_path / "demo.data/data/c", "data folder", root=tmp_path),
        entry("demo-1.0.data/headers/c", tmp_path / "demo.data/headers/c", "data folder", root=tmp_path),
        entry(
            "demo-1.0.data/scripts/run",
            tmp_path / "demo.data/scripts/run",
            "data folder",
            executable=True,
            root=tmp_path,
        ),
    ]


def test_without_a_data_folder_there_is_nothing(tmp_path: Path) -> None:
    assert data_entries(read(tmp_path), "demo-1.0.data", roots=project_roots(tmp_path)) == []


@pytest.mark.parametrize("name", ["README", "share/a", ".DS_Store"])
def test_what_no_installer_knows_is_an_error(tmp_path: Path, name: str) -> None:
    project(tmp_path, f"demo.data/{name}", "demo.data/data/a")
    with pytest.raises(ConfigError, match="only the folders data, scripts, headers, purelib, platlib"):
        data_entries(read(tmp_path), "demo-1.0.data", roots=project_roots(tmp_path))


@needs_links
def test_a_data_file_outside_the_project_is_refused(tmp_path: Path) -> None:
    project(tmp_path, "project/demo.data/data/a", "secret")
    (tmp_path / "project" / "demo.data" / "data" / "b").symlink_to("../../../secret")
    root = tmp_path / "project"
    with pytest.raises(ConfigError, match="leads out of the project"):
        data_entries(read(root), "demo-1.0.data", roots=project_roots(root))


# -- exclude


def test_excludes_are_held_against_the_source_then_the_place_in_the_wheel(tmp_path: Path) -> None:
    entries = [
        entry("demo/a.py", tmp_path / "py/demo/a.py", "", root=tmp_path),
        entry("demo/b.py", tmp_path / "py/demo/b.py", "", root=tmp_path),
        entry("demo/c.txt", tmp_path / "py/demo/c.txt", "", root=tmp_path),
        Entry(path="demo/made.py", source=Generated(data=b"")),
    ]

    def left(*patterns: str) -> list[str]:
        return places(apply_excludes(entries, tmp_path, tuple(Exclude(path=path) for path in patterns), "wheel"))

    assert left("py/demo/a.py") == ["demo/b.py", "demo/c.txt", "demo/made.py"]
    assert left("demo/a.py") == ["demo/b.py", "demo/c.txt", "demo/made.py"]
    assert left("*.py", "!b.py") == ["demo/b.py", "demo/c.txt", "demo/made.py"]
    assert left("**") == ["demo/made.py"]
    assert left("py/demo", "demo/") == places(entries)
    assert left() == places(entries)


def test_excludes_count_for_their_own_archive_only(tmp_path: Path) -> None:
    entries = [entry("a.py", tmp_path / "a.py", "", root=tmp_path)]
    excludes = (Exclude(path="*.py", formats=("sdist",)),)
    assert apply_excludes(entries, tmp_path, excludes, "wheel") == entries
    assert apply_excludes(entries, tmp_path, excludes, "sdist") == []


@pytest.mark.parametrize(
    ("pattern", "archive", "better"),
    [
        ("tests", "wheel", "**/tests/**"),
        ("tests/", "sdist", "**/tests/**"),
        ("**/tests", "wheel", "**/tests/**"),
        ("*/demo/tests/", "sdist", "*/demo/tests/**"),
        ("demo/tests", "wheel", "demo/tests/**"),
        ("demo/tests", "sdist", None),
        ("/tests", "wheel", None),
        ("py/demo/*", "wheel", None),
        ("!tests", "wheel", None),
        ("tests.txt", "wheel", None),
    ],
)
def test_an_exclude_that_matches_folders_only_is_told(
    pattern: str, archive: ArchiveFormat, better: str | None, tmp_path: Path
) -> None:
    packed = [entry("demo/tests/sub/a.py", tmp_path / "py/demo/tests/sub/a.py", "", root=tmp_path)]
    folder = "demo/tests" if pattern == "demo/tests" else "py/demo/tests"
    assert exclude_warnings(tmp_path, (Exclude(path=pattern),), archive, packed) == (
        ()
        if better is None
        else (f"exclude '{pattern}' matches only the folder {folder}, and excludes nothing; write '{better}'",)
    )


def test_excludes_that_cannot_leave_anything_out_are_told(tmp_path: Path) -> None:
    project(tmp_path, "tests/a.py")
    excludes = (
        Exclude(path="tests/"),
        Exclude(path="./a.py"),
        Exclude(path="tests", formats=("sdist",)),
        Exclude(path="tests/**"),
        Exclude(path="*.log"),
    )
    assert exclude_warnings(tmp_path, excludes, "wheel", ()) == (
        "exclude 'tests/' is a folder, and excludes nothing; write 'tests/**'",
        f"exclude './a.py' matches nothing: patterns are relative to {tmp_path}, without './'",
    )
