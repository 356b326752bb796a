"""Gathers the inputs of a plan: options, project, compiler and interpreters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cratewheel.bindings.combine import combine
from cratewheel.bindings.detect import Bindings, features_for
from cratewheel.cargo.command import config_values
from cratewheel.cargo.model import CargoMetadata
from cratewheel.cargo.query import Rustc
from cratewheel.events import Reporter
from cratewheel.interpreter.model import Interpreter
from cratewheel.options.model import Options
from cratewheel.options.values import Origin
from cratewheel.project import bindings as project_bindings
from cratewheel.project import pyproject
from cratewheel.project.artifacts import Part, describe, module_names, project_modules, read_parts
from cratewheel.project.cargo_metadata import (
    CargoAnswer,
    conditional_features,
    query_every_crate,
)
from cratewheel.project.hooks import STATE, HookState, hook_place, read_state
from cratewheel.project.interpreters import DESCRIBED_PYTHON, find_foreign, find_interpreters, reads_interpreter
from cratewheel.project.metadata import CoreMetadata
from cratewheel.project.python_layout import ModuleLayout, place_module, read_modules
from cratewheel.project.read import Project, read_metadata, warn_of_unread_config
from cratewheel.project.request import Request, read_project, resolve_options
from cratewheel.project.split_debuginfo import SplitDebuginfo, read_split_debuginfo
from cratewheel.system.files.json_cache import JsonCache
from cratewheel.targets import system_versions, toolchain
from cratewheel.targets.system_versions import NO_VERSIONS, System
from cratewheel.targets.triples import Target, is_foreign
from cratewheel.targets.triples import parse as parse_target

# Variables whose flags make cargo pass over those of its configuration files, the strongest first; see
# https://doc.rust-lang.org/cargo/reference/config.html#buildrustflags
RUSTFLAGS = ("CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The inputs of a plan for one target.

    `cargo_target` is the triple of the target where cargo must be told of it. `foreign` says that the Pythons of the
    target cannot be started here, or are not to be: they are `described` by the variables of that name, or known from a
    table. `rustflags` are the user's own, by the variable that holds them;
    `configured_rustflags` those of cargo's configuration, where flags of ours for the target would hide them.
    `split_debuginfo` is read where a wheel is to have debug information.
    `abi3_forced` says that pyo3 is to use the stable ABI whatever its features are, for a Python newer than it knows;
    `others_read_pyo3_config` that a build script asks pyo3 where the interpreter is, and the like.
    `conditional_bindings` are the bindings of builds with conditional features, by the names of these.
    `hooks` are those of the project, with what is known of their last runs. `host_platform` is `_PYTHON_HOST_PLATFORM`,
    which overrides tags. `parts` are the artifacts that the project lists; then `bindings` are those of the wheel as a
    whole. `part` is the one that these inputs are of. `pure` says that nothing is compiled; then `cargo` and `rustc`
    may be unread.
    """

    options: Options
    project: Project
    metadata: CoreMetadata
    modules: ModuleLayout
    cargo: CargoMetadata
    bindings: Bindings
    rustc: Rustc
    target: Target
    cargo_target: str | None
    interpreters: tuple[Interpreter, ...]
    system: System = NO_VERSIONS
    foreign: bool = False
    described: Mapping[str, str] = field(default_factory=dict)
    rustflags: tuple[str, str] | None = None
    configured_rustflags: tuple[str, ...] = ()
    split_debuginfo: SplitDebuginfo = field(default_factory=SplitDebuginfo)
    host_platform: str | None = None
    abi3_forced: bool = False
    others_read_pyo3_config: bool = False
    conditional_bindings: Mapping[tuple[str, ...], Bindings] = field(default_factory=dict)
    hooks: tuple[HookState, ...] = ()
    parts: tuple[Part, ...] = ()
    part: Part | None = None
    pure: bool = False

    def of(self, part: int | None) -> Inputs:
        """Return the inputs as those of a project with one artifact: that at the index `part`; None is the project."""
        if part is None:
            return self
        one = self.parts[part]
        return replace(
            self,
            options=one.options,
            project=one.project,
            modules=one.modules,
            cargo=one.cargo,
            bindings=one.bindings,
            conditional_bindings=one.conditional_bindings,
            others_read_pyo3_config=reads_interpreter(one.cargo),
            parts=(),
            part=one,
        )

    @property
    def artifacts(self) -> tuple[tuple[int | None, Inputs], ...]:
        """The inputs of each listed artifact with its index, or the project itself."""
        if self.pure:
            return ()
        return tuple((at, self.of(at)) for at in range(len(self.parts))) or ((None, self),)

    @property
    def only_programs(self) -> bool:
        """Whether the wheel has programs, and nothing that Python loads."""
        return all(one.bindings.kind == "bin" for _, one in self.artifacts)

    def is_elsewhere(self, interpreter: Interpreter | None) -> bool:
        """Return whether pyo3 must be told of this Python, which cannot be started: as all of another system."""
        return self.foreign or (interpreter is not None and interpreter.executable is None)

    def features_of(self, interpreter: Interpreter | None) -> tuple[str, ...]:
        """Return the conditional features of a build for this interpreter."""
        return _conditional(self.options, interpreter)

    def bindings_of(self, interpreter: Interpreter | None) -> Bindings:
        """Return the bindings of a build for this interpreter."""
        if self.parts:
            return combine([one.bindings_of(interpreter) for _, one in self.artifacts])
        return self.conditional_bindings.get(self.features_of(interpreter), self.bindings)

    @property
    def cross(self) -> bool:
        """Whether rustc compiles for another triple than its own."""
        return self.target.triple != self.rustc.host


@dataclass(frozen=True, slots=True, kw_only=True)
class SdistInputs:
    """The inputs of a source distribution: no interpreter, and the crates for every platform."""

    options: Options
    project: Project
    metadata: CoreMetadata
    modules: ModuleLayout
    cargo: CargoMetadata


def gather(
    answers: tuple[CargoAnswer, ...],
    options: Options,
    project: Project,
    metadata: CoreMetadata,
    environ: Mapping[str, str],
    reporter: Reporter,
) -> tuple[Inputs, ...]:
    """Return the inputs for each target that the answers of `query_cargo` are for.

    Raises every error that a project, its options, cargo or an interpreter can cause before compiling.
    """
    return tuple(_for_target(answer, options, project, metadata, environ, reporter) for answer in answers)


def gather_sdist(request: Request, reporter: Reporter) -> SdistInputs:
    """Return the inputs for a source distribution: the crates for every platform, with every feature.

    Raises `ConfigError` when there is no pyproject.toml, `ProcessError` when cargo fails.
    """
    project = read_project(request)
    options = resolve_options(request, project, reporter, compiles=False)
    warn_of_unread_config(project, request.environ, reporter)
    return gather_sdist_of(project, options, environ=request.environ, reporter=reporter, metadata=request.metadata)


def gather_sdist_of(
    project: Project,
    options: Options,
    *,
    environ: Mapping[str, str],
    reporter: Reporter,
    metadata: CoreMetadata | None = None,
) -> SdistInputs:
    """Return the inputs for the source distribution of a project that has been read; raises as `gather_sdist` does.

    The `metadata` is read from the project's files unless it is given.
    """
    if project.pyproject is None:
        raise pyproject.missing_error(project.root)
    # first: cargo may write Cargo.lock, which changes what git says of the checkout
    metadata = metadata or read_metadata(project, reporter, environ=environ, build_state="sdist")
    cargo = query_every_crate(options, project, environ=environ, reporter=reporter)
    return SdistInputs(
        options=options,
        project=project,
        metadata=metadata,
        modules=_sdist_modules(project, options, cargo),
        cargo=cargo,
    )


def _for_target(
    answer: CargoAnswer,
    options: Options,
    project: Project,
    metadata: CoreMetadata,
    environ: Mapping[str, str],
    reporter: Reporter,
) -> Inputs:
    target, rustc = answer.target, answer.rustc
    parts = read_parts(answer, options, project, environ=environ, reporter=reporter)
    bindings = _read_bindings(answer, options, parts, environ)
    described = {name: environ[name] for name in DESCRIBED_PYTHON if environ.get(name)}
    elsewhere = is_foreign(target, parse_target(rustc.host)) or bool(described)
    find = find_foreign if elsewhere and bindings.per_interpreter else find_interpreters
    interpreters = find(bindings, metadata, options, target, environ, reporter)
    chosen_macos = {one.triple: one.macos_deployment_target for one in options.target_options}
    return Inputs(
        options=options,
        project=project,
        metadata=metadata,
        modules=_read_modules(project, options, bindings, parts),
        cargo=answer.cargo,
        bindings=bindings,
        rustc=rustc,
        target=target,
        cargo_target=answer.triple,
        interpreters=interpreters,
        system=system_versions.read_system(
            target,
            native=target.triple == rustc.host,
            project_macos={triple: version for triple, version in chosen_macos.items() if version is not None},
            environ=environ,
            cwd=project.cwd,
            config=config_values(options.config, options.cargo_extra_args),
        ),
        foreign=elsewhere,
        described=described,
        rustflags=next(((name, environ[name]) for name in RUSTFLAGS if environ.get(name)), None),
        configured_rustflags=_configured_rustflags(target, options, project, environ),
        split_debuginfo=read_split_debuginfo(answer, options, environ)
        if options.include_debuginfo
        else SplitDebuginfo(),
        host_platform=environ.get("_PYTHON_HOST_PLATFORM") or None,
        abi3_forced=environ.get("PYO3_USE_ABI3_FORWARD_COMPATIBILITY") == "1",
        others_read_pyo3_config=reads_interpreter(answer.cargo),
        conditional_bindings={} if parts else _conditional_bindings(answer, options, bindings, interpreters, environ),
        hooks=_hooks(answer, options, project, reporter),
        parts=tuple(_with_conditional(part, answer, interpreters, environ) for part in parts),
    )


def _hooks(answer: CargoAnswer, options: Options, project: Project, reporter: Reporter) -> tuple[HookState, ...]:
    if not options.hooks:
        return ()
    target_dir = options.target_dir or answer.cargo.target_directory
    place = hook_place(project, options, target_dir)
    cache = JsonCache(target_dir / STATE, reporter.warn)
    return tuple(read_state(hook, place, cache) for hook in options.hooks)


def _read_bindings(
    answer: CargoAnswer, options: Options, parts: tuple[Part, ...], environ: Mapping[str, str]
) -> Bindings:
    if parts:
        return combine([part.bindings for part in parts])
    return project_bindings.read_bindings(answer, options, environ)


def _with_conditional(
    part: Part, answer: CargoAnswer, interpreters: tuple[Interpreter, ...], environ: Mapping[str, str]
) -> Part:
    """Return the artifact with the bindings of builds with its conditional features."""
    own = replace(answer, cargo=part.cargo)
    found = _conditional_bindings(own, part.options, part.bindings, interpreters, environ)
    return replace(part, conditional_bindings=found)


def _read_modules(project: Project, options: Options, bindings: Bindings, parts: tuple[Part, ...]) -> ModuleLayout:
    if not parts:
        return read_modules(project, options, binary=bindings.kind == "bin")
    return project_modules(options, project, [part.module for part in parts if part.module is not None])


def _sdist_modules(project: Project, options: Options, cargo: CargoMetadata) -> ModuleLayout:
    if not options.artifacts:
        return read_modules(project, options, binary=True)
    return project_modules(options, project, module_names(options, cargo))


def with_modules_of_now(inputs: Inputs) -> Inputs:
    """Return the inputs with the Python packages as they are now, as after a hook."""
    modules = _read_modules(inputs.project, inputs.options, inputs.bindings, inputs.parts)
    parts = tuple(
        replace(part, modules=modules if part.module is None else place_module(modules, part.module))
        for part in inputs.parts
    )
    return replace(inputs, modules=modules, parts=parts)


def with_sdist_modules_of_now(inputs: SdistInputs) -> SdistInputs:
    """Return the inputs of a source distribution with the Python packages as they are now, as after a hook."""
    return replace(inputs, modules=_sdist_modules(inputs.project, inputs.options, inputs.cargo))


def _conditional(options: Options, interpreter: Interpreter | None) -> tuple[str, ...]:
    return features_for(conditional_features(options), interpreter) if interpreter is not None else ()


def _conditional_bindings(
    answer: CargoAnswer,
    options: Options,
    bindings: Bindings,
    interpreters: tuple[Interpreter, ...],
    environ: Mapping[str, str],
) -> Mapping[tuple[str, ...], Bindings]:
    if not conditional_features(options):
        return {}
    choices = [_conditional(options, interpreter) for interpreter in interpreters]
    return project_bindings.read_conditional_bindings(answer, options, choices, bindings, environ)


def _configured_rustflags(
    target: Target, options: Options, project: Project, environ: Mapping[str, str]
) -> tuple[str, ...]:
    if not target.is_musl and not options.pgo:  # nothing else gets flags for every crate from us
        return ()
    flags = config_values(options.config, options.cargo_extra_args)
    return toolchain.build_rustflags(target, flags, environ, project.cwd)


def describe_settings(origins: Mapping[str, Origin]) -> str:
    """Return the names of the settings that no flag gives, by the file or variable that has them.

    >>> describe_settings({"strip": Origin(kind="key", name="tool.maturin.strip"),
    ...                    "jobs": Origin(kind="variable", name="JOBS"), "out": Origin(kind="flag", name="--out")})
    'strip from pyproject.toml; jobs from JOBS'
    """
    by_source: dict[str, list[str]] = {}
    for name, origin in origins.items():
        if origin.kind != "flag":
            source = "pyproject.toml" if origin.kind == "key" else origin.name
            by_source.setdefault(source, []).append(name.replace("_", "-"))
    return "; ".join(f"{', '.join(names)} from {source}" for source, names in by_source.items())


def report(inputs: Inputs, reporter: Reporter) -> None:
    """Report the facts about a project: bindings, layout, origins of settings, and interpreters."""
    reporter.step("Bindings", str(inputs.bindings))
    modules = inputs.modules
    layout = f"with Python packages in {modules.python_source}" if modules.mixed else "without Python sources"
    if inputs.parts:
        reporter.step("Artifacts", f"{', '.join(describe(part) for part in inputs.parts)}, {layout}")
    else:
        kind = "Program" if inputs.bindings.kind == "bin" else "Module"
        reporter.step(kind, f"{modules.module_name}, {layout}")
    for note in inputs.metadata.notes:
        reporter.detail(note)
    origins = {name: origin for name, origin in inputs.options.origins.items() if name != "generate_ci"}  # no build's
    if settings := describe_settings(origins):
        reporter.step("Settings", settings)
    for interpreter in inputs.interpreters:
        if interpreter.executable:
            reporter.step("Python", f"{interpreter.display} at {interpreter.executable}")
    unseen = [interpreter for interpreter in inputs.interpreters if not interpreter.executable]
    if unseen:
        names = ", ".join(interpreter.display for interpreter in unseen)
        absent = f" {'is' if len(unseen) == 1 else 'are'} not on this machine: built" if not inputs.foreign else ","
        reporter.step("Python", f"{names}{absent} from {unseen[0].source}")
