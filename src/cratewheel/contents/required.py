"""Whether a source distribution of a list that was not made by cargo can be built."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from cratewheel.cargo.model import Package
from cratewheel.dist.layout import FromFile, Layout
from cratewheel.errors import ConfigError


def refuse_unbuildable(entries: Layout, packages: tuple[Package, ...], project: Path) -> None:
    """Raise `ConfigError` where an archive lacks a manifest, a library or a build script of the crates in a folder.

    `packages` begin with the crate that is built.
    """
    packed = {entry.source.path for entry in entries if isinstance(entry.source, FromFile)}
    missing = [str(path) for path in _required(packages, project) if str(path) not in packed]
    if missing:
        raise ConfigError(
            f"the source distribution lacks {missing[0]}, without which it cannot be built: git does not track it",
            notes=tuple(f"so it is with {path}" for path in missing[1:]),
            hint="`git add` it, or take it out of `exclude`; `git status` says which repository this is",
        )


def _required(packages: Iterable[Package], project: Path) -> Iterator[Path]:
    """Yield the files without which cargo refuses the crates; programs it finds by itself, or does without."""
    for package in packages:
        if not package.manifest_path.is_relative_to(project):
            continue
        yield package.manifest_path
        programs = [target.source for target in package.targets if "bin" in target.kinds]
        others = [target.source for target in package.targets if _is_library(target.kinds)]
        yield from (source for source in (others or programs[:1]) if source.is_relative_to(project))
        yield from (target.source for target in package.targets if "custom-build" in target.kinds)


def _is_library(kinds: Iterable[str]) -> bool:
    return not {"bin", "example", "test", "bench", "custom-build"}.intersection(kinds)
