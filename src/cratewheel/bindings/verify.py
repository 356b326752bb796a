"""Compares the compiled crates with the plan: a wheel's tag must match its content.

Pure. The inputs are cargo's messages about each crate that it compiled or found fresh, and about each build script. Of
crates that are compiled twice, for the target and for build scripts, the messages tell which is which only when cargo
was given a target; without one, either may be what was decided.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

from cratewheel.bindings.detect import PYO3_CRATES, RUST_CPYTHON_CRATES, Bindings, decisive_features
from cratewheel.cargo.features import host_packages
from cratewheel.cargo.model import CargoMetadata
from cratewheel.cargo.run import Artifact, CompiledCrate, ScriptRun
from cratewheel.interpreter.model import Interpreter, StableKind, Version

_Part = TypeVar("_Part", CompiledCrate, ScriptRun)

LIMITED_API, NO_GIL = "Py_LIMITED_API", "Py_GIL_DISABLED"


def find_mismatches(
    artifact: Artifact,
    metadata: CargoMetadata,
    bindings: Bindings,
    *,
    stable_abi: tuple[StableKind, Version] | None,
    interpreter: Interpreter | None,
    target_folder: str | None,
) -> tuple[str, ...]:
    """Return how a build differs from the plan; empty if it matches.

    `target_folder` is the part of a path by which the files for the target are told from those for the host, if cargo
    was given a target.
    """
    crates = _by_name(_for_target(artifact.crates, target_folder), metadata)
    if bindings.crate is None:
        return tuple(_unexpected_crates(crates, metadata, certain=target_folder is not None))
    found = list(_other_features(crates, bindings))
    if bindings.crate in PYO3_CRATES and (interpreter is None or interpreter.implementation_name == "cpython"):
        runs = _by_name(_for_target(artifact.script_runs, target_folder), metadata)
        found += _other_api(runs, stable_abi, interpreter)
    return tuple(found)


def _for_target(parts: Iterable[_Part], target_folder: str | None) -> tuple[_Part, ...]:
    everything = tuple(parts)
    if target_folder is None:
        return everything
    return tuple(part for part in everything if f"/{target_folder}/" in part.path.as_posix()) or everything


def _by_name(parts: Iterable[_Part], metadata: CargoMetadata) -> dict[str, list[_Part]]:
    found: dict[str, list[_Part]] = {}
    for part in parts:
        if part.package in metadata.packages:
            found.setdefault(metadata.packages[part.package].name, []).append(part)
    return found


def _unexpected_crates(
    crates: dict[str, list[CompiledCrate]], metadata: CargoMetadata, *, certain: bool
) -> Iterator[str]:
    on_the_host = frozenset[str]() if certain else host_packages(metadata)
    for name in (*PYO3_CRATES, "cpython"):
        if any(crate.package not in on_the_host for crate in crates.get(name, ())):
            yield f"{name} was compiled, but the wheel is for any Python"


def _other_features(crates: dict[str, list[CompiledCrate]], bindings: Bindings) -> Iterator[str]:
    family = PYO3_CRATES if bindings.crate in PYO3_CRATES else RUST_CPYTHON_CRATES
    if bindings.crate not in crates:
        yield f"{bindings.crate} was not compiled"
        return
    expected = decisive_features(bindings.features)
    compiled = {
        decisive_features(feature for crate in combination for feature in crate.features)
        for combination in product(*(crates[name] for name in family if name in crates))
    }
    if expected not in compiled:
        yield f"{bindings.crate} should have {_listed(expected)}, but has {' or '.join(map(_listed, compiled))}"


def _listed(features: frozenset[str]) -> str:
    return f"the features {', '.join(sorted(features))}" if features else "none of the features that decide a tag"


def _other_api(
    runs: dict[str, list[ScriptRun]], stable_abi: tuple[StableKind, Version] | None, interpreter: Interpreter | None
) -> Iterator[str]:
    """Yield how pyo3's API differs, from the flags that its build script sets."""
    scripts = next((runs[name] for name in ("pyo3-ffi", "pyo3") if name in runs), [])
    apis = [api for script in scripts if (api := _api(script.flags)) is not None]
    if not apis or any(_matches(api, stable_abi, interpreter) for api in apis):
        return
    if stable_abi is not None:
        expected = _Api(version=stable_abi[1], limited=True, free=stable_abi[0] == "abi3t")
    elif interpreter is not None:
        expected = _Api(version=interpreter.version, limited=False, free=interpreter.gil_disabled)
    yield f"pyo3 should have been compiled for {expected}, but was for {' or '.join(sorted(map(str, apis)))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Api:
    """The Python API that pyo3 was compiled for: of a version or stable, with or without a GIL."""

    version: Version
    limited: bool
    free: bool

    def __str__(self) -> str:
        api = "the stable ABI" if self.limited else "the whole API"
        return f"{api} of Python {self.version[0]}.{self.version[1]}{' without a GIL' if self.free else ''}"


def _api(flags: frozenset[str]) -> _Api | None:
    """Return the API that pyo3 was compiled for, or None if its build script does not report it."""
    minors = [int(found[1]) for flag in flags if (found := re.fullmatch(r"Py_3_([0-9]{1,4})", flag))]
    return _Api(version=(3, max(minors)), limited=LIMITED_API in flags, free=NO_GIL in flags) if minors else None


def _matches(api: _Api, stable_abi: tuple[StableKind, Version] | None, interpreter: Interpreter | None) -> bool:
    if stable_abi is not None:
        kind, oldest = stable_abi
        return api.limited and api.version <= oldest and api.free == (kind == "abi3t")
    if interpreter is None:
        return True
    if api.limited:  # PYO3_USE_ABI3_FORWARD_COMPATIBILITY does so, in a wheel for one version
        return api.version <= interpreter.version
    return api.version == interpreter.version and api.free == interpreter.gil_disabled
