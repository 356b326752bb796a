"""Cargo.lock: where it is, and which packages it takes from the disk."""

from __future__ import annotations

from pathlib import Path

from cratewheel import toml

NAME = "Cargo.lock"


def find(crate: Path, workspace_root: Path) -> Path | None:
    """Return the lock file that cargo uses for the crate in the folder `crate`, or None where there is none.

    Cargo reads the workspace root's; one beside a crate that has a workspace above it is left over, but is better than
    nothing to those who unpack the crate.
    """
    for folder in (workspace_root, crate):
        candidate = folder / NAME
        if candidate.is_file():
            return candidate
    return None


def local_packages(path: Path | None) -> frozenset[str]:
    """Return the names of the packages of a lock file that come from no registry or repository: those found by path.

    Without a file there are none. Raises `ConfigError` when it is not TOML.
    """
    packages = toml.load(path).get("package", []) if path is not None else []
    return frozenset(package["name"] for package in packages if "source" not in package)
