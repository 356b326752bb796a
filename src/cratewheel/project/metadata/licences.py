"""The licence files of a project: those that [project] names, or those that are called like one (PEP 639)."""

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


def usual(root: Path, *, roots: Roots) -> tuple[LicenceFile, ...]:
    """Return the files directly in `root` whose names say that they are about the licence.

    Raises `ConfigError` for one that is a link out of `roots`, and for a pipe, a socket or a device.
    """
    names = sorted(os.listdir(root))  # noqa: PTH208  # only names are needed
    called_so = (name for beginnings in USUAL_BEGINNINGS for name in names if name.startswith(beginnings))
    found = [name for name in called_so if files.is_file(root / name)]
    fence = files.ProjectBoundary(roots)
    for name in found:
        fence.check(str(root / name))
    return tuple(LicenceFile(target=PurePosixPath(name), source=root / name) for name in found)


def matching(root: Path, pattern: str, where: str, *, roots: Roots) -> tuple[LicenceFile, ...]:
    """Return the files below `root` that a pattern of `project.license-files` means; `where` names it in messages.

    Raises `ConfigError` for a pattern that PEP 639 does not allow, and for a link that leads out of `roots`.
    """
    if not re.fullmatch(_PATTERN, pattern) or ".." in pattern.split("/") or pattern.startswith("/"):
        raise ConfigError(
            f"{pattern!r}, {where}, is not a pattern that PEP 639 allows",
            hint="write a path below pyproject.toml with `/`, in which `*`, `**`, `?` and `[a-z]` may stand",
        )
    return tuple(
        LicenceFile(target=PurePosixPath(path.relative_to(root).as_posix()), source=path)
        for path in files.glob(root, pattern, roots=roots)
    )


def unique(found: tuple[LicenceFile, ...]) -> tuple[tuple[LicenceFile, ...], tuple[str, ...]]:
    """Return the files with each place in the archive taken once, by the first; and a warning where their texts differ.

    Raises `ConfigError` for a name that is not UTF-8.
    """
    taken: dict[PurePosixPath, LicenceFile] = {}
    warnings = []
    for file in found:
        utf8.check_name(str(file.target), "licence file")
        first = taken.setdefault(file.target, file)
        if first.source != file.source and not filecmp.cmp(first.source, file.source, shallow=False):
            warnings.append(f"the licence file {file.source} is left out: {first.source} has its place in the wheel")
    return tuple(taken.values()), tuple(warnings)
