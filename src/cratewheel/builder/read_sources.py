"""Compares the files that cargo read for wheels with those of the source distribution of the same command."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from cratewheel.builder import dep_info
from cratewheel.builder.session import Session
from cratewheel.cargo.model import Package
from cratewheel.contents.left_out import include_hint
from cratewheel.planning.model import WheelPlan
from cratewheel.system import files
from cratewheel.system.files import Roots
from cratewheel.system.files.links import REPOSITORIES

# Written anew for an archive, so that it has no file of the disk.
_EDITED = frozenset({"Cargo.toml", "Cargo.lock", "pyproject.toml", "PKG-INFO"})
_MAX_NAMED = 5


def warn_of_unpacked_sources(sessions: Sequence[Session], packed: Collection[str]) -> None:
    """Warn of each file of the project that cargo read for the wheels of a command, and that is not `packed`.

    Cargo lists the files that rustc read, whatever included them, and those that build scripts name.
    """
    session = sessions[0]  # of the same project
    read = {path for one in sessions for wheel in one.plan.wheels for path in _read_for(one, wheel)}
    unpacked = sorted(read.difference(packed))
    if not unpacked:
        return
    missing = _without_packed(unpacked, packed, _roots(session))
    unless = ", unless a build script writes it" if _has_build_script(session) else ""
    for path in missing[:_MAX_NAMED]:
        session.reporter.warn(
            f"cargo read {path} for the wheel, but it is not in the sdist: builds from there lack it{unless}",
            hint=include_hint(Path(path), session.inputs.project.root),
        )
    if missing[_MAX_NAMED:]:
        session.reporter.warn(
            f"{len(missing) - _MAX_NAMED} more files that cargo read for the wheel are not in the sdist",
            hint="`cratewheel sdist --check` builds from the sdist",
        )


def _read_for(session: Session, wheel: WheelPlan) -> Iterator[str]:
    """Yield the files that cargo read for a wheel and did not write itself, in folders of any kind."""
    shared = session.build_directory(wheel).path
    for artifact in wheel.artifacts:
        own = session.of(artifact)
        root = own.inputs.cargo.workspace_root
        for build in artifact.builds:
            directory = artifact.directory or shared
            listed = dep_info.read(own, artifact, build, directory) or ""
            for name in dep_info.own_files(own, listed, directory):
                yield os.path.normpath(root / name)


def _without_packed(paths: Collection[str], packed: Collection[str], roots: Roots) -> list[str]:
    """Return those paths of the project that an archive has under no other name of the file, nor files below it."""
    real = {os.path.realpath(path) for path in packed}
    real |= {str(folder) for path in real for folder in Path(path).parents}
    return [path for path in paths if os.path.realpath(path) not in real and _is_source(Path(path), roots)]


def _is_source(path: Path, roots: Roots) -> bool:
    """Return whether a file that was read belongs into archives: not what git keeps, which build scripts look at."""
    inside = files.root_of(os.path.realpath(path), roots) is not None
    return inside and path.name not in _EDITED and REPOSITORIES.isdisjoint(path.parts) and path.exists()


def _roots(session: Session) -> Roots:
    """Return the folders of the project: its repository, and its crates."""
    return files.project_roots(
        session.inputs.project.root, *(package.manifest_path.parent for package in _local_packages(session))
    )


def _local_packages(session: Session) -> list[Package]:
    cargo = session.inputs.cargo
    return [package for package in cargo.packages.values() if package.source is None and package.id in cargo.nodes]


def _has_build_script(session: Session) -> bool:
    return any("custom-build" in target.kinds for package in _local_packages(session) for target in package.targets)
