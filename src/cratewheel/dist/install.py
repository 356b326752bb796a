"""Layout → installed files, as an installer leaves them, and their removal by RECORD.

Follows https://packaging.python.org/en/latest/specifications/recording-installed-packages/ and, for scripts, the binary
distribution format.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cratewheel.dist.dist_info import DistInfo, Recorded, record
from cratewheel.dist.layout import Entry, Generated, Layout
from cratewheel.dist.layout import layout as whole_layout
from cratewheel.dist.reading import opened
from cratewheel.errors import CratewheelError
from cratewheel.files.transaction import Transaction
from cratewheel.frozen import dataclass

LONGEST_SHEBANG = 127  # bytes that every Linux kernel reads

_SCRIPT = """\
import sys

from {module} import {root}

if __name__ == "__main__":
    sys.exit({function}())
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an environment keeps things: its interpreter, and the folders that `sysconfig.get_paths()` names."""

    python: Path
    platlib: Path
    purelib: Path
    scripts: Path
    data: Path
    headers: Path


def install(content: Layout, info: DistInfo, place: Place, *, extra: Mapping[str, str], replaced: Path | None) -> Path:
    """Install the files of a wheel and return its dist-info folder; all of them are there then, or none.

    `extra` are more files of the dist-info folder (INSTALLER, direct_url.json). `replaced` is the dist-info folder of
    an earlier install, which goes. Raises `CratewheelError` when something cannot be written.
    """
    dist_info = place.platlib / info.directory
    more = (
        Entry(path=f"{info.directory}/{name}", source=Generated(data=text.encode())) for name, text in extra.items()
    )
    entries = whole_layout((*content, *info.entries(), *more))
    earlier = installed_files(replaced) if replaced is not None else ()
    with Transaction() as transaction:
        recorded = [_write(transaction, entry, _destination(entry.parts, place), place) for entry in entries]
        recorded += [
            _write(transaction, script, place.scripts / script.path, place)
            for script in entry_point_scripts(info.entry_points, place.python)
        ]
        text = record(recorded, record_path=str(info.record_path))
        with transaction.create(dist_info / "RECORD") as stream:
            stream.write(text.encode())
        for path in earlier:
            transaction.remove(path)
        transaction.commit()
    _remove_empty_folders(earlier)
    return dist_info


def put(files: Iterable[tuple[Path, Entry]]) -> None:
    """Write each entry to its path, all of them or none; raises `CratewheelError` when that cannot be."""
    with Transaction() as transaction:
        for path, entry in files:
            with (
                opened(entry.source) as (_, chunks),
                transaction.create(path, executable=entry.source.executable) as stream,
            ):
                stream.writelines(chunks)
        transaction.commit()


def installed_files(dist_info: Path) -> tuple[Path, ...]:
    """Return the files that RECORD lists, RECORD itself included, and the bytecode of its modules.

    Raises `CratewheelError` when there is no RECORD, or it leads out of the environment.
    """
    record_file = dist_info / "RECORD"
    try:
        with record_file.open(encoding="utf-8", newline="") as lines:
            names = [row[0] for row in csv.reader(lines) if row]
    except OSError as error:
        raise CratewheelError(
            f"the installed {dist_info.name} has no RECORD, so nobody can tell which files are its own",
            hint="remove it with the tool that installed it",
        ) from error
    site = dist_info.parent
    root = _environment_of(site)
    found: list[Path] = []
    for name in names:
        path = Path(os.path.normpath(site / name))
        if not path.is_relative_to(root):
            raise CratewheelError(
                f"{record_file} lists {name}, which is outside of the environment {root}",
                hint="remove that install with the tool that made it",
            )
        found.append(path)
        if path.suffix == ".py":
            found += (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc")
    return tuple(path for path in dict.fromkeys((*found, record_file)) if os.path.lexists(path))


def entry_point_scripts(entry_points: str, python: Path) -> Iterable[Entry]:
    """Yield the commands of an entry_points.txt, as files that start them with `python`."""
    section = ""
    for line in entry_points.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        name, separator, reference = (part.strip() for part in line.partition("="))
        if not separator or section not in ("console_scripts", "gui_scripts"):
            continue
        module, _, function = re.sub(r"\s*\[.*\]$", "", reference).partition(":")
        text = _SCRIPT.format(module=module.strip(), root=function.strip().partition(".")[0], function=function.strip())
        yield Entry(
            path=name,
            source=Generated(data=shebang(python) + text.encode(), executable=True),
            why=f"the entry point {name}",
        )


def shebang(python: Path) -> bytes:
    r"""Return the first line of a script that `python` runs; where a kernel cannot read that, lines for a shell.

    >>> shebang(Path("/usr/bin/python3"))
    b'#!/usr/bin/python3\n'
    """
    line = f"#!{python}\n".encode(errors="surrogateescape")
    if len(line) <= LONGEST_SHEBANG and b" " not in line:
        return line
    # the shell runs the second line, Python takes it for a string
    return f"#!/bin/sh\n'''exec' {shlex.quote(str(python))} \"$0\" \"$@\"\n' '''\n".encode(errors="surrogateescape")


def _destination(parts: Sequence[str], place: Place) -> Path:
    if parts[0].endswith(".data") and len(parts) > 2:  # folder, scheme, and what is in it
        folder: Path = getattr(place, parts[1])
        return folder.joinpath(*parts[2:])
    return place.platlib.joinpath(*parts)


def _write(transaction: Transaction, entry: Entry, destination: Path, place: Place) -> Recorded:
    script = destination.is_relative_to(place.scripts)
    digest = hashlib.sha256()
    size = 0
    with (
        opened(entry.source) as (_, chunks),
        transaction.create(destination, executable=entry.source.executable or script) as stream,
    ):
        for number, chunk in enumerate(chunks):
            data = _for_this_python(chunk, place.python) if script and number == 0 else chunk
            stream.write(data)
            digest.update(data)
            size += len(data)
    name = os.path.relpath(destination, place.platlib).replace(os.sep, "/")
    return Recorded(path=name, sha256=digest.digest(), size=size)


def _for_this_python(start: bytes, python: Path) -> bytes:
    if not start.startswith(b"#!python"):
        return start
    return shebang(python) + start.partition(b"\n")[2]


def _environment_of(site: Path) -> Path:
    """Return the root of the environment whose site-packages folder is `site`: `<root>/lib/python3.X/site-packages`."""
    return site.parents[1] if sys.platform == "win32" else site.parents[2]


def _remove_empty_folders(files: Iterable[Path]) -> None:
    folders = {folder for path in files for folder in (path.parent, path.parent.parent)}
    for folder in sorted(folders, key=lambda folder: -len(folder.parts)):
        if folder.name in ("site-packages", "dist-packages", "bin", "Scripts"):
            continue
        with suppress(OSError):
            folder.rmdir()
