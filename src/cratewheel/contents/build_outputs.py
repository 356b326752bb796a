"""Recognises build output and temporary files in the folders of a project, which are never packed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from cratewheel.system import files
from cratewheel.system.files.junk import within_rubbish

# files of virtual environments, of cargo's target directories, and of CARGO_HOME
_MARKS = ("pyvenv.cfg", ".rustc_info.json", ".package-cache", ".global-cache")
_TAG = "CACHEDIR.TAG"  # used by many programs (https://bford.info/cachedir/); cargo's file mentions cargo
_CARGO_TAG = b"created by cargo"


def without_build_outputs(listed: Iterable[str], folder: Path, built: Iterable[Path]) -> Iterator[str]:
    """Yield the listed files of a folder, without junk, temporary files, virtual environments and cargo's output.

    Target directories may be anywhere, and git may not ignore them; `built` are known ones.
    """
    every = tuple(listed)
    start = len(f"{folder}{os.sep}")
    not_shipped = tuple(f"{each}{os.sep}" for each in _marked_folders(every, str(folder)))
    known = (f"{each}{os.sep}" for each in built if not folder.is_relative_to(each))
    not_shipped = (*known, *not_shipped)
    shipped: dict[str, bool] = {}  # by folder
    for path in every:
        parent, _, name = path.rpartition(os.sep)
        if parent not in shipped:
            shipped[parent] = not f"{parent}{os.sep}".startswith(not_shipped) and not _is_junk(parent[start:])
        if shipped[parent] and not _is_junk(name):
            yield path


def _is_junk(relative: str) -> bool:
    return files.within_temporary(relative) or within_rubbish(relative)


def _marked_folders(paths: Iterable[str], root: str) -> Iterator[str]:
    """Yield the folders in `root`, on the way to the paths, that are target directories or virtual environments.

    Their marker files are hidden, so lists may not contain them.
    """
    seen = {root}
    for path in paths:
        folder = path.rpartition(os.sep)[0]
        while folder not in seen and len(folder) > len(root):
            seen.add(folder)
            if any(os.path.lexists(f"{folder}{os.sep}{mark}") for mark in _MARKS) or _is_tagged(folder):
                yield folder
            folder = folder.rpartition(os.sep)[0]


def _is_tagged(folder: str) -> bool:
    tag = Path(folder, _TAG)
    if not os.path.isfile(tag):  # noqa: PTH113 - of thousands of folders
        return False
    try:
        return _CARGO_TAG in files.read_bytes(tag)
    except OSError:
        return False
