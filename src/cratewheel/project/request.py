"""Resolves a request's flags, variables and keys into the final `Options`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cratewheel.cargo import config as cargo_config
from cratewheel.cargo.command import config_values, take_targets
from cratewheel.errors import ConfigError, UsageError
from cratewheel.events import Reporter
from cratewheel.options.model import Options
from cratewheel.options.resolve import Flags, resolve
from cratewheel.options.values import Origin
from cratewheel.project import read
from cratewheel.project.location import Location, locate
from cratewheel.project.metadata import CoreMetadata
from cratewheel.project.read import Project
from cratewheel.system.files.json_cache import make_private_folder
from cratewheel.system.machine import project_dir, user_dir


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request to build, and where it was made.

    `flags` are values of settings as a command line gives them; `defaults` count where no flag, variable or key says
    anything; `overrides` count whatever these say. `cwd` is the folder where cargo and rustc start; the project is
    looked for in `folder`, by default `cwd`. `editable` is for an editable install. `metadata` is that of another build
    backend, which counts instead of the metadata in the project's files, or was read from these already;
    `sdist_metadata` is the same for the source distribution.
    """

    flags: Flags
    environ: Mapping[str, str]
    cwd: Path
    folder: Path | None = None
    editable: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)
    metadata: CoreMetadata | None = None
    sdist_metadata: CoreMetadata | None = None


def read_project(request: Request) -> Project:
    """Return the project of a request; raises `ConfigError` if there is none, or a file is invalid."""
    return read.read(locate(request.flags.get("manifest_path"), request.cwd, request.folder))


def resolve_options(request: Request, project: Project, reporter: Reporter, *, compiles: bool = True) -> Options:
    """Return the final options, and warn of unknown keys.

    Where nothing `compiles`, nobody needs a target directory that can be written. Raises `UsageError` and `ConfigError`
    as `options.resolve` does, and for two answers to what the target is.
    """
    options, warnings = resolve(
        request.flags,
        environ=request.environ,
        tools=project.pyproject.tools if project.pyproject else None,
        defaults=request.defaults,
        overrides={**request.overrides, "editable": request.editable},
    )
    for warning in warnings:
        reporter.warn(warning)
    options = _with_stronger_abi(_with_extra_arguments(_with_stronger_rust(options)))
    location = project.location
    anchored = {name: location.cwd / value for name in ("out", "target_dir") if (value := getattr(options, name))}
    options = replace(options, config=_config(options, location), **anchored)
    options = _with_configured_target(options, request.environ, location.cwd)
    if not compiles:
        return options
    return _with_writable_target_dir(options, project, request.environ, reporter)


def _with_stronger_abi(options: Options) -> Options:
    """Return the options where `--only-abi3` or `--no-abi3` overrides the other one of pyproject.toml."""
    if not (options.only_abi3 and options.no_abi3):
        return options
    keys = [name for name in ("only_abi3", "no_abi3") if options.origins[name].kind == "key"]
    if len(keys) != 1:
        return options  # an error, once the crate is known
    origins = MappingProxyType({name: origin for name, origin in options.origins.items() if name != keys[0]})
    return replace(
        options,
        only_abi3=keys[0] != "only_abi3",
        no_abi3=keys[0] != "no_abi3",
        origins=origins,
    )


def _with_stronger_rust(options: Options) -> Options:
    """Return the options with one of `pure` and `require_rust`: a flag counts more than a variable, that than a key.

    Raises `UsageError` for two variables that contradict each other.
    """
    if not (options.pure and options.require_rust):
        return options
    ranks = ("key", "variable", "flag")
    pure, required = (
        ranks.index(origin.kind) if (origin := options.origins.get(name)) and origin.kind in ranks else -1
        for name in ("pure", "require_rust")
    )
    if pure == required:
        raise UsageError(
            f"{options.origins['pure']} and {options.origins['require_rust']} contradict each other",
            hint="unset one of them",
        )
    return replace(options, pure=pure > required, require_rust=required > pure)


def _config(options: Options, location: Location) -> tuple[str, ...]:
    """Return the values of `--config`; a file that pyproject.toml names is relative to it, whatever `cwd` is."""
    origin = options.origins.get("config")
    if origin is None or origin.kind != "key":
        return options.config
    return tuple(
        path if os.path.isfile(path := os.path.join(location.root, value)) else value  # noqa: PTH113, PTH118  # most are no paths
        for value in options.config
    )


def _with_configured_target(options: Options, environ: Mapping[str, str], cwd: Path) -> Options:
    """Return the options with the targets of cargo's configuration, which `--target` overrides."""
    origin = options.origins.get("target")
    if origin is not None and origin.kind in ("flag", "key"):
        return options
    flags = config_values(options.config, options.cargo_extra_args)
    found = cargo_config.build_targets(flags, environ, cwd)
    if found is None:
        return options
    triples, place = found
    if origin is None or place != origin.name:
        origin = Origin(kind="cargo", name=f"build.target of cargo's configuration, in {place}")
    return replace(options, target=triples, origins=MappingProxyType({**options.origins, "target": origin}))


def _with_extra_arguments(options: Options) -> Options:
    """Return the options with those extra cargo arguments that are options of ours as well.

    So they count for all that cargo is asked, and for the wheel's tag. Raises `UsageError` for a second `--target`.
    """
    origin = options.origins.get("cargo_extra_args")
    if origin is None:
        return options
    triples, extra = take_targets(options.cargo_extra_args)
    switches = {word.removeprefix("--"): True for word in extra if word in ("--frozen", "--locked", "--offline")}
    found: dict[str, Any] = {**switches, **({"target": triples} if triples else {})}
    given = options.origins.get("target")
    if triples and given is not None and given.kind == "flag" and options.target != triples:
        raise UsageError(
            f"{given.name} names other targets than --target in the extra cargo arguments: {' '.join(triples)}",
            hint="remove one of them",
        )
    rest = tuple(word for word in extra if word.removeprefix("--") not in switches)
    origins = MappingProxyType({**options.origins, **dict.fromkeys(found, origin)})
    return replace(options, cargo_extra_args=rest, origins=origins, **found)


def _with_writable_target_dir(
    options: Options, project: Project, environ: Mapping[str, str], reporter: Reporter
) -> Options:
    """Return the options with a target directory elsewhere, where the project cannot be written: the same each time."""
    root = project.manifest.workspace_root
    if options.target_dir is not None or environ.get("CARGO_TARGET_DIR") or os.access(root, os.W_OK):
        return options
    flags = config_values(options.config, options.cargo_extra_args)
    if cargo_config.setting("build.target-dir", flags, environ, project.location.cwd) is not None:
        return options
    folder = project_dir(environ, "target", root)
    _make_private_target(folder, user_dir(environ), f"{root} cannot be written")
    reporter.warn(f"{root} is not writable: compiling in {folder}")
    return replace(options, target_dir=folder)


def _make_private_target(folder: Path, cache: Path, why: str) -> None:
    """Make the target directory `folder`; raises `ConfigError` where others can have put into it what cargo runs."""
    try:
        reason = make_private_folder(folder, below=cache)
    except OSError as error:
        raise ConfigError(
            f"{why}, and cargo cannot compile in the cache: cannot create {folder}: {error.strerror}",
            hint="choose a folder that is writable with --target-dir, or set XDG_CACHE_HOME to one",
        ) from error
    if reason is not None:
        raise ConfigError(
            f"{why}, and cargo cannot compile in the cache: {reason}",
            hint="use another folder with --target-dir, or remove that one",
        )
