"""A project as its own files tell it: no program is started to read them, and no Rust is needed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cratewheel import metadata as core_metadata
from cratewheel import pyproject as pyproject_toml
from cratewheel.cargo import manifest as cargo_manifest
from cratewheel.cargo.manifest import Manifest
from cratewheel.errors import ConfigError
from cratewheel.frozen import dataclass, replace
from cratewheel.metadata import CoreMetadata
from cratewheel.options.model import Options
from cratewheel.options.resolve import Flags, resolve
from cratewheel.pyproject import PyProject
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


def read_options(flags: Flags, *, environ: Mapping[str, str], cwd: Path, ui: Ui) -> tuple[Options, Sources]:
    """Return the options and the project's own files, warning of what is probably not meant; starts no program."""
    sources = read_sources(locate(flags.get("manifest_path"), cwd))
    options, warnings = resolve(flags, environ=environ, pyproject=sources.pyproject)
    for warning in (*warnings, *sources.metadata.warnings):
        ui.warn(warning)
    # cargo runs in the folder of the manifest: what the user wrote is relative to theirs
    anchored = {name: cwd / value for name in ("out", "target_dir") if (value := getattr(options, name))}
    return replace(options, **anchored), sources


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
