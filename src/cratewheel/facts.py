"""The last facts before deciding: options, project, compiler and interpreters, gathered for a plan."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Literal

from cratewheel import project as project_reader
from cratewheel.bindings.detect import Bindings
from cratewheel.cargo import query
from cratewheel.cargo.command import CargoOptions, extra_value, resolution_flags
from cratewheel.cargo.model import CargoMetadata
from cratewheel.cargo.query import Rustc
from cratewheel.cross import system as target_system
from cratewheel.cross import toolchain
from cratewheel.cross.system import NO_VERSIONS, System
from cratewheel.errors import ConfigError, InterpreterError, UsageError
from cratewheel.frozen import dataclass, field, replace
from cratewheel.interpreter import discover, foreign
from cratewheel.interpreter.model import Interpreter
from cratewheel.modules import ModuleLayout
from cratewheel.options.model import Options
from cratewheel.options.resolve import Flags
from cratewheel.project import Project, cargo_features
from cratewheel.sources import Sources, read_options
from cratewheel.tags.target import UNIVERSAL2, Target
from cratewheel.tags.target import parse as parse_target
from cratewheel.ui import Ui

InterpreterNeed = Literal["all", "one", "none"]

# Variables by which pyo3 is told of a Python that is not started: with one of them, ours is not looked for either.
DESCRIBED_PYTHON = (
    "PYO3_CONFIG_FILE",
    "PYO3_CROSS",
    "PYO3_CROSS_LIB_DIR",
    "PYO3_CROSS_PYTHON_VERSION",
    "PYO3_CROSS_PYTHON_IMPLEMENTATION",
)
# Variables whose flags make cargo pass over those of its configuration files, the strongest first; see
# https://doc.rust-lang.org/cargo/reference/config.html#buildrustflags
RUSTFLAGS = ("CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a plan for one target is decided from.

    `foreign` says that the Pythons of the target cannot be started here, or are not to be: they are `described` by the
    variables of that name, or known from a table. `rustflags` are the user's own, by the variable that holds them;
    `configured_rustflags` those of cargo's configuration, where flags of ours for the target would hide them.
    `host_platform` is `_PYTHON_HOST_PLATFORM`, which overrides tags.
    """

    options: Options
    project: Project
    rustc: Rustc
    target: Target
    interpreters: tuple[Interpreter, ...]
    system: System = NO_VERSIONS
    foreign: bool = False
    described: Mapping[str, str] = field(default_factory=dict)
    rustflags: tuple[str, str] | None = None
    configured_rustflags: tuple[str, ...] = ()
    host_platform: str | None = None

    @property
    def cross(self) -> bool:
        """Whether rustc compiles for another triple than its own."""
        return self.target.triple != self.rustc.host


@dataclass(frozen=True, slots=True, kw_only=True)
class SdistFacts:
    """All that the content of a source distribution is decided from: no interpreter, and every platform's crates."""

    options: Options
    sources: Sources
    cargo: CargoMetadata
    modules: ModuleLayout


def gather_sdist(options: Options, sources: Sources, *, environ: Mapping[str, str], ui: Ui) -> SdistFacts:
    """Return the facts for a source distribution: the crates of every platform, with every feature on.

    Raises `ConfigError` when there is no pyproject.toml, `ProcessError` when cargo fails.
    """
    if sources.pyproject is None:
        raise ConfigError(
            f"{sources.root} has no pyproject.toml, which a source distribution needs",
            hint='add one with a [build-system] table: `requires = ["cratewheel"]`, `build-backend = "cratewheel"`',
        )
    chosen = replace(cargo_options(options), features=(), all_features=True, no_default_features=False, extra=())
    cargo = query.metadata(resolution_flags(chosen), sources.manifest.path, environ, ui)
    modules = project_reader.read_modules(sources, options, binary=True)
    return SdistFacts(options=options, sources=sources, cargo=cargo, modules=modules)


def gather(flags: Flags, *, environ: Mapping[str, str], cwd: Path, ui: Ui) -> Facts:
    """Return the facts for a build that `flags` ask for, saying what was found; of several targets, for the first.

    Raises every error that a project, its options, cargo or an interpreter can cause before compiling.
    """
    return gather_each(flags, environ=environ, cwd=cwd, ui=ui, only_first=True)[0]


def gather_each(
    flags: Flags, *, environ: Mapping[str, str], cwd: Path, ui: Ui, only_first: bool = False
) -> tuple[Facts, ...]:
    """Return the facts for each target that `flags` ask for, in their order; raises as `gather` does."""
    options, sources = read_options(flags, environ=environ, cwd=cwd, ui=ui)
    triples = dict.fromkeys(options.target) or {"": None}
    chosen = [replace(options, target=(triple,) if triple else ()) for triple in triples]
    return tuple(gather_for(each, sources, environ=environ, ui=ui) for each in (chosen[:1] if only_first else chosen))


def gather_for(options: Options, sources: Sources, *, environ: Mapping[str, str], ui: Ui) -> Facts:
    """Return the facts for a build with options that are decided, for at most one target; raises as `gather` does."""
    options = _with_writable_target(options, sources, environ, ui)
    refuse_hidden_target(options)
    rustc = query.rustc(environ)
    target, options = choose_target(options, rustc.host, environ)
    described = {name: environ[name] for name in DESCRIBED_PYTHON if environ.get(name)}
    is_foreign = foreign.is_foreign(target, parse_target(rustc.host)) or bool(described)
    project = project_reader.read(sources, options, cargo_options(options), target, environ, ui)
    say_project(project, options, ui)
    if is_foreign and project.bindings.per_interpreter:
        interpreters = find_foreign(project, options, target, environ, ui)
    else:
        interpreters = find_interpreters(project, options, environ, ui)
    for interpreter in interpreters:
        if interpreter.executable:
            ui.step("Python", f"{interpreter.display} at {interpreter.executable}")
    unseen = [interpreter for interpreter in interpreters if not interpreter.executable]
    if unseen:
        names = ", ".join(interpreter.display for interpreter in unseen)
        ui.step("Python", f"{names}, from {unseen[0].source}")
    chosen_macos = next((one for one in options.target_options if one.triple == target.triple), None)
    return Facts(
        options=options,
        project=project,
        rustc=rustc,
        target=target,
        interpreters=interpreters,
        system=target_system.read(
            target,
            native=target.triple == rustc.host,
            project_macos=chosen_macos.macos_deployment_target if chosen_macos else None,
            environ=environ,
        ),
        foreign=is_foreign,
        described=described,
        rustflags=next(((name, environ[name]) for name in RUSTFLAGS if environ.get(name)), None),
        configured_rustflags=_configured_rustflags(target, sources, environ),
        host_platform=environ.get("_PYTHON_HOST_PLATFORM") or None,
    )


def _configured_rustflags(target: Target, sources: Sources, environ: Mapping[str, str]) -> tuple[str, ...]:
    if not target.is_musl:  # no other target gets flags for every crate from us
        return ()
    return toolchain.build_rustflags(target, environ, sources.manifest.path.parent)


def choose_target(options: Options, host: str, environ: Mapping[str, str]) -> tuple[Target, Options]:
    """Return what to build for, and the options with its triple where cargo must be told of it.

    That is --target, else what ARCHFLAGS asks for on macOS, as setuptools reads it, else this machine. `--universal2`
    makes both processors of one of macOS. Raises `UnsupportedError` for a triple that no wheel can be for.
    """
    triple = options.target[0] if options.target else _archflags_target(host, environ)
    target = parse_target(triple or host)
    if options.universal2 and target.os == "macos":
        triple, target = UNIVERSAL2, parse_target(UNIVERSAL2)
    return target, replace(options, target=(triple,) if triple else ())


def _archflags_target(host: str, environ: Mapping[str, str]) -> str | None:
    words = environ.get("ARCHFLAGS", "").split()
    named = {arch for flag, arch in pairwise(words) if flag == "-arch"}
    if not host.endswith("-apple-darwin") or not named:
        return None
    triples = {"x86_64": "x86_64-apple-darwin", "arm64": "aarch64-apple-darwin"}
    unknown = sorted(named - triples.keys())
    if unknown:
        raise UsageError(f"ARCHFLAGS names {', '.join(unknown)}, which is neither x86_64 nor arm64", hint="correct it")
    if len(named) == 2:
        return UNIVERSAL2
    (triple,) = (triples[arch] for arch in named)
    return triple if triple != host else None


def find_foreign(
    project: Project, options: Options, target: Target, environ: Mapping[str, str], ui: Ui
) -> tuple[Interpreter, ...]:
    """Return the interpreters of a system that is not here: described by variables, or known from a table.

    Raises `InterpreterError` when a word names none of them, or there is none that fits.
    """
    return foreign.find(
        options.interpreter,
        target=target,
        supported=project.bindings.supported,
        requires_python=project.sources.metadata.requires_python,
        environ=environ,
        ui=ui,
        none_is_fine=any(abi.kind == "abi3" and abi.minimum for abi in project.bindings.stable_abi),
    )


def _with_writable_target(options: Options, sources: Sources, environ: Mapping[str, str], ui: Ui) -> Options:
    """Return the options with a target directory elsewhere, where the project cannot be written: the same each time."""
    root = sources.manifest.workspace_root
    if options.target_dir is not None or environ.get("CARGO_TARGET_DIR") or os.access(root, os.W_OK):
        return options
    name = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    folder = (cache_dir(environ) or Path(tempfile.gettempdir(), "cratewheel")) / "target" / name
    ui.warn(f"{root} cannot be written: cargo compiles in {folder}")
    return replace(options, target_dir=folder)


def find_interpreters(
    project: Project, options: Options, environ: Mapping[str, str], ui: Ui
) -> tuple[Interpreter, ...]:
    """Return the interpreters that take part: those named, or all that fit the project.

    Raises `InterpreterError` when one that was named is missing or unfit, or there are more than the bindings take.
    """
    need = interpreters_needed(project.bindings)
    if need == "none" and not options.interpreter:
        return ()
    if need == "one" and not options.interpreter:
        return (discover.default_python(environ=environ, cache_dir=cache_dir(environ), ui=ui),)
    found = discover.find(
        options.interpreter,
        supported=project.bindings.supported,
        requires_python=project.sources.metadata.requires_python,
        environ=environ,
        cache_dir=cache_dir(environ),
        ui=ui,
        none_is_fine=any(abi.kind == "abi3" and abi.minimum for abi in project.bindings.stable_abi),
    )
    if need != "all" and len(found) > 1:
        raise InterpreterError(
            f"{project.bindings.kind} bindings make one wheel for all Pythons, and {len(found)} were named",
            hint="name one with -i, or none",
        )
    return found


def interpreters_needed(bindings: Bindings) -> InterpreterNeed:
    """Return how many interpreters take part: all that fit, exactly one (to make cffi's module), or none."""
    if bindings.per_interpreter:
        return "all"
    return "one" if bindings.kind == "cffi" else "none"


def cache_dir(environ: Mapping[str, str]) -> Path | None:
    """Return the folder for what may be forgotten (XDG Base Directory specification), or None without a home."""
    base = environ.get("XDG_CACHE_HOME") or environ.get("LOCALAPPDATA")
    if base:
        return Path(base) / "cratewheel"
    home = environ.get("HOME")
    return Path(home) / ".cache" / "cratewheel" if home else None


def say_project(project: Project, options: Options, ui: Ui) -> None:
    """Say what was found of the project: bindings, layout, and where each setting came from."""
    ui.step("Bindings", str(project.bindings))
    modules = project.modules
    layout = f"with Python packages in {modules.python_source}" if modules.mixed else "without Python sources"
    ui.step("Module", f"{modules.module_name}, {layout}")
    for note in project.sources.metadata.notes:
        ui.detail(note)
    keys = [f"{name.replace('_', '-')} ({origin})" for name, origin in options.origins.items() if origin.kind != "flag"]
    if keys:
        ui.step("Settings", ", ".join(keys))


def refuse_hidden_target(options: Options) -> None:
    """Raise `UsageError` when the target stands where we do not look for it, before anything else is done."""
    extra_target = extra_value(options.cargo_extra_args, "--target")
    if extra_target is not None:
        raise UsageError(
            "--target stands among the extra cargo arguments", hint=f"give it to cratewheel: --target {extra_target}"
        )


def _is_flag(options: Options, name: str) -> bool:
    origin = options.origins.get(name)
    return origin is not None and origin.kind == "flag"


def cargo_options(options: Options) -> CargoOptions:
    """Return what cargo is told for every interpreter."""
    profile = options.profile
    if options.editable and options.editable_profile and not _is_flag(options, "profile"):
        profile = options.editable_profile
    if options.release:
        # a profile among the extra arguments is the user's last word
        profile = None if extra_value(options.cargo_extra_args, "--profile") else "release"
    return CargoOptions(
        profile=profile,
        jobs=options.jobs,
        features=cargo_features(options),
        all_features=options.all_features,
        no_default_features=options.no_default_features,
        target=options.target[0] if options.target else None,
        target_dir=options.target_dir,
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
