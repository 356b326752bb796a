"""Detects the bindings of a crate, the interpreters they support, and their stable ABI. Pure.

Pure. The crates that decide are those which the build compiles for the target, with the features that they are compiled
with: see `cargo.features`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from packaging.specifiers import InvalidSpecifier

from cratewheel.bindings import absent, support
from cratewheel.bindings.place import FeatureChoice
from cratewheel.cargo.features import Compiled
from cratewheel.cargo.model import CargoMetadata
from cratewheel.errors import ConfigError
from cratewheel.interpreter.model import ABI3T_OLDEST, Interpreter, Supported
from cratewheel.system.versions import parse_specifiers

Kind = Literal["pyo3", "rust-cpython", "cffi", "uniffi", "bin", "library"]
EXTENSION_KINDS: tuple[Kind, ...] = ("pyo3", "rust-cpython")
PythonVersion = tuple[int, int]

PYO3_CRATES = ("pyo3", "pyo3-ffi")
RUST_CPYTHON_CRATES = ("cpython", "python3-sys")
CRATES = (*PYO3_CRATES, *RUST_CPYTHON_CRATES, "uniffi")
# Crates that are compiled for each interpreter separately, as are those that depend on them.
INTERPRETER_CRATES = frozenset({"pyo3-build-config", "pyo3-ffi", "python3-sys", "python27-sys"})

_NOT_SHIPPED = frozenset(("bench", "custom-build", "example", "proc-macro", "test"))
_STABLE_ABI = r"(abi3t?)(?:-py(.*))?"
# The features that decide about interpreters or linking.
_DECISIVE = rf"{_STABLE_ABI}|extension-module|generate-(abi3-)?import-lib|python-?[23].*"

NO_EXTENSION_MODULE_NEEDED = (0, 26)  # since then a variable, which every build sets, has the same effect


@dataclass(frozen=True, slots=True, kw_only=True)
class StableAbi:
    """A stable ABI that the crate enables: abi3 (PEP 384) or abi3t (PEP 803).

    `minimum` is the oldest Python that a wheel is for; None leaves that to the interpreter it is built with.
    """

    kind: Literal["abi3", "abi3t"]
    minimum: PythonVersion | None

    @property
    def tags(self) -> tuple[str, ...]:
        """The ABI tags of a wheel: builds for abi3t also support interpreters with a GIL."""
        return ("abi3",) if self.kind == "abi3" else ("abi3", "abi3t")

    def __str__(self) -> str:
        return self.kind if self.minimum is None else f"{self.kind} from Python {_dotted(self.minimum)} on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bindings:
    """The bindings of a crate to Python.

    `crate` and `version` name the binding crate that was found, with `features` the ones that are on in it; a program
    (kind "bin") has them when it embeds an interpreter. `package_features` are those of the crate itself. `warnings`
    are for the user.
    """

    kind: Kind
    supported: Supported
    crate: str | None = None
    version: str | None = None
    features: tuple[str, ...] = ()
    stable_abi: tuple[StableAbi, ...] = ()
    extension_module: bool = False
    package_features: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()

    @property
    def per_interpreter(self) -> bool:
        """Whether a wheel is for one interpreter or stable ABI, and not for any Python 3."""
        return self.crate is not None

    def __str__(self) -> str:
        name = self.kind if self.crate is None else self.crate
        if self.kind == "bin" and self.crate is not None:
            name = f"bin with {self.crate}"
        release = "" if self.version is None else f" {self.version}"
        stable = "".join(f", {abi}" for abi in self.stable_abi)
        return f"{name}{release}{stable}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Crate:
    name: str
    version: str
    features: frozenset[str]
    metadata: Mapping[str, Any]


def detect(metadata: CargoMetadata, compiled: Compiled, *, requested: str | None = None) -> Bindings:
    """Return the bindings of the root package: the `requested` ones, else those found in its dependencies.

    `compiled` holds what the build compiles for the target. Raises `ConfigError` when nothing tells, when what was
    requested does not fit the crate, or when two versions of the binding crate are in the graph.
    """
    crates = _binding_crates(metadata, compiled)
    package_features = compiled[metadata.root_package.id]
    kind, crate = _choose(metadata, requested, crates, compiled)
    if crate is None:
        return Bindings(
            kind=kind,
            supported=support.every_interpreter(programs=kind in ("bin", "library")),
            package_features=package_features,
            warnings=_cffi_warnings(metadata, compiled) if kind == "cffi" and requested is None else (),
        )
    family = RUST_CPYTHON_CRATES if crate.name in RUST_CPYTHON_CRATES else PYO3_CRATES
    members = [_unique_version(crates[name]) for name in family if name in crates]
    release = support.release(crate.version)
    features = tuple(sorted(set().union(*(member.features for member in members))))
    extension_module = "extension-module" in features
    asked_for: tuple[StableAbi, ...] = ()
    if family == PYO3_CRATES:
        asked_for = _stable_abi(members)
        declared = next((member.metadata for member in members if member.name == "pyo3-ffi"), {})
        supported = support.pyo3(release, declared)
    else:
        supported = support.rust_cpython(release, features)
    return Bindings(
        kind=kind,
        crate=crate.name,
        version=crate.version,
        features=features,
        stable_abi=() if kind == "bin" else asked_for,
        extension_module=extension_module,
        supported=_pin_supported(supported, asked_for),
        package_features=package_features,
        warnings=_warnings(kind, crate, extension_module=extension_module),
    )


def decisive_features(features: Iterable[str]) -> frozenset[str]:
    """Return the features of a binding crate that decide about interpreters or linking.

    >>> sorted(decisive_features(("default", "macros", "abi3", "abi3-py39", "extension-module")))
    ['abi3', 'abi3-py39', 'extension-module']
    """
    return frozenset(feature for feature in features if re.fullmatch(_DECISIVE, feature))


def is_certain(metadata: CargoMetadata, at_least: Compiled) -> bool:
    """Return whether the lower bound `at_least` already decides everything that `detect` needs."""
    return all(
        package in at_least
        and decisive_features(metadata.nodes[package].features) == decisive_features(at_least[package])
        for package in metadata.closure()
        if metadata.packages[package].name in CRATES and package != metadata.root
    )


def has_crate_for_python(metadata: CargoMetadata, compiled: Compiled) -> bool:
    """Return whether a build compiles a crate that depends on the interpreter."""
    return not _binding_crates(metadata, compiled).keys().isdisjoint((*PYO3_CRATES, "cpython"))


def without_stable_abi(compiled: Compiled) -> Compiled:
    """Return the same crates without stable ABI features."""
    return {
        package: frozenset(feature for feature in features if not re.fullmatch(_STABLE_ABI, feature))
        for package, features in compiled.items()
    }


def oldest_abi3(bindings: Bindings) -> PythonVersion | None:
    """Return the oldest Python by pyo3's abi3 features, also for programs."""
    return next((abi.minimum for abi in _stable_abi_of(bindings.features) if abi.kind == "abi3"), None)


def feature_applies(feature: FeatureChoice, interpreter: Interpreter) -> bool:
    """Return whether a build for `interpreter` has this feature: it meets all conditions.

    Raises `ConfigError` when the condition on the version is not a PEP 440 specifier.
    """
    if feature.python_implementation is not None:
        name = interpreter.implementation_name or interpreter.implementation
        if feature.python_implementation.lower() != name.lower():
            return False
    if feature.python_version is None:
        return True
    try:
        return parse_specifiers(feature.python_version).contains(_dotted(interpreter.version), prereleases=True)
    except InvalidSpecifier as error:
        raise ConfigError(
            f"the feature {feature.name} has an invalid python-version `{feature.python_version}`",
            hint='use the syntax of requires-python: ">=3.9,<3.13"',
        ) from error


def features_for(features: Iterable[FeatureChoice], interpreter: Interpreter) -> tuple[str, ...]:
    """Return the names of the features of a build for `interpreter`."""
    return tuple(feature.name for feature in features if feature_applies(feature, interpreter))


def uses_stable_abi(interpreter: Interpreter, abi: StableAbi) -> bool:
    """Return whether a wheel for `abi` supports this interpreter.

    Only CPython itself counts: PyPy, GraalPy and forks of CPython have no stable ABI, and a build without a GIL has
    abi3t only.
    """
    return interpreter.loads(abi.kind, abi.minimum)


def stable_abi_for(abis: Iterable[StableAbi], interpreter: Interpreter) -> StableAbi | None:
    """Return which of the stable ABIs that are on a build for `interpreter` has, or None for a wheel of its own.

    Where a crate asks for both, pyo3 takes abi3t for every interpreter that has it, and abi3 for older ones: so one
    run can make wheels of both and of neither.
    """
    fitting = [abi for abi in abis if uses_stable_abi(interpreter, abi)]
    return max(fitting, key=lambda abi: abi.kind == "abi3t", default=None)


def _binding_crates(metadata: CargoMetadata, compiled: Compiled) -> dict[str, list[_Crate]]:
    crates: dict[str, list[_Crate]] = {}
    for package_id in sorted(compiled):
        package = metadata.packages[package_id]
        if package.name not in CRATES or package_id == metadata.root:
            continue
        crate = _Crate(
            name=package.name, version=package.version, features=compiled[package_id], metadata=package.metadata
        )
        crates.setdefault(package.name, []).append(crate)
    return crates


def _choose(
    metadata: CargoMetadata,
    requested: str | None,
    crates: Mapping[str, list[_Crate]],
    compiled: Compiled,
) -> tuple[Kind, _Crate | None]:
    pyo3 = next((_unique_version(crates[name]) for name in PYO3_CRATES if name in crates), None)
    cpython = _unique_version(crates["cpython"]) if "cpython" in crates else None
    match requested:
        case "pyo3" | "pyo3-ffi":
            return "pyo3", pyo3 or _check_present(metadata, compiled, requested, PYO3_CRATES)
        case "rust-cpython":
            return "rust-cpython", cpython or _check_present(metadata, compiled, requested, ("cpython",))
        case "cffi":
            return "cffi", None
        case "uniffi":
            return "uniffi", None
        case "library":  # of an artifact only: Python does not import it
            return "library", None
        case "bin":
            return "bin", pyo3 or cpython
        case None:
            return _guess(metadata, compiled, pyo3 or cpython, uniffi="uniffi" in crates)
        case _:
            raise ConfigError(
                f"unknown bindings `{requested}`",
                hint="use pyo3, pyo3-ffi, rust-cpython, cffi, uniffi or bin; default: detected",
            )


def _crate_types(metadata: CargoMetadata, package_features: frozenset[str]) -> frozenset[str]:
    """Return the crate types of the package's targets, without those that these features disable."""
    return frozenset(
        crate_type
        for target in metadata.root_package.targets
        if not _NOT_SHIPPED.intersection(target.kinds) and package_features.issuperset(target.required_features)
        for crate_type in target.crate_types
    )


def _guess(
    metadata: CargoMetadata, compiled: Compiled, crate: _Crate | None, *, uniffi: bool
) -> tuple[Kind, _Crate | None]:
    package = metadata.root_package
    crate_types = _crate_types(metadata, compiled[package.id])
    if crate is not None:
        if "bin" in crate_types and "cdylib" not in crate_types:
            return "bin", crate
        return ("rust-cpython" if crate.name in RUST_CPYTHON_CRATES else "pyo3"), crate
    if uniffi:
        return "uniffi", None
    if "cdylib" in crate_types:
        return "cffi", None
    if "bin" in crate_types:
        return "bin", None
    absence = absent.find(metadata, compiled, (*PYO3_CRATES, *RUST_CPYTHON_CRATES, "uniffi"))
    if absence is None and any("bin" in target.kinds for target in package.targets):
        return "bin", None  # its features are off, which the plan reports
    raise ConfigError(
        f"{package.manifest_path} has nothing to build a wheel from: no dependency on pyo3, rust-cpython or uniffi, no "
        "library of the crate type cdylib, and no program",
        notes=(absence.reason,) if absence else (),
        hint=absence.hint
        if absence
        else 'add the dependency, or `crate-type = ["cdylib"]` below [lib], or name the kind with --bindings',
    )


def _check_present(metadata: CargoMetadata, compiled: Compiled, requested: str, crates: tuple[str, ...]) -> _Crate:
    absence = absent.find(metadata, compiled, crates)
    if absence is not None:
        raise ConfigError(f"the bindings {requested} were requested, but {absence.reason}", hint=absence.hint)
    manifest = metadata.root_package.manifest_path
    raise ConfigError(
        f"the bindings {requested} were requested, but {manifest} does not depend on {crates[0]}",
        hint=f"add it with `cargo add {crates[0]}`, or remove `bindings` to detect them",
    )


def _cffi_warnings(metadata: CargoMetadata, compiled: Compiled) -> tuple[str, ...]:
    """Return a warning if a library with cffi bindings might be meant for other bindings."""
    absence = absent.find(metadata, compiled, (*PYO3_CRATES, "cpython", "uniffi"))
    if absence is None or absence.feature is None:
        return ()
    text = (
        f"the bindings are cffi, as {absence.reason}: `--features {absence.feature}` does, and `--bindings cffi` says "
        "that cffi is meant"
    )
    return (text,)


def _unique_version(crates: list[_Crate]) -> _Crate:
    if len(crates) > 1:
        name = crates[0].name
        versions = sorted(crate.version for crate in crates)
        raise ConfigError(
            f"there are {len(crates)} versions of {name} among the dependencies: {', '.join(versions)}",
            hint=f"`cargo tree --invert {name}@{versions[0]}` shows what depends on it; all must use one version",
        )
    return crates[0]


def _stable_abi(members: Iterable[_Crate]) -> tuple[StableAbi, ...]:
    # pyo3 enables features of pyo3-ffi, so pyo3-ffi has all of them
    for crate in sorted(members, key=lambda crate: crate.name != "pyo3-ffi"):
        found = _stable_abi_of(crate.features)
        if found:
            return found
    return ()


def _stable_abi_of(features: Iterable[str]) -> tuple[StableAbi, ...]:
    minimums: dict[str, list[PythonVersion]] = {}
    for feature in features:
        match = re.fullmatch(_STABLE_ABI, feature)
        if match is None:
            continue
        pinned = minimums.setdefault(match[1], [])
        if match[2] is not None:
            pinned.append(_pinned(feature, match[2]))
    # each feature enables those of newer versions, so the oldest is the requested one
    found = []
    if "abi3" in minimums:
        found.append(StableAbi(kind="abi3", minimum=min(minimums["abi3"], default=None)))
    if "abi3t" in minimums:
        lowest = min(minimums["abi3t"], default=None)
        found.append(StableAbi(kind="abi3t", minimum=None if lowest is None else max(lowest, ABI3T_OLDEST)))
    return tuple(found)


def _pinned(feature: str, digits: str) -> PythonVersion:
    if not re.fullmatch(r"[0-9]{2,4}", digits):
        raise ConfigError(f"the feature {feature} of pyo3 does not name a Python version", hint="abi3-py39 is for 3.9")
    return int(digits[0]), int(digits[1:])


def _pin_supported(supported: Supported, stable_abi: tuple[StableAbi, ...]) -> Supported:
    pinned = [abi.minimum for abi in stable_abi if abi.minimum is not None]
    return support.pinned(supported, min(pinned)) if pinned else supported


def _warnings(kind: Kind, crate: _Crate, *, extension_module: bool) -> tuple[str, ...]:
    if kind == "bin" or extension_module:
        return ()
    if kind == "pyo3" and support.release(crate.version) >= NO_EXTENSION_MODULE_NEEDED:
        return ()
    text = (
        f"the feature extension-module of {crate.name} is not on: the module will be linked with one libpython, and "
        "other installations of Python may not load it"
    )
    return (text,)


def _dotted(version: PythonVersion) -> str:
    return f"{version[0]}.{version[1]}"
