"""What cargo and rustc say of a project: the compiler, the target, the crates.

They take longer to answer than anything that we do before compiling, so they are asked first, and the rest of the
project is read meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path

from cratewheel.cargo import config as cargo_config
from cratewheel.cargo import query
from cratewheel.cargo.command import CargoOptions, config_values, extra_value, metadata_arguments, resolution_flags
from cratewheel.cargo.model import CargoMetadata
from cratewheel.cargo.query import Rustc
from cratewheel.errors import ConfigError, UnsupportedError, UsageError
from cratewheel.options.model import Options
from cratewheel.options.values import Feature
from cratewheel.project.sources import ProjectFiles
from cratewheel.system.files.json_cache import private_folder
from cratewheel.system.machine import project_dir, user_dir
from cratewheel.system.tasks import Task, task_group
from cratewheel.targets.triples import HOST_TUPLE, UNIVERSAL2, Target
from cratewheel.targets.triples import parse as parse_target
from cratewheel.ui import Ui


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What is built for one target, and from which crates. The options hold its triple where cargo must be told of it.

    `cargo` knows the crates of all interpreters: it was asked with the conditional features of each. `cwd` is the
    folder that cargo starts in.
    """

    options: Options
    rustc: Rustc
    target: Target
    cargo: CargoMetadata
    cwd: Path

    def arguments(self, features: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return what tells cargo how to resolve the crates of one build, which has these conditional features."""
        chosen = cargo_options(self.options)
        return metadata_arguments(replace(chosen, features=(*chosen.features, *features)), platforms=())


@contextmanager
def asking(
    options: Options, files: ProjectFiles, *, environ: Mapping[str, str], ui: Ui
) -> Iterator[Task[tuple[Resolution, ...]]]:
    """Yield what will be the `Resolution` for each target; what is done in the block is done while cargo answers.

    Its result raises `MissingToolError` without cargo or rustc, `ProcessError` when they fail, and `UsageError` or
    `UnsupportedError` for a target that cannot be.
    """
    with task_group() as group:
        yield group.start(partial(_resolve_each, options, files, environ, ui))


def _resolve_each(options: Options, files: ProjectFiles, environ: Mapping[str, str], ui: Ui) -> tuple[Resolution, ...]:
    refuse_hidden_target(options)
    options = _with_writable_target(options, files, environ, ui)
    chosen = [replace(options, target=(triple,)) for triple in dict.fromkeys(options.target)] or [options]
    rustc = query.rustc(environ, files.location.cwd)
    return tuple(_resolve(one, rustc, files, environ, ui) for one in chosen)


def _resolve(options: Options, rustc: Rustc, files: ProjectFiles, environ: Mapping[str, str], ui: Ui) -> Resolution:
    target, options = choose_target(options, rustc.host, environ)
    cargo = _ask_cargo(_arguments(options, target), files, environ, ui)
    if cargo.root is None:
        raise ConfigError(f"{files.manifest.path} has no package of its own")
    return Resolution(options=options, rustc=rustc, target=target, cargo=cargo, cwd=files.location.cwd)


def _arguments(options: Options, target: Target) -> tuple[str, ...]:
    chosen = cargo_options(options)
    everything = replace(chosen, features=(*chosen.features, *conditional_feature_names(options)))
    return metadata_arguments(everything, platforms=tuple(slice_.triple for slice_ in target.slices))


def _ask_cargo(arguments: tuple[str, ...], files: ProjectFiles, environ: Mapping[str, str], ui: Ui) -> CargoMetadata:
    return query.metadata(arguments, files.manifest.path, environ, ui, cwd=files.location.cwd)


@contextmanager
def asking_every_crate(
    options: Options, files: ProjectFiles, *, environ: Mapping[str, str], ui: Ui
) -> Iterator[Task[CargoMetadata]]:
    """Yield what will be the crates of every platform, with every feature on; raises as `query.metadata` does."""
    chosen = replace(cargo_options(options), features=(), all_features=True, no_default_features=False, extra=())
    with task_group() as group:
        yield group.start(partial(_ask_cargo, resolution_flags(chosen), files, environ, ui))


def choose_target(options: Options, host: str, environ: Mapping[str, str]) -> tuple[Target, Options]:
    """Return what to build for, and the options with its triple where cargo must be told of it.

    That is --target, else what ARCHFLAGS asks for on macOS, as setuptools reads it, else this machine. `--universal2`
    makes both processors of one of macOS. Raises `UnsupportedError` for a triple that no wheel can be for.
    """
    triple = options.target[0] if options.target else _archflags_target(host, environ)
    triple = host if triple == HOST_TUPLE else triple
    target = _parsed(triple or host, options)
    if options.universal2 and target.os == "macos":
        triple, target = UNIVERSAL2, parse_target(UNIVERSAL2)
    return target, replace(options, target=(triple,) if triple else ())


def _parsed(triple: str, options: Options) -> Target:
    try:
        return parse_target(triple)
    except UnsupportedError as error:
        origin = options.origins.get("target")
        notes = (*error.notes, f"the target is from {origin}") if origin and origin.kind != "flag" else error.notes
        raise UnsupportedError(error.message, hint=error.hint, notes=notes) from error


def single(resolutions: tuple[Resolution, ...]) -> Resolution:
    """Return the one that an installation is for: this machine's, or the only one.

    Raises `ConfigError` where there are several, all of them for other machines.
    """
    native = [one for one in resolutions if one.target.triple == one.rustc.host]
    (chosen, *more) = native or resolutions
    if more:
        raise ConfigError(
            f"one target can be installed, and {len(resolutions)} are named by {chosen.options.origins['target']}",
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


def _with_writable_target(options: Options, files: ProjectFiles, environ: Mapping[str, str], ui: Ui) -> Options:
    """Return the options with a target directory elsewhere, where the project cannot be written: the same each time."""
    root = files.manifest.workspace_root
    if options.target_dir is not None or environ.get("CARGO_TARGET_DIR") or os.access(root, os.W_OK):
        return options
    flags = config_values(options.config, options.cargo_extra_args)
    if cargo_config.setting("build.target-dir", flags, environ, files.location.cwd) is not None:
        return options
    folder = project_dir(environ, "target", root)
    _refuse_planted(folder, user_dir(environ), f"{root} cannot be written")
    ui.warn(f"{root} cannot be written: cargo compiles in {folder}")
    return replace(options, target_dir=folder)


def _refuse_planted(folder: Path, cache: Path, why: str) -> None:
    """Make the target directory `folder`; raises `ConfigError` where others can have put into it what cargo runs."""
    try:
        reason = private_folder(folder, below=cache)
    except OSError as error:
        reason = f"{folder} cannot be made: {error.strerror}"
    if reason is not None:
        raise ConfigError(
            f"{why}, and cargo cannot compile in the cache: {reason}",
            hint="name another folder with --target-dir, or remove that one",
        )


def cargo_features(options: Options) -> tuple[str, ...]:
    """Return the cargo features that are on for every interpreter."""
    return tuple(feature.name for feature in options.features if not feature.conditional)


def conditional_features(options: Options) -> tuple[Feature, ...]:
    """Return the features that depend on the interpreter."""
    return tuple(feature for feature in options.features if feature.conditional)


def conditional_feature_names(options: Options) -> tuple[str, ...]:
    """Return the names of the features that depend on the interpreter, each once."""
    return tuple(dict.fromkeys(feature.name for feature in conditional_features(options)))


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
