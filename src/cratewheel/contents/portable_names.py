"""Finds names in an archive that another system cannot have, or takes for one file or for another module.

macOS and Windows ignore case, and macOS also how accents are written; Python looks for the names of modules in NFC, as
its reference says of identifiers (https://docs.python.org/3/reference/lexical_analysis.html#identifiers).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from cratewheel.system.files.folded import fold, normalise
from cratewheel.system.files.reserved import first_problem

_MODULES = (".py", ".pyi", ".so", ".pyd")


def name_warnings(paths: Iterable[str], *, case: bool = True) -> tuple[tuple[str, str], ...]:
    """Return warnings, with hints: of names that are one, of those that Windows cannot have, of modules not found.

    `paths` use slashes. The first two are looked for only if `case`: a wheel for Linux is not unpacked elsewhere.

    >>> [text for text, _ in name_warnings(["pkg/Lib.py", "pkg/lib.py"])]
    ['pkg/Lib.py and pkg/lib.py are one file on Windows and macOS']
    """
    paths = tuple(paths)
    found = [
        (
            f"{first} and {second} are one {'file' if second in paths else 'folder'} on {systems}",
            "rename one of them, or exclude it with `exclude`",
        )
        for first, second, systems in (_pairs(paths) if case else ())
    ]
    found += [
        (
            f"{path} is not found by `import`, except on macOS: its accents are characters of their own (NFD)",
            "rename it with its accents as part of the letters (NFC)",
        )
        for path in paths
        if not path.isascii() and path.endswith(_MODULES) and normalise(path) != path
    ]
    found += [
        (
            f"Windows cannot have {path}: {problem}",
            "rename it, or exclude it with `exclude`",
        )
        for path, problem in (_reserved(paths) if case else {}).items()
    ]
    return tuple(found)


def _reserved(paths: Iterable[str]) -> dict[str, str]:
    """Return the files and folders that Windows cannot have, and why; only the outermost."""
    found: dict[str, str] = {}
    fine: set[str] = set()  # folders whose names are no problem, so that each is looked at once
    for path in paths:
        folder, _, name = path.rpartition("/")
        problem = first_problem([name] if folder in fine else path.split("/"))
        if problem is None:
            fine.add(folder)
        else:
            parts = path.split("/")
            found.setdefault("/".join(parts[: parts.index(problem[0]) + 1]), problem[1])
    return found


def _pairs(paths: Iterable[str]) -> list[tuple[str, str, str]]:
    """Return the names, of files or folders, that are one on other systems, and these systems; only the outermost."""
    first: dict[str, str] = {}
    found: dict[tuple[str, str], str] = {}
    fine: set[str] = set()  # folders that no other is one with, so that each is looked at once
    for path in sorted(paths):
        folder = path.rpartition("/")[0]
        for name in (path,) if folder in fine else accumulate(path.split("/"), "{}/{}".format):
            earlier = first.setdefault(fold(name), name)
            if earlier != name:
                by_case = earlier.casefold() == name.casefold()
                found[earlier, name] = "Windows and macOS" if by_case else "macOS"
                break
        else:
            fine.add(folder)
    return [(*pair, systems) for pair, systems in found.items()]
