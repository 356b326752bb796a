"""Updates the Cargo.lock of an archive, which has fewer crates than the source tree.

Skipped crates may have requested features of the packed ones, so only cargo's resolver knows which packages remain:
`--locked` rejects a lock file with too many packages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from cratewheel.archive.layout import Entry, Generated, Layout
from cratewheel.archive.reading import write_entries
from cratewheel.cargo import lockfile as lock
from cratewheel.cargo import query
from cratewheel.events import Reporter
from cratewheel.system.command import Command
from cratewheel.system.files.temporary import temporary_folder

# The files that cargo reads to resolve; of all others it only checks that they exist.
READ = frozenset({"Cargo.toml", lock.NAME})


def resolve_lock_with_cargo(
    entries: Layout, manifest: PurePosixPath, *, cwd: Path, environ: Mapping[str, str], reporter: Reporter
) -> Layout:
    """Return the layout with its rewritten Cargo.lock as resolved by cargo; versions are kept, packages may be removed.

    The unchanged lock file of the source tree is kept. Otherwise cargo runs once in the folder `cwd`, offline,
    on a copy of the manifests; if it fails, the lock file is kept with a warning.
    """
    found = next((entry for entry in entries if _is_written(entry) and entry.name == lock.NAME), None)
    if found is None:
        return entries
    with temporary_folder() as scratch:
        write_entries(map(_shell, entries), scratch)
        place = Path(scratch, *manifest.parts)
        command = Command(
            argv=("cargo", "metadata", "--format-version", "1", "--offline", "--manifest-path", str(place)),
            cwd=cwd,
        )
        done = query.run_cargo(command, environ)
        if done.status:
            reporter.warn(
                "cargo could not update the Cargo.lock of the sdist, so --locked may reject it",
                hint="run `cargo fetch` in the source tree to download what cargo needs offline",
            )
            for line in done.stderr.splitlines():
                reporter.detail(line)
            return entries
        text = Path(scratch, *found.parts).read_bytes()
    pruned = replace(found, source=Generated(data=text))
    return tuple(pruned if entry is found else entry for entry in entries)


def _is_written(entry: Entry) -> bool:
    return isinstance(entry.source, Generated)


def _shell(entry: Entry) -> Entry:
    return entry if entry.name in READ else replace(entry, source=Generated(data=b""))
