"""Cargo.lock: where it is."""

from __future__ import annotations

from pathlib import Path

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
