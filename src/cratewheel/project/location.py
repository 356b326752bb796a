"""Locates a project: its pyproject.toml, its Cargo.toml and its root, without starting a program."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cratewheel.cargo import manifest as cargo_manifest
from cratewheel.cargo import manifest_graph
from cratewheel.errors import ConfigError
from cratewheel.project import pyproject as pyproject_toml
from cratewheel.project.pyproject import PyProject
from cratewheel.system.files import is_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """The paths of a project: its Cargo.toml, its pyproject.toml if it has one, and its root folder.

    `cwd` is the folder where the command was run: each cargo and each rustc of a build starts there, so that cargo
    reads its configuration and rustup its toolchain file as for any cargo of the user's. `src_layout` is true for the
    layout with the crate in `rust/` and the Python packages in `src/`.
    """

    manifest: Path
    pyproject: PyProject | None
    root: Path
    cwd: Path
    src_layout: bool = False


def locate(manifest_path: Path | None, cwd: Path, folder: Path | None = None) -> Location:
    """Return the location of the project in `folder` (default: `cwd`), for a command run in `cwd`.

    With `manifest_path`, pyproject.toml is the nearest around the folder that builds this crate, else the nearest above
    the manifest, no further than the folder around the cargo workspace. Without, the pyproject.toml of the folder may
    name the manifest; else it is `rust/Cargo.toml` beside a `src/` package, or `./Cargo.toml`, or in a workspace
    without a package that of the first artifact's crate. A crate for which none is found belongs to the one above that
    builds it. Raises `ConfigError` when there is no manifest.
    """
    folder = folder or cwd
    if manifest_path is not None:
        manifest = _existing_manifest(folder / manifest_path)
        pyproject = _builder(manifest, [folder, *folder.parents]) or _search_upward(manifest)
    else:
        candidate = folder / "pyproject.toml"
        pyproject = pyproject_toml.read(candidate) if is_file(candidate) else None
        named = _named_manifest(pyproject) if pyproject else None
        manifest = _existing_manifest(named) if named else folder / "Cargo.toml"
    if not is_file(manifest):
        raise ConfigError(f"there is no Cargo.toml in {folder}", hint=_where_to_go(folder))
    pyproject = pyproject or _builder(manifest, manifest.parent.parents)
    return Location(
        manifest=manifest,
        pyproject=pyproject,
        root=pyproject.directory if pyproject else manifest.parent,
        cwd=cwd,
        src_layout=pyproject is not None and _has_src_layout(pyproject),
    )


def _existing_manifest(path: Path) -> Path:
    # not resolve(): a symlinked project keeps the name that the user gave
    manifest = Path(os.path.normpath(path))
    if manifest.is_dir():
        inside = manifest / "Cargo.toml"
        name = f"name the file: {inside}" if inside.is_file() else "name a Cargo.toml"
        raise ConfigError(f"{manifest} is a folder", hint=name)
    if not is_file(manifest):
        slash = ", with `/` between folders" if "\\" in manifest.name else ""
        raise ConfigError(
            f"there is no manifest at {manifest}", hint=f"correct the path{slash}; it must be a Cargo.toml"
        )
    if manifest.name != "Cargo.toml":  # cargo reads no other name
        above = (folder / "Cargo.toml" for folder in manifest.parents)
        named = next((one for one in above if one.is_file()), "the Cargo.toml of the crate")
        raise ConfigError(f"{manifest} is not a Cargo.toml", hint=f"name {named}")
    return manifest


def _where_to_go(folder: Path) -> str:
    """Return what to do in a folder without a crate: the command that goes to one around it, or names one in it."""
    from cratewheel.system.command import shell_line  # for this error only

    for above in folder.parents:
        if (above / "Cargo.toml").is_file() or (above / "pyproject.toml").is_file():
            return f"change to the project's folder: `cd {shell_line(os.path.relpath(above, folder))}`"
    with suppress(OSError):
        inside = sorted(each.name for each in folder.iterdir() if (each / "Cargo.toml").is_file())
        if inside:
            return f"name the crate: `--manifest-path {shell_line(f'{inside[0]}/Cargo.toml')}`"
    return "change to the folder of the crate, or create one: `cratewheel new NAME`"


def _search_upward(manifest: Path) -> PyProject | None:
    boundary = cargo_manifest.read(manifest).workspace_root.parent
    for folder in manifest.parents:
        candidate = folder / "pyproject.toml"
        if is_file(candidate):
            return pyproject_toml.read(candidate)
        if folder == boundary:
            return None
    return None


def _builder(manifest: Path, folders: Iterable[Path]) -> PyProject | None:
    """Return the first pyproject.toml of the folders that names this manifest, or has it by its layout; or None."""
    for folder in folders:
        candidate = folder / "pyproject.toml"
        if candidate.is_file():
            with suppress(ConfigError):  # it may be anybody's
                found = pyproject_toml.read(candidate)
                if _named_manifest(found) == manifest:
                    return found
    return None


def _named_manifest(pyproject: PyProject) -> Path | None:
    """Return the Cargo.toml for a pyproject.toml: named in it, or found by its layout; None for the one beside it.

    Raises `ConfigError` for a manifest of a workspace that is not valid.
    """
    named = _tool(pyproject).get("manifest-path")
    if isinstance(named, str):
        return Path(os.path.normpath(pyproject.directory / named))
    if _has_src_layout(pyproject):
        return pyproject.directory / "rust" / "Cargo.toml"
    return _first_crate(pyproject)


def _first_crate(pyproject: PyProject) -> Path | None:
    """Return the Cargo.toml of the crate that the first artifact names, in a workspace without a package; or None."""
    name = first_artifact(pyproject).get("crate")
    beside = pyproject.directory / "Cargo.toml"
    if not isinstance(name, str) or not is_file(beside):
        return None
    manifest = cargo_manifest.read(beside)
    crates = manifest_graph.local_crates(manifest) if manifest.is_virtual else ()
    return next((crate.path for crate in crates if crate.name == name), None)


def first_artifact(pyproject: PyProject) -> Mapping[str, Any]:
    """Return the first table of the project's `artifacts`; an empty one if it has none."""
    tables = _tool(pyproject).get("artifacts")
    first = tables[0] if isinstance(tables, list) and tables else {}
    return first if isinstance(first, dict) else {}


def _tool(pyproject: PyProject) -> Mapping[str, Any]:
    return {**pyproject.tools.maturin, **pyproject.tools.cratewheel, **pyproject.tools.hook}


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
