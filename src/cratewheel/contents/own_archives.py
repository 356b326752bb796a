"""Recognises wheels and source distributions of the project itself, which are never packed."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.version import InvalidVersion

from cratewheel.archive.layout import Entry, FromFile
from cratewheel.system.versions import parse_version
from cratewheel.targets.wheel_tags import normalise_distribution

ARCHIVES = (".whl", ".tar.gz")
WHEEL_PARTS = (5, 6)  # name, version, optional build number, Python, ABI, platform


def is_archive_of(name: str, distribution: str) -> bool:
    """Return whether a file name is that of a wheel or source distribution of a project, in any version.

    `distribution` is the project's name as in file names; the spellings of older tools match too.

    >>> is_archive_of("demo_app-1.0.tar.gz", "demo_app"), is_archive_of("Demo.App-1.0rc1.tar.gz", "demo_app")
    (True, True)
    >>> is_archive_of("demo_app-examples.tar.gz", "demo_app"), is_archive_of("demo_app_x-1.0.tar.gz", "demo_app")
    (False, False)
    """
    if name.endswith(".whl"):
        parts = name.removesuffix(".whl").split("-")
        return len(parts) in WHEEL_PARTS and _is_named(parts[0], parts[1], distribution)
    if not name.endswith(".tar.gz"):
        return False
    parts = name.removesuffix(".tar.gz").split("-")
    splits = (("-".join(parts[:at]), "-".join(parts[at:])) for at in range(1, len(parts)))
    return any(_is_named(stem, version, distribution) for stem, version in splits)


def _is_named(stem: str, version: str, distribution: str) -> bool:
    if normalise_distribution(stem) != distribution:
        return False
    try:
        parse_version(version)
    except InvalidVersion:
        return False
    return True


def without_archives(entries: Iterable[Entry], distribution: str) -> tuple[list[Entry], tuple[str, ...]]:
    """Return the entries that are not archives of the project, and a warning for each skipped file of `include`."""
    kept: list[Entry] = []
    warnings: list[str] = []
    for entry in entries:
        if not isinstance(entry.source, FromFile) or not is_archive_of(entry.name, distribution):
            kept.append(entry)
        elif entry.why.startswith("include"):
            warnings.append(
                f"{entry.source.path} is skipped although {entry.why} matches it: it is an archive of this project"
            )
    return kept, tuple(warnings)
