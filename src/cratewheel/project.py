"""Everything that is known of a project before deciding: its own files, and what cargo says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cratewheel import modules as module_layout
from cratewheel.bindings import detect
from cratewheel.bindings.detect import Bindings
from cratewheel.cargo import query
from cratewheel.cargo.manifest import Manifest
from cratewheel.cargo.model import CargoMetadata
from cratewheel.errors import ProcessError
from cratewheel.frozen import dataclass
from cratewheel.modules import ModuleLayout
from cratewheel.options.model import Options
from cratewheel.resolution import Resolution
from cratewheel.sources import Sources
from cratewheel.ui import Ui


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project with what cargo says of it: all that a plan is made from."""

    sources: Sources
    cargo: CargoMetadata
    bindings: Bindings
    modules: ModuleLayout


def read(sources: Sources, resolution: Resolution, environ: Mapping[str, str], ui: Ui) -> Project:
    """Return the project with cargo's answers. Starts `cargo tree` in a workspace that needs it.

    Raises `ConfigError` when bindings or layout cannot be determined.
    """
    cargo, options = resolution.cargo, resolution.options
    tree = _tree(sources, resolution, environ, ui) if detect.needs_tree(cargo) else None
    bindings = detect.detect(cargo, requested=options.bindings, tree=tree)
    return Project(
        sources=sources,
        cargo=cargo,
        bindings=bindings,
        modules=read_modules(sources, options, binary=bindings.kind == "bin"),
    )


def _tree(sources: Sources, resolution: Resolution, environ: Mapping[str, str], ui: Ui) -> str | None:
    platforms = tuple(slice_.triple for slice_ in resolution.target.slices)
    command = detect.tree_command(resolution.cargo, resolution.cargo_arguments, platforms, cwd=sources.location.cwd)
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
