"""What goes into a wheel: the project's files, and around what was compiled, the package that its bindings need.

`read_project_files` reads the project, and `wheel_files` lays out; a list of files has placeholders for what is not
compiled yet. Nothing here writes, or starts a program.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from cratewheel.archive.layout import Entry, FromFile
from cratewheel.bindings import binary as programs
from cratewheel.bindings import cffi, pyo3, uniffi, wasi
from cratewheel.contents import editable
from cratewheel.contents import wheel as wheel_contents
from cratewheel.contents.missing_modules import missing_modules
from cratewheel.contents.own_archives import without_archives
from cratewheel.contents.stubs import is_generated, place_stubs
from cratewheel.options.model import Options
from cratewheel.options.values import Include
from cratewheel.planning.model import BuildPlan, WheelPlan
from cratewheel.project.inputs import Inputs
from cratewheel.system import redaction
from cratewheel.targets.wheel_tags import data_dir_name, normalise_distribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A warning, and what can be done about it."""

    text: str
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFiles:
    """The files of a project that a wheel holds.

    `stub` is that of the extension module, `settings` what `uniffi.toml` says. `generated_stubs` are the places of
    stubs that an earlier build has made, which a new one replaces.
    """

    installed: tuple[Entry, ...]
    stub: FromFile | None = None
    settings: uniffi.Settings = field(default_factory=uniffi.Settings)
    warnings: tuple[Advice, ...] = ()
    generated_stubs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledParts:
    """What comes out of the compiler and of the bindings' generators.

    `files` are the compiled files; `companions` what the linker wrote beside them and the project wants shipped;
    `ffi_source` the text that cffi made, `modules` the files that uniffi-bindgen wrote, and `stubs` the type stubs of
    the module, by their paths in its package.
    """

    files: tuple[Path, ...]
    companions: tuple[Entry, ...] = ()
    ffi_source: str = ""
    modules: tuple[Path, ...] = ()
    stubs: Mapping[PurePosixPath, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelFiles:
    """All that a wheel holds but its dist-info; `in_project` is written into the project, and not installed."""

    entries: tuple[Entry, ...]
    in_project: tuple[Entry, ...] = ()
    warnings: tuple[Advice, ...] = ()


def read_project_files(
    inputs: Inputs,
    plan: BuildPlan,
    includes: tuple[Include, ...],
    *,
    skips: wheel_contents.SkipLink,
    tracked: Iterable[str],
    out_dirs: Mapping[str, Path],
) -> ProjectFiles:
    """Return the project's files at their places in a wheel, and warnings of patterns that match nothing.

    `skips` says which links to nothing are no part of the project, `tracked` which files git tracks though they are
    ignored. Raises `ConfigError` for what cannot be packed.
    """
    project, options, modules = inputs.project, inputs.options, inputs.modules
    root, roots = project.root, project.roots
    included, in_vain = wheel_contents.include_entries(
        root,
        modules,
        includes,
        roots=roots,
        skips=skips,
        out_dirs=out_dirs,
        root_crate=inputs.cargo.root_package.name,
    )
    gathered = [*wheel_contents.python_entries(modules, root, roots, tracked, skips=skips), *included]
    data_dir = data_dir_name(plan.name, plan.version)
    found = [
        *wheel_contents.apply_excludes(gathered, root, options.exclude, "wheel"),
        *wheel_contents.data_entries(modules, data_dir, roots=roots, skips=skips),
    ]
    installed, of_archives = without_archives(found, normalise_distribution(plan.name))
    texts = (
        *wheel_contents.python_warnings(modules, gathered),
        *in_vain,
        *wheel_contents.exclude_warnings(root, options.exclude, "wheel"),
        *of_archives,
    )
    missing = missing_modules(modules, root, gathered, inputs.metadata.entry_points)
    return ProjectFiles(
        installed=tuple(installed),
        generated_stubs=_generated_stubs(installed) if options.generate_stubs else frozenset(),
        stub=wheel_contents.find_stub(modules, root, roots),
        settings=uniffi.read_settings(project.manifest.directory, roots)
        if inputs.bindings.kind == "uniffi"
        else uniffi.Settings(),
        warnings=(
            *(Advice(text=text) for text in texts),
            *(Advice(text=text, hint=hint) for text, hint in missing),
        ),
    )


def _generated_stubs(installed: Iterable[Entry]) -> frozenset[str]:
    stubs = ((entry.path, entry.source) for entry in installed if entry.path.endswith(".pyi"))
    return frozenset(path for path, source in stubs if isinstance(source, FromFile) and is_generated(source.path))


def wheel_files(
    inputs: Inputs, plan: BuildPlan, wheel: WheelPlan, project: ProjectFiles, parts: CompiledParts
) -> WheelFiles:
    """Return all that the wheel holds but its dist-info."""
    compiled = [*binding_entries(inputs, plan, wheel, project, parts), *parts.companions]
    installed = [entry for entry in project.installed if entry.path not in project.generated_stubs]
    stubs, texts = stub_entries(inputs, parts.stubs, [*installed, *compiled])
    warnings = tuple(Advice(text=text) for text in texts)
    if inputs.options.editable and editable.keeps_sources(inputs.modules):
        found = _editable_files(inputs, plan, wheel, installed, compiled)
        # beside the module in the project, where editors and type checkers look
        return replace(found, in_project=(*found.in_project, *stubs), warnings=(*found.warnings, *warnings))
    beside = wheel_contents.without_own_stubs(inputs.modules, compiled, installed)
    return WheelFiles(entries=(*installed, *beside, *stubs), warnings=warnings)


def stub_entries(
    inputs: Inputs, stubs: Mapping[PurePosixPath, str], others: Iterable[Entry]
) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """Return the generated type stubs at their places, and warnings of those that are among `others` already."""
    return place_stubs(inputs.modules, stubs, [entry.path for entry in others]) if stubs else ((), ())


def _editable_files(
    inputs: Inputs, plan: BuildPlan, wheel: WheelPlan, installed: Iterable[Entry], compiled: list[Entry]
) -> WheelFiles:
    """Return what an editable install consists of: Python files stay in the project."""
    options, modules = inputs.options, inputs.modules
    rest = [entry for entry in installed if not editable.stays_in_project(modules, entry)]
    data = [entry for entry in rest if editable.belongs_to_package(modules, entry)]
    plain = [entry for entry in rest if entry not in data]
    if inputs.bindings.kind == "bin":
        found = editable.entries(modules, plan.name, (), mode=editable.REDIRECT, data=data)
        return WheelFiles(entries=(*plain, *found, *compiled))
    rebuild: editable.Rebuild | None = None
    warnings: tuple[Advice, ...] = ()
    if options.editable_rebuild:
        command, warnings = rebuild_command(inputs, wheel)
        rebuild = editable.Rebuild(command=command, cwd=inputs.project.cwd)
    found = editable.entries(modules, plan.name, compiled, mode=options.editable_mode, rebuild=rebuild, data=data)
    return WheelFiles(
        entries=(*plain, *found),
        in_project=(*compiled, *data) if options.editable_mode == editable.INPLACE else (),
        warnings=warnings,
    )


def binding_entries(
    inputs: Inputs, plan: BuildPlan, wheel: WheelPlan, project: ProjectFiles, parts: CompiledParts
) -> tuple[Entry, ...]:
    """Return the compiled files, and what the project's bindings need around them."""
    modules, target_os, stub = inputs.modules, plan.target.os, project.stub
    named = [(path.name, path) for path in parts.files]
    first = parts.files[0]
    match inputs.bindings.kind:
        case "bin" if target_os == "wasi":
            return wasi.entries(named, package=normalise_distribution(plan.name))
        case "bin":
            return programs.entries(named, data_dir=data_dir_name(plan.name, plan.version))
        case "cffi":
            return cffi.entries(modules, first, ffi_source=parts.ffi_source, target_os=target_os, stub=stub)
        case "uniffi":
            return uniffi.entries(
                modules, first, modules=parts.modules, settings=project.settings, target_os=target_os, stub=stub
            )
        case _:
            assert wheel.module_file is not None, "a plan for an extension module names its file"
            return pyo3.entries(modules, first, wheel.module_file, stub=stub)


def rebuild_command(inputs: Inputs, wheel: WheelPlan) -> tuple[tuple[str, ...], tuple[Advice, ...]]:
    """Return the command that compiles as this build does, whatever variables there are when it is run.

    Values that may hold secrets are not in it; there is a warning for each.
    """
    options = inputs.options
    python = wheel.interpreter.executable if wheel.interpreter is not None else None
    kept = [value for value in options.config if redaction.redact_assignment(value) == value]
    extra = () if any(word.startswith("--config") for word in options.cargo_extra_args) else options.cargo_extra_args
    secret = [f"--config {redaction.redact_assignment(value)}" for value in options.config if value not in kept]
    warnings = tuple(
        Advice(
            text=f"{text} does not count when an import compiles again: it may hold a secret, and is not stored",
            hint="write it in a configuration file of cargo",
        )
        for text in (*secret, *(["--cargo-extra-args"] if extra != options.cargo_extra_args else []))
    )
    switches = {
        "--all-features": options.all_features,
        "--no-default-features": options.no_default_features,
        "--locked": options.locked,
        "--offline": options.offline,
        "--frozen": options.frozen,
        "--strip": options.strip,
    }
    command = (
        *(sys.executable, "-m", "cratewheel", "rebuild"),
        *("--manifest-path", str(inputs.project.manifest.path)),
        *(("--interpreter", str(python)) if python is not None else ()),
        *(("--release",) if options.release else ("--profile", options.profile) if options.profile else ()),
        *(word for name in options.features for word in ("--features", name.name) if not name.conditional),
        *("--target-dir", str(inputs.cargo.target_directory)),
        *(flag for flag, on in switches.items() if on),
        *(word for value in options.unstable_flags for word in ("-Z", value)),
        *(word for value in kept for word in ("--config", value)),
        *((f"--cargo-extra-args={shlex.join(extra)}",) if extra else ()),
        *((f"--rustc-extra-args={shlex.join(rustc)}",) if (rustc := _rustc_words(options)) else ()),
    )  # fmt: skip
    return command, warnings


def _rustc_words(options: Options) -> tuple[str, ...]:
    return (*options.rustc_args, *options.rustc_extra_args)
