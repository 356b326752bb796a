"""Everything that is known of a project before deciding: its own files, and what cargo says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cratewheel import modules as module_layout
from cratewheel.bindings import detect
from cratewheel.bindings.detect import Bindings
from cratewheel.cargo import query
from cratewheel.cargo.command import CargoOptions, metadata_arguments
from cratewheel.cargo.manifest import Manifest
from cratewheel.cargo.model import CargoMetadata
from cratewheel.errors import ConfigError, ProcessError
from cratewheel.frozen import dataclass
from cratewheel.modules import ModuleLayout
from cratewheel.options.model import Options
from cratewheel.sources import Sources
from cratewheel.tags.target import Target
from cratewheel.ui import Ui


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project with what cargo says of it: all that a plan is made from."""

    sources: Sources
    cargo: CargoMetadata
    bindings: Bindings
    modules: ModuleLayout


def read(
    sources: Sources, options: Options, cargo_options: CargoOptions, target: Target, environ: Mapping[str, str], ui: Ui
) -> Project:
    """Return the project with cargo's answers. Starts `cargo metadata`, and `cargo tree` in a workspace that needs it.

    Raises `ConfigError` when bindings or layout cannot be determined, `ProcessError` when cargo fails.
    """
    platforms = tuple(slice_.triple for slice_ in target.slices)
    arguments = metadata_arguments(cargo_options, platforms=platforms)
    cargo = query.metadata(arguments, sources.manifest.path, environ, ui)
    if cargo.root is None:
        raise ConfigError(f"{sources.manifest.path} has no package of its own")
    tree = _tree(cargo, arguments, platforms, environ, ui) if detect.needs_tree(cargo) else None
    bindings = detect.detect(cargo, requested=options.bindings, tree=tree)
    return Project(
        sources=sources,
        cargo=cargo,
        bindings=bindings,
        modules=read_modules(sources, options, binary=bindings.kind == "bin"),
    )


def cargo_features(options: Options) -> tuple[str, ...]:
    """Return the cargo features that are on for every interpreter."""
    return tuple(feature.name for feature in options.features if not feature.conditional)


def _tree(
    cargo: CargoMetadata, arguments: tuple[str, ...], platforms: tuple[str, ...], environ: Mapping[str, str], ui: Ui
) -> str | None:
    command = detect.tree_command(cargo, arguments, platforms)
    try:
        done = query.run_cargo(command, environ)
        if done.status == 0:
            return done.stdout
        problem = done.stderr.strip().splitlines()
    except ProcessError as error:
        problem = [error.message]
    ui.warn(
        "cargo tree failed, so features of other workspace members may be counted as this crate's",
        hint=problem[-1] if problem else None,
    )
    return None


def read_modules(sources: Sources, options: Options, *, binary: bool) -> ModuleLayout:
    """Return where the extension and the Python packages are; the name of a program (`binary`) is free."""
    legacy = _legacy_table(sources.manifest)
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
    )


def _legacy_table(manifest: Manifest) -> Mapping[str, Any]:
    table = manifest.package.get("metadata", {}).get("maturin", {})
    return table if isinstance(table, dict) else {}
