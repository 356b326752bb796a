"""Writes what a project compiles to a folder, under the paths that it has in a wheel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cratewheel.archive.layout import Entry, Generated
from cratewheel.archive.reading import open_source
from cratewheel.builder.checks import check_before_compiling
from cratewheel.builder.session import Session
from cratewheel.builder.wheel import assemble_wheel
from cratewheel.events import BuiltFile
from cratewheel.system.files import atomic_replace
from cratewheel.targets.wheel_tags import data_dir_name


def build_extensions(sessions: Sequence[Session], out: Path) -> tuple[Path, ...]:
    """Compile the wheels of the plans, write their compiled files to `out` and return the paths.

    Each is checked as for a wheel, and reported when it is written. Raises as a build does.
    """
    written: list[Path] = []
    for session in sessions:
        for warning in session.plan.warnings:
            session.reporter.warn(warning)
        check_before_compiling(session)
        scripts = f"{data_dir_name(session.plan.name, session.plan.version)}/scripts/"
        for wheel in session.plan.wheels:
            served = tuple(python.display for python in wheel.serves)
            with assemble_wheel(session, wheel) as content:
                for entry in made_entries(content.layout, session.scratch):
                    path = out / placed(entry, scripts)
                    _write(entry, path)
                    session.reporter.emit(BuiltFile(path=path, serves=served))
                    written.append(path)
    return tuple(dict.fromkeys(written))


def made_entries(entries: Iterable[Entry], scratch: Path) -> tuple[Entry, ...]:
    """Return the files of a wheel that a build makes in the folder `scratch`, and those that are generated."""
    return tuple(
        entry
        for entry in entries
        if isinstance(entry.source, Generated) or Path(entry.source.path).is_relative_to(scratch)
    )


def placed(entry: Entry, scripts: str) -> str:
    """Return the place of a file in the folder: programs are in `bin`.

    >>> from cratewheel.archive.layout import Generated
    >>> placed(Entry(path="px-1.data/scripts/px", source=Generated(data=b"")), "px-1.data/scripts/")
    'bin/px'
    """
    return f"bin/{entry.path.removeprefix(scripts)}" if entry.path.startswith(scripts) else entry.path


def _write(entry: Entry, path: Path) -> None:
    with open_source(entry.source) as (_, chunks), atomic_replace(path) as file:
        for chunk in chunks:
            file.write(chunk)
    path.chmod(0o755 if entry.source.executable else 0o644)
