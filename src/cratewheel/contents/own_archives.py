"""Wheels and source distributions of the project itself: what an earlier build made is content of no archive."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.version import InvalidVersion, Version

from cratewheel.archive.layout import Entry, FromFile
from cratewheel.targets.wheel_tags import normalise_distribution

WHEEL_PARTS = (5, 6)  # name, version, build number where there is one, Python, ABI and platform


def is_archive_of(name: str, distribution: str) -> bool:
    """Return whether a file name is that of a wheel or source distribution of a project, of any version.

    `distribution` is the project's name as file names carry it; older tools wrote it in other ways, too.

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
        Version(version)
    except InvalidVersion:
        return False
    return True


def without_archives(entries: Iterable[Entry], distribution: str) -> tuple[list[Entry], tuple[str, ...]]:
    """Return the entries that are not archives of the project, and a warning for each that `include` asked for."""
    kept: list[Entry] = []
    warnings: list[str] = []
    for entry in entries:
        if not isinstance(entry.source, FromFile) or not is_archive_of(entry.name, distribution):
            kept.append(entry)
        elif entry.why.startswith("include"):
            warnings.append(f"{entry.source.path} is left out, though {entry.why} names it: an earlier build made it")
    return kept, tuple(warnings)
