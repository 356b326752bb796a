"""Finds needed libraries that the wheel itself contains, like the loader does. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from cratewheel.audit.model import Binary

# what stands for the folder of the file itself: https://man7.org/linux/man-pages/man8/ld.so.8.html, dyld(1)
_OWN_FOLDERS = ("$ORIGIN", "${ORIGIN}", "@loader_path")


def installed_paths(paths: Iterable[str], data_folder: str, *, programs: bool) -> frozenset[str]:
    """Return the paths of a wheel's files after installation, relative to site-packages.

    With `programs` they are seen from the environment instead, with the programs in `bin`: the way from there to
    site-packages differs between environments, so only what the wheel installs as data can be found.

    >>> files = ["a/b.so", "a-1.data/platlib/c.so", "a-1.data/data/lib/d.so"]
    >>> sorted(installed_paths(files, "a-1.data", programs=False))
    ['a/b.so', 'c.so']
    >>> sorted(installed_paths(files, "a-1.data", programs=True))
    ['lib/d.so']
    """
    schemes = "data" if programs else "platlib|purelib"
    in_data = re.compile(rf"{re.escape(data_folder)}/(?:{schemes})/(.+)", re.DOTALL)
    found = set()
    for path in paths:
        match = in_data.fullmatch(path)
        if match is not None:
            found.add(match[1])
        elif not programs and not path.startswith(f"{data_folder}/"):
            found.add(path)
    return frozenset(found)


def own_libraries(
    binary: Binary, needs: Iterable[str], folder: PurePosixPath, installed: frozenset[str]
) -> frozenset[str]:
    """Return which of the `needs` of a file in `folder` are among the `installed` files of its wheel."""
    if binary.format == "pe":  # Windows looks beside the module
        beside = {path.lower() for path in installed}
        return frozenset(need for need in needs if str(folder / need).lower() in beside)
    return frozenset(need for need in needs if not installed.isdisjoint(_candidates(binary, need, folder)))


def _candidates(binary: Binary, need: str, folder: PurePosixPath) -> list[str]:
    """Return the paths in the wheel at which the loader looks for a library."""
    if need.startswith("@rpath/"):
        names = [f"{path}/{need.removeprefix('@rpath/')}" for path in _run_paths(binary)]
    elif "/" in need:
        names = [need]
    else:
        names = [f"{path}/{need}" for path in _run_paths(binary)]
    found = []
    for name in names:
        own, slash, rest = name.partition("/")
        if slash and own in _OWN_FOLDERS:
            found.append(posixpath.normpath(posixpath.join(folder, rest)))
    return found


def _run_paths(binary: Binary) -> tuple[str, ...]:
    paths = [*binary.rpath, *binary.runpath, *(path for part in binary.slices for path in part.rpath)]
    return tuple(dict.fromkeys(paths))
