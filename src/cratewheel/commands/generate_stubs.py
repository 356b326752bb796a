"""Type stubs of an extension module, compiled for that purpose."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from cratewheel.archive.layout import Entry, Generated
from cratewheel.builder.session import Session
from cratewheel.builder.stubs import read_stubs
from cratewheel.builder.wheel import compiled_files
from cratewheel.contents.stubs import place_stubs
from cratewheel.errors import ConfigError
from cratewheel.system.files import atomic_replace


def stub_entries(session: Session) -> tuple[Entry, ...]:
    """Compile the first wheel of a plan and return the stubs of its module, by their paths in the wheel.

    Raises `ConfigError` for bindings other than pyo3's, and for a module that describes nothing.
    """
    with compiled_files(session, session.plan.wheels[0]) as artifacts:
        entries, _ = place_stubs(session.inputs.modules, read_stubs(session, artifacts), ())
    return entries


def write(entries: Iterable[Entry], out: Path) -> tuple[Path, ...]:
    """Write the stubs below the folder `out` and return their paths."""
    written = []
    for entry in entries:
        path = out.joinpath(*entry.parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_replace(path) as file:
            file.write(_data(entry))
        written.append(path)
    return tuple(written)


def refuse_difference(entries: Iterable[Entry], out: Path) -> None:
    """Raise `ConfigError` that shows how the files below `out` differ from the stubs, if they do."""
    notes: list[str] = []
    for entry in entries:
        path = out.joinpath(*entry.parts)
        there = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None
        text = _data(entry).decode()
        if there is None:
            notes.append(f"{path} is not there")
        elif there != text:
            lines = difflib.unified_diff(there.splitlines(), text.splitlines(), str(path), "generated", lineterm="")
            notes += lines
    if notes:
        raise ConfigError(
            "the stubs are not those of the compiled module",
            notes=tuple(notes),
            hint=f"write them: cratewheel generate-stubs --out {out}",
        )


def _data(entry: Entry) -> bytes:
    assert isinstance(entry.source, Generated), "stubs are made in memory"
    return entry.source.data
