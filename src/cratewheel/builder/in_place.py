"""Writes the files of an editable install in the mode `inplace` into the project."""

from __future__ import annotations

from functools import partial

from cratewheel.archive.install import replace_files
from cratewheel.archive.layout import Entry
from cratewheel.builder.session import Session
from cratewheel.contents import editable, inplace
from cratewheel.system.files.lock import exclusive_folder
from cratewheel.system.files.transaction import Bounds


def write_in_project(session: Session, compiled: tuple[Entry, ...]) -> None:
    """Write the compiled files into the project, and remove outdated files of earlier builds."""
    if not compiled:
        return
    modules = session.inputs.modules
    source = modules.python_source
    bounds = Bounds((source, session.inputs.project.root))
    waiting = partial(session.reporter.step, "Blocking", f"waiting for another build that writes to {source}")
    with exclusive_folder(source, on_wait=waiting):
        state_file = session.state_file("inplace")
        record = inplace.read_record(state_file, source)
        gone = inplace.outdated(source, compiled, record)
        content = editable.in_place_paths(modules, compiled)
        removed = [source / place for place in gone]
        for warning in replace_files(content, source, session.plan.name, bounds, removed=removed):
            session.reporter.warn(warning)
        inplace.write_record(state_file, source, {*record, *(entry.path for entry in compiled)} - set(gone))
        for old, new in inplace.hiding_files(source, compiled):
            session.reporter.warn(
                f"{old} is not from this build, but Python may import it instead of {new}", hint=f"remove {old}"
            )
