"""The bills of materials that a wheel carries (PEP 770)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cratewheel import __version__, sbom, toml
from cratewheel.build.session import Session
from cratewheel.errors import ConfigError
from cratewheel.repair.model import Grafted

GRAFTED_FILE = "auditwheel.cdx.json"  # the name that other tools write and look for

Materials = tuple[tuple[str, bytes], ...]


def of_crates(session: Session) -> Materials:
    """Return the SBOM file of the crates in a wheel, with its name, or nothing where the project wants none."""
    if not session.facts.options.sbom.rust:
        return ()
    cargo = session.facts.project.cargo
    text = sbom.crates(
        cargo,
        tool_version=__version__,
        hashes=_crate_hashes(cargo.workspace_root / "Cargo.lock"),
        targets=tuple(slice_.triple for slice_ in session.plan.target.slices),
        timestamp=session.timestamp,
    )
    return ((sbom.file_name(cargo), text),)


def materials(session: Session, crates: Materials, grafted: tuple[Grafted, ...]) -> Materials:
    """Return the SBOM files of a wheel by name: its `crates`', its `grafted` libraries', and those of the project.

    Raises `ConfigError` for one that is not there, and for two of one name.
    """
    options = session.facts.options
    found = [(GRAFTED_FILE, _grafted(session, grafted))] if grafted and options.sbom.auditwheel else []
    found += crates
    root = session.facts.project.sources.root
    found += [_included_sbom(root, name) for name in dict.fromkeys((*options.sbom.include, *options.sbom_include))]
    names = [name for name, _ in found]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"two SBOM files would be called {name} in the wheel", hint="rename one of them")
    return tuple(found)


def _grafted(session: Session, libraries: tuple[Grafted, ...]) -> bytes:
    from cratewheel.repair import owner

    return sbom.grafted(
        session.plan.name,
        session.plan.version,
        [(one.name, one.sha256, owner.package_url(one.original, session.environ)) for one in libraries],
        tool_version=__version__,
        timestamp=session.timestamp,
    )


def _crate_hashes(lock: Path) -> Mapping[tuple[str, str], str]:
    return sbom.checksums(toml.load(lock)) if lock.is_file() else {}


def _included_sbom(root: Path, name: str) -> tuple[str, bytes]:
    path = (root / name).resolve()
    if not path.is_relative_to(root.resolve()):
        raise ConfigError(f"the SBOM {name} lies outside the project", hint=f"copy it below {root}")
    if not path.is_file():
        raise ConfigError(
            f"the SBOM {root / name} does not exist", hint="correct the path; it is relative to the project"
        )
    return path.name, path.read_bytes()
