"""The SBOM files of a wheel (PEP 770)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from cratewheel import __version__
from cratewheel.builder import cyclonedx as sbom
from cratewheel.builder.session import Session
from cratewheel.cargo import lockfile as lock
from cratewheel.cargo.model import CargoMetadata
from cratewheel.errors import ConfigError
from cratewheel.planning.model import WheelPlan
from cratewheel.project.inputs import Inputs
from cratewheel.repair import owner
from cratewheel.repair.model import Grafted
from cratewheel.system import files, toml
from cratewheel.system.files import Roots

GRAFTED_FILE = "auditwheel.cdx.json"  # the name that other tools use

SbomFiles = tuple[tuple[str, bytes], ...]


def crates_sbom(session: Session) -> SbomFiles:
    """Return the SBOM file of each crate that a wheel is made from; nothing if the project turned them off."""
    if not session.inputs.options.sbom.rust:
        return ()
    found = {}
    graphs = _graphs(session.inputs)
    if not graphs:
        session.reporter.warn(
            "the wheel has no SBOM of its crates, as there is no cargo to tell them", hint="--sbom-include adds one"
        )
    for cargo in graphs:
        found[sbom.file_name(cargo)] = sbom.crates(
            cargo,
            tool_version=__version__,
            hashes=_crate_hashes(cargo.workspace_root / lock.NAME),
            targets=tuple(slice_.triple for slice_ in session.plan.target.slices),
            timestamp=session.timestamp,
            clarified=dict(session.inputs.options.licenses.clarify),
        )
    return tuple(found.items())


def _graphs(inputs: Inputs) -> tuple[CargoMetadata, ...]:
    """Return the crates that a wheel is made from: one graph for each crate, the first if artifacts share one."""
    found: dict[str | None, CargoMetadata] = {}
    for _, one in inputs.artifacts:
        found.setdefault(one.cargo.root, one.cargo)
    return tuple(cargo for cargo in found.values() if not cargo.from_files)


def of_artifacts(inputs: Inputs, wheel: WheelPlan, crates: SbomFiles) -> SbomFiles:
    """Return the SBOM files of the crates that a wheel's artifacts are made from, out of those of all."""
    names = {sbom.file_name(inputs.of(artifact.part).cargo) for artifact in wheel.artifacts}
    return tuple(one for one in crates if one[0] in names)


def names_before_compiling(inputs: Inputs) -> tuple[str, ...]:
    """Return the names of a wheel's SBOM files known before compiling: all but that of grafted libraries."""
    options = inputs.options
    own = [sbom.file_name(cargo) for cargo in _graphs(inputs)] if options.sbom.rust else []
    given = (PurePosixPath(name).name for name in (*options.sbom.include, *options.sbom_include))
    return tuple(dict.fromkeys([*own, *given]))


def sbom_files(session: Session, crates: SbomFiles, grafted: tuple[Grafted, ...]) -> SbomFiles:
    """Return the SBOM files of a wheel by name: of its `crates`, its `grafted` libraries, and of the project.

    Raises `ConfigError` for a missing file, and for two files with the same name.
    """
    of_libraries = bool(grafted) and session.inputs.options.sbom.auditwheel
    found = [(GRAFTED_FILE, _grafted(session, grafted))] if of_libraries else []
    found += [*crates, *included_sboms(session)]
    _refuse_doubles(found)
    return tuple(found)


def included_sboms(session: Session) -> SbomFiles:
    """Return the SBOM files that the project and the command line name; raises as `sbom_files` does."""
    options, sources = session.inputs.options, session.inputs.project
    found = [_included_sbom(sources.root, name, sources.roots) for name in dict.fromkeys(options.sbom.include)]
    named = dict.fromkeys(name for name in options.sbom_include if name not in options.sbom.include)
    found += [
        _included_sbom(sources.root, name, ()) for name in named
    ]  # files named on the command line may be anywhere
    _refuse_doubles(found)
    return tuple(found)


def _refuse_doubles(found: Iterable[tuple[str, bytes]]) -> None:
    names = [name for name, _ in found]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"two SBOM files have the same name in the wheel: {name}", hint="rename one of them")


def _grafted(session: Session, libraries: tuple[Grafted, ...]) -> bytes:
    return sbom.grafted(
        session.plan.name,
        session.plan.version,
        [(one.name, one.sha256, owner.package_url(one.original, session.environ)) for one in libraries],
        tool_version=__version__,
        timestamp=session.timestamp,
    )


def _crate_hashes(path: Path) -> Mapping[tuple[str, str], str]:
    return sbom.checksums(toml.load_file(path, files.project_roots(path.parent)), path) if files.is_file(path) else {}


def _included_sbom(root: Path, name: str, roots: Roots) -> tuple[str, bytes]:
    path = Path(os.path.normpath(root / name))
    if not files.is_file(path):
        raise ConfigError(f"the SBOM {path} does not exist", hint="correct the path; it is relative to the project")
    try:
        return path.name, files.read_bytes(path, roots)
    except OSError as error:
        raise ConfigError(f"the SBOM {path} cannot be read: {error.strerror}") from error
