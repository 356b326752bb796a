"""Where bindings put their files: the shapes of the values that say so, and the names that follow from them."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Protocol

from cratewheel.archive.layout import Entry, FromFile, Generated


class ModulePlace(Protocol):
    """Where the compiled module goes: `modules.ModuleLayout` is one."""

    @property
    def extension_name(self) -> str:
        """The last part of the module's dotted name."""

    @property
    def extension_dir(self) -> PurePosixPath:
        """The folder in the wheel that gets the compiled module."""

    @property
    def mixed(self) -> bool:
        """Whether the module lies in a Python package that the project brings along."""


class FeatureChoice(Protocol):
    """A cargo feature, perhaps for some interpreters only: `options.values.Feature` is one."""

    @property
    def name(self) -> str:
        """The feature as cargo's --features takes it."""

    @property
    def python_version(self) -> str | None:
        """A PEP 440 specifier that X.Y must meet."""

    @property
    def python_implementation(self) -> str | None:
        """The `sys.implementation.name` that it is for."""


def package_dir(place: ModulePlace) -> PurePosixPath:
    """Return the folder of the Python package that is generated around a plain library (cffi, uniffi).

    A pure project's is the module's own; in a mixed one it is a folder in the package that the module lies in.
    """
    return place.extension_dir / place.extension_name if place.mixed else place.extension_dir


def library_name(name: str, target_os: str) -> str:
    """Return the file name of a shared library as the system's loader spells it.

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
    """Return the stub of a generated package, with the mark that makes type checkers read it (PEP 561)."""
    if stub is None or place.mixed:
        return ()
    folder = package_dir(place)
    return (
        Entry(path=str(folder / "__init__.pyi"), source=stub, why="the stub next to pyproject.toml"),
        Entry(path=str(folder / "py.typed"), source=Generated(data=b""), why="the package has a stub"),
    )
