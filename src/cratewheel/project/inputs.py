"""The last facts before deciding: options, project, compiler and interpreters, gathered for a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from cratewheel.bindings.detect import PYO3_CRATES, Bindings, features_for
from cratewheel.cargo.command import config_values
from cratewheel.cargo.model import CargoMetadata
from cratewheel.cargo.query import Rustc
from cratewheel.errors import InterpreterError
from cratewheel.interpreter import discover, foreign
from cratewheel.interpreter.model import Interpreter
from cratewheel.options.model import Options
from cratewheel.options.resolve import Flags
from cratewheel.project import pyproject
from cratewheel.project import reading as project_reader
from cratewheel.project.cargo_metadata import Resolution, asking, asking_every_crate, conditional_features
from cratewheel.project.python_layout import ModuleLayout
from cratewheel.project.reading import Project
from cratewheel.project.sources import ProjectFiles, Sources, read_options, read_sources
from cratewheel.system.machine import cache_dir
from cratewheel.targets import system_versions as target_system
from cratewheel.targets import toolchain
from cratewheel.targets.system_versions import NO_VERSIONS, System
from cratewheel.targets.triples import Target, is_foreign
from cratewheel.targets.triples import parse as parse_target
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
# What of pyo3-build-config needs the interpreter itself, and where it is.
INTERPRETER_KEYS = (
    "run_python_script", "executable", "lib_dir", "lib_name", "shared", "python_framework", "libpython_rpath",
)  # fmt: skip
# Variables whose flags make cargo pass over those of its configuration files, the strongest first; see
# https://doc.rust-lang.org/cargo/reference/config.html#buildrustflags
RUSTFLAGS = ("CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a plan for one target is decided from.

    `foreign` says that the Pythons of the target cannot be started here, or are not to be: they are `described` by the
    variables of that name, or known from a table. `rustflags` are the user's own, by the variable that holds them;
    `configured_rustflags` those of cargo's configuration, where flags of ours for the target would hide them.
    `abi3_forced` says that pyo3 is to use the stable ABI whatever its features are, for a Python newer than it knows;
    `others_read_pyo3_config` that a build script asks pyo3 where the interpreter is, and the like.
    `conditional_bindings` are the bindings of builds with conditional features, by the names of these.
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
    abi3_forced: bool = False
    others_read_pyo3_config: bool = False
    conditional_bindings: Mapping[tuple[str, ...], Bindings] = field(default_factory=dict)

    def features_of(self, interpreter: Interpreter | None) -> tuple[str, ...]:
        """Return the conditional features that a build for this interpreter has."""
        return _features_of(self.options, interpreter)

    def bindings_of(self, interpreter: Interpreter | None) -> Bindings:
        """Return the bindings as a build for this interpreter has them."""
        return self.conditional_bindings.get(self.features_of(interpreter), self.project.bindings)

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


def gather_sdist(options: Options, files: ProjectFiles, *, environ: Mapping[str, str], ui: Ui) -> SdistFacts:
    """Return the facts for a source distribution: the crates of every platform, with every feature on.

    Raises `ConfigError` when there is no pyproject.toml, `ProcessError` when cargo fails.
    """
    if files.pyproject is None:
        raise pyproject.absent(files.location.root)
    with asking_every_crate(options, files, environ=environ, ui=ui) as cargo:
        sources = read_sources(files, ui)
        modules = project_reader.read_modules(sources, options, binary=True)
        return SdistFacts(options=options, sources=sources, cargo=cargo.result(), modules=modules)


def gather_each(
    flags: Flags, *, environ: Mapping[str, str], cwd: Path, ui: Ui, folder: Path | None = None
) -> tuple[Facts, ...]:
    """Return the facts for each target that `flags` ask for, in their order, saying what was found.

    The project is the one in `folder`, which is `cwd` unless given.

    Raises every error that a project, its options, cargo or an interpreter can cause before compiling.
    """
    options, files = read_options(flags, environ=environ, cwd=cwd, ui=ui, folder=folder)
    with asking(options, files, environ=environ, ui=ui) as answers:
        sources = read_sources(files, ui)
        return tuple(gather(answer, sources, environ=environ, ui=ui) for answer in answers.result())


def gather_first(flags: Flags, *, environ: Mapping[str, str], cwd: Path, ui: Ui) -> Facts:
    """Return the facts for the first of the targets that `flags` ask for; raises as `gather_each` does."""
    options, files = read_options(flags, environ=environ, cwd=cwd, ui=ui)
    with asking(replace(options, target=options.target[:1]), files, environ=environ, ui=ui) as answers:
        return gather(answers.result()[0], read_sources(files, ui), environ=environ, ui=ui)


def gather(resolution: Resolution, sources: Sources, *, environ: Mapping[str, str], ui: Ui) -> Facts:
    """Return the facts for a build for one target, saying what was found.

    Raises `ConfigError` when bindings or layout cannot be determined, `InterpreterError` when an interpreter is missing
    or unfit.
    """
    options, target, rustc = resolution.options, resolution.target, resolution.rustc
    described = {name: environ[name] for name in DESCRIBED_PYTHON if environ.get(name)}
    elsewhere = is_foreign(target, parse_target(rustc.host)) or bool(described)
    project = project_reader.read(sources, resolution, environ)
    say_project(project, options, ui)
    if elsewhere and project.bindings.per_interpreter:
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
            cwd=sources.location.cwd,
        ),
        foreign=elsewhere,
        described=described,
        rustflags=next(((name, environ[name]) for name in RUSTFLAGS if environ.get(name)), None),
        configured_rustflags=_configured_rustflags(target, options, sources, environ),
        host_platform=environ.get("_PYTHON_HOST_PLATFORM") or None,
        abi3_forced=environ.get("PYO3_USE_ABI3_FORWARD_COMPATIBILITY") == "1",
        others_read_pyo3_config=reads_interpreter(resolution.cargo),
        conditional_bindings=_conditional_bindings(resolution, project, interpreters, environ),
    )


def reads_interpreter(cargo: CargoMetadata) -> bool:
    """Return whether the build script of a crate that is not pyo3's asks for what our description does not hold."""
    askers = (
        cargo.packages[package]
        for package in cargo.closure()
        for edge in cargo.nodes[package].dependencies
        if cargo.packages[edge.package].name == "pyo3-build-config" and "build" in edge.kinds
    )
    scripts = (
        target.source
        for package in askers
        if package.name not in PYO3_CRATES
        for target in package.targets
        if "custom-build" in target.kinds
    )
    return any(_asks_for_interpreter(script) for script in scripts)


def _asks_for_interpreter(script: Path) -> bool:
    try:
        text = script.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return any(name in text for name in INTERPRETER_KEYS)


def _features_of(options: Options, interpreter: Interpreter | None) -> tuple[str, ...]:
    return features_for(conditional_features(options), interpreter) if interpreter is not None else ()


def _conditional_bindings(
    resolution: Resolution, project: Project, interpreters: tuple[Interpreter, ...], environ: Mapping[str, str]
) -> Mapping[tuple[str, ...], Bindings]:
    if not conditional_features(resolution.options):
        return {}
    choices = [_features_of(resolution.options, interpreter) for interpreter in interpreters]
    return project_reader.bindings_with(resolution, choices, project.bindings, environ)


def _configured_rustflags(
    target: Target, options: Options, sources: Sources, environ: Mapping[str, str]
) -> tuple[str, ...]:
    if not target.is_musl:  # no other target gets flags for every crate from us
        return ()
    flags = config_values(options.config, options.cargo_extra_args)
    return toolchain.build_rustflags(target, flags, environ, sources.location.cwd)


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
