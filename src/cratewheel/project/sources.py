"""A project as its own files tell it: no program is started to read them, and no Rust is needed.

In two steps, for cargo can be asked as soon as the first is done: the two files that are TOML, and then the metadata
that is decided from them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cratewheel.cargo import config as cargo_config
from cratewheel.cargo import lockfile as lock
from cratewheel.cargo import manifest as cargo_manifest
from cratewheel.cargo.command import config_values
from cratewheel.cargo.manifest import Manifest
from cratewheel.errors import ConfigError
from cratewheel.options.resolve import resolve
from cratewheel.options.values import Origin
from cratewheel.project import metadata as core_metadata
from cratewheel.project import pyproject as pyproject_toml
from cratewheel.project.pyproject import PyProject
from cratewheel.system.files import Roots, is_file, project_roots, root_of
from cratewheel.ui import Ui

if TYPE_CHECKING:
    from cratewheel.options.model import Options
    from cratewheel.options.resolve import Flags
    from cratewheel.project.metadata import CoreMetadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a project is: its Cargo.toml, its pyproject.toml if it has one, and the folder that is its root.

    `cwd` is the folder where the command was run: each cargo and each rustc of a build starts there, so that cargo
    reads its configuration and rustup its toolchain file as for any cargo of the user's. `src_layout` is true for the
    layout with the crate in `rust/` and the Python packages in `src/`.
    """

    manifest: Path
    pyproject: Path | None
    root: Path
    cwd: Path
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
    def roots(self) -> Roots:
        """The folders that files of the project may lie in, every link followed."""
        return self.manifest.roots_with(self.root)

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


def read_options(
    flags: Flags, *, environ: Mapping[str, str], cwd: Path, ui: Ui, folder: Path | None = None
) -> tuple[Options, ProjectFiles]:
    """Return the options and the files of the project in `folder`, which is `cwd` unless given; starts no program.

    Warns of keys that mean nothing.
    """
    files = read_files(locate(flags.get("manifest_path"), cwd, folder))
    return settled(flags, files, environ=environ, ui=ui), files


def settled(flags: Flags, files: ProjectFiles, *, environ: Mapping[str, str], ui: Ui) -> Options:
    """Return the options that `flags`, variables and the project's keys make, warning of keys that mean nothing."""
    options, warnings = resolve(flags, environ=environ, pyproject=files.pyproject)
    for warning in warnings:
        ui.warn(warning)
    location = files.location
    anchored = {name: location.cwd / value for name in ("out", "target_dir") if (value := getattr(options, name))}
    options = replace(options, config=_config(options, location), **anchored)
    return _with_configured_target(options, environ, location.cwd)


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
    if origin is not None and origin.kind == "flag":
        return options
    flags = config_values(options.config, options.cargo_extra_args)
    found = cargo_config.build_targets(flags, environ, cwd)
    if found is None:
        return options
    triples, place = found
    if origin is None or place != origin.name:
        origin = Origin(kind="cargo", name=f"build.target of cargo's configuration, in {place}")
    return replace(options, target=triples, origins=MappingProxyType({**options.origins, "target": origin}))


def warn_of_unread(files: ProjectFiles, environ: Mapping[str, str], ui: Ui) -> None:
    """Warn of cargo's configuration beside the crate or the project that a command run elsewhere does not read."""
    location, manifest = files.location, files.manifest
    within = (folder for folder in manifest.path.parents if folder.is_relative_to(manifest.workspace_root))
    for path in cargo_config.unread((*within, location.root), environ, location.cwd):
        ui.warn(
            f"{path} has no effect: cargo and rustup read what is in {location.cwd}, where this runs, and above",
            hint="run the command in that file's folder, or move the file",
        )


def locate(manifest_path: Path | None, cwd: Path, folder: Path | None = None) -> Location:
    """Return the place of the project in `folder` (`cwd` unless given), for a command that was run in `cwd`.

    With `manifest_path`, pyproject.toml is the nearest around the folder that builds this crate, else the nearest above
    the manifest, no further than the folder around the cargo workspace. Without, the pyproject.toml of the folder may
    name the manifest; else it is `rust/Cargo.toml` beside a `src/` package, or `./Cargo.toml`. A crate for which none
    is found belongs to the one above that builds it. Raises `ConfigError` when there is no manifest.
    """
    folder = folder or cwd
    if manifest_path is not None:
        manifest = _existing_manifest(folder / manifest_path)
        pyproject = _builder(manifest, [folder, *folder.parents]) or _search_upward(manifest)
    else:
        candidate = folder / "pyproject.toml"
        pyproject = candidate if is_file(candidate) else None
        named = _named_manifest(pyproject_toml.read(candidate)) if pyproject else None
        manifest = _existing_manifest(named) if named else folder / "Cargo.toml"
    if not is_file(manifest):
        raise ConfigError(
            f"there is no Cargo.toml in {folder}",
            hint="change to the folder of the crate, or name its manifest with --manifest-path",
        )
    pyproject = pyproject or _builder(manifest, manifest.parent.parents)
    return Location(
        manifest=manifest,
        pyproject=pyproject,
        root=(pyproject or manifest).parent,
        cwd=cwd,
        src_layout=pyproject is not None and _has_src_layout(pyproject_toml.read(pyproject)),
    )


def read_files(location: Location) -> ProjectFiles:
    """Return what the TOML files of the project hold; raises `ConfigError` when one of them is wrong or elsewhere.

    So does a pipe, a socket or a device in the place of a file that cargo reads before it answers.
    """
    pyproject = pyproject_toml.read(location.pyproject) if location.pyproject else None
    manifest = cargo_manifest.read(location.manifest)
    if not _may_hold(location, manifest):
        raise ConfigError(
            f"manifest-path in {location.pyproject} names {manifest.path}, which lies outside of the project",
            hint="the crate must be in the project's folder or beside it, in the same repository, or in a workspace "
            "around both",
        )
    if manifest.is_virtual:
        raise ConfigError(
            f"{manifest.path} is a workspace without a package of its own",
            hint="name the crate to build: --manifest-path, or `manifest-path` in [tool.cratewheel] of pyproject.toml",
        )
    cargo_config.check_regular(location.cwd)
    lock.find(manifest.directory, manifest.workspace_root)
    return ProjectFiles(location=location, pyproject=pyproject, manifest=manifest)


def _may_hold(location: Location, manifest: Manifest) -> bool:
    """Whether the crate is the project's: below it or beside it, in its repository, or the project in its workspace."""
    root, place = os.path.realpath(location.root), os.path.realpath(manifest.path)
    around = os.path.dirname(root)  # noqa: PTH120  # compared as text
    beside = (around,) if around != os.path.dirname(around) else ()  # noqa: PTH120  # all of a disk is beside nobody
    return root_of(place, (*project_roots(location.root), *beside)) is not None or (
        root_of(root, manifest.roots) is not None
    )


def read_sources(files: ProjectFiles, ui: Ui) -> Sources:
    """Return what the files of the project say, warning of what is probably not meant.

    Raises `ConfigError` when one of them is wrong.
    """
    metadata = core_metadata.read(files.pyproject, files.manifest)
    for warning in (*(files.pyproject.warnings if files.pyproject else ()), *metadata.warnings):
        ui.warn(warning)
    return Sources(files=files, metadata=metadata)


def _existing_manifest(path: Path) -> Path:
    # not resolve(): a symlinked project keeps the name that the user gave
    manifest = Path(os.path.normpath(path))
    if manifest.is_dir():
        raise ConfigError(f"{manifest} is a folder", hint=f"name the file: {manifest / 'Cargo.toml'}")
    if not is_file(manifest):
        slash = ", with `/` between folders" if "\\" in manifest.name else ""
        raise ConfigError(f"there is no manifest at {manifest}", hint=f"correct the path{slash}; it names a Cargo.toml")
    return manifest


def _search_upward(manifest: Path) -> Path | None:
    boundary = cargo_manifest.read(manifest).workspace_root.parent
    for folder in manifest.parents:
        candidate = folder / "pyproject.toml"
        if is_file(candidate):
            return candidate
        if folder == boundary:
            return None
    return None


def _builder(manifest: Path, folders: Iterable[Path]) -> Path | None:
    """Return the first pyproject.toml of the folders that names this manifest, or has it by its layout; or None."""
    for folder in folders:
        candidate = folder / "pyproject.toml"
        if candidate.is_file():
            with suppress(ConfigError):  # it may be anybody's
                if _named_manifest(pyproject_toml.read(candidate)) == manifest:
                    return candidate
    return None


def _named_manifest(pyproject: PyProject) -> Path | None:
    """Return the Cargo.toml that a pyproject.toml names, or has by its layout; None for the one beside it, if any."""
    named = _tool(pyproject).get("manifest-path")
    if isinstance(named, str):
        return Path(os.path.normpath(pyproject.directory / named))
    return pyproject.directory / "rust" / "Cargo.toml" if _has_src_layout(pyproject) else None


def _tool(pyproject: PyProject) -> Mapping[str, Any]:
    return {**pyproject.tool_maturin, **pyproject.tool_cratewheel}


def _has_src_layout(pyproject: PyProject) -> bool:
    root = pyproject.directory
    if not (root / "rust" / "Cargo.toml").is_file():
        return False
    tool = _tool(pyproject)
    if "python-source" in tool:
        return True
    name, module = (pyproject.project or {}).get("name"), tool.get("module-name")
    packages = tool.get("python-packages", [])
    names = [name.replace("-", "_")] if isinstance(name, str) else []
    names += [module.partition(".")[0]] if isinstance(module, str) else []
    if isinstance(packages, list):
        names += [package for package in packages if isinstance(package, str)]
    return any((root / "src" / package / "__init__.py").is_file() for package in names)
