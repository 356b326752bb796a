"""Reads the files of a project; no program is started, and Rust is not needed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cratewheel.cargo import config as cargo_config
from cratewheel.cargo import lockfile, manifest_graph
from cratewheel.cargo import manifest as cargo_manifest
from cratewheel.cargo.manifest import Manifest
from cratewheel.errors import ConfigError, did_you_mean
from cratewheel.events import Reporter
from cratewheel.options.tool_tables import DEFAULT_TABLE
from cratewheel.project import metadata as core_metadata
from cratewheel.project.location import Location, first_artifact
from cratewheel.project.metadata import CoreMetadata, dynamic
from cratewheel.project.metadata.cargo import PROVIDED as OF_CARGO
from cratewheel.project.metadata.cargo import legacy_table
from cratewheel.project.metadata.dynamic import Provider
from cratewheel.project.metadata.providers import BuildState, Runner
from cratewheel.project.pyproject import PyProject
from cratewheel.system.files import Roots, project_roots, root_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The two files of a project, and their location."""

    location: Location
    manifest: Manifest

    @property
    def pyproject(self) -> PyProject | None:
        """The pyproject.toml, if there is one."""
        return self.location.pyproject

    @property
    def root(self) -> Path:
        """The folder of pyproject.toml, or of Cargo.toml if there is none."""
        return self.location.root

    @property
    def cwd(self) -> Path:
        """The folder where cargo and rustc are started."""
        return self.location.cwd

    @property
    def settings_table(self) -> str:
        """The table of pyproject.toml to write a setting into, for messages."""
        return self.pyproject.settings_table if self.pyproject is not None else DEFAULT_TABLE

    @property
    def roots(self) -> Roots:
        """The folders that files of the project may lie in, with links followed."""
        return self.manifest.roots_with(self.root)


def read(location: Location) -> Project:
    """Return the content of the project's TOML files; raises `ConfigError` for an invalid or misplaced one.

    So does a pipe, a socket or a device in the place of a file that cargo reads before it answers.
    """
    manifest = cargo_manifest.read(location.manifest)
    if not _may_hold(location, manifest):
        named_in = location.root / "pyproject.toml"
        raise ConfigError(
            f"manifest-path in {named_in} names {manifest.path}, which lies outside of the project",
            hint="the crate must be in the project's folder or beside it, in the same repository, or in a workspace "
            "around both",
        )
    if manifest.is_virtual:
        raise ConfigError(f"{manifest.path} is a workspace without a package", hint=_select_crate(location, manifest))
    cargo_config.check_regular(location.cwd)
    lockfile.find(manifest.directory, manifest.workspace_root)
    return Project(location=location, manifest=manifest)


def _select_crate(location: Location, workspace: Manifest) -> str:
    """Return how to say which crate of a workspace is the project's: by its first artifact, if it lists some."""
    crates = manifest_graph.local_crates(workspace)
    names = [crate.name for crate in crates]
    first = first_artifact(location.pyproject) if location.pyproject is not None else {}
    if first and names:
        named = first.get("crate")
        if isinstance(named, str):
            wrong = f"the first of its artifacts names the crate `{named}`, which the workspace has not"
            of_library = [crate.name for crate in crates if crate.lib.get("name") == named]
            meant = f"it is the library of `{of_library[0]}`" if of_library else did_you_mean(named, names)
            return f"{wrong}; {meant or 'its crates are ' + ', '.join(names)}"
        return f'write `crate = "…"` into the first table of the artifacts: {", ".join(names)}'
    paths = [os.path.relpath(crate.path, location.root) for crate in crates]
    one = Path(paths[0]).as_posix() if len(paths) == 1 else "…/Cargo.toml"
    table = location.pyproject.settings_table if location.pyproject is not None else DEFAULT_TABLE
    several = f"; its crates are {', '.join(names)}" if len(names) > 1 else ""
    return f'select the crate with --manifest-path, or `manifest-path = "{one}"` in {table} of pyproject.toml{several}'


def _may_hold(location: Location, manifest: Manifest) -> bool:
    """Whether the crate is the project's: below it or beside it, in its repository, or the project in its workspace."""
    root, place = os.path.realpath(location.root), os.path.realpath(manifest.path)
    around = os.path.dirname(root)  # noqa: PTH120  # compared as text
    beside = (around,) if around != os.path.dirname(around) else ()  # noqa: PTH120  # all of a disk is beside nobody
    return root_of(place, (*project_roots(location.root), *beside)) is not None or (
        root_of(root, manifest.roots) is not None
    )


def read_metadata(
    project: Project,
    reporter: Reporter,
    *,
    environ: Mapping[str, str],
    build_state: BuildState = "metadata_wheel",
) -> CoreMetadata:
    """Return the core metadata from the project's files, and report warnings.

    Where the project has providers for it, they are run, for the kind of build that `build_state` names; nothing else
    starts a program. Raises `ConfigError` when a file or a provider is wrong.
    """
    providers = read_providers(project)
    if providers:
        metadata = _fill_metadata(project, providers, provider_runner(project, environ, reporter, build_state))
    else:
        if project.pyproject is not None and project.pyproject.project is not None:
            _warn_unfilled(project, project.pyproject.project, reporter)
        metadata = core_metadata.read(project.pyproject, project.manifest)
    for warning in (*(project.pyproject.warnings if project.pyproject else ()), *metadata.warnings):
        reporter.warn(warning)
    return metadata


def _fill_metadata(project: Project, providers: tuple[Provider, ...], runner: Runner) -> CoreMetadata:
    pyproject = project.pyproject
    assert pyproject is not None, "it has the providers"
    if pyproject.project is None:
        raise ConfigError(
            f"{pyproject.path} has [[tool.dynamic-metadata]], and no [project] table to fill",
            hint='add [project] with `name` and `dynamic = ["version"]`',
        )
    resolved = runner.resolve(pyproject.project, providers)
    _warn_unfilled(project, resolved.project, runner.reporter)
    differing = runner.wheel_fields(providers) if runner.build_state == "sdist" else ()
    return core_metadata.read(
        replace(pyproject, project=resolved.project),
        project.manifest,
        filled=resolved.providers,
        dynamic_headers=dynamic.dynamic_headers(differing),
    )


def _warn_unfilled(project: Project, table: Mapping[str, Any], reporter: Reporter) -> None:
    """Warn of what `dynamic` lists and nothing fills; licence files are found, and the old table may fill any field."""
    assert project.pyproject is not None, "it has the table"
    for field in dynamic.unfilled(table, (*OF_CARGO, "license-files")) if not legacy_table(project.manifest) else ():
        reporter.warn(
            f"project.dynamic in {project.pyproject.path} lists {field}, which no provider fills",
            hint="add a provider, or remove it from `dynamic`",
        )


def read_providers(project: Project) -> tuple[Provider, ...]:
    """Return the metadata providers of a project; raises `ConfigError` for an invalid entry."""
    pyproject = project.pyproject
    return dynamic.read_providers(pyproject.dynamic_metadata, pyproject.path) if pyproject is not None else ()


def provider_runner(
    project: Project, environ: Mapping[str, str], reporter: Reporter, build_state: BuildState = "metadata_wheel"
) -> Runner:
    """Return what runs the metadata providers of a project."""
    return Runner(
        folder=project.root, manifest=project.manifest, environ=environ, reporter=reporter, build_state=build_state
    )


def warn_of_unread_config(project: Project, environ: Mapping[str, str], reporter: Reporter) -> None:
    """Warn of cargo configuration beside the crate or project that does not apply in the current folder."""
    location, manifest = project.location, project.manifest
    within = (folder for folder in manifest.path.parents if folder.is_relative_to(manifest.workspace_root))
    for path in cargo_config.find_unread((*within, location.root), environ, location.cwd):
        reporter.warn(
            f"{path} has no effect: cargo and rustup only read files in {location.cwd} and its parents",
            hint="run the command in that file's folder, or move the file",
        )
