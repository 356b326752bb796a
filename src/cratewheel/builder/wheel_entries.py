"""Lays out the files of a wheel: the project's files, the compiled files, and the package for the bindings.

`read_project_files` reads the project, and `wheel_files` lays out the files; `list-files` passes placeholders for
compiled files. Nothing here writes files or starts programs.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from cratewheel.archive.layout import Entry, FromFile
from cratewheel.bindings import binary as programs
from cratewheel.bindings import cffi, pyo3, uniffi, wasi
from cratewheel.contents import wheel as wheel_contents
from cratewheel.contents.build_outputs import build_folders
from cratewheel.contents.missing_modules import missing_entry_points, missing_modules
from cratewheel.contents.own_archives import without_archives
from cratewheel.contents.portable_names import name_warnings
from cratewheel.contents.stubs import is_generated, place_stubs
from cratewheel.options.model import Options
from cratewheel.options.values import Include
from cratewheel.planning.model import ArtifactPlan, BuildPlan, WheelPlan
from cratewheel.project.artifacts import split_path
from cratewheel.project.inputs import Inputs
from cratewheel.system import redaction
from cratewheel.targets.wheel_tags import data_dir_name, normalise_distribution

LIBRARY = "the compiled library that Python does not import"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A warning and its hint."""

    text: str
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFiles:
    """The project's files about one artifact: the stub of its module, and the content of its `uniffi.toml`."""

    stub: FromFile | None = None
    settings: uniffi.Settings = field(default_factory=uniffi.Settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFiles:
    """The files of a project that go into a wheel.

    `own` has what is of one artifact, by the index of the listed one. `generated_stubs` are the paths of stubs that an
    earlier build generated, which are replaced.
    """

    installed: tuple[Entry, ...]
    own: Mapping[int | None, OwnFiles] = field(default_factory=dict)
    warnings: tuple[Advice, ...] = ()
    generated_stubs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledParts:
    """The output of the compiler and of the bindings' generators for one artifact.

    `file` is the compiled file; `companions` are requested files that the linker wrote next to it;
    `ffi_source` is the output of cffi, `modules` the files from uniffi-bindgen, and `stubs` the type stubs of
    the module, by their paths in its package.
    """

    file: Path
    companions: tuple[Entry, ...] = ()
    ffi_source: str = ""
    modules: tuple[Path, ...] = ()
    stubs: Mapping[PurePosixPath, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelFiles:
    """All files of a wheel except its dist-info; those `in_project` are written into the project, not installed."""

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
    environ: Mapping[str, str],
) -> ProjectFiles:
    """Return the project's files at their paths in a wheel, with warnings about patterns without matches.

    `skips` says which dangling links to skip, `tracked` which files git tracks although they are
    ignored. Raises `ConfigError` for what cannot be packed.
    """
    project, options, modules = inputs.project, inputs.options, inputs.modules
    root, roots = project.root, project.roots
    built = build_folders(inputs.cargo, options, project.cwd, environ)
    included, in_vain = wheel_contents.include_entries(
        root,
        modules,
        includes,
        roots=roots,
        skips=skips,
        out_dirs=out_dirs,
        root_crate=inputs.project.manifest.name,
        built=built,
    )
    gathered = [*wheel_contents.python_entries(modules, root, roots, tracked, skips=skips, built=built), *included]
    data_dir = data_dir_name(plan.name, plan.version)
    found = [
        *wheel_contents.apply_excludes(gathered, root, options.exclude, "wheel"),
        *wheel_contents.data_entries(modules, data_dir, roots=roots, skips=skips),
    ]
    installed, of_archives = without_archives(found, normalise_distribution(plan.name))
    texts = (
        *wheel_contents.python_warnings(modules, gathered),
        *in_vain,
        *wheel_contents.exclude_warnings(root, options.exclude, "wheel", found),
        *of_archives,
    )
    packed = {entry.path: entry.source.path for entry in gathered if isinstance(entry.source, FromFile)}
    missing = missing_modules(modules, root, packed, inputs.metadata.entry_points)
    of_names = name_warnings((entry.path for entry in installed), case=plan.target.os != "linux")
    return ProjectFiles(
        installed=tuple(installed),
        generated_stubs=_generated_stubs(installed) if options.generate_stubs else frozenset(),
        own={part: _read_own(one) for part, one in inputs.artifacts},
        warnings=(*(Advice(text=text) for text in texts), *_advice((*missing, *of_names))),
    )


def _advice(warnings: Iterable[tuple[str, str]]) -> tuple[Advice, ...]:
    return tuple(Advice(text=text, hint=hint) for text, hint in warnings)


def _read_own(inputs: Inputs) -> OwnFiles:
    project = inputs.project
    return OwnFiles(
        stub=wheel_contents.find_stub(inputs.modules, project.root, project.roots),
        settings=uniffi.read_settings(project.manifest.directory, project.roots)
        if inputs.bindings.kind == "uniffi"
        else uniffi.Settings(),
    )


def _generated_stubs(installed: Iterable[Entry]) -> frozenset[str]:
    stubs = ((entry.path, entry.source) for entry in installed if entry.path.endswith(".pyi"))
    return frozenset(path for path, source in stubs if isinstance(source, FromFile) and is_generated(source.path))


def wheel_files(
    inputs: Inputs,
    plan: BuildPlan,
    wheel: WheelPlan,
    project: ProjectFiles,
    parts: Sequence[CompiledParts],
    *,
    only_compiled: bool = False,
) -> WheelFiles:
    """Return all files of the wheel except its dist-info; `parts` belong to its artifacts.

    With `only_compiled`, those of an editable install are the same: somebody else says where they are imported from.
    """
    compiled = [*binding_entries(inputs, plan, wheel, project, parts)]
    compiled += [companion for part in parts for companion in part.companions]
    installed = [entry for entry in project.installed if entry.path not in project.generated_stubs]
    stubs: tuple[Entry, ...] = ()
    warnings: tuple[Advice, ...] = ()
    for artifact, part in zip(wheel.artifacts, parts, strict=True):
        found, texts = stub_entries(inputs.of(artifact.part), part.stubs, [*installed, *compiled, *stubs])
        stubs = (*stubs, *found)
        warnings = (*warnings, *(Advice(text=text) for text in texts))
    if inputs.options.editable and not only_compiled and inputs.modules.has_python_files:
        files = _editable_files(inputs, plan, wheel, installed, compiled)
        # next to the module in the project, for editors and type checkers
        return replace(files, in_project=(*files.in_project, *stubs), warnings=(*files.warnings, *warnings))
    beside = wheel_contents.without_own_stubs(inputs.modules, compiled, installed)
    entries = (*installed, *beside, *stubs)
    references = "" if only_compiled else inputs.metadata.entry_points
    missing = missing_entry_points([entry.path for entry in entries], references)
    return WheelFiles(entries=entries, warnings=(*warnings, *_advice(missing)))


def stub_entries(
    inputs: Inputs, stubs: Mapping[PurePosixPath, str], others: Iterable[Entry]
) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """Return the generated type stubs at their paths, with warnings for those already in `others`."""
    return place_stubs(inputs.modules, stubs, [entry.path for entry in others]) if stubs else ((), ())


def _editable_files(
    inputs: Inputs, plan: BuildPlan, wheel: WheelPlan, installed: Iterable[Entry], compiled: list[Entry]
) -> WheelFiles:
    """Return the files of an editable install; Python files stay in the project."""
    from cratewheel.contents import editable

    options, modules = inputs.options, inputs.modules
    loaded, loose = _split_compiled(compiled)
    rest = [entry for entry in (*installed, *loose) if not editable.stays_in_project(modules, entry)]
    data = [entry for entry in rest if editable.belongs_to_package(modules, entry)]
    plain = [entry for entry in rest if entry not in data]
    if inputs.only_programs:
        found = editable.entries(modules, plan.name, (), mode=editable.REDIRECT, data=data)
        return WheelFiles(entries=(*plain, *found))
    rebuild: editable.Rebuild | None = None
    warnings: tuple[Advice, ...] = ()
    if options.editable_rebuild:
        command, warnings = rebuild_command(inputs, wheel)
        rebuild = editable.Rebuild(command=command, cwd=inputs.project.cwd)
    found = editable.entries(modules, plan.name, loaded, mode=options.editable_mode, rebuild=rebuild, data=data)
    return WheelFiles(
        entries=(*plain, *found),
        in_project=(*loaded, *data) if options.editable_mode == editable.INPLACE else (),
        warnings=warnings,
    )


def binding_entries(
    inputs: Inputs, plan: BuildPlan, wheel: WheelPlan, project: ProjectFiles, parts: Sequence[CompiledParts]
) -> tuple[Entry, ...]:
    """Return the compiled files, and the files that their bindings need."""
    pairs = list(zip(wheel.artifacts, parts, strict=True))
    commands = [(part.file.name, part.file) for artifact, part in pairs if artifact.is_command]
    found: list[Entry] = []
    if commands and plan.target.os == "wasi":
        found += wasi.entries(commands, package=normalise_distribution(plan.name))
    elif commands:
        found += programs.entries(commands, data_dir=data_dir_name(plan.name, plan.version))
    for artifact, part in pairs:
        if not artifact.is_command:
            own = project.own.get(artifact.part, OwnFiles())
            found += _loaded_entries(inputs.of(artifact.part), plan, artifact, own, part)
    return tuple(found)


def _loaded_entries(
    inputs: Inputs, plan: BuildPlan, artifact: ArtifactPlan, own: OwnFiles, parts: CompiledParts
) -> tuple[Entry, ...]:
    """Return the files of an artifact that is no command."""
    modules, target_os, file = inputs.modules, plan.target.os, parts.file
    match artifact.bindings.kind:
        case "bin" | "library":
            path = placed_path(artifact, file.name)
            why = programs.WHY if artifact.is_program else LIBRARY
            return (Entry(path=path, source=FromFile(path=str(file), executable=True), why=why),)
        case "cffi":
            return cffi.entries(modules, file, ffi_source=parts.ffi_source, target_os=target_os, stub=own.stub)
        case "uniffi":
            return uniffi.entries(
                modules, file, modules=parts.modules, settings=own.settings, target_os=target_os, stub=own.stub
            )
        case _:
            assert artifact.module_file is not None, "a plan for an extension module has its file name"
            return pyo3.entries(modules, file, artifact.module_file, stub=own.stub)


def placed_path(artifact: ArtifactPlan, file_name: str) -> str:
    """Return the place in the wheel of a program or library that says one; `file_name` is what cargo calls it."""
    assert artifact.path is not None, "others lie where their kind does"
    folder, name = split_path(artifact.path)
    return str(folder / (name or file_name))


def _split_compiled(compiled: Iterable[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Return the modules, which a finder finds in an editable install, and the programs and libraries."""
    loaded: list[Entry] = []
    loose: list[Entry] = []
    for entry in compiled:
        (loose if entry.why in (programs.WHY, LIBRARY) else loaded).append(entry)
    return loaded, loose


def rebuild_command(inputs: Inputs, wheel: WheelPlan) -> tuple[tuple[str, ...], tuple[Advice, ...]]:
    """Return the command that repeats this build, whatever the environment when it is run.

    Values that may contain secrets are not in it; each causes a warning.
    """
    options = inputs.options
    python = wheel.interpreter.executable if wheel.interpreter is not None else None
    kept = [value for value in options.config if redaction.redact_assignment(value) == value]
    extra = () if any(word.startswith("--config") for word in options.cargo_extra_args) else options.cargo_extra_args
    secret = [f"--config {redaction.redact_assignment(value)}" for value in options.config if value not in kept]
    warnings = tuple(
        Advice(
            text=f"{text} is not used for rebuilds on import: it may contain a secret, so it is not stored",
            hint="set it in cargo's configuration file",
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
        *(("--target", inputs.cargo_target) if inputs.cargo_target and not _is_of_cargo(options) else ()),
        *("--target-dir", str(inputs.cargo.target_directory)),
        *(flag for flag, on in switches.items() if on),
        *(word for value in options.unstable_flags for word in ("-Z", value)),
        *(word for value in kept for word in ("--config", value)),
        *((f"--cargo-extra-args={shlex.join(extra)}",) if extra else ()),
        *((f"--rustc-extra-args={shlex.join(rustc)}",) if (rustc := _rustc_arguments(options)) else ()),
    )  # fmt: skip
    return command, warnings


def _is_of_cargo(options: Options) -> bool:
    """Return whether the target is set in cargo's configuration, which counts for the next build as well."""
    origin = options.origins.get("target")
    return origin is not None and origin.kind == "cargo"


def _rustc_arguments(options: Options) -> tuple[str, ...]:
    return (*options.rustc_args, *options.rustc_extra_args)
