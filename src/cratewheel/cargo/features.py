"""Finds which crates a build compiles for the target, and with which features.

`cargo metadata` gives an upper bound: the union over all workspace members, platforms, build scripts and tests.
`certain_features` gives a lower bound. Where the two differ, `cargo tree` tells, by the resolver that the build uses:

https://doc.rust-lang.org/cargo/reference/features.html#feature-resolver-version-2
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cratewheel.cargo.model import CargoMetadata, Dependency
from cratewheel.system.command import Command

Compiled = Mapping[str, frozenset[str]]
"""The ids of the packages that are compiled for the target, each with its features."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The features chosen on cargo's command line."""

    names: tuple[str, ...] = ()
    every: bool = False
    default: bool = True


def parse_choice(arguments: tuple[str, ...]) -> Choice:
    """Return the features that cargo arguments choose.

    >>> parse_choice(("--locked", "--features", "a b,c", "-Fd", "--no-default-features"))
    Choice(names=('a', 'b', 'c', 'd'), every=False, default=False)
    """
    values: list[str] = []
    words = iter(arguments)
    for word in words:
        if word in ("--features", "-F"):
            values.append(next(words, ""))
        elif word.startswith("--features="):
            values.append(word.removeprefix("--features="))
        elif word.startswith("-F"):
            values.append(word.removeprefix("-F").removeprefix("="))
    return Choice(
        names=tuple(name for value in values for name in re.split(r"[\s,]+", value) if name),
        every="--all-features" in arguments,
        default="--no-default-features" not in arguments,
    )


def certain_features(metadata: CargoMetadata, choice: Choice) -> Compiled:
    """Return the crates and features that every build of the root package has.

    This follows normal dependencies for all platforms, and features as
    https://doc.rust-lang.org/cargo/reference/features.html describes them. What only some builds have (dependencies
    of one platform, and with cargo's first resolver those of tests and build scripts) is not included.
    """
    walk = _Walk(metadata)
    root = metadata.root_package
    walk.add(root.id)
    for name in (*root.features, *choice.names) if choice.every else choice.names:
        walk.apply(root.id, name.removeprefix(f"{root.name}/"))
    if choice.default:
        walk.enable(root.id, "default")
    return {package: frozenset(features) for package, features in walk.features.items()}


class _Walk:
    """A walk over normal dependencies that collects enabled features."""

    def __init__(self, metadata: CargoMetadata) -> None:
        self._metadata = metadata
        self.features: dict[str, set[str]] = {}
        self._active: dict[str, set[str]] = defaultdict(set)  # active dependencies by package
        self._weak: dict[tuple[str, str], set[str]] = defaultdict(
            set
        )  # features to enable when a dependency becomes active

    def add(self, package: str) -> None:
        """Add a package and its dependencies that are not optional."""
        if package in self.features:
            return
        self.features[package] = set()
        for dependency in self._dependencies(package):
            if not dependency.optional:
                self._activate(package, _key(dependency))

    def enable(self, package: str, feature: str) -> None:
        """Enable a declared feature and the features that it enables."""
        declared = self._metadata.packages[package].features
        if feature in declared and feature not in self.features[package]:
            self.features[package].add(feature)
            for value in declared[feature]:
                self.apply(package, value)

    def apply(self, package: str, value: str) -> None:
        """Apply one value of a feature table: `feature`, `dep:name`, `name/feature` or `name?/feature`."""
        name, slash, feature = value.partition("/")
        if name.startswith("dep:"):
            self._activate(package, name.removeprefix("dep:"))
        elif not slash:
            self.enable(package, name)
        elif name.endswith("?"):
            self._weak[package, name[:-1]].add(feature)
            if name[:-1] in self._active[package]:
                self._enable_in_dependency(package, name[:-1], {feature})
        else:
            self._activate(package, name)
            if any(one.optional for one in self._dependencies(package) if _key(one) == name):
                self.enable(package, name)
            self._enable_in_dependency(package, name, {feature})

    def _activate(self, package: str, key: str) -> None:
        if key in self._active[package]:
            return
        self._active[package].add(key)
        for dependency in self._dependencies(package):
            if _key(dependency) == key:
                for other in self._resolve(package, dependency):
                    self.add(other)
                    for feature in (*dependency.features, *(("default",) if dependency.default_features else ())):
                        self.enable(other, feature)
        self._enable_in_dependency(package, key, set(self._weak[package, key]))

    def _enable_in_dependency(self, package: str, key: str, features: set[str]) -> None:
        for dependency in self._dependencies(package):
            if _key(dependency) == key:
                for other in self._resolve(package, dependency):
                    for feature in features:
                        self.enable(other, feature)

    def _dependencies(self, package: str) -> Iterator[Dependency]:
        for dependency in self._metadata.packages[package].dependencies:
            if dependency.kind == "normal" and dependency.target is None:
                yield dependency

    def _resolve(self, package: str, dependency: Dependency) -> list[str]:
        """Return the package of a dependency; nothing if that is not certain, or if it runs on the host."""
        packages = self._metadata.packages
        found = [
            edge
            for edge in self._metadata.nodes[package].dependencies
            if "normal" in edge.kinds and packages[edge.package].name == dependency.name
        ]
        if len(found) > 1:
            name = _key(dependency).replace("-", "_")
            found = [edge for edge in found if edge.name == name]
        if len(found) != 1 or packages[found[0].package].is_proc_macro:
            return []
        return [found[0].package]


def _key(dependency: Dependency) -> str:
    return dependency.rename or dependency.name


def host_packages(metadata: CargoMetadata) -> frozenset[str]:
    """Return the packages that may be compiled for the host: for build scripts and procedural macros."""
    packages = metadata.packages
    found: set[str] = set()
    queue = [
        edge.package
        for package in metadata.closure()
        for edge in metadata.nodes[package].dependencies
        if "build" in edge.kinds or packages[edge.package].is_proc_macro
    ]
    while queue:
        package = queue.pop()
        if package not in found:
            found.add(package)
            queue += [edge.package for edge in metadata.nodes[package].dependencies if set(edge.kinds) != {"dev"}]
    return frozenset(found)


def tree_command(metadata: CargoMetadata, arguments: tuple[str, ...], target: str, *, cwd: Path) -> Command:
    """Return the command whose output `parse_tree` reads: the crates that a build of the root package compiles.

    `arguments` are those for `cargo metadata` that choose features and network use; cargo starts in `cwd`. See
    https://doc.rust-lang.org/cargo/commands/cargo-tree.html.
    """
    root = metadata.root_package
    # ids of older cargo versions are not package id specifications
    package = root.id if "://" in root.id and " " not in root.id else f"{root.name}:{root.version}"
    return Command(
        argv=(
            "cargo", "tree", "--manifest-path", str(root.manifest_path), "--package", package,
            "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}|{f}", "--color", "never",
            "--target", target, *arguments,
        ),
        cwd=cwd,
    )  # fmt: skip


def parse_tree(text: str, metadata: CargoMetadata) -> Compiled:
    """Return the crates and features in the output of `tree_command`."""
    ids: dict[tuple[str, str], list[str]] = defaultdict(list)
    for package in metadata.packages.values():
        ids[package.name, package.version].append(package.id)
    found: dict[str, frozenset[str]] = {}
    for line in text.splitlines():
        described, separator, features = line.removesuffix(" (*)").rpartition("|")
        words = described.split(" ")
        if not separator or len(words) < 2:
            continue
        for package_id in ids.get((words[0], words[1].removeprefix("v")), ()):
            found[package_id] = found.get(package_id, frozenset()) | frozenset(filter(None, features.split(",")))
    return found
