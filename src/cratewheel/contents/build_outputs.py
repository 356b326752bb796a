"""What was built, or made for a while, in the folders of a project: nobody means to ship it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from cratewheel.system import files
from cratewheel.system.files.junk import within_rubbish

# files of a virtual environment, of cargo's target directory, and of its CARGO_HOME
_MARKS = ("pyvenv.cfg", ".rustc_info.json", ".package-cache", ".global-cache")
_TAG = "CACHEDIR.TAG"  # of many programs (https://bford.info/cachedir/); cargo's says that it is cargo's
_OF_CARGO = b"created by cargo"


def not_built(listed: Iterable[str], folder: Path, built: Iterable[Path]) -> Iterator[str]:
    """Yield the files listed in a folder, without rubbish, our temporary ones, virtual environments, cargo's output.

    Target directories may be anywhere, and git may not have been told to ignore them; `built` are some that are known.
    """
    every = tuple(listed)
    start = len(f"{folder}{os.sep}")
    not_shipped = tuple(f"{each}{os.sep}" for each in _marked_folders(every, str(folder)))
    known = (f"{each}{os.sep}" for each in built if not folder.is_relative_to(each))
    not_shipped = (*known, *not_shipped)
    for path in every:
        below = path[start:]
        if not path.startswith(not_shipped) and not files.within_temporary(below) and not within_rubbish(below):
            yield path


def _marked_folders(paths: Iterable[str], root: str) -> Iterator[str]:
    """Yield the folders below `root`, on the way to some of the paths, that cargo or a virtual environment has filled.

    The files that mark them are hidden, so that lists may lack them.
    """
    seen = {root}
    for path in paths:
        folder = os.path.dirname(path)  # noqa: PTH120 - of thousands of files
        while folder not in seen and len(folder) > len(root):
            seen.add(folder)
            if any(os.path.lexists(f"{folder}{os.sep}{mark}") for mark in _MARKS) or _is_tagged(folder):
                yield folder
            folder = os.path.dirname(folder)  # noqa: PTH120


def _is_tagged(folder: str) -> bool:
    tag = Path(folder, _TAG)
    if not os.path.isfile(tag):  # noqa: PTH113 - of thousands of folders
        return False
    try:
        return _OF_CARGO in files.read_bytes(tag)
    except OSError:
        return False
