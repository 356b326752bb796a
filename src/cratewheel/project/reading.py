"""Everything that is known of a project before deciding: its own files, and what cargo says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from cratewheel.bindings import detect
from cratewheel.bindings.detect import Bindings
from cratewheel.cargo import query
from cratewheel.cargo.features import Compiled, at_least, parse_choice
from cratewheel.cargo.model import CargoMetadata
from cratewheel.errors import ConfigError
from cratewheel.options.model import Options
from cratewheel.project import python_layout as module_layout
from cratewheel.project.cargo_metadata import Resolution, conditional_feature_names
from cratewheel.project.metadata.cargo import legacy_table
from cratewheel.project.python_layout import ModuleLayout
from cratewheel.project.sources import Sources
from cratewheel.system.tasks import task_group


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project with what cargo says of it: all that a plan is made from."""

    sources: Sources
    cargo: CargoMetadata
    bindings: Bindings
    modules: ModuleLayout


def read(sources: Sources, resolution: Resolution, environ: Mapping[str, str]) -> Project:
    """Return the project with cargo's answers. Starts `cargo tree` where `cargo metadata` leaves features open.

    Raises `ConfigError` when bindings or layout cannot be determined.
    """
    options = resolution.options
    bindings = _shared_bindings(resolution, environ)
    return Project(
        sources=sources,
        cargo=resolution.cargo,
        bindings=bindings,
        modules=read_modules(sources, options, binary=bindings.kind == "bin"),
    )


def bindings_with(
    resolution: Resolution, choices: Iterable[tuple[str, ...]], bindings: Bindings, environ: Mapping[str, str]
) -> dict[tuple[str, ...], Bindings]:
    """Return the bindings of builds that differ in their conditional features, by these.

    `bindings` are those of the project. Raises `ConfigError` where a build has others.
    """
    with task_group() as group:
        tasks = {
            features: group.start(partial(_detect_for_features, resolution, features, environ))
            for features in dict.fromkeys(choices)
        }
        found = {features: task.result() for features, task in tasks.items()}
    for features, one in found.items():
        if (one.kind, one.crate, one.version) != (bindings.kind, bindings.crate, bindings.version):
            with_features = f"with the features {', '.join(features)}" if features else "without conditional features"
            raise ConfigError(
                f"the bindings are {bindings}, but {one} in a build {with_features}",
                hint="conditional features may not change the bindings: turn the feature that does on for all",
            )
    return found


def _shared_bindings(resolution: Resolution, environ: Mapping[str, str]) -> Bindings:
    """Return what the bindings are for every interpreter.

    That is what they are without conditional features; where only those bring the crate for Python, with all of them,
    though the stable ABI is then left to each interpreter.
    """
    names = conditional_feature_names(resolution.options)
    if names:
        cargo = resolution.cargo
        plain, everything = (_compiled(resolution, chosen, environ) for chosen in ((), names))
        only_then = any(detect.has_crate_for_python(cargo, one) for one in everything) and not any(
            detect.has_crate_for_python(cargo, one) for one in plain
        )
        if only_then:
            return _detect(resolution, [detect.without_stable_abi(one) for one in everything])
        return _detect(resolution, plain)
    return _detect_for_features(resolution, (), environ)


def _detect_for_features(resolution: Resolution, features: tuple[str, ...], environ: Mapping[str, str]) -> Bindings:
    return _detect(resolution, _compiled(resolution, features, environ))


def _detect(resolution: Resolution, compiled: Sequence[Compiled]) -> Bindings:
    """Return the bindings; raises `ConfigError` when the processors of one wheel have different ones."""
    first, *others = (detect.detect(resolution.cargo, one, requested=resolution.options.bindings) for one in compiled)
    for slice_, other in zip(resolution.target.slices[1:], others, strict=True):
        if other != first:
            raise ConfigError(
                f"the bindings are {first} for {resolution.target.slices[0].triple}, but {other} for {slice_.triple}",
                hint="one wheel holds both: give the dependency the same features on every processor",
            )
    return first


def _compiled(resolution: Resolution, features: tuple[str, ...], environ: Mapping[str, str]) -> list[Compiled]:
    """Return what a build compiles, for each processor of the target."""
    cargo, arguments = resolution.cargo, resolution.arguments(features)
    certain = at_least(cargo, parse_choice(arguments))
    if detect.is_certain(cargo, certain):
        return [certain] * len(resolution.target.slices)
    return [
        query.compiled(cargo, arguments, slice_.triple, environ, cwd=resolution.cwd)
        for slice_ in resolution.target.slices
    ]


def read_modules(sources: Sources, options: Options, *, binary: bool) -> ModuleLayout:
    """Return where the extension and the Python packages are; the name of a program (`binary`) is free."""
    legacy = legacy_table(sources.manifest)
    project_table = sources.pyproject.project if sources.pyproject else None
    return module_layout.read(
        sources.root,
        module_name=options.module_name,
        legacy_name=legacy.get("name"),
        lib_name=sources.manifest.lib.get("name"),
        project_name=(project_table or {}).get("name"),
        package_name=sources.manifest.name,
        python_source=options.python_source or legacy.get("python-source"),
        python_packages=options.python_packages,
        data=options.data,
        src_layout=sources.location.src_layout,
        binary=binary,
        roots=sources.roots,
    )
