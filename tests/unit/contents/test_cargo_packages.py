"""Which packages an sdist needs for cargo to resolve the project: everything is known already, cargo is not asked."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from crate_graphs import crate
from cratewheel.cargo import manifest
from cratewheel.cargo.model import CargoMetadata, Dependency, DependencyKind, Package
from cratewheel.contents.cargo_packages import packages_with_cargo
from cratewheel.ui import Ui


def depends(root: Path, name: str, *, kind: DependencyKind = "normal", optional: bool = False) -> Dependency:
    return Dependency(name=name, requirement="*", kind=kind, optional=optional, path=root / name)


def package(root: Path, name: str, *dependencies: Dependency, lock: bool = True) -> Package:
    """Return a package that lies in a folder of its name, with its Cargo.toml written there."""
    (root / name).mkdir(parents=True, exist_ok=True)
    path = root / name / "Cargo.toml"
    path.write_text(f'[package]\nname = "{name}"\nversion = "1.0.0"\n', encoding="utf-8")
    with (root / "Cargo.lock").open("a", encoding="utf-8") as file:
        file.write(f'[[package]]\nname = "{name}"\nversion = "1.0.0"\n\n' if lock else "")
    return crate(name, source=None, folder=root / name, dependencies=dependencies)


def found(
    root: Path,
    *packages: Package,
    members: tuple[str, ...] = ("app",),
    workspace: str = "",
    environ: Mapping[str, str] = MappingProxyType({"HOME": "/nowhere"}),
) -> list[str]:
    """Return the names of the packages that are needed; of `packages`, those named are members of the workspace."""
    names = ", ".join(f'"{name}"' for name in members)
    (root / "Cargo.toml").write_text(f"[workspace]\nmembers = [{names}]\n{workspace}", encoding="utf-8")
    cargo = CargoMetadata(
        packages={one.id: one for one in packages},
        nodes={},
        root="app",
        workspace_root=root,
        workspace_members=members,
        target_directory=root / "target",
    )
    ui = Ui(out=io.StringIO(), err=io.StringIO())
    app = manifest.read(root / "app" / "Cargo.toml")
    return [one.name for one in packages_with_cargo(app, cargo, {"PATH": "", **environ}, ui, cwd=root)]


def test_the_project_comes_first_and_the_others_in_the_order_of_their_paths(tmp_path: Path) -> None:
    app = package(tmp_path, "app", depends(tmp_path, "z"), depends(tmp_path, "b"))
    z = package(tmp_path, "z", depends(tmp_path, "a"))
    assert found(tmp_path, app, z, package(tmp_path, "a"), package(tmp_path, "b")) == ["app", "a", "b", "z"]


@pytest.mark.parametrize(
    ("kind", "optional", "locked", "needed"),
    [
        ("normal", False, True, True),
        ("build", False, True, True),
        ("dev", False, True, False),
        ("dev", False, False, False),
        ("normal", True, True, True),
        ("normal", True, False, False),
        ("dev", True, True, False),
    ],
)
def test_of_a_crate_outside_of_the_workspace_only_what_is_used_is_needed(
    tmp_path: Path, kind: DependencyKind, optional: bool, locked: bool, needed: bool
) -> None:
    app = package(tmp_path, "app", depends(tmp_path, "outside"))
    outside = package(tmp_path, "outside", depends(tmp_path, "far", kind=kind, optional=optional))
    far = package(tmp_path, "far", lock=locked)
    assert found(tmp_path, app, outside, far) == ["app", *(["far"] if needed else []), "outside"]


@pytest.mark.parametrize("kind", ["normal", "build", "dev"])
@pytest.mark.parametrize("optional", [True, False])
def test_of_a_member_everything_is_needed(tmp_path: Path, kind: DependencyKind, optional: bool) -> None:
    app = package(tmp_path, "app", depends(tmp_path, "far", kind=kind, optional=optional))
    assert found(tmp_path, app, package(tmp_path, "far", lock=False)) == ["app", "far"]


def test_a_member_that_nothing_depends_on_is_not_needed(tmp_path: Path) -> None:
    packages = [package(tmp_path, name) for name in ("app", "other")]
    assert found(tmp_path, *packages, members=("app", "other")) == ["app"]


def test_a_dependency_that_is_not_on_the_disk_is_passed_over(tmp_path: Path) -> None:
    assert found(tmp_path, package(tmp_path, "app", depends(tmp_path, "gone"))) == ["app"]


def test_what_patch_and_replace_name_is_needed_used_or_not(tmp_path: Path) -> None:
    packages = [package(tmp_path, name) for name in ("app", "patched", "replaced")]
    workspace = (
        '[patch.crates-io]\nsyn = { path = "./patched" }\nquote = { git = "https://x" }\n'
        '[replace]\n"a:1.0.0" = { path = "replaced" }\n'
    )
    assert found(tmp_path, *packages, workspace=workspace) == ["app", "patched", "replaced"]


def test_a_crate_in_the_folder_of_the_workspace_that_is_no_member_is_read_from_its_manifest(tmp_path: Path) -> None:
    app = package(tmp_path, "app", depends(tmp_path, "stray"))
    package(tmp_path, "stray")
    (tmp_path / "stray" / "src").mkdir()
    for name in ("src/lib.rs", "build.rs"):
        (tmp_path / "stray" / name).touch()
    (tmp_path / "stray" / "Cargo.toml").write_text(
        '[package]\nname = "stray"\nversion = "1.0.0"\nworkspace = ".."\nreadme = "R.md"\nlicense-file = "L"\n'
        '[dependencies]\nnear = { path = "../near", optional = true }\nserde = "1"\n'
        '[target."cfg(unix)".build-dependencies]\nshared = { workspace = true }\n',
        encoding="utf-8",
    )
    near = package(tmp_path, "near", lock=False)
    shared = package(tmp_path, "deep")
    workspace = '[workspace.dependencies]\nshared = { package = "deep", path = "deep" }\n'
    assert found(tmp_path, app, near, shared, workspace=workspace) == ["app", "deep", "stray"]
    package(tmp_path, "near")  # now Cargo.lock has it
    (tmp_path / "stray" / "Cargo.toml").write_text(
        '[package]\nname = "stray"\nversion = "1.0.0"\nworkspace = ".."\n'
        '[dependencies]\nnear = { path = "../near", optional = true }\n',
        encoding="utf-8",
    )
    assert found(tmp_path, app, replace(near, version="2.0.0")) == ["app", "near", "stray"]


@pytest.mark.parametrize(
    "configuration",
    [
        '[patch.crates-io]\nhelper = { path = "helper" }\n',
        'paths = ["helper"]\n',
        'include = ["../shared/more.toml"]\n',
    ],
    ids=["patch", "paths", "patch in an included file"],
)
def test_a_crate_of_cargo_s_configuration_is_needed(tmp_path: Path, configuration: str) -> None:
    for name, text in (
        (".cargo/config.toml", configuration),
        ("shared/more.toml", '[patch."https://example.org/helper"]\nhelper = { path = "helper" }\n'),
    ):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text, encoding="utf-8")
    app = package(tmp_path, "app")
    assert found(tmp_path, app, package(tmp_path, "helper"), package(tmp_path, "unused")) == ["app", "helper"]


def test_paths_of_cargo_s_configuration_may_name_a_folder_of_crates(tmp_path: Path) -> None:
    (tmp_path / ".cargo").mkdir()
    (tmp_path / ".cargo" / "config.toml").write_text('paths = ["local"]\n', encoding="utf-8")
    app = package(tmp_path, "app")
    crates = [package(tmp_path, f"local/{name}") for name in ("b", "a")]
    assert found(tmp_path, app, *crates) == ["app", "local/a", "local/b"]


def test_a_crate_of_the_user_s_configuration_is_not_needed(tmp_path: Path) -> None:
    """The archive has no such configuration."""
    (tmp_path / "home" / ".cargo").mkdir(parents=True)
    configuration = f'[patch.crates-io]\nhelper = {{ path = "{(tmp_path / "project/helper").as_posix()}" }}\n'
    (tmp_path / "home" / ".cargo" / "config.toml").write_text(configuration, encoding="utf-8")
    project = tmp_path / "project"
    app = package(project, "app")
    environ = {"HOME": str(tmp_path / "home")}
    assert found(project, app, package(project, "helper"), environ=environ) == ["app"]
