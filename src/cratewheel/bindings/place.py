"""Protocols and file names for the place of bindings in a wheel."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Protocol

from cratewheel.archive.layout import Entry, FromFile, Generated


class ModulePlace(Protocol):
    """The place of the compiled module; implemented by `modules.ModuleLayout`."""

    @property
    def extension_name(self) -> str:
        """The last part of the module's dotted name."""

    @property
    def extension_dir(self) -> PurePosixPath:
        """The folder of the compiled module in the wheel."""

    @property
    def mixed(self) -> bool:
        """Whether the module is in a Python package of the project."""


class FeatureChoice(Protocol):
    """A cargo feature, possibly for some interpreters only; implemented by `options.values.Feature`."""

    @property
    def name(self) -> str:
        """The feature as in cargo's --features."""

    @property
    def python_version(self) -> str | None:
        """A PEP 440 specifier for X.Y."""

    @property
    def python_implementation(self) -> str | None:
        """The `sys.implementation.name` that it applies to."""


def package_dir(place: ModulePlace) -> PurePosixPath:
    """Return the folder of the generated Python package for a library (cffi, uniffi).

    A pure project's is the module's own; in a mixed one it is a folder in the package that the module lies in.
    """
    return place.extension_dir / place.extension_name if place.mixed else place.extension_dir


def extension_dir(kind: str, place: ModulePlace) -> PurePosixPath:
    """Return the folder of an extension module with bindings of this kind, relative to site-packages."""
    return package_dir(place) if kind in ("cffi", "uniffi") else place.extension_dir


def library_name(name: str, target_os: str) -> str:
    """Return the file name of a shared library on the system.

    >>> library_name("demo", "linux"), library_name("demo", "macos"), library_name("demo", "windows")
    ('libdemo.so', 'libdemo.dylib', 'demo.dll')
    """
    match target_os:
        case "windows" | "cygwin":
            return f"{name}.dll"
        case "macos" | "ios":
            return f"lib{name}.dylib"
        case _:
            return f"lib{name}.so"


def stub_entries(place: ModulePlace, stub: FromFile | None) -> tuple[Entry, ...]:
    """Return the stub of a generated package, with `py.typed` (PEP 561)."""
    if stub is None or place.mixed:
        return ()
    folder = package_dir(place)
    return (
        Entry(path=str(folder / "__init__.pyi"), source=stub, why="the stub next to pyproject.toml"),
        Entry(path=str(folder / "py.typed"), source=Generated(data=b""), why="the package has a stub"),
    )
