"""The crates of a project as far as its own files tell: for builds without cargo, which compile nothing.

Local crates are read from their Cargo.toml, the version of a crate for Python from Cargo.lock. Crates from elsewhere
are only known by the features that local ones ask for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cratewheel.cargo import lockfile
from cratewheel.cargo import manifest as cargo_manifest
from cratewheel.cargo.manifest import Manifest
from cratewheel.cargo.model import CargoMetadata, CrateTarget, Dependency, Node, NodeDependency, Package
from cratewheel.system import toml
from cratewheel.system.files import is_file, project_roots

Table = Mapping[str, Any]


def read_graph(manifest: Manifest, *, crates: Iterable[str], target_directory: Path) -> CargoMetadata:
    """Return the local crates around `manifest`, which is the root, and those of `crates` that they depend on.

    Raises `ConfigError` for a file that is not valid.
    """
    local = {path: _package(one) for path, one in _local_manifests(manifest)}
    locked = _locked_versions(manifest)
    foreign = {
        dependency.name: _foreign(dependency, locked)
        for package in local.values()
        for dependency in package.dependencies
        if dependency.path is None and dependency.name in crates
    }
    by_folder = {path.parent: package.id for path, package in local.items()}
    nodes = {
        package.id: Node(id=package.id, dependencies=tuple(_edges(package, by_folder, foreign)), features=())
        for package in local.values()
    }
    nodes |= {one.id: Node(id=one.id, dependencies=(), features=()) for one in foreign.values()}
    return CargoMetadata(
        packages={package.id: package for package in (*local.values(), *foreign.values())},
        nodes=nodes,
        root=local[manifest.path].id,
        workspace_root=manifest.workspace_root,
        workspace_members=tuple(package.id for package in local.values()),
        target_directory=target_directory,
        from_files=True,
    )


def local_crates(manifest: Manifest) -> tuple[Manifest, ...]:
    """Return the crates of the workspace, and the ones on disk that they depend on, by their names.

    Raises `ConfigError` for a file that is not valid.
    """
    return tuple(sorted((one for _, one in _local_manifests(manifest)), key=lambda one: one.name))


def _local_manifests(manifest: Manifest) -> Iterator[tuple[Path, Manifest]]:
    """Yield the manifests of the workspace's members and of path dependencies, the given one first."""
    queue = [manifest.path, *_members(manifest)]
    seen: set[Path] = set()
    while queue:
        path = queue.pop(0)
        if path in seen or not is_file(path):
            continue
        seen.add(path)
        found = cargo_manifest.read(path)
        if not found.is_virtual:
            yield path, found
            queue += [one.path / "Cargo.toml" for one in _dependencies(found) if one.path is not None]


def _members(manifest: Manifest) -> list[Path]:
    if manifest.workspace_manifest is None:
        return []
    root = manifest.workspace_root
    document = toml.load_file(manifest.workspace_manifest, project_roots(root))
    patterns = document.get("workspace", {}).get("members", [])
    found = (path for pattern in patterns for path in sorted(root.glob(os.path.normpath(pattern))))
    return [manifest.workspace_manifest, *(path / "Cargo.toml" for path in found)]


def _package(manifest: Manifest) -> Package:
    return Package(
        id=f"{manifest.directory.as_uri()}#{manifest.name}@{manifest.version}",
        name=manifest.name,
        version=manifest.version,
        source=None,
        manifest_path=manifest.path,
        targets=tuple(_targets(manifest)),
        dependencies=tuple(_dependencies(manifest)),
        features=manifest.features,
        metadata=manifest.package.get("metadata", {}),
    )


def _targets(manifest: Manifest) -> Iterator[CrateTarget]:
    lib = manifest.directory / manifest.lib.get("path", "src/lib.rs")
    if manifest.lib or is_file(lib):
        types = tuple(manifest.lib.get("crate-type", manifest.lib.get("crate_type", ["lib"])))
        yield CrateTarget(name=manifest.lib_name, kinds=types, crate_types=types, source=lib)
    required = {one.get("name"): tuple(one.get("required-features", ())) for one in manifest.document.get("bin", [])}
    for name in manifest.bins:
        source = manifest.directory / "src" / "main.rs"
        features = required.get(name, ())
        yield CrateTarget(name=name, kinds=("bin",), crate_types=("bin",), source=source, required_features=features)
    for one in manifest.document.get("example", []):
        types = tuple(one.get("crate-type", ["bin"]))
        source = manifest.directory / one.get("path", f"examples/{one['name']}.rs")
        yield CrateTarget(name=one["name"], kinds=("example",), crate_types=types, source=source)


def _dependencies(manifest: Manifest) -> Iterator[Dependency]:
    """Yield the dependencies for every platform."""
    shared: Table = {}
    if manifest.workspace_manifest is not None:
        document = toml.load_file(manifest.workspace_manifest, project_roots(manifest.workspace_root))
        shared = document.get("workspace", {}).get("dependencies", {})
    for key, given in manifest.document.get("dependencies", {}).items():
        own: Table = given if isinstance(given, Mapping) else {"version": given}
        inherited = own.get("workspace") is True
        folder = manifest.workspace_root if inherited else manifest.directory
        there = shared.get(key, {}) if inherited else own
        base: Table = there if isinstance(there, Mapping) else {"version": there}
        path = base.get("path")
        yield Dependency(
            name=base.get("package", key),
            requirement=base.get("version", "*"),
            kind="normal",
            rename=key if "package" in base else None,
            optional=own.get("optional") is True,
            default_features=own.get("default-features", base.get("default-features", True)) is not False,
            features=tuple(dict.fromkeys((*base.get("features", ()), *own.get("features", ())))),
            path=Path(os.path.normpath(folder / path)) if isinstance(path, str) else None,
        )


def _locked_versions(manifest: Manifest) -> dict[str, str]:
    path = lockfile.find(manifest.directory, manifest.workspace_root)
    if path is None:
        return {}
    listed = lockfile.packages(toml.load_file(path, project_roots(path.parent)), path)
    return {package["name"]: package["version"] for package in listed}


class _AnyFeature(dict[str, tuple[str, ...]]):
    """The features of a crate that is not here: it has each that somebody asks for."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> tuple[str, ...]:
        return ()


def _foreign(dependency: Dependency, locked: Mapping[str, str]) -> Package:
    asked = re.search(r"\d+(?:\.\d+){0,2}", dependency.requirement)
    least = (asked[0] if asked else "0.0.0").split(".")
    version = locked.get(dependency.name, ".".join((*least, "0", "0")[:3]))
    return Package(
        id=f"{dependency.name}@{version}",
        name=dependency.name,
        version=version,
        source="registry",
        manifest_path=Path(dependency.name, "Cargo.toml"),
        targets=(),
        dependencies=(),
        features=_AnyFeature(),
        metadata={},
    )


def _edges(package: Package, by_folder: Mapping[Path, str], foreign: Mapping[str, Package]) -> Iterator[NodeDependency]:
    for one in package.dependencies:
        other = by_folder.get(one.path) if one.path is not None else getattr(foreign.get(one.name), "id", None)
        if other is not None:
            name = (one.rename or one.name).replace("-", "_")
            yield NodeDependency(package=other, name=name, kinds=("normal",))
