"""Builds for another build backend: its project, the compiled files of a wheel, the crates of a source distribution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any

from cratewheel import api
from cratewheel.archive.layout import FromFile
from cratewheel.archive.reading import open_source
from cratewheel.backend import HookCall, wheel_request
from cratewheel.builder.extension import Extension
from cratewheel.contents.crate_sources import CrateFile
from cratewheel.errors import ConfigError
from cratewheel.project.metadata import CoreMetadata, of_other_backend
from cratewheel.project.python_layout import read_modules
from cratewheel.system.files.atomic import atomic_replace


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherProject:
    """A project of the build backend `backend`, as this reads it.

    `packages` are the folders that its top-level packages lie in, by their names.
    """

    root: Path
    backend: str
    name: str
    version: str
    requires_python: str | None = None
    requires_dist: tuple[str, ...] = ()
    packages: Mapping[str, Path] = field(default_factory=dict)


def compile_wheel(call: HookCall, project: OtherProject, out: Path, *, editable: bool = False) -> Extension:
    """Compile the files of the project's wheel for this interpreter into the folder `out`.

    Those of an `editable` install find libraries where they are: modules in the project could not find copies that are
    elsewhere.
    """
    defaults, metadata = _defaults(call, project), _metadata(call, project)
    request = wheel_request(call, out, editable=editable, defaults=defaults, metadata=metadata)
    if editable:
        request = replace(request, overrides={**request.overrides, "compatibility": ("off",)})
    return api.compile_extension(request, call.ui, targets="installable")


def crate_files(call: HookCall, project: OtherProject) -> tuple[CrateFile, ...]:
    """Return the files of the crates that the project's source distribution needs."""
    request = call.request(
        defaults=_defaults(call, project),
        overrides={"sdist_generator": "cargo"},  # the other backend knows what git has
        metadata=_metadata(call, project),
    )
    return api.list_crate_files(request, call.ui)


def place_file(file: Path, destination: Path) -> None:
    """Copy a compiled file to its place, at once and with its permissions."""
    with open_source(FromFile(path=str(file))) as (_, chunks), atomic_replace(destination) as stream:
        stream.writelines(chunks)
    destination.chmod(file.stat().st_mode)


def remove_stale(folder: Path, places: Iterable[Path]) -> None:
    """Remove the files of earlier builds from a build folder of setuptools, which packs all that is there.

    A file beside it lists what this build writes to `places`.
    """
    record = folder.with_name(f"{folder.name}.cratewheel")
    now = sorted(place.relative_to(folder).as_posix() for place in places)
    with suppress(OSError, UnicodeDecodeError):
        for line in record.read_text(encoding="utf-8").splitlines():
            place = folder / line
            if line not in now and place.is_relative_to(folder) and ".." not in place.parts:
                place.unlink(missing_ok=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    record.write_text("".join(f"{line}\n" for line in now), encoding="utf-8")


def _defaults(call: HookCall, project: OtherProject) -> dict[str, Any]:
    sources = _sources(call, project)
    return {"python_source": sources} if sources else {}


def _metadata(call: HookCall, project: OtherProject) -> CoreMetadata:
    """Return what our build needs of the metadata; the code learns of a version that no file of ours has."""
    pyproject = call.project.pyproject
    table = pyproject.project if pyproject is not None else None
    return of_other_backend(
        project.name,
        project.version,
        requires_python=project.requires_python,
        requires_dist=project.requires_dist,
        provider=None if "version" in (table or {}) else project.backend,
    )


def _sources(call: HookCall, project: OtherProject) -> str | None:
    """Return the folder where the other backend finds the Python package of the module, unless a setting names one."""
    if call.options.python_source is not None:
        return None
    names = [one.module for one in call.options.artifacts if one.module is not None]
    if not call.options.artifacts:
        names = [read_modules(call.project, call.options, binary=True).module_name]
    return choose_sources(project.root, project.packages, names)


def choose_sources(root: Path, packages: Mapping[str, Path], modules: Iterable[str]) -> str | None:
    """Return the one folder below `root` that the packages of these modules lie in, or None if they have none.

    Raises `ConfigError` if they lie in several.

    >>> choose_sources(Path("/p"), {"demo": Path("/p/python")}, ["demo._native", "other"])
    'python'
    """
    tops = [name.partition(".")[0] for name in modules]
    found = sorted({packages[top] for top in tops if top in packages})
    if len(found) > 1:
        raise ConfigError(
            f"the packages of the compiled modules lie in several folders: {', '.join(map(str, found))}",
            hint="name one with `python-source` in pyproject.toml, where the other settings of cratewheel are",
        )
    return found[0].relative_to(root).as_posix() if found and found[0].is_relative_to(root) else None


def is_program(path: str) -> bool:
    """Return whether a file of a wheel is installed among the environment's programs.

    >>> is_program("demo-1.0.data/scripts/demo"), is_program("demo/scripts/demo")
    (True, False)
    """
    top, _, rest = path.partition("/")
    return top.endswith(".data") and rest.startswith("scripts/")


def place_in_wheel(file: Path, folders: Mapping[Path, Path] | Mapping[PurePath, Path]) -> PurePath | None:
    """Return the place in a wheel for a file of the project, whose `folders` are known by their paths in the wheel.

    At the top of a wheel there are no other files than modules: `src` may have a package, and the crate beside it.

    >>> place_in_wheel(Path("/p/src/demo/data/a.bin"), {PurePath("demo"): Path("/p/src/demo")})
    PurePosixPath('demo/data/a.bin')
    >>> place_in_wheel(Path("/p/src/made.rs"), {PurePath(): Path("/p/src")})
    """
    around = [(place, folder) for place, folder in folders.items() if file.is_relative_to(folder)]
    if not around:
        return None
    place, folder = max(around, key=lambda one: len(one[1].parts))
    if place.parts or (file.parent == folder and file.suffix == ".py"):
        return place / file.relative_to(folder)
    return None


def folder_in_project(path: Path, folders: Mapping[Path, Path]) -> Path | None:
    """Return the folder for a file of a wheel in the project, whose `folders` are known by their paths in the wheel.

    >>> folder_in_project(Path("demo/sub/_native.so"), {Path("demo"): Path("/p/python/demo")})
    PosixPath('/p/python/demo/sub')
    """
    around = next((folder for folder in path.parents if folder in folders), None)
    return None if around is None else folders[around] / path.parent.relative_to(around)
