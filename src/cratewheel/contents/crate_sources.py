"""The files of the crates that a source distribution needs, if another build backend packs it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from cratewheel.archive.layout import Entry, FromFile
from cratewheel.contents.sdist import SdistContents
from cratewheel.contents.sdist_paths import SdistPaths
from cratewheel.contents.source_tree import SourceTree
from cratewheel.errors import UnsupportedError
from cratewheel.project.hooks import RECORD


@dataclass(frozen=True, slots=True, kw_only=True)
class CrateFile:
    """A file of a crate or of a hook at its path in the archive, which is that in the project.

    Without one that is `needed`, the archive cannot be built: a Cargo.toml, Cargo.lock, the first file of a target.
    """

    entry: Entry
    needed: bool


def crate_files(contents: SdistContents, of_hooks: Collection[str] = ()) -> tuple[CrateFile, ...]:
    """Return the files of the crates: each Cargo.toml, Cargo.lock, and what cargo lists of the crates.

    Beside these, the files `of_hooks`, with the file that says how they were made.

    Raises `UnsupportedError` where one of them lies outside of the folder of pyproject.toml: there the other backend
    finds none.
    """
    tree = contents.tree
    outside = sorted(str(path) for path in _places(tree) if not path.is_relative_to(tree.project))
    if outside:
        raise UnsupportedError(
            f"{outside[0]} is outside of {tree.project}, and other build backends pack only files there",
            notes=tuple(f"so is {path}" for path in outside[1:]),
            hint="move the crate or the workspace into the project, or use cratewheel as the build backend, which "
            "packs both",
        )
    return tuple(_of_crates(contents, of_hooks))


def _places(tree: SourceTree) -> Iterator[Path]:
    """Yield the manifests of the crates and of the workspace, and Cargo.lock."""
    yield from (crate.manifest for crate in tree.crates)
    if tree.workspace is not None:
        yield tree.workspace.manifest
    if tree.lock is not None:
        yield Path(tree.lock.path)


def _of_crates(contents: SdistContents, of_hooks: Collection[str]) -> Iterator[CrateFile]:
    tree = contents.tree
    paths = SdistPaths.of(tree)
    targets = {str(target.source) for crate in tree.crates for target in crate.targets}
    own = {file.path for crate in tree.crates for file in crate.files}
    edited = {paths.of_crate(path) for path in _places(tree)}
    for entry in contents.layout:
        if entry.path in edited or entry.path == RECORD:
            yield CrateFile(entry=entry, needed=True)
        elif isinstance(entry.source, FromFile) and (path := entry.source.path) in {*own, *of_hooks}:
            yield CrateFile(entry=entry, needed=path in targets or path in of_hooks)
