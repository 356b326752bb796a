"""The crates of a project as far as its own files tell: for builds without cargo, which compile nothing.

Local crates are read from their Cargo.toml, the version of a crate for Python from Cargo.lock. Crates from elsewhere
are only known by the features that local ones ask for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from cratewheel.cargo import lockfile
from cratewheel.cargo import manifest as cargo_manifest
from cratewheel.cargo.manifest import Manifest
from cratewheel.cargo.manifest_package import read_dependencies, read_package
from cratewheel.cargo.model import CargoMetadata, Dependency, Node, NodeDependency, Package
from cratewheel.system import toml
from cratewheel.system.files import is_file, project_roots


def read_graph(manifest: Manifest, *, crates: Iterable[str], target_directory: Path) -> CargoMetadata:
    """Return the local crates around `manifest`, which is the root, and those of `crates` that they depend on.

    Raises `ConfigError` for a file that is not valid.
    """
    local = {path: read_package(one) for path, one in _local_manifests(manifest)}
    locked = _locked_versions(manifest)
    foreign = {
        dependency.name: _foreign(dependency, locked)
        for package in local.values()
        for dependency in _for_every_platform(package.dependencies)
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
            queue += [
                one.path / "Cargo.toml" for one in _for_every_platform(read_dependencies(found)) if one.path is not None
            ]


def _members(manifest: Manifest) -> list[Path]:
    if manifest.workspace_manifest is None:
        return []
    root = manifest.workspace_root
    document = toml.load_file(manifest.workspace_manifest, project_roots(root))
    patterns = document.get("workspace", {}).get("members", [])
    found = (path for pattern in patterns for path in sorted(root.glob(os.path.normpath(pattern))))
    return [manifest.workspace_manifest, *(path / "Cargo.toml" for path in found)]


def _for_every_platform(dependencies: Iterable[Dependency]) -> Iterator[Dependency]:
    """Yield the dependencies that a build of the crate has on every platform."""
    return (one for one in dependencies if one.kind == "normal" and one.target is None)


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
    for one in _for_every_platform(package.dependencies):
        other = by_folder.get(one.path) if one.path is not None else getattr(foreign.get(one.name), "id", None)
        if other is not None:
            name = (one.rename or one.name).replace("-", "_")
            yield NodeDependency(package=other, name=name, kinds=("normal",))
