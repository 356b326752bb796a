"""Small answers of `cargo metadata`, made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cratewheel.bindings.detect import Bindings, detect
from cratewheel.cargo.features import Compiled
from cratewheel.cargo.model import CargoMetadata, CrateTarget, Dependency, DependencyKind, Node, NodeDependency, Package

CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"
HOME = Path("/work/app")

Edge = tuple[str, DependencyKind]


def crate(
    name: str,
    version: str = "1.0.0",
    *,
    name_id: str | None = None,
    source: str | None = CRATES_IO,
    folder: Path | None = None,
    targets: tuple[CrateTarget, ...] = (),
    metadata: Mapping[str, Any] | None = None,
    features: Mapping[str, tuple[str, ...]] | None = None,
    dependencies: tuple[Dependency, ...] = (),
    licence: str | None = "MIT",
    license_file: str | None = None,
    **fields: Any,
) -> Package:
    """Return a package; its id is its name by default."""
    place = folder or Path("/registry") / f"{name}-{version}"
    return Package(
        id=name_id or name,
        name=name,
        version=version,
        source=source,
        manifest_path=place / "Cargo.toml",
        targets=targets,
        dependencies=dependencies,
        features=features or {},
        metadata=metadata or {},
        license=licence,
        license_file=license_file,
        **fields,
    )


def target(name: str, kind: str, *, crate_types: tuple[str, ...] = (), source: str = "src/lib.rs") -> CrateTarget:
    """Return a target of the package in HOME."""
    return CrateTarget(name=name, kinds=(kind,), crate_types=crate_types or (kind,), source=HOME / source)


CDYLIB = target("app", "cdylib")
RLIB = target("app", "lib")
BIN = target("app", "bin", source="src/main.rs")


def app(*targets: CrateTarget, **fields: Any) -> Package:
    """Return the root package."""
    return crate("app", "0.1.0", source=None, folder=HOME, targets=targets or (CDYLIB,), **fields)


def graph(
    *packages: Package,
    edges: Mapping[str, tuple[Edge, ...]] | None = None,
    features: Mapping[str, tuple[str, ...]] | None = None,
    siblings: tuple[Package, ...] = (),
) -> CargoMetadata:
    """Return the graph of `packages`, the first being the root.

    `edges` and `features` are by id; without `edges`, the root depends on all others.
    """
    everything = (*packages, *siblings)
    root, *others = packages
    drawn = edges if edges is not None else {root.id: tuple((other.id, "normal") for other in others)}
    nodes = {
        package.id: Node(
            id=package.id,
            dependencies=tuple(
                NodeDependency(package=other, name=other, kinds=(kind,)) for other, kind in drawn.get(package.id, ())
            ),
            features=(features or {}).get(package.id, ()),
        )
        for package in everything
    }
    return CargoMetadata(
        packages={package.id: package for package in everything},
        nodes=nodes,
        root=root.id,
        workspace_root=HOME,
        workspace_members=(root.id, *(sibling.id for sibling in siblings)),
        target_directory=HOME / "target",
    )


def everything(metadata: CargoMetadata) -> Compiled:
    """Return all crates of a graph with all of their features, as a build has them that leaves nothing out."""
    return {package: frozenset(metadata.nodes[package].features) for package in metadata.closure()}


def detected(metadata: CargoMetadata, *, requested: str | None = None) -> Bindings:
    """Return the bindings of a build that compiles everything in a graph."""
    return detect(metadata, everything(metadata), requested=requested)
