"""The files of the project's hooks in a source distribution: what they made, or what they need to make it again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from cratewheel.archive.layout import Entry, FromFile, Generated, Layout
from cratewheel.contents.sdist_paths import SdistPaths
from cratewheel.errors import ConfigError
from cratewheel.options.values import Hook
from cratewheel.project.hooks import RECORD, HookPlace, LastRun, fingerprint, needed_paths, output_paths, read_files


def made_again(hooks: Iterable[Hook], place: HookPlace) -> frozenset[str]:
    """Return the present files that the archive does not have, since its hooks make them again.

    What hooks after compiling made is among these.
    """
    found = {path for hook in hooks if hook.sdist == "regenerate" for path in output_paths(hook, place)}
    kept = {path for hook in hooks if hook.sdist == "include" for path in output_paths(hook, place)}
    return frozenset(str(path) for path in found - kept)


def named_files(hooks: Iterable[Hook], place: HookPlace) -> Iterable[tuple[Path, str]]:
    """Yield the files that the archive has because of hooks, with the reason."""
    for hook in hooks:
        if hook.sdist == "include":
            yield from ((path, f"made by the hook `{hook}`") for path in output_paths(hook, place))
        else:
            yield from ((path, f"needed by the hook `{hook}`") for path in needed_paths(hook, place))


def check_needed(entries: Layout, hooks: Iterable[Hook], place: HookPlace) -> None:
    """Raise `ConfigError` if the archive lacks a file that its hooks need to make the outputs again."""
    packed = {entry.source.path for entry in entries if isinstance(entry.source, FromFile)}
    packed |= {str(place.root / entry.path) for entry in entries}  # edited for the archive
    for hook in hooks:
        if hook.sdist != "regenerate" or hook.when != "before-compile":
            continue
        missing = [path for path in needed_paths(hook, place) if str(path) not in packed]
        if missing:
            raise ConfigError(
                f"the source distribution would lack {missing[0]}, which the hook `{hook}` needs there",
                notes=tuple(f"the same for {path}" for path in missing[1:]),
                hint='remove it from `exclude`, or pack what the hook makes: `sdist = "include"`',
            )


def check_places(hooks: Iterable[Hook], place: HookPlace, paths: SdistPaths) -> None:
    """Raise `ConfigError` if a hook would make sources of the crate again where the archive does not have the crate.

    That is where pyproject.toml is beside the crate in a workspace, and moves to the top of the archive.
    """
    for hook in hooks:
        if hook.sdist != "regenerate" or hook.when != "before-compile" or not paths.moved:
            continue
        rust = [path for path in output_paths(hook, place) if path.suffix == ".rs"]
        if rust:
            raise ConfigError(
                f"the hook `{hook}` would not make {rust[0]} again in the source distribution, which has the crate in "
                f"{paths.of_crate(place.root)} and pyproject.toml at its top",
                hint='pack what the hook makes, `sdist = "include"`, or move pyproject.toml to the workspace, with '
                "`manifest-path`",
            )


def unmade(hooks: Iterable[Hook], place: HookPlace) -> tuple[str, ...]:
    """Return a description of each glob of outputs for the archive that matches nothing, since its hook has not run."""
    return tuple(
        f"what the hook `{hook}` makes for {pattern!r}"
        for hook in hooks
        if hook.sdist == "include"
        for pattern in read_files(hook, place).missing
    )


def record_entry(entries: Layout, hooks: Iterable[Hook], place: HookPlace) -> Entry | None:
    """Return the file that says what the included outputs were made from, None where there are none.

    Files that are edited for the archive are described as they are in it.
    """
    edited = {entry.path: entry.source.data for entry in entries if isinstance(entry.source, Generated)}
    runs = {}
    for hook in hooks:
        if hook.sdist != "include" or not hook.outputs:
            continue
        key = fingerprint(hook)
        now, shipped = read_files(hook, place), place.shipped.get(key)
        inputs = {**(shipped.inputs if shipped is not None else {}), **now.inputs}
        runs[key] = LastRun(inputs=_as_packed(inputs, edited), outputs=_as_packed(now.outputs, edited)).as_json()
    if not runs:
        return None
    text = f"{json.dumps(runs, indent=1, sort_keys=True)}\n"
    return Entry(path=RECORD, source=Generated(data=text.encode()), why="what hooks read and made")


def _as_packed(hashes: Mapping[str, str], edited: Mapping[str, bytes]) -> dict[str, str]:
    return {
        path: hashlib.sha256(edited[path]).hexdigest() if path in edited else digest for path, digest in hashes.items()
    }
