"""The repair for the system that a wheel is for."""

from __future__ import annotations

from collections.abc import Iterable

from cratewheel.errors import UnsupportedError
from cratewheel.repair import linux, macos, windows
from cratewheel.repair.model import Grafted, Repair, Subject


def libraries_folder(dist: str, target_os: str) -> str:
    """Return the folder of the wheel that holds the libraries.

    >>> libraries_folder("demo", "linux"), libraries_folder("demo", "macos")
    ('demo.libs', 'demo.dylibs')
    """
    return f"{dist}.dylibs" if target_os == "macos" else f"{dist}.libs"


def repair(subjects: Iterable[Subject], surroundings: Repair) -> tuple[Grafted, ...]:
    """Put the libraries that the subjects need into the wheel, and return them by name; the subjects are patched.

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
                f"libraries cannot be put into wheels for {system}",
                notes=tuple(f"{subject.path.name} needs {need}" for subject in subjects for need in subject.needs),
                hint="link them statically, or pass --auditwheel=warn to leave them to whoever installs the wheel",
            )
