"""Adds libraries to macOS wheels, on any system: found like dyld does, renamed and signed by `macho_edit`.

The folder `<distribution>.dylibs` and the names in it are those of delocate, which runs on macOS alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from cratewheel.audit import binary, check
from cratewheel.audit.model import Binary
from cratewheel.errors import AuditError
from cratewheel.repair.closure import Library, digest, find_closure
from cratewheel.repair.macho_edit import Edit, edit
from cratewheel.repair.model import Grafted, Repair, Subject

_VARIABLES = ("DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")


def repair(subjects: Iterable[Subject], surroundings: Repair) -> tuple[Grafted, ...]:
    """Copy the libraries that the subjects need, and those that these need; rename all to find each other.

    Raises `AuditError` when one cannot be found or lacks a processor, or there is no room for the new names.
    """
    subjects = tuple(subjects)
    origins = {subject.path: subject.origin or subject.path.parent for subject in subjects}
    run_paths: dict[Path, tuple[Path, ...]] = {}

    def locate(need: str, needer: Path, inputs: Binary) -> Library | None:
        origin = origins.get(needer, needer.parent)
        own = run_paths.setdefault(needer, tuple(_expanded(inputs.rpath, origin)))
        library = _find(need, origin / needer.name, inputs, own, surroundings)
        if library is not None:  # dyld asks the run-time paths of all that led to a library
            paths = (*_expanded(library.binary.rpath, library.path.parent), *own)
            run_paths.setdefault(library.path, tuple(dict.fromkeys(paths)))
        return library

    found = find_closure(subjects, surroundings, locate)
    folder = surroundings.scratch / f"{surroundings.dist}.dylibs"
    folder.mkdir(parents=True, exist_ok=True)
    grafted = []
    for library in {library.name: library for library in reversed(found.libraries)}.values():
        copy = folder / library.name
        names = {need: f"@loader_path/{other.name}" for need, other in found.links[library.path].items()}
        _write(library.path, copy, names, surroundings, install_name=f"/DLC/{folder.name}/{library.name}")
        copy.chmod(0o755)
        grafted.append(Grafted(name=library.name, original=library.path, path=copy, sha256=library.sha256))
    for subject in subjects:
        way = _way(subject.folder, folder.name)
        names = {need: f"{way}/{library.name}" for need, library in found.links[subject.path].items()}
        if names:
            _write(subject.path, subject.path, names, surroundings)
    return tuple(sorted(grafted, key=lambda one: one.name))


def _way(folder: PurePosixPath, libs: str) -> str:
    """Return the path from a folder of the wheel to the libraries.

    >>> _way(PurePosixPath("pkg"), "demo.dylibs")
    '@loader_path/../demo.dylibs'
    """
    return "/".join(["@loader_path", *[".."] * len(folder.parts), libs])


def _find(need: str, needer: Path, inputs: Binary, run_paths: Iterable[Path], surroundings: Repair) -> Library | None:
    """Return the library that a name means, with something for each processor that needs it.

    None when it is not found, and the needer can do without. Raises `AuditError` when it cannot.
    """
    looked = tuple(dict.fromkeys(_candidates(need, needer, run_paths, surroundings)))
    wanted = {part.arch for part in _parts(inputs, surroundings) if need in part.needed}
    passed_over: list[str] = []
    for candidate in looked:
        if not candidate.is_file():
            continue
        real = candidate.resolve()
        try:
            read = binary.read(real)
        except AuditError as error:  # such as a text stub of an SDK
            passed_over.append(error.message)
            continue
        missing = wanted - {part.arch for part in _parts(read, surroundings)}
        if missing:
            passed_over.append(f"{candidate} has nothing for {', '.join(sorted(missing))}")
            continue
        return Library(path=real, sha256=digest(real), binary=read, needs=_needs(read, wanted, surroundings))
    if need in inputs.weak:
        surroundings.reporter.detail(f"{needer.name} can do without {need}, which was not found")
        return None
    raise AuditError(
        f"{needer.name} needs {need}, which was not found, so it cannot be added to the wheel",
        notes=(*passed_over, f"looked for {', '.join(map(str, looked))}"),
        hint="name its folder with -L among the flags for rustc, or exclude it from the wheel: "
        f'repair-exclude = ["{need.rpartition("/")[2]}"] in {surroundings.settings_table}',
    )


def _parts(inputs: Binary, surroundings: Repair) -> tuple[Binary, ...]:
    """Return the parts of a file that the wheel is for."""
    arches = {target.arch for target in surroundings.target.slices}
    parts = inputs.slices or (inputs,)
    return tuple(part for part in parts if part.format == "macho" and part.arch in arches)


def _needs(library: Binary, wanted: set[str], surroundings: Repair) -> tuple[str, ...]:
    parts = [part for part in _parts(library, surroundings) if part.arch in wanted]
    needs = [need for part in parts for need in check.external_libraries(part, surroundings.target)]
    return tuple(need for need in dict.fromkeys(needs) if need != library.soname)


def _candidates(need: str, needer: Path, run_paths: Iterable[Path], surroundings: Repair) -> Iterator[Path]:
    """Yield the files that a name may mean: dyld(1), and then the folders that the build linked from."""
    start, _, rest = need.partition("/")
    name = need.rpartition("/")[2]
    given = [surroundings.environ.get(variable, "").split(os.pathsep) for variable in _VARIABLES]
    match start:
        case "@loader_path":
            yield needer.parent / rest
        case "@rpath":
            yield from (path / rest for path in run_paths)
        case "":
            yield Path(need)
    for folder in (*surroundings.search, *(Path(path) for paths in given for path in paths if path)):
        yield from (folder / rest, folder / name) if start == "@rpath" else (folder / name,)
    yield needer.parent / name


def _expanded(rpaths: Iterable[str], folder: Path) -> Iterator[Path]:
    """Yield the run-time paths of a file in `folder`; the program that will load it is not known."""
    for path in rpaths:
        start, _, rest = path.partition("/")
        if start == "@loader_path":
            yield folder / rest
        elif not start:
            yield Path(path)


def _write(
    source: Path, out: Path, names: Mapping[str, str], surroundings: Repair, *, install_name: str | None = None
) -> None:
    """Write the file with the new `names` of its libraries, and without run-time paths that other machines lack."""
    inputs = binary.read(source)
    outside = any(need.startswith("@rpath/") and need not in names for need in inputs.needed)
    rpaths = frozenset(path for path in inputs.rpath if path.startswith("/") and not outside)
    change = Edit(libraries=names, install_name=install_name, dropped_rpaths=rpaths)
    edits = {target.arch: change for target in surroundings.target.slices}
    try:
        data = edit(source.read_bytes(), edits, identifier=out.name)
    except AuditError as error:
        raise AuditError(f"{source.name} cannot be changed: {error.message}", hint=error.hint) from error
    out.write_bytes(data)
