"""Finds files that count for builds of the source tree, and that an sdist lacks: configuration, included, compiled."""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from cratewheel.archive.layout import FromFile, Layout
from cratewheel.cargo import config
from cratewheel.contents.source_tree import CrateSource, SourceTree
from cratewheel.contents.wheel import is_leftover
from cratewheel.errors import ConfigError
from cratewheel.project.python_layout import ModuleLayout
from cratewheel.system import files, toml
from cratewheel.system.files import Roots

_OF_BUILDS = {"build", "doc", "env", "host", "include", "patch", "paths", "profile", "source", "target", "unstable"}
_INCLUDE = re.compile(r'\binclude(?:_str|_bytes)?\s*!\s*[(\[{]\s*"(?P<path>\.\./[^"\\\n]*)"')
_OF_TESTS = ("tests", "examples", "benches")  # the folders of targets that no wheel is made of
_CFG_OF_TESTS = re.compile(r"\b(?:doctest|cfg\s*\(\s*test)\b")


def packed_files(layout: Layout) -> dict[str, Roots]:
    """Return the files on disk that an archive has, by path, with the folders that each may be read from."""
    return {entry.source.path: entry.source.roots for entry in layout if isinstance(entry.source, FromFile)}


def left_out_configuration(
    packed: Mapping[str, Roots], project: Path, roots: Roots, environ: Mapping[str, str], cwd: Path
) -> Iterator[tuple[str, str]]:
    """Yield a warning and a hint for each file of the project that cargo or rustup reads, and that the sdist lacks.

    They are those that count in the folder `cwd`, and are in the folders `roots`; and the folders of crates that a
    packed configuration names in `[source]`.
    """
    inside = files.ProjectBoundary(roots)
    for path in (*filter(_is_of_builds, config.files(environ, cwd)), *_toolchain(environ, cwd)):
        if inside.contains(str(path)) and str(path) not in packed:
            yield f"{path} is not in the sdist: builds from it will not use it", include_hint(path, project)
    for file, folder in dict.fromkeys(config.local_sources(environ, cwd)):
        if str(file) in packed and not any(path.startswith(f"{folder}{os.sep}") for path in packed):
            text = f"{file} takes crates from {folder}, which is not in the sdist: cargo cannot build it"
            yield text, include_hint(folder, project, "/**/*")


def left_out_includes(
    packed: Mapping[str, Roots], crates: Iterable[CrateSource], project: Path
) -> Iterator[tuple[str, str]]:
    """Yield a warning and a hint for each file outside of its crate that a packed Rust file includes by a literal path.

    Cargo does not list such a file, so that the sdist may lack it. Files for tests alone (`#[cfg(doctest)]`) are not
    needed.
    """
    warned = set()
    for crate in crates:
        for file in crate.files:
            if file.path.endswith(".rs") and file.path in packed and not _is_of_tests(file.path, crate.directory):
                text = files.read_bytes(file.path, packed[file.path]).decode("utf-8", errors="replace")
                for path in _included_from_outside(Path(file.path), text, crate.directory):
                    if str(path) not in packed and path not in warned and path.is_file():
                        warned.add(path)
                        yield f"{file.path} includes {path}, which is not in the sdist", include_hint(path, project)


def left_out_libraries(
    packed: Mapping[str, Roots], tree: SourceTree, modules: ModuleLayout, excluded: Container[str]
) -> Iterator[tuple[str, str]]:
    """Yield a warning and a hint for each compiled file that wheels of the tree have, and that the sdist lacks.

    An sdist has none unless `include` names it; libraries of an earlier `develop` are in neither.
    """
    for path in tree.compiled:
        known = path in packed or path in excluded or path in tree.made_again
        if not known and not is_leftover(Path(path).as_posix(), modules):
            yield (
                f"{path} is packed in wheels of the tree, but not in the sdist",
                include_hint(Path(path), tree.project),
            )


def left_out_lock(layout: Layout, lock: Path | None, project: Path) -> Iterator[tuple[str, str]]:
    """Yield a warning and a hint for the lock file of the project if the sdist has none, as one that git ignores."""
    if lock is not None and all(entry.path.rpartition("/")[2] != lock.name for entry in layout):
        yield (
            f"{lock} is not in the sdist: builds from it choose the versions of crates anew",
            include_hint(lock, project),
        )


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


def _included_from_outside(file: Path, text: str, folder: Path) -> Iterator[Path]:
    """Yield the files outside of a folder that the text of a file includes for more than tests."""
    if '"../' not in text:
        return
    for found in _INCLUDE.finditer(text):
        path = Path(os.path.normpath(file.parent / found["path"]))
        line = text.rfind("\n", 0, found.start()) + 1
        before = text[text.rfind("\n", 0, max(line - 1, 0)) + 1 : found.start()]  # its line, and the one above
        is_comment = text[line : found.start()].lstrip().startswith("//")
        if not path.is_relative_to(folder) and not is_comment and not _CFG_OF_TESTS.search(before):
            yield path


def _is_of_tests(path: str, folder: Path) -> bool:
    file = Path(path)
    return file.is_relative_to(folder) and file.relative_to(folder).parts[0] in _OF_TESTS


def include_hint(path: Path, project: Path, below: str = "") -> str:
    """Return how to add a file, or what is `below` a folder, to the sdist."""
    if not path.is_relative_to(project):
        return "`cratewheel sdist --check` builds from the sdist"
    name = f"{path.relative_to(project).as_posix()}{below}"
    return f'`include = [{{ path = "{name}", format = "sdist" }}]` adds it'
