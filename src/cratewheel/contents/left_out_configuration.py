"""Finds cargo's and rustup's files that count for builds of the source tree, and that an sdist lacks."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from cratewheel.archive.layout import FromFile, Layout
from cratewheel.cargo import config
from cratewheel.errors import ConfigError
from cratewheel.system import files, toml
from cratewheel.system.files import Roots

_OF_BUILDS = {"build", "doc", "env", "host", "include", "patch", "paths", "profile", "source", "target", "unstable"}


def left_out_configuration(
    layout: Layout, project: Path, roots: Roots, environ: Mapping[str, str], cwd: Path
) -> Iterator[tuple[str, str]]:
    """Yield a warning and a hint for each file of the project that cargo or rustup reads, and that the sdist lacks.

    They are those that count in the folder `cwd`, and are in the folders `roots`; and the folders of crates that a
    packed configuration names in `[source]`.
    """
    packed = {entry.source.path for entry in layout if isinstance(entry.source, FromFile)}
    inside = files.ProjectBoundary(roots)
    for path in (*filter(_is_of_builds, config.files(environ, cwd)), *_toolchain(environ, cwd)):
        if inside.contains(str(path)) and str(path) not in packed:
            yield f"{path} is not in the sdist: builds from it will not use it", _hint(path, project, "")
    for file, folder in dict.fromkeys(config.local_sources(environ, cwd)):
        if str(file) in packed and not any(path.startswith(f"{folder}{os.sep}") for path in packed):
            text = f"{file} takes crates from {folder}, which is not in the sdist: cargo cannot build it"
            yield text, _hint(folder, project, "/**/*")


def _toolchain(environ: Mapping[str, str], cwd: Path) -> Iterator[Path]:
    """Yield the file that chooses the toolchain in a folder, if there is one."""
    places = (folder / name for folder in (cwd, *cwd.parents) for name in config.TOOLCHAIN_NAMES)
    if not environ.get("RUSTUP_TOOLCHAIN"):
        yield from islice(filter(Path.is_file, places), 1)


def _is_of_builds(path: Path) -> bool:
    """Return whether a configuration has more than aliases, the network and what is shown."""
    try:
        table = toml.load_file(path)
    except ConfigError:  # cargo reports it
        return False
    return not _OF_BUILDS.isdisjoint(table) and not config.is_for_editors(path)


def _hint(path: Path, project: Path, below: str) -> str:
    if not path.is_relative_to(project):
        return "`cratewheel sdist --check` builds from the sdist"
    name = f"{path.relative_to(project).as_posix()}{below}"
    return f'`include = [{{ path = "{name}", format = "sdist" }}]` adds it'
