"""Finds the licence files of a project: those in [project], or those with usual names (PEP 639)."""

from __future__ import annotations

import filecmp
import os
import re
from pathlib import Path, PurePosixPath

from cratewheel.errors import ConfigError
from cratewheel.project.metadata.fields import LicenceFile
from cratewheel.system import files, utf8
from cratewheel.system.files import Roots

USUAL_BEGINNINGS = (("LICENSE", "LICENCE"), ("COPYING",), ("NOTICE",), ("AUTHORS",))
_PATTERN = r"(?:[\w.\-*?/ ]|\[[\w.\-]+\])+"  # PEP 639 leaves out `!`, braces, backslashes and the rest


def find_by_name(root: Path, *, roots: Roots) -> tuple[LicenceFile, ...]:
    """Return the files directly in `root` with usual names of licence files.

    Raises `ConfigError` for one that is a link out of `roots`, and for a pipe, a socket or a device.
    """
    names = sorted(os.listdir(root))  # noqa: PTH208  # only names are needed
    called_so = (name for beginnings in USUAL_BEGINNINGS for name in names if name.startswith(beginnings))
    found = [name for name in called_so if files.is_file(root / name)]
    fence = files.ProjectBoundary(roots)
    for name in found:
        fence.check(str(root / name))
    return tuple(LicenceFile(target=PurePosixPath(name), source=root / name) for name in found)


def find_matching(root: Path, pattern: str, where: str, *, roots: Roots) -> tuple[LicenceFile, ...]:
    """Return the files below `root` that match a pattern of `project.license-files`; `where` names it in messages.

    Raises `ConfigError` for a pattern that PEP 639 does not allow, and for a link that leads out of `roots`.
    """
    if not re.fullmatch(_PATTERN, pattern) or ".." in pattern.split("/") or pattern.startswith("/"):
        raise ConfigError(
            f"{pattern!r}, {where}, is not a pattern that PEP 639 allows",
            hint="write a path below pyproject.toml with `/`, with `*`, `**`, `?` and `[a-z]` as wildcards",
        )
    return tuple(
        LicenceFile(target=PurePosixPath(path.relative_to(root).as_posix()), source=path)
        for path in files.glob(root, pattern, roots=roots)
    )


def unique(found: tuple[LicenceFile, ...]) -> tuple[tuple[LicenceFile, ...], tuple[str, ...]]:
    """Return the files without duplicate archive paths, and a warning where their contents differ.

    Raises `ConfigError` for a name that is not UTF-8.
    """
    taken: dict[PurePosixPath, LicenceFile] = {}
    warnings = []
    for file in found:
        utf8.check_name(str(file.target), "licence file")
        first = taken.setdefault(file.target, file)
        if first.source != file.source and not filecmp.cmp(first.source, file.source, shallow=False):
            warnings.append(f"the licence file {file.source} is skipped: {first.source} has the same path in the wheel")
    return tuple(taken.values()), tuple(warnings)
