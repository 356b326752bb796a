"""Cargo.lock as cargo itself leaves it for the crates of an archive, which are fewer than those of the source tree.

Crates that stay behind asked for features of those that go along, so which packages remain is for cargo's resolver to
say: `--locked` refuses a lock file that has one too many.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from cratewheel.archive.install import unpack
from cratewheel.archive.layout import Entry, Generated, Layout
from cratewheel.cargo import lockfile as lock
from cratewheel.cargo import query
from cratewheel.events import Reporter
from cratewheel.system.command import Command
from cratewheel.system.files.temporary import temporary_folder

# What cargo reads to resolve; of all other files it only asks whether they are there.
READ = frozenset({"Cargo.toml", lock.NAME})


def resolve_lock_with_cargo(
    entries: Layout, manifest: PurePosixPath, *, cwd: Path, environ: Mapping[str, str], reporter: Reporter
) -> Layout:
    """Return the layout with its rewritten Cargo.lock as cargo leaves it; versions stay, packages may go.

    A lock file that is the tree's own is in order, and is not touched. Cargo runs once in the folder `cwd`, offline,
    over a copy of the manifests; where it fails the lock file stays as it is, with a warning.
    """
    found = next((entry for entry in entries if _is_written(entry) and entry.name == lock.NAME), None)
    if found is None:
        return entries
    with temporary_folder() as scratch:
        unpack(map(_shell, entries), scratch)
        place = Path(scratch, *manifest.parts)
        command = Command(
            argv=("cargo", "metadata", "--format-version", "1", "--offline", "--manifest-path", str(place)),
            cwd=cwd,
        )
        done = query.run_cargo(command, environ)
        if done.status:
            reporter.warn(
                "cargo could not bring the Cargo.lock of the sdist in line with its crates, so --locked may refuse it",
                hint="`cargo fetch` in the source tree gets what cargo lacks offline",
            )
            for line in done.stderr.splitlines():
                reporter.detail(line)
            return entries
        text = Path(scratch, *found.parts).read_bytes()
    mended = replace(found, source=Generated(data=text))
    return tuple(mended if entry is found else entry for entry in entries)


def _is_written(entry: Entry) -> bool:
    return isinstance(entry.source, Generated)


def _shell(entry: Entry) -> Entry:
    return entry if entry.name in READ else replace(entry, source=Generated(data=b""))
