"""Finds the crates that must be on disk for cargo to resolve a project."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from cratewheel.cargo import config, query
from cratewheel.cargo import lockfile as lock
from cratewheel.cargo import manifest as cargo_manifest
from cratewheel.cargo.manifest import Manifest
from cratewheel.cargo.manifest_package import read_package
from cratewheel.cargo.model import CargoMetadata, Package
from cratewheel.events import Reporter
from cratewheel.system import files, toml


def packages_with_cargo(
    manifest: Manifest,
    cargo: CargoMetadata,
    environ: Mapping[str, str],
    reporter: Reporter,
    *,
    cwd: Path,
    others: Iterable[Path] = (),
) -> tuple[Package, ...]:
    """Return the packages that must be on disk to resolve the project: its own first, then by path.

    `others` are manifests of more crates that are compiled. These are the packages of Cargo.lock: also optional and
    dev-dependencies of the workspace's members, on every platform, but only used dependencies of crates outside of it.
    Cargo describes crates of other workspaces.
    """
    known = {package.manifest_path: package for package in cargo.packages.values() if package.source is None}
    members = {cargo.packages[member].manifest_path for member in cargo.workspace_members}
    locked = lock.local_packages(lock.find(manifest.directory, manifest.workspace_root))
    queue = [manifest.path, *others, *_patched(manifest), *_configured(manifest, environ, cwd)]
    seen: dict[Path, Package] = {}
    while queue:
        path = queue.pop()
        if path in seen or not files.is_file(path):
            continue
        if path not in known:
            known |= _packages_around(path, cargo.workspace_root, environ, reporter, cwd)
        seen[path] = known[path]
        for dependency in known[path].dependencies:
            unused = dependency.kind == "dev" or (dependency.optional and dependency.name not in locked)
            if dependency.path is not None and (path in members or not unused):
                queue.append(dependency.path / "Cargo.toml")
    return (seen.pop(manifest.path), *(seen[path] for path in sorted(seen, key=lambda path: path.parts)))


def _patched(manifest: Manifest) -> Iterator[Path]:
    """Yield the manifests in `[patch]` and `[replace]`: cargo reads them even if unused."""
    root = manifest.workspace_manifest or manifest.path
    document = toml.load_file(root, files.project_roots(root.parent))
    tables = [*document.get("patch", {}).values(), document.get("replace", {})]
    for table in tables:
        for replacement in table.values():
            if isinstance(replacement, dict) and "path" in replacement:
                yield Path(os.path.normpath(root.parent / replacement["path"])) / "Cargo.toml"


def _configured(manifest: Manifest, environ: Mapping[str, str], cwd: Path) -> Iterator[Path]:
    """Yield the manifests in `[patch]` and `paths` of the project's own cargo configuration."""
    inside = files.ProjectBoundary(manifest.roots)
    for file, folder in config.local_crates(environ, cwd):
        if inside.contains(str(file)):
            own = folder / "Cargo.toml"
            yield from (own,) if files.is_file(own) else sorted(folder.glob("*/Cargo.toml"))


def _packages_around(
    path: Path, workspace_root: Path, environ: Mapping[str, str], reporter: Reporter, cwd: Path
) -> dict[Path, Package]:
    """Return the packages of a manifest's workspace, by manifest, without resolving or downloading.

    Cargo can build, but not describe, a crate in a workspace that does not list it, so its manifest is read here.
    """
    manifest = cargo_manifest.read(path)
    workspace = manifest.workspace_manifest
    if workspace is not None and workspace.parent == workspace_root:  # its members are known
        return {path: read_package(manifest)}
    answer = query.read_metadata(("--no-deps",), workspace or path, environ, reporter, cwd=cwd)
    found = {package.manifest_path: package for package in answer.packages.values()}
    return found if path in found else {**found, path: read_package(manifest)}
