"""Finds git submodules that a clone lacks: `git clone` creates their folders, and leaves them empty."""

from __future__ import annotations

import os
import re
from pathlib import Path

FETCH = "`git submodule update --init --recursive`"
_PATH = re.compile(r"(?m)^\s*path\s*=\s*(.+?)\s*$")
_LONGEST = 1 << 20  # bytes of .gitmodules that are read


def absent_submodule(path: Path) -> Path | None:
    """Return the submodule that `path` lies in, if its folder is missing or empty.

    The path need not exist, and may have `..` in it. See https://git-scm.com/docs/gitmodules.
    """
    plain = Path(os.path.normpath(path))
    for place in plain.parents:
        listing = place / ".gitmodules"
        if not listing.is_file():
            continue
        with listing.open("rb") as file:
            text = file.read(_LONGEST).decode("utf-8", errors="replace")
        for name in _PATH.findall(text):
            folder = Path(os.path.normpath(place / name))
            if plain.is_relative_to(folder) and folder != place and not _has_files(folder):
                return folder
    return None


def _has_files(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is not None
    except OSError:
        return False
