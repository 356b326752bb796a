"""Recognises build output and temporary files in the folders of a project, which are never packed."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from cratewheel.cargo.model import CargoMetadata
from cratewheel.options.model import Options
from cratewheel.system import files
from cratewheel.system.files.junk import within_rubbish

# files of virtual environments, of cargo's target directories, and of CARGO_HOME
_MARKS = ("pyvenv.cfg", ".rustc_info.json", ".package-cache", ".global-cache")
_WILD = re.compile(r"[*?\[]")
_TAG = "CACHEDIR.TAG"  # used by many programs (https://bford.info/cachedir/); cargo's file mentions cargo
_CARGO_TAG = b"created by cargo"
_ANY_TAG = b"Signature: 8a477f597d28d172789f06886806bc55"


def build_folders(cargo: CargoMetadata, options: Options, cwd: Path, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the folders of cargo's build output and of its own files; they may be in the project."""
    homes = (environ.get(name) for name in ("CARGO_HOME", "RUSTUP_HOME"))
    own = (cargo.target_directory, cargo.build_directory, options.target_dir)
    return (*filter(None, own), *(Path(os.path.normpath(cwd / home)) for home in homes if home))


def without_build_outputs(
    listed: Iterable[str], folder: Path, built: Iterable[Path], *, caches: bool = False
) -> Iterator[str]:
    """Yield the listed files of a folder, without virtual environments and cargo's output.

    Target directories may be anywhere, and git may not ignore them; `built` are known ones. With `caches`, folders
    that other programs have marked as a cache are left out, too.
    """
    outputs = [f"{each}{os.sep}" for each in built if not folder.is_relative_to(each)]
    signature = _ANY_TAG if caches else None
    seen = {str(folder)}
    shipped: dict[str, bool] = {}  # by folder
    for path in listed:
        parent = path.rpartition(os.sep)[0]
        if parent not in shipped:
            outputs += (f"{each}{os.sep}" for each in _marked_folders(parent, str(folder), seen, signature))
            shipped[parent] = not f"{parent}{os.sep}".startswith(tuple(outputs))
        if shipped[parent]:
            yield path


def without_junk(listed: Iterable[str], folder: Path) -> Iterator[str]:
    """Yield the listed files of a folder, without temporary files and those of interpreters, editors and desktops.

    Walks of a folder find none of these.
    """
    start = len(f"{folder}{os.sep}")
    junk: dict[str, bool] = {}  # by folder
    for path in listed:
        parent, _, name = path.rpartition(os.sep)
        if parent not in junk:
            junk[parent] = _is_junk(parent[start:])
        if not junk[parent] and not _is_junk(name):
            yield path


def matched_sources(matches: Iterable[Path], root: Path, pattern: str, built: Iterable[Path]) -> tuple[Path, ...]:
    """Return the matches of a glob in `root` without build output, except in a folder that the glob names."""
    paths = tuple(map(str, matches))
    if not paths:
        return ()
    named = itertools.takewhile(lambda part: not _WILD.search(part), PurePosixPath(pattern).parts[:-1])
    folder = root.joinpath(*named)
    return tuple(map(Path, without_build_outputs(without_junk(paths, folder), folder, built)))


def _is_junk(relative: str) -> bool:
    return files.within_temporary(relative) or within_rubbish(relative)


def _marked_folders(folder: str, root: str, seen: set[str], signature: bytes | None) -> Iterator[str]:
    """Yield a folder in `root` and those around it that are target directories or virtual environments.

    Their marker files are hidden, so lists may not contain them. With a `signature`, folders with a tag that starts
    with it are among them. Folders are looked at unless `seen`, and added to it.
    """
    while folder not in seen and len(folder) > len(root):
        seen.add(folder)
        if any(os.path.lexists(f"{folder}{os.sep}{mark}") for mark in _MARKS) or _is_tagged(folder, signature):
            yield folder
        folder = folder.rpartition(os.sep)[0]


def _is_tagged(folder: str, signature: bytes | None) -> bool:
    tag = Path(folder, _TAG)
    if not os.path.isfile(tag):  # noqa: PTH113 - of thousands of folders
        return False
    try:
        text = files.read_bytes(tag)
    except OSError:
        return False
    return _CARGO_TAG in text or (signature is not None and text.startswith(signature))
