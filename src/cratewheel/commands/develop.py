"""Installs a project into an environment in editable mode, without writing a wheel."""

from __future__ import annotations

import filecmp
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from importlib import metadata as installed_metadata
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from cratewheel.archive import install as installer
from cratewheel.archive.layout import Entry, Generated
from cratewheel.builder.checks import check_before_compiling
from cratewheel.builder.in_place import write_in_project
from cratewheel.builder.session import Session
from cratewheel.builder.wheel import assemble_wheel
from cratewheel.contents import editable
from cratewheel.errors import ConfigError, CratewheelError, MissingToolError, ProcessError, UsageError
from cratewheel.events import Reporter
from cratewheel.interpreter.environment import DependencyOptions, Environment
from cratewheel.project import dependency_groups
from cratewheel.project.metadata import CoreMetadata
from cratewheel.project.read import Project
from cratewheel.system.command import Command, capture, which
from cratewheel.system.files.lock import exclusive_folder
from cratewheel.system.files.transaction import Bounds
from cratewheel.system.versions import parse_requirement, parse_version
from cratewheel.targets.triples import is_foreign
from cratewheel.targets.triples import parse as parse_target
from cratewheel.ui import format_duration

INSTALLER = "cratewheel"


def requirements(
    project: Project,
    metadata: CoreMetadata,
    environment: Environment,
    dependencies: DependencyOptions,
    *,
    own_group: str = "dev",
) -> tuple[Requirement, ...]:
    """Return the requirements of the project in this environment, with extras and groups (PEP 508, PEP 735).

    Without a requested group, `dev` is used if there is one. An extra or group that names the project itself (`all =
    ["demo[dev]"]`) includes the extras in brackets. Raises `ConfigError` for an unknown extra or group.
    """
    own = canonicalize_name(metadata.name)
    declared = [parse_requirement(text) for text in metadata.requires_dist]
    known = {canonicalize_name(value) for header, value in metadata.headers if header == "Provides-Extra"}
    groups = project.pyproject.dependency_groups if project.pyproject is not None else {}
    names = dependencies.groups or ((own_group,) if own_group in groups else ())
    listed = dependency_groups.requirements(groups, names, project.root / "pyproject.toml")
    of_groups = [requirement for requirement in listed if _marker_holds(requirement, environment)]
    extras = _known_extras(dependencies.extras, known)
    while True:
        needed = [
            requirement for requirement in declared if _marker_holds(requirement, environment, *extras)
        ] + of_groups
        to_itself = [requirement for requirement in needed if canonicalize_name(requirement.name) == own]
        named = _known_extras((extra for requirement in to_itself for extra in sorted(requirement.extras)), known)
        if extras.issuperset(named):
            return tuple(requirement for requirement in needed if requirement not in to_itself)
        extras |= named


def _known_extras(names: Iterable[str], known: set[NormalizedName]) -> set[NormalizedName]:
    """Return normalised extras; raises `ConfigError` for one that the project does not have."""
    found = {canonicalize_name(name): name for name in names}
    for normal, name in found.items():
        if normal not in known:
            listed = f"the extras are: {', '.join(sorted(known))}"
            add = f"add `{name} = […]` below [project.optional-dependencies]"
            raise ConfigError(f"the project has no extra `{name}`", hint=listed if known else add)
    return set(found)


def missing_requirements(needed: Iterable[Requirement], environment: Environment) -> tuple[Requirement, ...]:
    """Return the requirements that no installed version meets; those with extras or URLs are always included."""
    there = dict(_installed_versions(environment))
    return tuple(
        requirement
        for requirement in needed
        if requirement.url
        or requirement.extras
        or canonicalize_name(requirement.name) not in there
        or not requirement.specifier.contains(there[canonicalize_name(requirement.name)], prereleases=True)
    )


def _installed_versions(environment: Environment) -> Iterator[tuple[str, Version]]:
    """Yield the names and versions of installed distributions, without those whose metadata is damaged."""
    for found in installed_metadata.distributions(path=list(environment.site_folders)):
        with suppress(InvalidVersion, UnicodeDecodeError, FileNotFoundError):  # the last since Python 3.15
            metadata = found.metadata
            if metadata and "Name" in metadata and "Version" in metadata:
                yield canonicalize_name(metadata["Name"]), parse_version(metadata["Version"])


def _find_uv(environment: Environment, environ: Mapping[str, str]) -> tuple[str, ...] | None:
    """Return the words that start uv: the environment's program or module, that on PATH, or a module beside us."""
    own = which("uv", {"PATH": str(environment.paths.scripts)})
    if own is not None:
        return (str(own),)
    if any(Path(folder, "uv", "__main__.py").is_file() for folder in environment.site_folders):
        return (str(environment.paths.python), "-m", "uv")
    on_path = which("uv", environ)
    if on_path is not None:
        return (str(on_path),)
    return (sys.executable, "-m", "uv") if find_spec("uv") is not None else None


def check_target(session: Session) -> None:
    """Raise `UsageError` if what is compiled cannot be used by an environment of this machine."""
    if session.inputs.pure:
        return
    target, host = session.inputs.target, parse_target(session.inputs.rustc.host)
    runs = session.inputs.bindings.kind == "bin" and (target.os, target.arch) == (host.os, host.arch)
    if is_foreign(target, host) and not runs:
        raise UsageError(
            f"an environment of this machine ({host.triple}) cannot load what is compiled for {target.triple}",
            hint=f"`cratewheel build --target {target.triple}` makes a wheel for that system",
        )


def install_requirements(
    needed: tuple[Requirement, ...],
    environment: Environment,
    dependencies: DependencyOptions,
    *,
    environ: Mapping[str, str],
    reporter: Reporter,
) -> None:
    """Install the requirements with uv if requested or if the environment has no pip of its own, else with pip."""
    if dependencies.uv and dependencies.pip is not None:
        raise UsageError("--uv and --pip-path cannot be used together", hint="choose one of them")
    if dependencies.pip is not None and which(str(dependencies.pip), environ) is None:
        raise MissingToolError(f"--pip-path names {dependencies.pip}, which was not found", hint="correct the path")
    if not needed:
        return
    specifiers = tuple(_without_marker(requirement) for requirement in needed)
    reporter.step("Installing", ", ".join(specifiers))
    python = str(environment.paths.python)
    uv = _find_uv(environment, environ) if dependencies.uv or environment.prefers_uv else None
    if dependencies.pip is not None:
        argv = (str(dependencies.pip), "--python", python, "install", *specifiers)
    elif uv is not None:
        argv = (*uv, "pip", "install", "--python", python, *specifiers)
    elif dependencies.uv:
        raise MissingToolError("uv not found", hint="install uv, or remove --uv")
    else:
        argv = (python, "-m", "pip", "--disable-pip-version-check", "install", *specifiers)
    command = Command(argv=argv)
    reporter.detail(f"running {command}")
    done = capture(command, environ, show_stderr=reporter.inherits_stderr, rolls_back=True)
    reporter.pass_output(done.stderr)  # empty if it was shown directly
    if done.status:
        raise ProcessError(
            f"cannot install the dependencies (exit status {done.status})",
            hint="see its output above; --uv, --pip-path and -i choose another installer or environment",
        )
    for line in done.stdout.splitlines():
        reporter.detail(line)


def install(session: Session, environment: Environment, begun: float) -> Path:
    """Build and install the project, replacing an earlier install, and return its dist-info folder.

    `begun` is when the command began, by the monotonic clock.
    """
    session = check_before_compiling(session)
    (wheel,) = session.plan.wheels
    with _lock_environment(session, environment):
        # raise now what would be raised after compiling
        find_installed(session.plan.name, environment)
        check_writable(environment)
    live = session.inputs.modules.has_python_files
    root = session.inputs.project.root
    direct_url = {"url": root.as_uri(), "dir_info": {"editable": True}}
    extra = {"INSTALLER": f"{INSTALLER}\n", "REQUESTED": "", "direct_url.json": json.dumps(direct_url)}
    with assemble_wheel(session, wheel) as content:
        write_in_project(session, content.in_project)
        with _lock_environment(session, environment):
            earlier = find_installed(session.plan.name, environment)
            folder = installer.install(
                content.layout, content.dist_info, environment.paths, extra=extra, replaced=earlier
            )
    how = "editable" if live else "not editable: run develop again after a change"
    session.reporter.detail(f"the files are in {environment.paths.platlib}")
    place = environment.paths.scripts.parent
    shown = place.relative_to(session.cwd) if place.is_relative_to(session.cwd) else place
    session.reporter.step("Installed", f"{_name(session)} into {shown} in {_time_since(begun)} ({how})")
    if content.unimportable is not None:
        session.reporter.warn(f"`import {content.unimportable}` will fail, as the warning above explains")
    return folder


def _name(session: Session) -> str:
    return f"{session.plan.name} {session.plan.version}"


def _time_since(begun: float) -> str:
    return format_duration(time.monotonic() - begun)


@contextmanager
def _lock_environment(session: Session, environment: Environment) -> Iterator[None]:
    """Lock the environment for the block, after recovering interrupted installs of the project."""
    folder = environment.paths.platlib
    waiting = partial(session.reporter.step, "Blocking", f"waiting for another install into {folder}")
    with exclusive_folder(folder, on_wait=waiting):
        for warning in installer.recover_install(session.plan.name, environment.paths):
            session.reporter.warn(warning)
        yield


def find_installed(name: str, environment: Environment) -> Path | None:
    """Return the dist-info folder of an earlier install, or None.

    Raises `CratewheelError` for one without a RECORD (an egg, a system package), which only its installer can remove.
    """
    for found in installed_metadata.distributions(name=name, path=list(environment.site_folders)):
        path = Path(str(found._path))  # type: ignore[attr-defined]  # noqa: SLF001  # no public attribute has the path
        if (path / "RECORD").is_file():
            return path
        if not path.is_dir() or any(path.iterdir()):  # an empty folder is no install
            raise CratewheelError(
                f"{name} is installed in {path} without a RECORD file",
                hint="uninstall it with the tool that installed it, or remove that folder",
            )
    return None


def check_writable(environment: Environment) -> None:
    """Raise `CratewheelError` if the environment's folders are read-only, as those of the system often are."""
    for folder in (environment.paths.platlib, environment.paths.scripts):
        if folder.is_dir() and not os.access(folder, os.W_OK):
            raise CratewheelError(
                f"{folder} is not writable",
                hint="create an environment with `python3 -m venv .venv`, or choose another with -i",
            )


def replace_compiled(session: Session, into: Path) -> None:
    """Build the project and replace the compiled files of its editable install in the folder `into`."""
    session = check_before_compiling(session)
    (wheel,) = session.plan.wheels
    package = editable.redirect_package(session.plan.name)
    site = into.absolute().parent
    above = 1 if sys.platform == "win32" else 2  # <environment>/lib/python3.X/site-packages
    bounds = Bounds((site, *site.parents[above : above + 1]))
    waiting = partial(session.reporter.step, "Blocking", f"waiting for another install into {site}")
    with assemble_wheel(session, wheel) as content:
        write_in_project(session, content.in_project)
        compiled = (
            (site.joinpath(into.name, *entry.parts[1:]), entry)
            for entry in content.layout
            if entry.parts[0] == package and len(entry.parts) > 2  # not the finder itself
        )
        with exclusive_folder(site, on_wait=waiting):
            files = [(path, entry) for path, entry in compiled if not _has_content(path, entry)]
            for warning in installer.replace_files(files, site, session.plan.name, bounds):
                session.reporter.warn(warning)


def _has_content(path: Path, entry: Entry) -> bool:
    if not path.is_file():
        return False
    if isinstance(entry.source, Generated):
        return path.read_bytes() == entry.source.data
    return filecmp.cmp(path, entry.source.path, shallow=False)


def _marker_holds(requirement: Requirement, environment: Environment, *extras: str) -> bool:
    """Return whether a requirement's marker is true in the environment, with one of the extras or without any."""
    if requirement.marker is None:
        return True
    try:
        return any(requirement.marker.evaluate({**environment.markers, "extra": extra}) for extra in ("", *extras))
    except (ValueError, KeyError) as error:  # packaging raises these for undefined comparisons
        raise ConfigError(
            f"cannot evaluate the marker of `{requirement}`: {error}", hint="correct the marker, after the `;`"
        ) from error


def _without_marker(requirement: Requirement) -> str:
    bare = parse_requirement(str(requirement))
    bare.marker = None  # it has been evaluated
    return str(bare)


def compile_in_place(session: Session, begun: float) -> None:
    """Build the project and copy the compiled module into its Python package; nothing is installed.

    `begun` is when the command began, by the monotonic clock.
    """
    session = check_before_compiling(session)
    (wheel,) = session.plan.wheels
    with assemble_wheel(session, wheel) as content:
        write_in_project(session, content.in_project)
        if content.tag.platform == ("any",):
            return  # there was nothing to compile, and that has been said
    session.reporter.step("Compiled", f"{_name(session)} in {_time_since(begun)}")
