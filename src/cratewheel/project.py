"""Everything that is known of a project before deciding: its place, files, metadata, crates, bindings, layout."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cratewheel import metadata as core_metadata
from cratewheel import modules as module_layout
from cratewheel import pyproject as pyproject_toml
from cratewheel.bindings import detect
from cratewheel.bindings.detect import Bindings
from cratewheel.cargo import manifest as cargo_manifest
from cratewheel.cargo import query
from cratewheel.cargo.command import CargoOptions, metadata_arguments
from cratewheel.cargo.manifest import Manifest
from cratewheel.cargo.model import CargoMetadata
from cratewheel.errors import ConfigError, ProcessError
from cratewheel.metadata import CoreMetadata
from cratewheel.modules import ModuleLayout
from cratewheel.options.model import Options
from cratewheel.pyproject import PyProject
from cratewheel.tags.target import Target
from cratewheel.ui import Ui


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a project is: its Cargo.toml, its pyproject.toml if it has one, and the folder that is its root.

    `src_layout` is true for the layout with the crate in `rust/` and the Python packages in `src/`.
    """

    manifest: Path
    pyproject: Path | None
    root: Path
    src_layout: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """A project as its own files tell it: no program was started to read it."""

    location: Location
    pyproject: PyProject | None
    manifest: Manifest
    metadata: CoreMetadata

    @property
    def root(self) -> Path:
        """The folder of pyproject.toml, or of Cargo.toml where there is none."""
        return self.location.root


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project with what cargo says of it: all that a plan is made from."""

    sources: Sources
    cargo: CargoMetadata
    bindings: Bindings
    modules: ModuleLayout


def locate(manifest_path: Path | None, cwd: Path) -> Location:
    """Return the place of the project that a command run in `cwd` is about.

    With `manifest_path`, pyproject.toml is searched from its folder upward, no further than the folder around the cargo
    workspace. Without, the pyproject.toml of `cwd` may name the manifest; else it is `rust/Cargo.toml` beside a `src/`
    package, or `./Cargo.toml`. Raises `ConfigError` when there is none.
    """
    if manifest_path is not None:
        manifest = _existing_manifest(cwd / manifest_path)
        pyproject = _search_upward(manifest)
        return Location(manifest=manifest, pyproject=pyproject, root=(pyproject or manifest).parent)
    candidate = cwd / "pyproject.toml"
    pyproject = candidate if candidate.is_file() else None
    if pyproject is not None:
        file = pyproject_toml.read(pyproject)
        named = file.tool_cratewheel.get("manifest-path", file.tool_maturin.get("manifest-path"))
        if isinstance(named, str):
            return Location(manifest=_existing_manifest(cwd / named), pyproject=pyproject, root=cwd)
        if _has_src_layout(file):
            return Location(manifest=cwd / "rust" / "Cargo.toml", pyproject=pyproject, root=cwd, src_layout=True)
    manifest = cwd / "Cargo.toml"
    if not manifest.is_file():
        raise ConfigError(
            f"there is no Cargo.toml in {cwd}",
            hint="change to the folder of the crate, or name its manifest with --manifest-path",
        )
    return Location(manifest=manifest, pyproject=pyproject, root=cwd)


def read_sources(location: Location) -> Sources:
    """Return what the files of the project say, without starting a program.

    Raises `ConfigError` when one of them is wrong.
    """
    pyproject = pyproject_toml.read(location.pyproject) if location.pyproject else None
    manifest = cargo_manifest.read(location.manifest)
    if manifest.is_virtual:
        raise ConfigError(
            f"{manifest.path} is a workspace without a package of its own",
            hint="name the crate to build: --manifest-path, or `manifest-path` in [tool.cratewheel] of pyproject.toml",
        )
    return Sources(
        location=location,
        pyproject=pyproject,
        manifest=manifest,
        metadata=core_metadata.read(pyproject, manifest),
    )


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


def _existing_manifest(path: Path) -> Path:
    # not resolve(): a symlinked project keeps the name that the user gave
    manifest = Path(os.path.normpath(path))
    if manifest.is_dir():
        raise ConfigError(f"{manifest} is a folder", hint=f"name the file: {manifest / 'Cargo.toml'}")
    if not manifest.is_file():
        raise ConfigError(f"there is no manifest at {manifest}", hint="correct the path; it names a Cargo.toml")
    return manifest


def _search_upward(manifest: Path) -> Path | None:
    boundary = cargo_manifest.read(manifest).workspace_root.parent
    for folder in manifest.parents:
        candidate = folder / "pyproject.toml"
        if candidate.is_file():
            return candidate
        if folder == boundary:
            return None
    return None


def _has_src_layout(pyproject: PyProject) -> bool:
    root = pyproject.directory
    if not (root / "rust" / "Cargo.toml").is_file():
        return False
    tool = {**pyproject.tool_maturin, **pyproject.tool_cratewheel}
    if "python-source" in tool:
        return True
    name = (pyproject.project or {}).get("name")
    packages = tool.get("python-packages", [])
    names = [name.replace("-", "_")] if isinstance(name, str) else []
    if isinstance(packages, list):
        names += [package for package in packages if isinstance(package, str)]
    return any((root / "src" / package / "__init__.py").is_file() for package in names)
