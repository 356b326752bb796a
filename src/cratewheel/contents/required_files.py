"""Checks that a source distribution can be built: it contains each file that its manifests name and cargo needs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cratewheel.archive.layout import FromFile, Layout
from cratewheel.cargo.model import CrateTarget, Package
from cratewheel.errors import ConfigError

LIBRARY = "library"
_HINT = "check that neither git, `include` nor `exclude` excludes it"
KINDS = (("custom-build", "build script"), ("bin", "program"))


def check_buildable(entries: Layout, packages: tuple[Package, ...], project: Path) -> None:
    """Raise `ConfigError` if an archive lacks a manifest, a library or a build script of the crates in a folder.

    `packages` starts with the crate that is built.
    """
    packed = {entry.source.path for entry in entries if isinstance(entry.source, FromFile)}
    missing = [str(path) for path in _required(packages, project) if str(path) not in packed]
    if missing:
        raise ConfigError(
            f"the source distribution cannot be built without {missing[0]}, which git does not track",
            notes=tuple(f"the same for {path}" for path in missing[1:]),
            hint="`git add` it, or remove it from `exclude`; `git status` shows which repository this is",
        )
    for package in packages:
        if package.manifest_path.is_relative_to(project):
            _check_metadata_files(package, packed, project)


def _check_metadata_files(package: Package, packed: set[str], project: Path) -> None:
    """Raise `ConfigError` if an archive lacks the readme or licence of a crate, which its metadata includes."""
    for key, path in _texts(package):
        if str(path) in packed or not path.exists():
            continue
        outside = not path.is_relative_to(project)
        why = (
            f"is not below {project}, and git lists only files there" if outside else "would be missing in the archive"
        )
        hint = "copy it there" if outside else "`git add` it, or remove it from `exclude`"
        raise ConfigError(
            f"{path}, the {key} in {package.manifest_path}, {why}",
            hint=f'{hint}, or set `sdist-generator = "cargo"` in pyproject.toml',
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFile:
    """A file named in a manifest, its purpose, and how to get it into an archive."""

    path: Path
    what: str
    hint: str


def check_complete(entries: Layout, crates: Iterable[tuple[Package, bool]], excluded: frozenset[str]) -> None:
    """Raise `ConfigError` if an archive of crates lacks a file that their manifests name.

    Programs, build scripts and readmes may be missing on purpose, because the project has `excluded` them or the crate
    selects its files itself (the second of each pair): the archive's manifests do not name them. A library may not,
    nor may all programs of a crate: cargo refuses a crate with nothing to compile.
    """
    packed = {entry.source.path for entry in entries if isinstance(entry.source, FromFile)}
    missing = [
        (package, named)
        for package, chooses in crates
        for named in dict.fromkeys((*_named(package, excluded, chooses=chooses), *_last_programs(package, packed)))
        if str(named.path) not in packed
    ]
    if missing:
        package, named = missing[0]
        problem = "which the source distribution would lack" if named.path.exists() else "does not exist"
        raise ConfigError(
            f"{named.path}, the {named.what} in {package.manifest_path}, {problem}",
            notes=tuple(f"the same for {named.path}, the {named.what}" for _, named in missing[1:]),
            hint=named.hint if named.path.exists() else "correct the path, or remove the key",
        )


def _named(package: Package, excluded: frozenset[str], *, chooses: bool) -> Iterator[NamedFile]:
    for target in package.targets:
        what = _what(target)
        if what is not None and (what == LIBRARY or not (chooses or str(target.source) in excluded)):
            yield NamedFile(path=target.source, what=f"{what} {target.name!r}", hint=_HINT)
    for key, path in _texts(package):
        if str(path) not in excluded:
            yield NamedFile(path=path, what=key, hint=_HINT)


def _last_programs(package: Package, packed: set[str]) -> Iterator[NamedFile]:
    """Yield the programs of a crate that has no library, if none of them is packed."""
    programs = [target for target in package.targets if "bin" in target.kinds]
    if any(str(one.source) in packed for one in programs) or any(_is_library(one.kinds) for one in package.targets):
        return
    yield from (NamedFile(path=one.source, what=f"program {one.name!r}", hint=_HINT) for one in programs)


def _texts(package: Package) -> Iterator[tuple[str, Path]]:
    """Yield the key and the path of the readme and the licence in a manifest."""
    for key, value in (("readme", package.readme), ("license-file", package.license_file)):
        if value:
            yield key, Path(os.path.normpath(package.manifest_path.parent / value))


def _what(target: CrateTarget) -> str | None:
    """Return what cargo calls a required target; None for optional ones: examples, tests and benches."""
    if _is_library(target.kinds):
        return LIBRARY
    return next((what for kind, what in KINDS if kind in target.kinds), None)


def _required(packages: Iterable[Package], project: Path) -> Iterator[Path]:
    """Yield the files without which cargo rejects the crates; other programs are optional."""
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
