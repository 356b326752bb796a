"""Copies system libraries into a wheel, and adjusts the files that need them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from cratewheel.archive.layout import Entry, FromFile, Generated
from cratewheel.archive.reading import open_source
from cratewheel.bindings.place import extension_dir
from cratewheel.builder.linking import compiler_folders, stated_folders
from cratewheel.builder.session import Session
from cratewheel.cargo.run import Artifact
from cratewheel.repair import graft as repairer
from cratewheel.repair import launcher, windows
from cratewheel.repair.model import Grafted, Repair, Subject
from cratewheel.targets.wheel_tags import data_dir_name, normalise_distribution


def graft(
    session: Session, artifacts: list[Artifact], external: Mapping[str, tuple[str, ...]], scratch: Path
) -> tuple[Grafted, ...]:
    """Copy the `external` libraries of the compiled files (by file name) to the wheel, and patch the files.

    Raises `AuditError` when a library is not found, `MissingToolError` when the patching tool is missing.
    """
    folder = module_folder(session)
    subjects = [
        Subject(
            path=artifact.path,
            folder=folder,
            needs=external[artifact.path.name],
            origin=artifact.linked_in,
        )
        for artifact in artifacts
        if external.get(artifact.path.name)
    ]
    surroundings = Repair(
        target=session.plan.target,
        native=not session.inputs.cross,
        dist=normalise_distribution(session.plan.name),
        search=tuple(dict.fromkeys((*_linked_from(artifacts), *stated_folders(session), *compiler_folders(session)))),
        exclude=session.inputs.options.repair_exclude,
        scratch=scratch,
        environ=session.environ,
        reporter=session.reporter,
    )
    libraries = repairer.repair(subjects, surroundings)
    for library in libraries:
        session.reporter.step("Grafting", f"{library.original} as {library.name}")
    return libraries


def place_libraries(session: Session, entries: Iterable[Entry], grafted: tuple[Grafted, ...]) -> Iterator[Entry]:
    """Yield the entries of the wheel with the grafted libraries, and programs moved to where they find them."""
    dist = normalise_distribution(session.plan.name)
    libs = repairer.libraries_folder(dist, session.plan.target.os)
    scripts = f"{data_dir_name(session.plan.name, session.plan.version)}/scripts"
    windows_target = session.plan.target.os == "windows"
    programs = session.inputs.bindings.kind == "bin"
    entries = tuple(entries)
    if programs and windows_target:
        # Windows searches libraries of a program in its folder
        libs = scripts
    elif windows_target and not any(entry.path == str(_package(session)) for entry in entries):
        libs = str(module_folder(session))  # and those of a module, if no package can add another folder
    for entry in entries:
        launched = grafted and programs and not windows_target
        if launched and entry.path == f"{scripts}/{entry.name}" and entry.why == "compiled program":
            yield replace(entry, path=f"{_scripts(dist)}/{entry.name}")
            text = launcher.script(entry.name, folder=_scripts(dist), libs=libs)
            yield Entry(path=entry.path, source=Generated(data=text, executable=True), why="starts the program")
        elif grafted and windows_target and entry.path == str(_package(session)):
            text = windows.with_dll_directory(_content(entry), ("..",) * len(module_folder(session).parts) + (libs,))
            yield replace(entry, source=Generated(data=text))
        else:
            yield entry
    for library in grafted:
        yield Entry(
            path=f"{libs}/{library.name}",
            source=FromFile(path=str(library.path), executable=True),
            why=f"copied from {library.original}",
        )


def module_folder(session: Session) -> PurePosixPath:
    """Return the folder from which the compiled files are loaded, relative to site-packages."""
    kind = session.inputs.bindings.kind
    if kind == "bin":
        return PurePosixPath(_scripts(normalise_distribution(session.plan.name)))
    return extension_dir(kind, session.inputs.modules)


def _package(session: Session) -> PurePosixPath:
    """Return the file that Python runs before it loads the module."""
    return module_folder(session) / "__init__.py"


def _content(entry: Entry) -> bytes:
    with open_source(entry.source) as (_, chunks):
        return b"".join(chunks)


def _scripts(dist: str) -> str:
    return f"{dist}.scripts"


def _linked_from(artifacts: Iterable[Artifact]) -> Iterator[Path]:
    for artifact in artifacts:
        yield from artifact.link_paths
