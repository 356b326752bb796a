"""Whether an sdist holds what cargo needs to build it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crate_graphs import crate
from cratewheel.archive.layout import Entry, FromFile, Layout
from cratewheel.cargo.model import CrateTarget, Package
from cratewheel.contents.required_files import check_buildable, check_complete
from cratewheel.errors import ConfigError


def target(root: Path, kind: str, path: str) -> CrateTarget:
    return CrateTarget(name=Path(path).stem, kinds=(kind,), crate_types=(kind,), source=root / path)


def package(root: Path, **fields: Any) -> Package:
    targets = (
        target(root, "cdylib", "src/lib.rs"),
        target(root, "bin", "src/main.rs"),
        target(root, "bin", "src/other.rs"),
        target(root, "custom-build", "build.rs"),
        target(root, "example", "examples/e.rs"),
    )
    return crate("app", source=None, folder=root, **{"targets": targets, **fields})


def archive(root: Path, *names: str) -> Layout:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tuple(Entry(path=name, source=FromFile(path=str(root / name))) for name in names)


def unbuildable(root: Path, entries: Layout, *packages: Package) -> ConfigError | None:
    try:
        check_buildable(entries, packages, root)
    except ConfigError as error:
        return error
    return None


def test_git_tracks_all_that_cargo_needs(tmp_path: Path) -> None:
    assert unbuildable(tmp_path, archive(tmp_path, "Cargo.toml", "src/lib.rs", "build.rs"), package(tmp_path)) is None
    far = crate("far", source=None, folder=Path("/far"), targets=(target(Path("/far"), "lib", "src/lib.rs"),))
    assert unbuildable(tmp_path, (), far) is None


def test_a_program_alone_needs_the_first_of_its_sources(tmp_path: Path) -> None:
    programs = package(tmp_path, targets=package(tmp_path).targets[1:3])
    assert unbuildable(tmp_path, archive(tmp_path, "Cargo.toml", "src/main.rs"), programs) is None
    error = unbuildable(tmp_path, archive(tmp_path, "Cargo.toml"), programs)
    assert error is not None
    assert error.message.startswith(
        f"the source distribution cannot be built without {tmp_path / 'src/main.rs'}, which"
    )


def test_all_that_git_does_not_track_is_named(tmp_path: Path) -> None:
    error = unbuildable(tmp_path, (), package(tmp_path))
    assert error is not None
    assert (error.message, error.notes) == (
        f"the source distribution cannot be built without {tmp_path / 'Cargo.toml'}, which git does not track",
        (f"the same for {tmp_path / 'src/lib.rs'}", f"the same for {tmp_path / 'build.rs'}"),
    )


def test_a_readme_or_licence_that_is_there_and_not_in_the_archive_is_an_error(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    entries = archive(root, "Cargo.toml", "src/lib.rs", "build.rs")
    for name in ("R.md", "../L"):
        (root / name).touch()
    assert unbuildable(root, entries, package(root, readme="gone.md")) is None
    error = unbuildable(root, entries, package(root, readme="R.md"))
    assert error is not None
    assert error.message == f"{root / 'R.md'}, the readme in {root / 'Cargo.toml'}, would be missing in the archive"
    assert error.hint == (
        '`git add` it, or remove it from `exclude`, or set `sdist-generator = "cargo"` in pyproject.toml'
    )
    error = unbuildable(root, entries, package(root, license_file="../L"))
    assert error is not None
    assert error.message == (
        f"{tmp_path / 'L'}, the license-file in {root / 'Cargo.toml'}, is not below {root}, "
        "and git lists only files there"
    )
    assert error.hint == 'copy it there, or set `sdist-generator = "cargo"` in pyproject.toml'


def incomplete(
    root: Path, names: tuple[str, ...], *, chooses: bool = False, excluded: tuple[str, ...] = (), **fields: Any
) -> ConfigError | None:
    try:
        excluded_paths = frozenset(str(root / name) for name in excluded)
        check_complete(archive(root, *names), [(package(root, **fields), chooses)], excluded_paths)
    except ConfigError as error:
        return error
    return None


def test_what_manifests_name_is_in_the_archive_but_for_examples(tmp_path: Path) -> None:
    names = ("src/lib.rs", "src/main.rs", "src/other.rs", "build.rs", "R.md")
    assert incomplete(tmp_path, names, readme="R.md") is None


@pytest.mark.parametrize(
    ("chooses", "excluded"), [(True, ("R.md",)), (False, ("src/main.rs", "src/other.rs", "build.rs", "R.md"))]
)
def test_all_but_the_library_may_be_left_out_on_purpose(
    tmp_path: Path, chooses: bool, excluded: tuple[str, ...]
) -> None:
    assert incomplete(tmp_path, ("src/lib.rs",), chooses=chooses, excluded=excluded, readme="R.md") is None
    error = incomplete(tmp_path, (), chooses=chooses, excluded=(*excluded, "src/lib.rs"), readme="R.md")
    assert error is not None
    assert error.message == (
        f"{tmp_path / 'src/lib.rs'}, the library 'lib' in {tmp_path / 'Cargo.toml'}, "
        "which the source distribution would lack"
    )


@pytest.mark.parametrize(("chooses", "excluded"), [(True, ()), (False, ("src/main.rs", "src/other.rs"))])
def test_a_crate_keeps_one_of_its_programs(tmp_path: Path, chooses: bool, excluded: tuple[str, ...]) -> None:
    programs = package(tmp_path).targets[1:3]
    found = [
        incomplete(tmp_path, names, chooses=chooses, excluded=excluded, targets=programs)
        for names in (("src/other.rs",), ("src/main.rs",))
    ]
    assert found == [None, None]
    error = incomplete(tmp_path, (), chooses=chooses, excluded=excluded, targets=programs)
    assert error is not None
    problem = "which the source distribution would lack"
    assert (error.message, error.notes) == (
        f"{tmp_path / 'src/main.rs'}, the program 'main' in {tmp_path / 'Cargo.toml'}, {problem}",
        (f"the same for {tmp_path / 'src/other.rs'}, the program 'other'",),
    )


def test_a_file_that_does_not_exist_is_told_from_one_that_is_left_out(tmp_path: Path) -> None:
    error = incomplete(tmp_path, ("src/lib.rs", "src/main.rs"), license_file="../L")
    assert error is not None
    assert (error.message, error.notes, error.hint) == (
        f"{tmp_path / 'src/other.rs'}, the program 'other' in {tmp_path / 'Cargo.toml'}, does not exist",
        (
            f"the same for {tmp_path / 'build.rs'}, the build script 'build'",
            f"the same for {tmp_path.parent / 'L'}, the license-file",
        ),
        "correct the path, or remove the key",
    )
    (tmp_path / "src" / "other.rs").touch()
    error = incomplete(tmp_path, ("src/lib.rs", "src/main.rs"), license_file="../L")
    assert error is not None
    assert error.message.endswith("which the source distribution would lack")
    assert error.hint == "check that neither git, `include` nor `exclude` excludes it"
