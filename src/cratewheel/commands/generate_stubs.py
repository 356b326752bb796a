"""Writes and compares the type stubs of an extension module."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from cratewheel.archive.layout import Entry, Generated
from cratewheel.builder.session import Session
from cratewheel.builder.stubs import read_stubs
from cratewheel.builder.wheel import compiled_files
from cratewheel.contents.stubs import is_generated, place_stubs
from cratewheel.errors import ConfigError
from cratewheel.system.files import atomic_replace


def stub_entries(session: Session, kept_in: Path | None) -> tuple[Entry, ...]:
    """Compile the first wheel of a plan and return its module's stubs, by their paths in the wheel.

    Those that somebody else wrote into the folder `kept_in` stay, with a warning. Raises `ConfigError` for bindings
    other than pyo3's, and for a module without a description.
    """
    wheel = session.plan.wheels[0]
    with compiled_files(session, wheel) as artifacts:
        made = [
            (own.inputs.modules, read_stubs(own, artifact))
            for planned, artifact in zip(wheel.artifacts, artifacts, strict=True)
            if planned.part is None or planned.bindings.crate == "pyo3"
            for own in (session.of(planned),)
        ]
    found: list[Entry] = []
    for modules, files in made:
        theirs = own_stubs(kept_in / modules.extension_dir.parts[0], kept_in) if kept_in is not None else []
        entries, warnings = place_stubs(modules, files, theirs)
        found += [entry for entry in entries if entry.path not in {one.path for one in found}]
        for warning in warnings:
            session.reporter.warn(warning, hint="remove it if it is to be generated")
    return tuple(found)


def own_stubs(folder: Path, out: Path) -> list[str]:
    """Return the stubs below a folder that we did not generate, by their paths from `out`."""
    found = sorted(path for path in folder.rglob("*.pyi") if path.is_file())
    return [path.relative_to(out).as_posix() for path in found if not is_generated(str(path))]


def find_stale(entries: Iterable[Entry], out: Path) -> tuple[Path, ...]:
    """Return the stubs in `out` that we generated when the module was a file, and is a package now, or the reverse."""
    found: list[Path] = []
    for path in (out.joinpath(*entry.parts) for entry in entries if entry.path.endswith(".pyi")):
        if path.name == "__init__.pyi":
            others = [path.parent.with_suffix(".pyi")]
        else:
            others = sorted(path.with_suffix("").rglob("*.pyi"))
        found += [other for other in others if other.is_file() and is_generated(str(other))]
    return tuple(found)


def write(entries: Iterable[Entry], out: Path) -> tuple[Path, ...]:
    """Write the stubs to the folder `out` and return their paths."""
    written = []
    for entry in entries:
        path = out.joinpath(*entry.parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_replace(path) as file:
            file.write(_data(entry))
        written.append(path)
    return tuple(written)


def check_stubs(entries: tuple[Entry, ...], out: Path) -> None:
    """Raise `ConfigError` with the differences if the files in `out` differ from the stubs."""
    notes: list[str] = []
    for entry in entries:
        path = out.joinpath(*entry.parts)
        there = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None
        text = _data(entry).decode()
        if there is None:
            notes.append(f"{path} does not exist")
        elif there != text:
            lines = difflib.unified_diff(there.splitlines(), text.splitlines(), str(path), "generated", lineterm="")
            notes += lines
    notes += [f"{path} is from an earlier form of the module" for path in find_stale(entries, out)]
    if notes:
        raise ConfigError(
            "the stubs do not match the compiled module",
            notes=tuple(notes),
            hint=f"to write them, run `cratewheel generate-stubs --out {out}`",
        )


def _data(entry: Entry) -> bytes:
    assert isinstance(entry.source, Generated), "stubs are made in memory"
    return entry.source.data
