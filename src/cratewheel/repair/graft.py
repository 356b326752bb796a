"""Selects the repair for the target's system."""

from __future__ import annotations

from collections.abc import Iterable

from cratewheel.errors import UnsupportedError
from cratewheel.repair import linux, macos, windows
from cratewheel.repair.model import Grafted, Repair, Subject


def libraries_folder(dist: str, target_os: str) -> str:
    """Return the wheel's folder for libraries.

    >>> libraries_folder("demo", "linux"), libraries_folder("demo", "macos")
    ('demo.libs', 'demo.dylibs')
    """
    return f"{dist}.dylibs" if target_os == "macos" else f"{dist}.libs"


def repair(subjects: Iterable[Subject], surroundings: Repair) -> tuple[Grafted, ...]:
    """Add the libraries that the subjects need to the wheel, and return them by name; the subjects are patched.

    Raises `AuditError` when one cannot be found, `MissingToolError` without the tool that it takes.
    """
    match surroundings.target.os:
        case "linux":
            return linux.repair(subjects, surroundings)
        case "macos":
            return macos.repair(subjects, surroundings)
        case "windows":
            return windows.repair(subjects, surroundings)
        case system:
            raise UnsupportedError(
                f"libraries cannot be added to wheels for {system}",
                notes=tuple(f"{subject.path.name} needs {need}" for subject in subjects for need in subject.needs),
                hint="link them statically, or pass --auditwheel=warn to only print a warning",
            )
