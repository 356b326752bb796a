"""Reads which files an artifact was made of, as cargo writes them beside it.

See "dep-info files" on https://doc.rust-lang.org/cargo/reference/build-cache.html: the files that rustc read for the
local crates, and those that their build scripts name with `rerun-if-changed`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cratewheel.builder.session import Session
from cratewheel.cargo.command import CargoBuild, is_cross, profile_folders
from cratewheel.planning.model import ArtifactPlan


def read(session: Session, planned: ArtifactPlan, build: CargoBuild, directory: Path) -> str | None:
    """Return cargo's list of the files of an artifact; None if it has made none in this build directory.

    That of cross has the paths of its container, where all copies have the same.
    """
    if is_cross(session.cargo_program):
        return None
    folder = directory / profile_folders(build.options)[0] / ("examples" if build.example is not None else "")
    try:
        return (folder / planned.cargo_file).with_suffix(".d").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None


def parse(text: str) -> tuple[str, ...]:
    r"""Return the files that the first rule of a makefile names.

    >>> parse("/t/debug/libx.so: /p/my\\ crate/src/lib.rs /p/b.rs\n")
    ('/p/my crate/src/lib.rs', '/p/b.rs')
    """
    _, _, files = next(iter(text.splitlines()), "").partition(": ")
    return tuple(name.replace("\\ ", " ") for name in re.split(r"(?<!\\) ", files) if name)


def own_files(session: Session, listed: str, directory: Path) -> Iterator[str]:
    """Yield the files of the project itself, relative to the workspace; what build scripts wrote is none of them."""
    cargo = session.inputs.cargo
    made = (directory, session.target_dir, *((cargo.build_directory,) if cargo.build_directory else ()))
    for name in parse(listed):
        path = Path(name)
        if path.is_absolute() and not any(path.is_relative_to(folder) for folder in made):
            with suppress(ValueError):  # it is on another drive, where all copies have it
                yield Path(os.path.relpath(path, cargo.workspace_root)).as_posix()
