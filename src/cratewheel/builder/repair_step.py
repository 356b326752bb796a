"""Copies system libraries into a wheel, and adjusts the files that need them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from cratewheel.archive.layout import Entry, FromFile, Generated
from cratewheel.archive.reading import open_source
from cratewheel.bindings import binary as programs
from cratewheel.builder.compiled import Compiled, loading_folder, scripts_folder
from cratewheel.builder.linking import compiler_folders, stated_folders
from cratewheel.builder.session import Session
from cratewheel.planning.model import WheelPlan
from cratewheel.repair import graft as repairer
from cratewheel.repair import launcher, windows
from cratewheel.repair.model import Grafted, Repair, Subject
from cratewheel.targets.wheel_tags import data_dir_name, normalise_distribution


def graft(
    session: Session, compiled: Sequence[Compiled], external: Mapping[str, tuple[str, ...]], scratch: Path
) -> tuple[Grafted, ...]:
    """Copy the `external` libraries of the compiled files (by label) to the wheel, and patch the files.

    A library that several need is copied once. Raises `AuditError` when a library is not found, `MissingToolError` when
    the patching tool is missing.
    """
    subjects = [
        Subject(
            path=one.made.path,
            folder=loading_folder(session, one.plan),
            needs=external[one.label],
            origin=one.made.linked_in,
        )
        for one in compiled
        if external.get(one.label)
    ]
    linked_from = (path for one in compiled for path in one.made.link_paths)
    surroundings = Repair(
        target=session.plan.target,
        native=not session.inputs.cross,
        dist=normalise_distribution(session.plan.name),
        search=tuple(dict.fromkeys((*linked_from, *stated_folders(session), *compiler_folders(session)))),
        exclude=session.inputs.options.repair_exclude,
        scratch=scratch,
        environ=session.environ,
        reporter=session.reporter,
        settings_table=session.inputs.project.settings_table,
    )
    libraries = repairer.repair(subjects, surroundings)
    for library in libraries:
        session.reporter.step("Grafting", f"{library.original} as {library.name}")
    return libraries


def place_libraries(
    session: Session, wheel: WheelPlan, entries: Iterable[Entry], grafted: tuple[Grafted, ...], needing: Collection[str]
) -> Iterator[Entry]:
    """Yield the entries of the wheel with the grafted libraries, and programs moved to where they find them.

    `needing` are the names of the compiled files that need the libraries.
    """
    entries = tuple(entries)
    if session.plan.target.os == "windows":
        yield from _placed_on_windows(session, wheel, entries, grafted)
        return
    dist = normalise_distribution(session.plan.name)
    libs = repairer.libraries_folder(dist, session.plan.target.os)
    scripts, data_scripts = scripts_folder(session), _data_scripts(session)
    for entry in entries:
        if entry.name in needing and entry.path == f"{data_scripts}/{entry.name}" and entry.why == programs.WHY:
            yield replace(entry, path=f"{scripts}/{entry.name}")
            text = launcher.script(entry.name, folder=scripts, libs=libs)
            yield Entry(path=entry.path, source=Generated(data=text, executable=True), why="starts the program")
        else:
            yield entry
    yield from _library_entries(grafted, libs)


def _placed_on_windows(
    session: Session, wheel: WheelPlan, entries: tuple[Entry, ...], grafted: tuple[Grafted, ...]
) -> Iterator[Entry]:
    """Yield the entries with the libraries where Windows looks for them.

    Those of a program are in its folder; those of a module in another one that its package adds, or in the module's own
    where no package can.
    """
    shared = repairer.libraries_folder(normalise_distribution(session.plan.name), "windows")
    files = {entry.path for entry in entries}
    packages: dict[str, PurePosixPath] = {}
    places: list[str] = []
    for artifact in wheel.artifacts:
        folder = loading_folder(session, artifact)
        init = str(folder / "__init__.py")
        if artifact.is_command:
            places.append(_data_scripts(session))
        elif init in files and artifact.path is None:
            packages[init] = folder
            places.append(shared)
        else:
            places.append(str(folder))
    for entry in entries:
        if grafted and entry.path in packages:
            way = ("..",) * len(packages[entry.path].parts)
            yield replace(entry, source=Generated(data=windows.with_dll_directory(_content(entry), (*way, shared))))
        else:
            yield entry
    for place in dict.fromkeys(places):
        yield from _library_entries(grafted, place)


def _library_entries(grafted: tuple[Grafted, ...], folder: str) -> Iterator[Entry]:
    for library in grafted:
        yield Entry(
            path=f"{folder}/{library.name}",
            source=FromFile(path=str(library.path), executable=True),
            why=f"copied from {library.original}",
        )


def _data_scripts(session: Session) -> str:
    return f"{data_dir_name(session.plan.name, session.plan.version)}/scripts"


def _content(entry: Entry) -> bytes:
    with open_source(entry.source) as (_, chunks):
        return b"".join(chunks)
