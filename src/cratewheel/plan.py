"""Facts → `BuildPlan`: which wheels, from which cargo builds, with which tags. Pure.

`decide` is the only place where it is decided; `explain` prints a plan. Where the answer needs the compiled file (the
lowest manylinux tag), the plan holds a `ByAudit`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from cratewheel.audit import policy as audit_policy
from cratewheel.bindings import detect
from cratewheel.bindings.detect import Bindings, StableAbi
from cratewheel.cargo.command import CargoBuild, CargoOptions, extra_value
from cratewheel.cargo.model import CrateTarget
from cratewheel.cargo.query import Rustc
from cratewheel.errors import ConfigError, CratewheelError, InterpreterError, UnsupportedError, UsageError
from cratewheel.interpreter.model import Interpreter
from cratewheel.options.model import Options
from cratewheel.options.values import Feature
from cratewheel.project import Project, cargo_features
from cratewheel.tags import platform
from cratewheel.tags.target import Target
from cratewheel.tags.target import parse as parse_target

AuditMode = Literal["repair", "check", "warn", "skip"]
InterpreterNeed = Literal["all", "one", "none"]

LIBRARY_CRATE_TYPES = frozenset({"lib", "dylib", "rlib", "staticlib"})
CRATE_TYPE_FLAG_SINCE = (1, 64, 0)  # `cargo rustc --crate-type`
TARGET_ABI_KEY_SINCE = (0, 29)  # pyo3 that takes the ABI from its configuration file
NO_PYTHON_NEEDED_SINCE = (0, 16, 4)  # pyo3 that needs no PYO3_NO_PYTHON for the stable ABI


@dataclass(frozen=True, slots=True, kw_only=True)
class ByAudit:
    """The lowest tag that the compiled file fits: known only once it is there."""

    pypi: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ByPolicy:
    """Tags that were asked for; the compiled file must fit each, unless the audit is skipped."""

    policies: tuple[str, ...]
    pypi: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """Platform tags that do not depend on the compiled file."""

    tags: tuple[str, ...]


PlatformPlan = ByAudit | ByPolicy | Fixed


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelPlan:
    """One wheel: the cargo builds whose artifacts it holds, and its tags.

    `serves` lists the interpreters that will install it; `module_file` is the file name of the extension, None for
    binaries and for libraries that are not imported as a module. `config` is the description of the interpreter that
    pyo3 gets as a file, where it needs one.
    """

    builds: tuple[CargoBuild, ...]
    interpreter: Interpreter | None
    serves: tuple[Interpreter, ...]
    python_tag: str
    abi_tag: str
    platform: PlatformPlan
    audit: AuditMode
    module_file: str | None = None
    config: str | None = None
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlan:
    """All that one command will make, in the order in which it is made: the sdist first."""

    name: str
    version: str
    target: Target
    out: Path
    sdist: bool
    wheels: tuple[WheelPlan, ...]
    warnings: tuple[str, ...] = ()
    why: tuple[str, ...] = ()


def refuse_unsupported(options: Options, host: str, environ: Mapping[str, str]) -> None:
    """Raise `UnsupportedError` for what is asked for and not there yet, before anything else is done."""
    if options.zig:
        raise UnsupportedError("--zig is not supported yet", hint="build in a manylinux image for older glibc versions")
    if options.universal2:
        raise UnsupportedError("--universal2 is not supported yet", hint="build a wheel on each architecture")
    extra_target = extra_value(options.cargo_extra_args, "--target")
    if extra_target is not None:
        raise UsageError(
            "--target stands among the extra cargo arguments", hint=f"give it to cratewheel: --target {extra_target}"
        )
    if options.target and options.target != host:
        parse_target(options.target)
        raise UnsupportedError(
            f"building for {options.target} on {host} is not supported yet",
            hint=f"leave --target out to build for {host}" if "target" in options.origins else None,
        )
    for variable in ("PYO3_CONFIG_FILE", "PYO3_CROSS_LIB_DIR", "PYO3_CROSS_PYTHON_VERSION", "PYO3_CROSS"):
        if environ.get(variable):
            raise UnsupportedError(
                f"{variable} is set, and builds for a Python that is described by variables are not supported yet",
                hint=f"unset {variable} and name the interpreter with -i",
            )


def cargo_options(options: Options) -> CargoOptions:
    """Return what cargo is told for every interpreter."""
    profile = options.profile
    if options.release:
        # a profile among the extra arguments is the user's last word
        profile = None if extra_value(options.cargo_extra_args, "--profile") else "release"
    return CargoOptions(
        profile=profile,
        jobs=options.jobs,
        features=cargo_features(options),
        all_features=options.all_features,
        no_default_features=options.no_default_features,
        target=options.target,
        target_dir=options.target_dir.absolute() if options.target_dir else None,
        verbose=options.verbose,
        quiet=options.quiet,
        color=options.color,
        frozen=options.frozen,
        locked=options.locked,
        offline=options.offline,
        config=options.config,
        unstable_flags=options.unstable_flags,
        timings=options.timings,
        ignore_rust_version=options.ignore_rust_version,
        future_incompat_report=options.future_incompat_report,
        extra=options.cargo_extra_args,
    )


def interpreters_needed(bindings: Bindings) -> InterpreterNeed:
    """Return how many interpreters take part: all that fit, exactly one (to make cffi's module), or none."""
    if bindings.kind in ("pyo3", "rust-cpython") or bindings.crate is not None:
        return "all"
    return "one" if bindings.kind == "cffi" else "none"


def decide(
    options: Options,
    project: Project,
    rustc: Rustc,
    interpreters: Sequence[Interpreter],
    environ: Mapping[str, str],
) -> BuildPlan:
    """Return the plan: the fewest wheels that serve all `interpreters`.

    Raises `ConfigError`, `UsageError`, `InterpreterError` or `UnsupportedError` for what cannot be built.
    """
    target = parse_target(options.target or rustc.host)
    metadata = project.sources.metadata
    bindings = detect.with_features(project.bindings, _conditional(options), tuple(interpreters))
    platform_plan, warnings = _platform(options, target, bindings, environ)
    wheels = _wheels(options, project, bindings, rustc, target, tuple(interpreters), platform_plan)
    if not wheels:
        raise InterpreterError("there is nothing to build: no Python interpreter that fits the project was found")
    target_dir = options.target_dir.absolute() if options.target_dir else project.cargo.target_directory
    return BuildPlan(
        name=metadata.name,
        version=metadata.version,
        target=target,
        out=options.out.absolute() if options.out else target_dir / "wheels",
        sdist=_wants_sdist(options, project),
        wheels=wheels,
        warnings=(*bindings.warnings, *warnings, *_sdist_warning(options, project)),
        why=_why(options, project, bindings),
    )


# -- which wheels


def _wheels(
    options: Options,
    project: Project,
    bindings: Bindings,
    rustc: Rustc,
    target: Target,
    interpreters: tuple[Interpreter, ...],
    platform_plan: PlatformPlan,
) -> tuple[WheelPlan, ...]:
    base = cargo_options(options)
    mode = _audit_mode(options, target)
    wheels = []
    for interpreter, stable_abi, serves, why in _groups(bindings, interpreters):
        chosen = replace(base, features=(*base.features, *_features_for(options, interpreter)))
        active = {*project.cargo.nodes[project.cargo.root_package.id].features, *chosen.features}
        builds = tuple(
            CargoBuild(
                manifest=project.sources.manifest.path,
                binary=crate.name if bindings.kind == "bin" else None,
                cdylib=_forces_cdylib(crate, bindings, rustc),
                options=chosen,
                rustc_args=(*_rustc_args(options), *_platform_rustc_args(bindings, target)),
                env=_cargo_env(bindings, interpreter, stable_abi),
            )
            for crate in _selected_targets(options, project, bindings, active)
        )
        python_tag, abi_tag = _python_tags(bindings, interpreter, stable_abi)
        wheels.append(
            WheelPlan(
                builds=builds,
                interpreter=interpreter,
                serves=serves,
                python_tag=python_tag,
                abi_tag=abi_tag,
                platform=platform_plan if not _wants_native_tag(platform_plan) else _native(target, interpreter),
                audit=mode,
                module_file=_module_file(project.modules.extension_name, bindings, interpreter, stable_abi, target),
                config=_pyo3_config(bindings, interpreter, stable_abi, target),
                why=why,
            )
        )
    return tuple(wheels)


Group = tuple["Interpreter | None", "StableAbi | None", tuple[Interpreter, ...], tuple[str, ...]]


def _groups(bindings: Bindings, interpreters: tuple[Interpreter, ...]) -> list[Group]:
    """Return the wheels to make: the interpreter to compile against, its stable ABI, and who is served."""
    if interpreters_needed(bindings) != "all":
        first = interpreters[0] if interpreters else None
        why = f"{bindings.kind} bindings do not depend on the version of Python: one wheel serves all"
        return [(first, None, interpreters, (why,))]
    stable_abi = detect.choose_stable_abi(bindings, interpreters) if bindings.stable_abi else None
    if stable_abi is None or bindings.kind == "bin":
        return [(python, None, (python,), (f"compiled for {python.display} alone",)) for python in interpreters]
    served = tuple(python for python in interpreters if detect.uses_stable_abi(python, stable_abi))
    others = [python for python in interpreters if python not in served]
    groups: list[Group] = []
    if served or (not interpreters and stable_abi.minimum):
        groups.append(_stable_group(stable_abi, served))
    why_not = f"cannot use the {stable_abi.kind} wheel, so it gets one of its own"
    groups += [(python, None, (python,), (f"{python.display} {why_not}",)) for python in others]
    return groups


def _stable_group(stable_abi: StableAbi, served: tuple[Interpreter, ...]) -> Group:
    # compiled against the oldest, so that without a pinned minimum the wheel still serves all of them
    oldest = min(served, key=lambda python: python.version) if served else None
    names = ", ".join(python.display for python in served) or "no interpreter on this machine"
    return oldest, stable_abi, served, (f"the stable ABI {stable_abi.kind}: one wheel serves {names}",)


def _python_tags(bindings: Bindings, interpreter: Interpreter | None, stable_abi: StableAbi | None) -> tuple[str, str]:
    if interpreters_needed(bindings) != "all":
        return "py3", "none"
    if stable_abi is not None:
        version = stable_abi.minimum or (interpreter.version if interpreter else None)
        assert version is not None, "_groups gives an unpinned stable ABI an interpreter"
        abi = "abi3.abi3t" if stable_abi.kind == "abi3t" else "abi3"
        return f"cp{version[0]}{version[1]}", abi
    assert interpreter is not None, "_groups gives every other wheel an interpreter"
    return interpreter.python_tag, interpreter.abi_tag


def _module_file(
    name: str,
    bindings: Bindings,
    interpreter: Interpreter | None,
    stable_abi: StableAbi | None,
    target: Target,
) -> str | None:
    if bindings.kind not in ("pyo3", "rust-cpython"):
        return None
    if stable_abi is not None:
        return f"{name}.pyd" if target.os == "windows" else f"{name}.{stable_abi.kind}.so"
    assert interpreter is not None
    return name + interpreter.ext_suffix


# -- what cargo is told


def _selected_targets(
    options: Options, project: Project, bindings: Bindings, active: set[str]
) -> tuple[CrateTarget, ...]:
    crates = project.cargo.root_package.targets
    if bindings.kind == "bin":
        found = [crate for crate in crates if "bin" in crate.kinds and active.issuperset(crate.required_features)]
    else:
        libraries = [crate for crate in crates if LIBRARY_CRATE_TYPES.union({"cdylib"}).intersection(crate.kinds)]
        dynamic = [crate for crate in libraries if "cdylib" in crate.crate_types]
        found = dynamic or libraries
    if options.targets:
        wanted = {(selection.name, selection.kind) for selection in options.targets}
        found = [
            crate
            for crate in found
            if any(crate.name == name and (kind is None or kind in crate.kinds) for name, kind in wanted)
        ]
    if not found:
        kind = "binary" if bindings.kind == "bin" else "library"
        narrowed = f" that {options.origins['targets']} selects" if options.targets else ""
        raise ConfigError(
            f"{project.sources.manifest.path} has no {kind}{narrowed} for the {bindings.kind} bindings",
            hint='a library for Python needs [lib] with `crate-type = ["cdylib"]`' if kind == "library" else None,
        )
    return tuple(found)


def _forces_cdylib(crate: CrateTarget, bindings: Bindings, rustc: Rustc) -> bool:
    return (
        bindings.kind != "bin"
        and rustc.version >= CRATE_TYPE_FLAG_SINCE
        and not LIBRARY_CRATE_TYPES.isdisjoint(crate.crate_types)
    )


def _rustc_args(options: Options) -> tuple[str, ...]:
    strip = ("-C", "strip=symbols") if options.strip else ()
    return (*options.rustc_args, *options.rustc_extra_args, *strip)


def _platform_rustc_args(bindings: Bindings, target: Target) -> tuple[str, ...]:
    if target.os == "macos" and bindings.kind in ("pyo3", "rust-cpython"):
        # the interpreter that loads the module has Python's symbols; the linker must not look for them
        return ("-C", "link-arg=-undefined", "-C", "link-arg=dynamic_lookup")
    return ()


def _cargo_env(
    bindings: Bindings, interpreter: Interpreter | None, stable_abi: StableAbi | None
) -> tuple[tuple[str, str | None], ...]:
    env: dict[str, str | None] = {}
    pyo3 = bindings.crate in ("pyo3", "pyo3-ffi")
    if interpreter is not None and interpreter.executable is not None:
        env["PYTHON_SYS_EXECUTABLE"] = str(interpreter.executable)
        if pyo3:
            env["PYO3_PYTHON"] = str(interpreter.executable)
            version = ".".join(map(str, interpreter.version))
            bits = interpreter.pointer_width or 64
            env["PYO3_ENVIRONMENT_SIGNATURE"] = f"{interpreter.implementation_name}-{version}-{bits}bit"
    if pyo3 and bindings.kind != "bin":
        env["PYO3_BUILD_EXTENSION_MODULE"] = "1"
    if stable_abi is not None and (interpreter is None or _older_than(bindings, NO_PYTHON_NEEDED_SINCE)):
        env["PYO3_NO_PYTHON"] = "1"
    return tuple(sorted(env.items()))


def _pyo3_config(
    bindings: Bindings, interpreter: Interpreter | None, stable_abi: StableAbi | None, target: Target
) -> str | None:
    """Return pyo3's configuration file for a stable ABI, which pyo3 0.29 and later read the ABI from."""
    if stable_abi is None or _older_than(bindings, TARGET_ABI_KEY_SINCE):
        return None
    version = stable_abi.minimum or (interpreter.version if interpreter else None)
    assert version is not None
    number = f"{version[0]}.{version[1]}"
    lines = (
        "implementation=CPython",
        f"version={number}",
        f"target_abi=CPython-{stable_abi.kind}-{number}",
        "shared=true",
        "build_flags=",
        "suppress_build_script_link_lines=false",
        f"pointer_width={target.pointer_width}",
    )
    return "\n".join(lines) + "\n"


def _older_than(bindings: Bindings, version: tuple[int, ...]) -> bool:
    return bindings.version is not None and bindings.version.release < version


def _conditional(options: Options) -> tuple[Feature, ...]:
    return tuple(feature for feature in options.features if feature.conditional)


def _features_for(options: Options, interpreter: Interpreter | None) -> tuple[str, ...]:
    if interpreter is None:
        return ()
    return tuple(feature.name for feature in _conditional(options) if detect.feature_applies(feature, interpreter))


# -- which platform tag


def _audit_mode(options: Options, target: Target) -> AuditMode:
    flagged = options.origins.get("skip_auditwheel")
    if options.skip_auditwheel and (options.auditwheel is None or (flagged and flagged.kind == "flag")):
        return "skip"
    match options.auditwheel:
        case "repair" | "check" | "warn" | "skip" as mode:
            return mode
        case _:
            return "repair" if target.os == "linux" else "warn"


def _wants_native_tag(plan: PlatformPlan) -> bool:
    return isinstance(plan, Fixed) and not plan.tags


def _native(target: Target, interpreter: Interpreter | None) -> Fixed:
    """Return the tag that the interpreter gives its own platform, or else the target's."""
    if interpreter is not None and interpreter.platform and target.os in ("linux", "windows"):
        return Fixed(tags=(interpreter.platform,))
    if target.os == "linux":
        return Fixed(tags=platform.linux_platform_tag(("linux",), target))
    return Fixed(tags=platform.platform_tag(target))


def _platform(
    options: Options, target: Target, bindings: Bindings, environ: Mapping[str, str]
) -> tuple[PlatformPlan, tuple[str, ...]]:
    override = environ.get("_PYTHON_HOST_PLATFORM")
    if override:
        return Fixed(tags=(override.replace(".", "_").replace("-", "_"),)), ()
    if target.os != "linux":
        return Fixed(tags=()), ()
    words = tuple(dict.fromkeys(platform.parse_compatibility(word) for word in options.compatibility))
    pypi = "pypi" in words
    if pypi and not platform.pypi_supports(target):
        raise UnsupportedError(f"PyPI takes no wheels for {target.triple}", hint="leave `pypi` out of --compatibility")
    policies = tuple(word for word in words if word != "pypi")
    _check_policies(options, policies, target, bindings, pypi=pypi)
    mode = _audit_mode(options, target)
    if policies == ("linux",) or (not policies and mode == "skip"):
        if pypi:
            raise UsageError("the tag `linux` is one that PyPI refuses", hint="audit the wheel, or leave `pypi` out")
        return Fixed(tags=()), ()
    if policies:
        return ByPolicy(policies=policies, pypi=pypi), _policy_warnings(policies, target)
    return ByAudit(pypi=pypi), ()


def _check_policies(
    options: Options, policies: tuple[str, ...], target: Target, bindings: Bindings, *, pypi: bool
) -> None:
    place = options.origins.get("compatibility")
    kind: type[CratewheelError] = ConfigError if place and place.kind == "key" else UsageError
    pair = {policy.partition("_")[0] for policy in policies} == {"manylinux", "musllinux"} and len(policies) == 2
    if len(policies) > 1 and not (pair and bindings.kind == "bin"):
        raise kind(
            f"a wheel has one platform policy, and {len(policies)} were asked for: {', '.join(policies)}",
            hint="run one build for each"
            if bindings.kind != "bin"
            else "a program takes one manylinux and one musllinux",
        )
    arch = platform.linux_arch(target)
    for policy in policies:
        if policy != "linux" and not audit_policy.known(policy, arch):
            raise kind(
                f"{policy} is not defined for {arch}",
                hint=f"the policies for {arch} are {', '.join(audit_policy.names(arch))}",
            )
        if policy.startswith("musllinux") and bindings.kind == "bin" and target.is_glibc:
            raise kind(
                f"a program for {target.triple} needs glibc, so it cannot be {policy}",
                hint="build for a musl target",
            )
        tags = platform.linux_platform_tag((policy,), target)
        if pypi and not any(platform.pypi_accepts(tag) for tag in tags):
            raise kind(f"PyPI refuses wheels for {' and '.join(tags)}", hint="choose another tag, or leave `pypi` out")


def _policy_warnings(policies: tuple[str, ...], target: Target) -> tuple[str, ...]:
    found = []
    for policy in policies:
        if policy.startswith("musllinux") and target.is_glibc:
            found.append(f"{target.triple} links glibc, which {policy} does not have")
        if policy in ("manylinux_2_5", "manylinux_2_12"):
            found.append(f"today's Rust needs a newer glibc than {policy} allows; manylinux_2_17 is the oldest")
    return tuple(found)


# -- the sdist, and reasons


def _wants_sdist(options: Options, project: Project) -> bool:
    return options.sdist and project.sources.pyproject is not None


def _sdist_warning(options: Options, project: Project) -> tuple[str, ...]:
    if project.sources.pyproject is not None or not options.sdist:
        return ()
    if "sdist" in options.origins:
        raise ConfigError(
            f"{project.sources.root} has no pyproject.toml, which a source distribution needs",
            hint="add one with a [build-system] table, or leave --sdist out",
        )
    return ("no source distribution is built, as there is no pyproject.toml; --no-sdist silences this",)


def _why(options: Options, project: Project, bindings: Bindings) -> tuple[str, ...]:
    crate = f", from the crate {bindings.crate} {bindings.version}" if bindings.crate else ""
    layout = "mixed: Python sources beside the crate" if project.modules.mixed else "pure: the crate alone"
    settings = tuple(f"{name.replace('_', '-')} from {origin}" for name, origin in options.origins.items())
    return (
        f"the project's root is {project.sources.root}, its manifest {project.sources.manifest.path}",
        f"the bindings are {bindings.kind}{crate}",
        f"the layout is {layout}; the module is {project.modules.module_name}",
        *settings,
    )


def describe_platform(plan: PlatformPlan, target: Target) -> str:
    """Return the platform part of a wheel's tag as far as it is known before compiling."""
    match plan:
        case Fixed(tags=tags):
            return ".".join(tags)
        case ByPolicy(policies=policies):
            return ".".join(platform.linux_platform_tag(policies, target))
        case ByAudit():
            family = "musllinux" if target.is_musl else "manylinux"
            return f"<lowest {family} tag that fits>_{platform.linux_arch(target)}"


def explain(plan: BuildPlan, *, reasons: bool) -> str:
    """Return the plan as text, a line for each thing that will be made; with `reasons`, why each was decided."""
    lines = [f"{plan.name} {plan.version} for {plan.target.triple}, into {plan.out}"]
    if reasons:
        lines += [f"  because {reason}" for reason in plan.why]
    if plan.sdist:
        lines.append("sdist")
    for wheel in plan.wheels:
        lines.append(f"wheel {wheel.python_tag}-{wheel.abi_tag}-{describe_platform(wheel.platform, plan.target)}")
        if wheel.interpreter is not None:
            lines.append(f"  python  {wheel.interpreter.display} at {wheel.interpreter.executable}")
        lines.append(f"  audit   {wheel.audit}")
        if reasons:
            lines += [f"  because {reason}" for reason in wheel.why]
    return "\n".join(lines) + "\n"
