"""The output of `cargo metadata` as values.

The shapes follow `cargo metadata --format-version 1`
(https://doc.rust-lang.org/cargo/commands/cargo-metadata.html), reduced to what is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

DependencyKind = Literal["normal", "build", "dev"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrateTarget:
    """A cargo target: a library, binary, build script, example, test or bench."""

    name: str
    kinds: tuple[str, ...]
    crate_types: tuple[str, ...]
    source: Path
    required_features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """A dependency as a manifest declares it; `path` is set for path dependencies (absolute)."""

    name: str
    requirement: str
    kind: DependencyKind
    source: str | None = None
    rename: str | None = None
    optional: bool = False
    default_features: bool = True
    features: tuple[str, ...] = ()
    target: str | None = None
    path: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One package of the graph. `source` is None for path packages; `metadata` is its `[package.metadata]`."""

    id: str
    name: str
    version: str
    source: str | None
    manifest_path: Path
    targets: tuple[CrateTarget, ...]
    dependencies: tuple[Dependency, ...]
    features: Mapping[str, tuple[str, ...]]
    metadata: Mapping[str, Any]
    edition: str = "2015"
    rust_version: str | None = None
    license: str | None = None
    license_file: str | None = None
    description: str | None = None
    authors: tuple[str, ...] = ()
    homepage: str | None = None
    repository: str | None = None
    documentation: str | None = None
    readme: str | None = None

    @property
    def is_proc_macro(self) -> bool:
        """Whether its library is a procedural macro, which runs in the compiler."""
        return any("proc-macro" in target.kinds for target in self.targets)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeDependency:
    """An edge of the resolved graph: the package, the name it is used by, and the kinds of the edge."""

    package: str
    name: str
    kinds: tuple[DependencyKind, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A package in the resolved graph: its edges, and the features that are on."""

    id: str
    dependencies: tuple[NodeDependency, ...]
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CargoMetadata:
    """The output of `cargo metadata` for one manifest.

    `root` is the id of the manifest's own package; None for a virtual workspace. `build_directory` is where cargo keeps
    what is not final (its setting `build.build-dir`); cargo before 1.91 does not tell. `from_files` says that cargo was
    not asked: these are the crates that the project's files tell of.
    """

    packages: Mapping[str, Package]
    nodes: Mapping[str, Node]
    root: str | None
    workspace_root: Path
    workspace_members: tuple[str, ...]
    target_directory: Path
    build_directory: Path | None = None
    from_files: bool = False

    @property
    def root_package(self) -> Package:
        """The package to build."""
        assert self.root is not None, "project.read refuses a virtual workspace"
        return self.packages[self.root]

    def without(self, names: frozenset[str]) -> frozenset[str]:
        """Return the ids of the packages in the root package's build that do not depend on packages called `names`."""
        assert self.root is not None
        depends: dict[str, bool] = {}

        def visit(package: str) -> bool:
            if package not in depends:
                depends[package] = (
                    self.packages[package].name in names
                )  # set before the recursion, because there may be cycles
                script = any("custom-build" in target.kinds for target in self.packages[package].targets)
                built = (
                    {"normal", "build"} if script else {"normal"}
                )  # build dependencies of packages without a build script are unused
                edges = [edge.package for edge in self.nodes[package].dependencies if not built.isdisjoint(edge.kinds)]
                for edge in edges:  # no short circuit: every edge must be visited
                    depends[package] |= visit(edge)
            return depends[package]

        visit(self.root)
        return frozenset(package for package, found in depends.items() if not found) - {self.root}

    def closure(self) -> tuple[str, ...]:
        """Return the ids of the root package and all its dependencies of every kind, sorted."""
        assert self.root is not None
        seen = {self.root}
        queue = [self.root]
        while queue:
            for dependency in self.nodes[queue.pop()].dependencies:
                if dependency.package not in seen:
                    seen.add(dependency.package)
                    queue.append(dependency.package)
        return tuple(sorted(seen))
