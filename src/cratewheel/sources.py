"""A project as its own files tell it: no program is started to read them, and no Rust is needed.

In two steps, for cargo can be asked as soon as the first is done: the two files that are TOML, and then the metadata
that is decided from them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cratewheel import pyproject as pyproject_toml
from cratewheel.cargo import manifest as cargo_manifest
from cratewheel.cargo.manifest import Manifest
from cratewheel.errors import ConfigError
from cratewheel.frozen import dataclass, replace
from cratewheel.pyproject import PyProject
from cratewheel.ui import Ui

if TYPE_CHECKING:
    from cratewheel.metadata import CoreMetadata
    from cratewheel.options.model import Options
    from cratewheel.options.resolve import Flags


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
class ProjectFiles:
    """The two files that say what a project is, read but not yet understood."""

    location: Location
    pyproject: PyProject | None
    manifest: Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """A project as its own files tell it: no program was started to read it."""

    files: ProjectFiles
    metadata: CoreMetadata

    @property
    def location(self) -> Location:
        """Where the project is."""
        return self.files.location

    @property
    def pyproject(self) -> PyProject | None:
        """The project's pyproject.toml, if it has one."""
        return self.files.pyproject

    @property
    def manifest(self) -> Manifest:
        """The crate's Cargo.toml."""
        return self.files.manifest

    @property
    def root(self) -> Path:
        """The folder of pyproject.toml, or of Cargo.toml where there is none."""
        return self.location.root


def read_options(flags: Flags, *, environ: Mapping[str, str], cwd: Path, ui: Ui) -> tuple[Options, ProjectFiles]:
    """Return the options and the project's files, warning of keys that mean nothing; starts no program."""
    files = read_files(locate(flags.get("manifest_path"), cwd))
    return settled(flags, files, environ=environ, cwd=cwd, ui=ui), files


def settled(flags: Flags, files: ProjectFiles, *, environ: Mapping[str, str], cwd: Path, ui: Ui) -> Options:
    """Return the options that `flags`, variables and the project's keys make, warning of keys that mean nothing."""
    from cratewheel.options.resolve import resolve  # slow to import, and some hooks need no option

    options, warnings = resolve(flags, environ=environ, pyproject=files.pyproject)
    for warning in warnings:
        ui.warn(warning)
    # cargo runs in the folder of the manifest: what the user wrote is relative to theirs
    anchored = {name: cwd / value for name in ("out", "target_dir") if (value := getattr(options, name))}
    return replace(options, **anchored)


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


def read_files(location: Location) -> ProjectFiles:
    """Return what the TOML files of the project hold; raises `ConfigError` when one of them is wrong."""
    pyproject = pyproject_toml.read(location.pyproject) if location.pyproject else None
    manifest = cargo_manifest.read(location.manifest)
    if manifest.is_virtual:
        raise ConfigError(
            f"{manifest.path} is a workspace without a package of its own",
            hint="name the crate to build: --manifest-path, or `manifest-path` in [tool.cratewheel] of pyproject.toml",
        )
    return ProjectFiles(location=location, pyproject=pyproject, manifest=manifest)


def read_sources(files: ProjectFiles, ui: Ui) -> Sources:
    """Return what the files of the project say, warning of what is probably not meant.

    Raises `ConfigError` when one of them is wrong.
    """
    from cratewheel import metadata as core_metadata  # slow to import

    metadata = core_metadata.read(files.pyproject, files.manifest)
    for warning in metadata.warnings:
        ui.warn(warning)
    return Sources(files=files, metadata=metadata)


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
