"""Explains why a crate in a manifest is not part of a build, and how to include it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from cratewheel.cargo.features import Compiled
from cratewheel.cargo.model import CargoMetadata, Dependency, Package


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Why a crate is not compiled, as the end of a sentence, and a hint.

    `feature` is what cargo's --features takes to bring it in, where one does.
    """

    crate: str
    reason: str
    hint: str
    feature: str | None = None


def find(metadata: CargoMetadata, compiled: Compiled, names: tuple[str, ...]) -> Absence | None:
    """Return why none of the crates `names` is compiled, or None if that is unknown.

    Looked at are the package and the crates that it depends on itself: first for a feature that is off, then for
    dependencies that are for something else.
    """
    return next(chain(_find_disabled(metadata, compiled, names), _find_other_kind(metadata, names)), None)


def _find_disabled(metadata: CargoMetadata, compiled: Compiled, names: tuple[str, ...]) -> Iterator[Absence]:
    root = metadata.root_package
    for dependency in _dependencies_on(root, names):
        feature = _enabling_feature(root, dependency)
        if dependency.optional and feature is not None and feature not in compiled[root.id]:
            yield _optional_absence(root, dependency, feature)
    for edge in metadata.nodes[root.id].dependencies:
        if edge.package not in compiled:
            continue
        package = metadata.packages[edge.package]
        key = next((_key(one) for one in root.dependencies if one.name == package.name), None)
        for dependency in _dependencies_on(package, names):
            feature = _enabling_feature(package, dependency)
            if dependency.optional and key and feature is not None and feature not in compiled[package.id]:
                yield _optional_absence(package, dependency, f"{key}/{feature}")


def _optional_absence(package: Package, dependency: Dependency, feature: str) -> Absence:
    return Absence(
        crate=dependency.name,
        reason=f"{dependency.name} is an optional dependency of {package.name} that no feature of this build enables",
        hint=f"enable it with `--features {feature}`, or for all builds with "
        f'`features = ["{feature}"]` in pyproject.toml',
        feature=feature,
    )


def _find_other_kind(metadata: CargoMetadata, names: tuple[str, ...]) -> Iterator[Absence]:
    root = metadata.root_package
    for dependency in _dependencies_on(root, names):
        if dependency.kind == "dev":
            reason = f"{dependency.name} is in [dev-dependencies], which are for tests only"
        elif dependency.kind == "build":
            reason = f"{dependency.name} is in [build-dependencies], which are for the build script only"
        elif dependency.target is not None:
            reason = f"{dependency.name} is a dependency for {dependency.target} only"
        else:
            continue
        yield Absence(crate=dependency.name, reason=reason, hint=f"move it to [dependencies] in {root.manifest_path}")


def _dependencies_on(package: Package, names: tuple[str, ...]) -> list[Dependency]:
    return [dependency for name in names for dependency in package.dependencies if dependency.name == name]


def _enabling_feature(package: Package, dependency: Dependency) -> str | None:
    """Return the feature that enables an optional dependency, if one with another name exists."""
    key = _key(dependency)
    found = [
        name
        for name, values in package.features.items()
        if any(value in (f"dep:{key}", key) or value.startswith(f"{key}/") for value in values)
    ]
    return min(found, key=lambda name: (name == "default", name == key, name), default=None)


def _key(dependency: Dependency) -> str:
    return dependency.rename or dependency.name
