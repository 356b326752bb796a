"""Decides what to build; the other modules of the package decide the parts."""

from __future__ import annotations

from pathlib import Path

from cratewheel.archive import entry_points
from cratewheel.errors import InterpreterError
from cratewheel.options.model import Options
from cratewheel.planning import abi_set, prebuilt
from cratewheel.planning.crate_targets import target_warnings
from cratewheel.planning.hooks import HookContext, HookPlan, plan_hooks, profile_name
from cratewheel.planning.model import BuildPlan, WheelPlan
from cratewheel.planning.optional import describe_fallback
from cratewheel.planning.platform import plan_platform, plan_zig
from cratewheel.planning.wheels import plan_wheels
from cratewheel.project import pyproject
from cratewheel.project.inputs import Inputs
from cratewheel.project.read import Project


def decide(inputs: Inputs, *, sdist: bool = True, only_first: bool = False) -> BuildPlan:
    """Return the plan: the fewest wheels for all interpreters.

    `sdist` is false where another plan makes the source distribution, which is the same for every target; with
    `only_first` it is the first of the wheels alone.

    Raises `ConfigError`, `UsageError`, `InterpreterError` or `UnsupportedError` for what cannot be built.
    """
    options, project = inputs.options, inputs.project
    metadata = inputs.metadata
    bindings = inputs.bindings
    platform, warnings = plan_platform(inputs)
    abi_set.check(inputs)
    wheels = plan_wheels(inputs, bindings, platform)
    if not wheels:
        raise InterpreterError(
            "no Python interpreter found that this project supports",
            notes=(f"the project supports {bindings.supported}",),
            hint="install one, or select one with -i",
        )
    _check_commands(inputs, wheels)
    _check_prebuilt(inputs, wheels)
    target_dir = options.target_dir or inputs.cargo.target_directory
    out = options.out or target_dir / "wheels"
    with_sdist = sdist and _wants_sdist(options, project)
    chosen = wheels[:1] if only_first else wheels
    return BuildPlan(
        name=metadata.name,
        version=metadata.version,
        target=inputs.target,
        out=out,
        sdist=with_sdist,
        wheels=chosen,
        zig=plan_zig(inputs, platform),
        hooks=plan_hooks_of(inputs, chosen, out, sdist=with_sdist),
        warnings=(
            *_bindings_warnings(inputs),
            *_macos_warnings(inputs),
            *target_warnings(inputs),
            *warnings,
            *abi_set.warnings(inputs),
            *_debuginfo_warning(inputs),
            *_prebuilt_warning(options, chosen),
            *_sdist_warning(options, project),
        ),
        why=_reasons(inputs),
    )


def plan_hooks_of(inputs: Inputs, wheels: tuple[WheelPlan, ...], out: Path, *, sdist: bool) -> tuple[HookPlan, ...]:
    """Return which hooks of the project run for these wheels, as far as that is known."""
    if not inputs.hooks:
        return ()
    options = inputs.options
    context = HookContext(
        out=out, editable=options.editable, profile=profile_name(options), target=inputs.target.triple
    )
    python = wheels[0].interpreter.executable if wheels and wheels[0].interpreter else None
    return plan_hooks(inputs.hooks, context, python=python, wheels=len(wheels), sdist=sdist, force=options.force_hooks)


def _check_prebuilt(inputs: Inputs, wheels: tuple[WheelPlan, ...]) -> None:
    files = [artifact for wheel in wheels for artifact in wheel.artifacts if artifact.prebuilt is not None]
    if files:
        own = any(artifact.bindings.per_interpreter for artifact in files)
        prebuilt.check_options(inputs, wheels=len(wheels), own_python=own)


def _check_commands(inputs: Inputs, wheels: tuple[WheelPlan, ...]) -> None:
    """Raise `ConfigError` for a program with an invalid name, or with the name of an entry point."""
    programs = sorted({command.name for wheel in wheels for command in wheel.commands})
    where = f"a program of {inputs.project.manifest.path}"
    for name in programs:
        entry_points.check_command(name, where)
    scripts = [(name, f"the entry point {name!r}") for name in inputs.metadata.scripts]
    entry_points.check_unique([*((name, f"the program {name!r}") for name in programs), *scripts])


def _bindings_warnings(inputs: Inputs) -> tuple[str, ...]:
    pythons = inputs.interpreters or (None,)
    builds = [one.bindings_of(python) for _, one in inputs.artifacts for python in pythons]
    return tuple(dict.fromkeys(warning for bindings in builds for warning in bindings.warnings))


def _macos_warnings(inputs: Inputs) -> tuple[str, ...]:
    """Return warnings about requests for versions and processors of macOS that change nothing."""
    asked, by = inputs.system.macos_in_vain, inputs.options.origins.get("universal2")
    if asked is not None:
        wanted, oldest = (".".join(map(str, version)) for version in (asked, dict(inputs.system.macos)["x86_64"]))
        text = f"MACOSX_DEPLOYMENT_TARGET is {wanted}, but rustc compiles x86_64 for macOS {oldest} at least"
        return (f"{text}: the wheel is for macOS {oldest}",)
    if inputs.options.universal2 and inputs.target.os != "macos" and by is not None and by.kind == "flag":
        return (f"{by} changes nothing for {inputs.target.triple}; --target universal2-apple-darwin cross-compiles",)
    return ()


def _debuginfo_warning(inputs: Inputs) -> tuple[str, ...]:
    options = inputs.options
    if not options.include_debuginfo:
        return ()
    if options.strip:
        return (f"--include-debuginfo ships nothing, as {options.origins['strip']} removes the debug information",)
    if inputs.only_programs:
        return ("--include-debuginfo ships nothing beside programs",)
    return ()


def _prebuilt_warning(options: Options, wheels: tuple[WheelPlan, ...]) -> tuple[str, ...]:
    files = {str(one.prebuilt) for wheel in wheels for one in wheel.artifacts if one.prebuilt is not None}
    if not options.strip or not files:
        return ()
    return (f"{options.origins['strip']} changes nothing in prebuilt files: {', '.join(sorted(files))}",)


def _wants_sdist(options: Options, project: Project) -> bool:
    wanted = options.sdist and not (options.prebuilt and "sdist" not in options.origins)  # cargo lists its files
    return wanted and project.pyproject is not None


def _sdist_warning(options: Options, project: Project) -> tuple[str, ...]:
    if project.pyproject is not None or not options.sdist:
        return ()
    if "sdist" in options.origins:
        raise pyproject.missing_error(project.root)
    return ("no source distribution is built, as there is no pyproject.toml; --no-sdist silences this",)


def _reasons(inputs: Inputs) -> tuple[str, ...]:
    options, project, bindings = inputs.options, inputs.project, inputs.bindings
    crate = f", from the crate {bindings.crate} {bindings.version}" if bindings.crate else ""
    layout = "mixed: Python sources beside the crate" if inputs.modules.mixed else "pure: the crate alone"
    settings = tuple(f"`{name.replace('_', '-')}` is set by {origin}" for name, origin in options.origins.items())
    return (
        f"the project's root is {project.root}, its manifest {project.manifest.path}",
        f"the bindings are {bindings.kind}{crate}",
        f"the layout is {layout}; the module is {inputs.modules.module_name}",
        *describe_fallback(options),
        *settings,
    )
