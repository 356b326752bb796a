"""Plans the wheels for the interpreters, and the cargo builds of each wheel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from cratewheel.bindings.detect import PYO3_CRATES, Bindings, StableAbi
from cratewheel.cargo.command import CargoBuild, CargoOptions, extra_value, profile_name
from cratewheel.cargo.model import CrateTarget
from cratewheel.interpreter.known_table import known
from cratewheel.interpreter.model import Interpreter
from cratewheel.planning import flags, pgo, prebuilt
from cratewheel.planning.abi_set import interpreters_with_wheel, is_fixed, stable_abi_for, stable_without_python
from cratewheel.planning.crate_targets import LIBRARY_CRATE_TYPES, selected_targets
from cratewheel.planning.model import (
    ArtifactPlan,
    ByAudit,
    Fixed,
    InterpreterPlatform,
    PlatformChoice,
    PlatformPlan,
    WheelPlan,
)
from cratewheel.planning.platform import audit_mode, native_platform
from cratewheel.project.cargo_metadata import cargo_options
from cratewheel.project.inputs import Inputs
from cratewheel.targets.triples import Target

SCRATCH_DIR = "cratewheel"  # below the target directory; `cratewheel clean` removes what is in it
BUILD_DIRS = f"{SCRATCH_DIR}/build"
PROGRAMS_DIR = "programs"
CRATE_TYPE_FLAG_SINCE = (1, 64, 0)  # `cargo rustc --crate-type`


def plan_wheels(inputs: Inputs, bindings: Bindings, choice: PlatformChoice) -> tuple[WheelPlan, ...]:
    """Return the fewest wheels for the interpreters of `inputs`; none if there are no interpreters.

    Raises `UnsupportedError` for what these bindings cannot be compiled for.
    """
    groups = _groups(inputs, bindings)
    elsewhere = extra_value(inputs.options.cargo_extra_args, "--target-dir")  # overrides other settings
    separate = len(groups) > 1 and not inputs.options.shared_target_dir and elsewhere is None
    return tuple(_wheel(inputs, choice, group, separate=separate) for group in groups)


def _wheel(inputs: Inputs, choice: PlatformChoice, group: _Group, *, separate: bool) -> WheelPlan:
    python_tag, abi_tag = _python_tags(inputs.bindings_of(group.interpreter), group)
    own = native_platform(inputs, group.interpreter)
    platform_plan: PlatformPlan
    match choice:
        case InterpreterPlatform():
            platform_plan = own
        case ByAudit() if isinstance(own, Fixed):
            platform_plan = replace(choice, plain=own.tags)
        case _:
            platform_plan = choice
    profiled = pgo.profiled_wheel(inputs, group.interpreter, f"{python_tag}-{abi_tag}") if inputs.options.pgo else None
    directory = profiled.optimised if profiled else _directory(inputs, group) if separate else None
    artifacts = _artifacts(inputs, group, directory, pgo.use_flags(profiled) if profiled else ())
    return WheelPlan(
        artifacts=artifacts,
        interpreter=group.interpreter,
        serves=group.serves,
        python_tag=python_tag,
        abi_tag=abi_tag,
        platform=platform_plan,
        audit=audit_mode(inputs.options, inputs.target),
        stable_abi=(group.stable_abi.kind, _stable_version(group)) if group.stable_abi is not None else None,
        directory=directory,
        profiling=pgo.profiling(
            inputs, profiled, _artifacts(inputs, group, profiled.instrumented, pgo.generate_flags(profiled))
        )
        if profiled
        else None,
        why=(*group.why, *_mixed_abis(artifacts, group)),
    )


def _artifacts(
    inputs: Inputs, group: _Group, directory: Path | None, every_crate: tuple[str, ...]
) -> tuple[ArtifactPlan, ...]:
    """Return the compiled files of a wheel; `every_crate` are flags for all crates."""
    chosen = [
        (part, own, crate)
        for part, own in inputs.artifacts
        for crate in selected_targets(own, own.bindings_of(group.interpreter))
    ]
    files = prebuilt.assign(inputs, [(part, crate) for part, _, crate in chosen])
    return tuple(
        _artifact(
            own,
            part,
            crate,
            _own_group(own, group),
            directory,
            every_crate,
            files.get(at),
            apart=_needs_own_directory(inputs, own, group.interpreter),
        )
        for at, (part, own, crate) in enumerate(chosen)
    )


def _needs_own_directory(inputs: Inputs, own: Inputs, interpreter: Interpreter | None) -> bool:
    """Return whether an artifact is a program that cannot share a build directory with what is compiled beside it.

    That is one with pyo3 beside an extension module: pyo3 is compiled for it as for a program, which is linked with
    libpython. And it is one with other features than its crate's library has in this wheel: a library that is a cdylib
    too has the same file for all features. In one directory cargo would compile one after the other each time.
    """
    if inputs.options.shared_target_dir or extra_value(inputs.options.cargo_extra_args, "--target-dir") is not None:
        return False
    bindings = own.bindings_of(interpreter)
    if bindings.kind != "bin" or inputs.options.pgo:
        return False
    others = [one for _, one in inputs.artifacts]
    if bindings.crate in PYO3_CRATES and any(one.bindings_of(interpreter).kind == "pyo3" for one in others):
        return True
    features = _features(own, interpreter)
    libraries = [one for one in others if one.part is not None and one.part.is_linked]
    return any(one.cargo.root == own.cargo.root and _features(one, interpreter) != features for one in libraries)


def _features(inputs: Inputs, interpreter: Interpreter | None) -> frozenset[str]:
    chosen = cargo_options(inputs.options, inputs.cargo_target).features
    return frozenset((*chosen, *inputs.features_of(interpreter)))


def _own_group(inputs: Inputs, group: _Group) -> _Group:
    """Return the group of a wheel as one artifact sees it: for the stable ABI if its own crate is."""
    if inputs.part is None:
        return group
    if not inputs.bindings_of(group.interpreter).per_interpreter:
        return replace(group, stable_abi=None)
    if group.interpreter is not None:
        stable = stable_abi_for(inputs, group.interpreter)
    else:
        kind = group.stable_abi.kind if group.stable_abi is not None else None
        stable = next((abi for abi in stable_without_python(inputs) if abi.kind == kind), None)
    if stable is not None and stable.minimum is None and group.stable_abi is not None:
        stable = replace(stable, minimum=group.stable_abi.minimum)
    return replace(group, stable_abi=stable)


def _artifact(
    inputs: Inputs,
    part: int | None,
    crate: CrateTarget,
    group: _Group,
    directory: Path | None,
    every_crate: tuple[str, ...],
    file: Path | None,
    *,
    apart: bool = False,
) -> ArtifactPlan:
    """Return one compiled file of a wheel; `file` is packed instead of compiling.

    If it is `apart`, it is compiled in a build directory of its own.
    """
    target, bindings = inputs.target, inputs.bindings_of(group.interpreter)
    module_file = _module_file(inputs.modules.extension_name, bindings, group, target)
    stable = (group.stable_abi.kind, _stable_version(group)) if group.stable_abi is not None else None
    own_directory = (directory or _scratch(inputs)) / PROGRAMS_DIR if apart and file is None else None
    if file is None:
        flags.check_foreign_python(inputs, bindings, group.interpreter)
    return ArtifactPlan(
        name=crate.name,
        builds=_builds(inputs, crate, group, module_file, own_directory or directory, every_crate)
        if file is None
        else (),
        directory=own_directory,
        bindings=bindings,
        part=part,
        path=inputs.part.settings.path if inputs.part is not None else None,
        module_file=module_file,
        stable_abi=stable,
        config=flags.pyo3_config(inputs, bindings, group.interpreter, stable) if file is None else None,
        prebuilt=file,
        cargo_file=prebuilt.cargo_file_name(crate, target),
    )


def _mixed_abis(artifacts: tuple[ArtifactPlan, ...], group: _Group) -> tuple[str, ...]:
    """Return why a wheel is for one interpreter, though some of its modules are for a stable ABI."""
    of_python = [one for one in artifacts if one.bindings.per_interpreter]
    stable = sorted(one.name for one in of_python if one.stable_abi is not None)
    others = sorted(one.name for one in of_python if one.stable_abi is None)
    if group.stable_abi is not None or not stable or not others:
        return ()
    verb = "is" if len(others) == 1 else "are"
    return (f"{', '.join(stable)} would load into more Pythons, but {', '.join(others)} {verb} for one",)


def _directory(inputs: Inputs, group: _Group) -> Path | None:
    """Return a build directory for one interpreter, named after its tag, and the target that cargo gets."""
    if group.interpreter is None or group.stable_abi is not None:
        return None  # a stable ABI build is the same for every interpreter
    name = "-".join((*filter(None, (inputs.cargo_target,)), directory_name(group.interpreter)))
    return (inputs.options.target_dir or inputs.cargo.target_directory) / BUILD_DIRS / name


def _scratch(inputs: Inputs) -> Path:
    return (inputs.options.target_dir or inputs.cargo.target_directory) / SCRATCH_DIR


def directory_name(python: Interpreter) -> str:
    """Return the name of an interpreter's build directory: its ABI tag if that is unique."""
    return python.abi_tag if python.implementation == "cpython" else python.python_tag


def _builds(
    inputs: Inputs,
    crate: CrateTarget,
    group: _Group,
    module_file: str | None,
    directory: Path | None,
    every_crate: tuple[str, ...],
) -> tuple[CargoBuild, ...]:
    """Return the cargo builds of an artifact, one for each processor; `every_crate` are flags for all crates."""
    options, project, bindings = inputs.options, inputs.project, inputs.bindings_of(group.interpreter)
    # without --target, build scripts and macros would get the flags for every crate too
    base = cargo_options(options, inputs.target.triple if options.pgo else inputs.cargo_target)
    elsewhere: flags.Variables = ()
    if directory is not None:
        base = replace(base, target_dir=directory)
        if inputs.cargo.build_directory not in (None, inputs.cargo.target_directory):
            # overrides cargo's `build.build-dir`, which would be shared
            elsewhere = (("CARGO_BUILD_BUILD_DIR", str(directory)),)
    features = (*base.features, *inputs.features_of(group.interpreter))
    stable, example = group.stable_abi is not None, "example" in crate.kinds
    return tuple(
        CargoBuild(
            manifest=project.manifest.path,
            cwd=project.location.cwd,
            binary=crate.name if bindings.kind == "bin" and not example else None,
            example=crate.name if example else None,
            cdylib=_needs_cdylib_override(inputs, crate, bindings),
            through=flags.cargo_wrapper(inputs),
            options=replace(
                base,
                features=features,
                target=slice_.triple if inputs.target.is_universal2 else base.target,
                config=(
                    *base.config,
                    *flags.cargo_config(inputs, bindings, group.interpreter, every_crate, stable=stable),
                    *_strip_config(inputs, base),
                ),
            ),
            rustc_args=(
                *_rustc_args(inputs),
                *flags.debuginfo_args(inputs, bindings),
                *flags.linker_args(inputs, bindings, module_file),
            ),
            env=(
                *flags.cargo_env(inputs, bindings, group.interpreter, slice_, stable=stable, every_crate=every_crate),
                *flags.version_env(inputs),
                *elsewhere,
            ),
        )
        for slice_ in inputs.target.slices
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """The interpreters of one wheel; `interpreter` is the one to compile for."""

    interpreter: Interpreter | None
    stable_abi: StableAbi | None = None
    serves: tuple[Interpreter, ...] = ()
    why: tuple[str, ...]


def _groups(inputs: Inputs, bindings: Bindings) -> list[_Group]:
    interpreters = inputs.interpreters
    if not bindings.per_interpreter:
        why = f"{bindings.kind} bindings do not depend on the version of Python: one wheel serves all"
        first = interpreters[0] if interpreters else None
        return [_Group(interpreter=first, serves=interpreters, why=(why,))]
    wanted = interpreters_with_wheel(inputs)
    by_abi: dict[StableAbi, list[Interpreter]] = {}
    groups = []
    for python in wanted:
        stable_abi = stable_abi_for(inputs, python)
        if stable_abi is None:
            groups.append(_single_group(inputs, python))
        else:
            by_abi.setdefault(stable_abi, []).append(python)
    if not wanted or is_fixed(inputs.options):
        for abi in stable_without_python(inputs):
            by_abi.setdefault(abi, [])
    return [_stable_group(stable_abi, tuple(served)) for stable_abi, served in by_abi.items()] + groups


def _single_group(inputs: Inputs, python: Interpreter) -> _Group:
    bindings = inputs.bindings_of(python)
    why = f"compiled for {python.display} alone"
    if inputs.options.no_abi3 or inputs.options.abi:
        chosen = inputs.options.origins["no_abi3" if inputs.options.no_abi3 else "abi"]
        why = f"{why}, as {chosen} says"
    elif bindings.stable_abi:
        kinds = " and ".join(abi.kind for abi in bindings.stable_abi)
        why = f"{python.display} cannot load {kinds} modules, so it gets a wheel of its own"
    return _Group(interpreter=python, serves=(python,), why=(why,))


def _stable_group(stable_abi: StableAbi, served: tuple[Interpreter, ...]) -> _Group:
    # compiled for the oldest, so that without a pinned minimum the wheel supports all of them
    oldest = min(served, key=lambda python: python.version) if served else None
    names = ", ".join(python.display for python in served) or "every Python from its minimum on"
    why = f"the stable ABI {stable_abi.kind}: one wheel serves {names}"
    return _Group(interpreter=oldest, stable_abi=stable_abi, serves=served, why=(why,))


def _python_tags(bindings: Bindings, group: _Group) -> tuple[str, str]:
    if not bindings.per_interpreter:
        return "py3", "none"
    if group.stable_abi is not None:
        major, minor = _stable_version(group)
        return f"cp{major}{minor}", "abi3.abi3t" if group.stable_abi.kind == "abi3t" else "abi3"
    assert group.interpreter is not None, "every other wheel is for an interpreter"
    return group.interpreter.python_tag, group.interpreter.abi_tag


def _stable_version(group: _Group) -> tuple[int, int]:
    assert group.stable_abi is not None
    version = group.stable_abi.minimum or (group.interpreter.version if group.interpreter else None)
    assert version is not None, "a stable ABI without a minimum is only built for interpreters"
    return version


def _module_file(name: str, bindings: Bindings, group: _Group, target: Target) -> str | None:
    if bindings.kind not in ("pyo3", "rust-cpython"):
        return None
    stable = group.stable_abi.kind if group.stable_abi else None
    if group.interpreter is not None:
        return name + group.interpreter.extension_suffix(stable, _stable_version(group) if stable else None)
    if target.os == "windows":
        return f"{name}.pyd"
    minimum = _stable_version(group)
    pythons = (python for python in known(target) if python.implementation == "cpython" and python.version == minimum)
    suffixes = (python.extension_suffix(stable, minimum) for python in pythons)
    return name + next(suffixes, f".{stable}.so")


# -- what cargo is told


def _needs_cdylib_override(inputs: Inputs, crate: CrateTarget, bindings: Bindings) -> bool:
    if inputs.part is not None and inputs.part.is_linked:
        return False  # others are linked with the same library, which so is compiled once
    return (
        bindings.kind != "bin"
        and inputs.rustc.version >= CRATE_TYPE_FLAG_SINCE
        and not LIBRARY_CRATE_TYPES.isdisjoint(crate.crate_types)
    )


def _rustc_args(inputs: Inputs) -> tuple[str, ...]:
    options = inputs.options
    strip = ("-C", "strip=symbols") if options.strip and not _strips_by_profile(inputs) else ()
    return (*options.rustc_args, *options.rustc_extra_args, *strip)


def _strip_config(inputs: Inputs, options: CargoOptions) -> tuple[str, ...]:
    if not inputs.options.strip or not _strips_by_profile(inputs):
        return ()
    return (f'profile.{profile_name(options)}.strip="symbols"',)


def _strips_by_profile(inputs: Inputs) -> bool:
    """Return whether the profile says that symbols are removed: an argument for rustc is for the crate alone.

    Without the argument a library is compiled again where others are linked with it. Elsewhere the argument is better:
    what the crate depends on is compiled once for builds with and without it.
    """
    return inputs.part is not None and inputs.part.beside_linked
