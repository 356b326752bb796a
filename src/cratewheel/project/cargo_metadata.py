"""Queries rustc and cargo about a project: compiler, targets, and crates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Literal

from cratewheel.cargo import query
from cratewheel.cargo.command import CargoOptions, extra_value, metadata_arguments, resolution_flags
from cratewheel.cargo.features import certain_features, parse_choice
from cratewheel.cargo.manifest_graph import read_graph
from cratewheel.cargo.model import CargoMetadata
from cratewheel.cargo.query import Rustc
from cratewheel.errors import ConfigError, MissingToolError, ProcessError, UnsupportedError, UsageError
from cratewheel.events import Reporter
from cratewheel.options.model import Options
from cratewheel.options.optional import is_optional
from cratewheel.options.values import Feature
from cratewheel.project.interpreters import DESCRIBED_PYTHON, target_of_pythons
from cratewheel.project.read import Project
from cratewheel.system.machine import host_triple
from cratewheel.targets.triples import HOST_TUPLE, UNIVERSAL2, Target
from cratewheel.targets.triples import parse as parse_target

Targets = Literal["all", "first", "installable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CargoAnswer:
    """The answers of rustc and cargo for one target.

    `triple` is that target where cargo must be told of it. `cargo` has the crates of all interpreters: it was asked
    with the conditional features of each. `cwd` is the folder that cargo starts in.
    """

    rustc: Rustc
    target: Target
    triple: str | None
    cargo: CargoMetadata
    cwd: Path

    def resolution_arguments(self, options: Options, features: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return the arguments by which cargo resolves the crates of a build with these conditional features."""
        chosen = cargo_options(options, self.triple)
        return metadata_arguments(replace(chosen, features=(*chosen.features, *features)), platforms=())


def query_cargo(
    options: Options, project: Project, environ: Mapping[str, str], reporter: Reporter, *, targets: Targets = "all"
) -> tuple[CargoAnswer, ...]:
    """Return the answers of rustc and cargo for each requested target, in order.

    Without any they say it for what the Pythons need, or cargo builds by default. `targets` may choose the first one
    alone, or the one that can be installed here: this machine's, or the only one.

    Raises `MissingToolError` without them, `ProcessError` when cargo cannot resolve the project, `ConfigError` for a
    workspace without a package, `UsageError` or `UnsupportedError` for a target that cannot be.
    """
    try:
        return _query(options, project, environ, reporter, targets=targets)
    except (MissingToolError, ProcessError) as error:
        if not (options.prebuilt or any(one.prebuilt for one in options.artifacts)):
            raise
        reporter.detail(f"nothing is compiled, so the project's files tell of its crates: {error.message}")
    return (_read_files(options, project, environ),)


def _read_files(options: Options, project: Project, environ: Mapping[str, str]) -> CargoAnswer:
    """Return what a project's files say of its crates, where no cargo can."""
    rustc = Rustc(version=(1, 0, 0), host=host_triple())
    target, triple = choose_target(next(iter(options.target), None), options, rustc.host, environ)
    directory = environ.get("CARGO_TARGET_DIR")
    cargo = read_graph(
        project.manifest,
        crates=("pyo3", "pyo3-ffi", "cpython", "python3-sys", "uniffi"),
        target_directory=project.cwd / directory if directory else project.manifest.workspace_root / "target",
    )
    answer = CargoAnswer(rustc=rustc, target=target, triple=triple, cargo=cargo, cwd=project.cwd)
    known: dict[str, frozenset[str]] = {}
    for package in cargo.workspace_members:
        own = replace(cargo, root=package)
        choice = parse_choice(answer.resolution_arguments(options) if package == cargo.root else ())
        for name, features in certain_features(own, choice).items():
            known[name] = known.get(name, frozenset()) | features
    nodes = {name: replace(node, features=tuple(sorted(known.get(name, ())))) for name, node in cargo.nodes.items()}
    return replace(answer, cargo=replace(cargo, nodes=nodes))


def _query(
    options: Options, project: Project, environ: Mapping[str, str], reporter: Reporter, *, targets: Targets
) -> tuple[CargoAnswer, ...]:
    rustc = query.read_rustc(environ, project.cwd)
    triples = options.target[:1] if targets == "first" else options.target
    each_once: tuple[str | None, ...] = tuple(dict.fromkeys(triples))
    if not each_once:
        each_once = (_target_of_pythons(options, rustc.host, environ, reporter),)
    answers = tuple(_query_for(triple, options, rustc, project, environ, reporter) for triple in each_once)
    return (only_target(answers, options),) if targets == "installable" else answers


def _target_of_pythons(options: Options, host: str, environ: Mapping[str, str], reporter: Reporter) -> str | None:
    if parse_target(host).os not in ("macos", "windows"):
        return None
    described = any(environ.get(name) for name in DESCRIBED_PYTHON)
    return None if described else target_of_pythons(options, host, environ, reporter)


def _query_for(
    requested: str | None,
    options: Options,
    rustc: Rustc,
    project: Project,
    environ: Mapping[str, str],
    reporter: Reporter,
) -> CargoAnswer:
    target, triple = choose_target(requested, options, rustc.host, environ)
    cargo = _query_graph(target, triple, options, project, environ, reporter)
    return CargoAnswer(rustc=rustc, target=target, triple=triple, cargo=cargo, cwd=project.cwd)


def _query_graph(
    target: Target,
    triple: str | None,
    options: Options,
    project: Project,
    environ: Mapping[str, str],
    reporter: Reporter,
) -> CargoMetadata:
    chosen = cargo_options(options, triple)
    everything = replace(chosen, features=(*chosen.features, *conditional_feature_names(options)))
    arguments = metadata_arguments(everything, platforms=tuple(slice_.triple for slice_ in target.slices))
    known = tuple(project.manifest.features)
    cargo = query.read_metadata(
        arguments,
        project.manifest.path,
        environ,
        reporter,
        cwd=project.cwd,
        known=known,
        tell_downloads=is_optional(options),
    )
    if cargo.root is None:
        raise ConfigError(f"{project.manifest.path} has no [package]")
    return cargo


def query_crate(
    answer: CargoAnswer, options: Options, project: Project, *, environ: Mapping[str, str], reporter: Reporter
) -> CargoAnswer:
    """Return cargo's answer about the crate of `project`, or about other features; raises as `query_cargo`."""
    if answer.cargo.from_files:
        package = next(one for one in answer.cargo.packages.values() if one.manifest_path == project.manifest.path)
        return replace(answer, cargo=replace(answer.cargo, root=package.id))
    return replace(answer, cargo=_query_graph(answer.target, answer.triple, options, project, environ, reporter))


def query_every_crate(
    options: Options, project: Project, *, environ: Mapping[str, str], reporter: Reporter
) -> CargoMetadata:
    """Return the crates for every platform, with every feature; raises as `cargo.query.read_metadata` does."""
    chosen = cargo_options(options, options.target[0] if options.target else None)
    chosen = replace(chosen, features=(), all_features=True, no_default_features=False, extra=())
    return query.read_metadata(resolution_flags(chosen), project.manifest.path, environ, reporter, cwd=project.cwd)


def choose_target(
    requested: str | None, options: Options, host: str, environ: Mapping[str, str]
) -> tuple[Target, str | None]:
    """Return the target to build for, and its triple if cargo needs `--target`.

    That is the target that was `requested`, else what ARCHFLAGS asks for on macOS, as setuptools reads it, else this
    machine. `--universal2` makes both processors of one of macOS. Raises `UnsupportedError` for a triple that no wheel
    can be for.
    """
    triple = requested or _archflags_target(host, environ)
    triple = host if triple == HOST_TUPLE else triple
    target = _parsed(triple or host, options)
    if options.universal2 and target.os == "macos":
        triple, target = UNIVERSAL2, parse_target(UNIVERSAL2)
    return target, triple


def _parsed(triple: str, options: Options) -> Target:
    try:
        return parse_target(triple)
    except UnsupportedError as error:
        origin = options.origins.get("target")
        notes = (*error.notes, f"the target is from {origin}") if origin and origin.kind != "flag" else error.notes
        raise UnsupportedError(error.message, hint=error.hint, notes=notes) from error


def only_target(answers: tuple[CargoAnswer, ...], options: Options) -> CargoAnswer:
    """Return the target of an installation: this machine's, or the only one.

    Raises `ConfigError` where there are several, all of them for other machines.
    """
    native = [one for one in answers if one.target.triple == one.rustc.host]
    (chosen, *more) = native or answers
    if more:
        raise ConfigError(
            f"one target can be installed, and {len(answers)} are named by {options.origins['target']}",
            hint="name one: --target, or the variable CARGO_BUILD_TARGET",
        )
    return chosen


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


def cargo_features(options: Options) -> tuple[str, ...]:
    """Return the cargo features for every interpreter."""
    return tuple(feature.name for feature in options.features if not feature.conditional)


def conditional_features(options: Options) -> tuple[Feature, ...]:
    """Return the features that depend on the interpreter."""
    return tuple(feature for feature in options.features if feature.conditional)


def conditional_feature_names(options: Options) -> tuple[str, ...]:
    """Return the names of the features that depend on the interpreter, without duplicates."""
    return tuple(dict.fromkeys(feature.name for feature in conditional_features(options)))


def _is_flag(options: Options, name: str) -> bool:
    origin = options.origins.get(name)
    return origin is not None and origin.kind == "flag"


def cargo_options(options: Options, triple: str | None) -> CargoOptions:
    """Return the cargo options for every interpreter; `triple` is the value of `--target`, if any."""
    profile = options.profile
    if options.editable and options.editable_profile and not _is_flag(options, "profile"):
        profile = options.editable_profile
    if options.release:
        # a profile in the extra arguments overrides others
        profile = None if extra_value(options.cargo_extra_args, "--profile") else "release"
    if options.pgo and not profile and not extra_value(options.cargo_extra_args, "--profile"):
        profile = "release"
    return CargoOptions(
        profile=profile,
        jobs=options.jobs,
        features=cargo_features(options),
        all_features=options.all_features,
        no_default_features=options.no_default_features,
        target=triple,
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
