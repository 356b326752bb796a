"""Which bindings a crate uses, which interpreters they fit, and whether one wheel serves many: decided from facts.

Pure. The crates that decide are those which the package itself depends on, as `cargo metadata` resolved them. In a
workspace cargo resolves the features of all members together, so there the answer of `cargo tree` for the one package
has the last word: see `needs_tree`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from cratewheel.bindings import support
from cratewheel.bindings.place import FeatureChoice
from cratewheel.cargo.model import CargoMetadata
from cratewheel.errors import ConfigError
from cratewheel.frozen import dataclass, replace
from cratewheel.interpreter.model import ABI3T_OLDEST, Interpreter, Supported
from cratewheel.process import Command

Kind = Literal["pyo3", "rust-cpython", "cffi", "uniffi", "bin"]
PythonVersion = tuple[int, int]

PYO3_CRATES = ("pyo3", "pyo3-ffi")
RUST_CPYTHON_CRATES = ("cpython", "python3-sys")
CRATES = (*PYO3_CRATES, *RUST_CPYTHON_CRATES, "uniffi")
# Crates that are another thing for each interpreter, as all are that depend on them.
INTERPRETER_CRATES = frozenset({"pyo3-build-config", "pyo3-ffi", "python3-sys", "python27-sys"})

_NOT_SHIPPED = frozenset(("bench", "custom-build", "example", "proc-macro", "test"))
_STABLE_ABI = r"(abi3t?)(?:-py(.*))?"

NO_EXTENSION_MODULE_NEEDED = (0, 26)  # from here on a variable that is set for every build does the same


@dataclass(frozen=True, slots=True, kw_only=True)
class StableAbi:
    """A stable ABI that the crate asks for: abi3 (PEP 384) or abi3t (PEP 803).

    `minimum` is the oldest Python that a wheel is for; None leaves that to the interpreter it is built with.
    """

    kind: Literal["abi3", "abi3t"]
    minimum: PythonVersion | None

    @property
    def tags(self) -> tuple[str, ...]:
        """The ABI tags of a wheel: what is built for abi3t serves interpreters with a GIL too."""
        return ("abi3",) if self.kind == "abi3" else ("abi3", "abi3t")

    def __str__(self) -> str:
        return self.kind if self.minimum is None else f"{self.kind} from Python {_dotted(self.minimum)} on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bindings:
    """How the crate and Python meet.

    `crate` and `version` name the binding crate that was found, with `features` the ones that are on in it; a program
    (kind "bin") has them when it embeds an interpreter. `warnings` are for the user.
    """

    kind: Kind
    supported: Supported
    crate: str | None = None
    version: str | None = None
    features: tuple[str, ...] = ()
    stable_abi: tuple[StableAbi, ...] = ()
    extension_module: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def per_interpreter(self) -> bool:
        """Whether a wheel is for one interpreter, or one stable ABI, rather than for any Python 3."""
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


def detect(metadata: CargoMetadata, *, requested: str | None = None, tree: str | None = None) -> Bindings:
    """Return the bindings of the root package: those `requested`, else those that its dependencies tell.

    `tree` is what the program of `tree_command` printed, when `needs_tree` says that it takes that. Raises
    `ConfigError` when nothing tells, when what was requested does not fit the crate, or when two versions of the
    binding crate are in the graph.
    """
    crates = _binding_crates(metadata, tree)
    kind, crate = _choose(metadata, requested, crates)
    if crate is None:
        return Bindings(kind=kind, supported=support.anything(programs=kind == "bin"))
    family = RUST_CPYTHON_CRATES if crate.name in RUST_CPYTHON_CRATES else PYO3_CRATES
    members = [_only(crates[name]) for name in family if name in crates]
    release = support.release(crate.version)
    features = tuple(sorted(set().union(*(member.features for member in members))))
    extension_module = "extension-module" in features
    if family == PYO3_CRATES:
        stable_abi = () if kind == "bin" else _stable_abi(members)
        declared = next((member.metadata for member in members if member.name == "pyo3-ffi"), {})
        supported = support.pyo3(release, declared)
    else:
        stable_abi = ()
        supported = support.rust_cpython(release, features)
    return Bindings(
        kind=kind,
        crate=crate.name,
        version=crate.version,
        features=features,
        stable_abi=stable_abi,
        extension_module=extension_module,
        supported=_pin(supported, stable_abi),
        warnings=_warnings(kind, crate, extension_module=extension_module),
    )


def needs_tree(metadata: CargoMetadata) -> bool:
    """Return whether the features of a sibling in the workspace could show in those of a binding crate.

    If so, `detect` needs the output of `tree_command`.
    """
    if len(metadata.workspace_members) < 2:
        return False
    return any(metadata.packages[package].name in CRATES for package in metadata.closure())


def tree_command(
    metadata: CargoMetadata, arguments: tuple[str, ...], targets: tuple[str, ...], *, cwd: Path, cargo: str = "cargo"
) -> Command:
    """Return the command whose output `detect` takes as `tree`: the root package's graph, resolved by itself.

    `arguments` are those that `cargo metadata` was given to choose features and network use, `targets` the triples
    that are built for; cargo is started in `cwd`. See https://doc.rust-lang.org/cargo/commands/cargo-tree.html.
    """
    manifest = metadata.root_package.manifest_path
    return Command(
        argv=(
            cargo, "tree", "--manifest-path", str(manifest), "--edges", "normal,build,dev", "--prefix", "none",
            "--format", "{p}|{f}", "--color", "never",
            *(word for target in targets for word in ("--target", target)), *_without_platform(arguments),
        ),
        cwd=cwd,
    )  # fmt: skip


def parse_tree(text: str) -> dict[str, dict[str, frozenset[str]]]:
    r"""Return the features of each version of each crate that `tree_command` listed.

    A crate that is compiled twice, for the host and for the target, has the features of both.

    >>> parse_tree("app v0.1.0 (/app)|default\nlibc v0.2.1|std\nlibc v0.2.1|default,std (*)\n")["libc"] == {
    ...     "0.2.1": frozenset({"default", "std"})
    ... }
    True
    """
    found: dict[str, dict[str, frozenset[str]]] = {}
    for line in text.splitlines():
        package, separator, features = line.removesuffix(" (*)").rpartition("|")
        words = package.split(" ")
        if not separator or len(words) < 2:
            continue
        versions = found.setdefault(words[0], {})
        version = words[1].removeprefix("v")
        versions[version] = versions.get(version, frozenset()) | frozenset(filter(None, features.split(",")))
    return found


def with_features(
    bindings: Bindings,
    features: Iterable[FeatureChoice],
    interpreters: Iterable[Interpreter],
    *,
    declared: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> Bindings:
    """Return the bindings with what conditional features add: a stable ABI that only some interpreters get.

    A feature counts when one of the `interpreters` meets its conditions. `declared` is the root package's feature
    table: a feature of its own may turn on one of pyo3's.
    """
    if bindings.crate not in PYO3_CRATES or bindings.kind == "bin":
        return bindings
    found = tuple(interpreters)
    wanted = [
        name for feature in features if any(feature_applies(feature, one) for one in found) for name in (feature.name,)
    ]
    added = {
        feature
        for dependency, _, feature in (name.partition("/") for name in _expand(wanted, declared))
        if dependency.removesuffix("?") in PYO3_CRATES
    }
    if added <= set(bindings.features):
        return bindings
    everything = tuple(sorted(added | set(bindings.features)))
    stable_abi = _stable_abi_of(everything)
    extension_module = "extension-module" in everything
    return replace(
        bindings,
        features=everything,
        extension_module=extension_module,
        warnings=() if extension_module else bindings.warnings,
        stable_abi=stable_abi,
        supported=_pin(bindings.supported, stable_abi),
    )


def feature_applies(feature: FeatureChoice, interpreter: Interpreter) -> bool:
    """Return whether a build for `interpreter` has this feature: it meets both conditions, or there are none.

    Raises `ConfigError` when the condition on the version is not a PEP 440 specifier.
    """
    if feature.python_implementation is not None:
        name = interpreter.implementation_name or interpreter.implementation
        if feature.python_implementation.lower() != name.lower():
            return False
    if feature.python_version is None:
        return True
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(feature.python_version).contains(_dotted(interpreter.version), prereleases=True)
    except InvalidSpecifier as error:
        raise ConfigError(
            f"the feature {feature.name} is for python-version `{feature.python_version}`: no version specifier",
            hint='write it as in requires-python: ">=3.9,<3.13"',
        ) from error


def features_for(features: Iterable[FeatureChoice], interpreter: Interpreter) -> tuple[str, ...]:
    """Return the names of the features that a build for `interpreter` has."""
    return tuple(feature.name for feature in features if feature_applies(feature, interpreter))


def uses_stable_abi(interpreter: Interpreter, abi: StableAbi) -> bool:
    """Return whether a wheel for `abi` serves this interpreter.

    Only CPython itself counts: PyPy, GraalPy and forks of CPython have no stable ABI, and a build without a GIL has
    abi3t only.
    """
    return interpreter.loads(abi.kind, abi.minimum)


def stable_abi_for(bindings: Bindings, interpreter: Interpreter) -> StableAbi | None:
    """Return the stable ABI that a build for `interpreter` has, or None for a wheel of its own.

    Where a crate asks for both, pyo3 takes abi3t for every interpreter that has it, and abi3 for older ones: so one
    run can make wheels of both and of neither.
    """
    fitting = [abi for abi in bindings.stable_abi if uses_stable_abi(interpreter, abi)]
    return max(fitting, key=lambda abi: abi.kind == "abi3t", default=None)


def _without_platform(arguments: tuple[str, ...]) -> tuple[str, ...]:
    # what cargo metadata calls --filter-platform, cargo tree calls --target
    words = iter(arguments)
    kept = []
    for word in words:
        if word == "--filter-platform":
            next(words, None)
        elif not word.startswith("--filter-platform="):
            kept.append(word)
    return tuple(kept)


def _binding_crates(metadata: CargoMetadata, tree: str | None) -> dict[str, list[_Crate]]:
    listed = None if tree is None else parse_tree(tree)
    crates: dict[str, list[_Crate]] = {}
    for package_id in metadata.closure():
        package = metadata.packages[package_id]
        if package.name not in CRATES or package_id == metadata.root:
            continue
        features = frozenset(metadata.nodes[package_id].features)
        if listed is not None:
            versions = listed.get(package.name, {})
            if package.version not in versions:
                continue
            features = versions[package.version]
        crate = _Crate(name=package.name, version=package.version, features=features, metadata=package.metadata)
        crates.setdefault(package.name, []).append(crate)
    return crates


def _choose(
    metadata: CargoMetadata, requested: str | None, crates: Mapping[str, list[_Crate]]
) -> tuple[Kind, _Crate | None]:
    pyo3 = next((_only(crates[name]) for name in PYO3_CRATES if name in crates), None)
    cpython = _only(crates["cpython"]) if "cpython" in crates else None
    match requested:
        case "pyo3" | "pyo3-ffi":
            return "pyo3", pyo3 or _refuse_absent(metadata, requested, "pyo3")
        case "rust-cpython":
            return "rust-cpython", cpython or _refuse_absent(metadata, requested, "cpython")
        case "cffi":
            return "cffi", None
        case "uniffi":
            return "uniffi", None
        case "bin":
            return "bin", pyo3 or cpython
        case None:
            return _guess(metadata, pyo3, cpython, uniffi="uniffi" in crates)
        case _:
            raise ConfigError(
                f"there are no bindings called `{requested}`",
                hint="they are pyo3, pyo3-ffi, rust-cpython, cffi, uniffi and bin; left out, they are found",
            )


def _guess(
    metadata: CargoMetadata, pyo3: _Crate | None, cpython: _Crate | None, *, uniffi: bool
) -> tuple[Kind, _Crate | None]:
    crate_types = {
        crate_type
        for target in metadata.root_package.targets
        if not _NOT_SHIPPED.intersection(target.kinds)
        for crate_type in target.crate_types
    }
    crate = pyo3 or cpython
    if crate is not None:
        if "bin" in crate_types and "cdylib" not in crate_types:
            return "bin", crate
        return ("pyo3" if crate is pyo3 else "rust-cpython"), crate
    if uniffi:
        return "uniffi", None
    if "cdylib" in crate_types:
        return "cffi", None
    if "bin" in crate_types:
        return "bin", None
    package = metadata.root_package
    raise ConfigError(
        f"{package.manifest_path} has nothing to make a wheel of: no dependency on pyo3, rust-cpython or uniffi, no "
        "library of the crate type cdylib, and no program",
        hint='add the dependency, or `crate-type = ["cdylib"]` below [lib], or name the kind with --bindings',
    )


def _refuse_absent(metadata: CargoMetadata, requested: str, crate: str) -> _Crate:
    manifest = metadata.root_package.manifest_path
    raise ConfigError(
        f"the bindings {requested} were asked for, but {manifest} does not depend on {crate}",
        hint=f"add it with `cargo add {crate}`, or leave the bindings to be found",
    )


def _only(crates: list[_Crate]) -> _Crate:
    if len(crates) > 1:
        name = crates[0].name
        versions = sorted(crate.version for crate in crates)
        raise ConfigError(
            f"there are {len(crates)} versions of {name} among the dependencies: {', '.join(versions)}",
            hint=f"`cargo tree --invert {name}@{versions[0]}` shows who wants which; they have to agree on one",
        )
    return crates[0]


def _stable_abi(members: Iterable[_Crate]) -> tuple[StableAbi, ...]:
    # pyo3 turns on the features of pyo3-ffi, so that one knows better
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
    # each of these features turns on those of newer versions, down to the bare one: the lowest was asked for
    found = []
    if "abi3" in minimums:
        found.append(StableAbi(kind="abi3", minimum=min(minimums["abi3"], default=None)))
    if "abi3t" in minimums:
        lowest = min(minimums["abi3t"], default=None)
        found.append(StableAbi(kind="abi3t", minimum=None if lowest is None else max(lowest, ABI3T_OLDEST)))
    return tuple(found)


def _pinned(feature: str, digits: str) -> PythonVersion:
    if not re.fullmatch(r"[0-9]{2,}", digits):
        raise ConfigError(f"the feature {feature} of pyo3 does not name a Python version", hint="abi3-py39 is for 3.9")
    return int(digits[0]), int(digits[1:])


def _pin(supported: Supported, stable_abi: tuple[StableAbi, ...]) -> Supported:
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


def _expand(names: Iterable[str], declared: Mapping[str, tuple[str, ...]]) -> set[str]:
    found: set[str] = set()
    queue = list(names)
    while queue:
        name = queue.pop()
        if name not in found:
            found.add(name)
            queue.extend(declared.get(name, ()))
    return found


def _dotted(version: PythonVersion) -> str:
    return f"{version[0]}.{version[1]}"
