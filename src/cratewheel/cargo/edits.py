"""The changes to a Cargo.toml in an sdist; `rewrite` applies them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import Any

Table = Mapping[str, Any]

_GLOB = r"[*?\[]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inheritance:
    """The workspace that a crate inherits values from: its `[workspace]`, its folder, and the crate's folder."""

    workspace: Table
    workspace_folder: PurePath
    crate_folder: PurePath


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestEdits:
    """The changes to a Cargo.toml; the defaults change nothing.

    `readme` and `license_file` are the new values of these keys. `missing_targets` are (kind, name) of the targets
    whose source is not packed, with the kinds lib, bin, example, test and bench. `members` are the remaining
    entries of `workspace.members`; `default-members` is filtered in the same way.
    """

    readme: str | None = None
    license_file: str | None = None
    missing_targets: tuple[tuple[str, str], ...] = ()
    without_build_script: bool = False
    members: tuple[str, ...] | None = None
    workspace_only: bool = False
    inheritance: Inheritance | None = None


def filter_members(members: Iterable[str], directories: Iterable[str]) -> tuple[str, ...]:
    """Return the entries of `workspace.members`, globs included, that match one of the folders.

    >>> filter_members(["py", "./core", "tools/*", "gone", "x/**"], ["core", "tools/a", "py"])
    ('py', './core', 'tools/*')
    """
    folders = [posixpath.normpath(directory) for directory in directories]
    return tuple(member for member in members if any(_is_member(member, folder) for folder in folders))


def _is_member(member: str, folder: str) -> bool:
    pattern = posixpath.normpath(member)
    if not re.search(_GLOB, pattern):
        return pattern == folder
    return _matches(pattern.split("/"), folder.split("/"))


def _matches(pattern: Sequence[str], parts: Sequence[str]) -> bool:
    wanted = {0}  # indexes of the pattern's parts that the next part may match
    for part in parts:
        wanted = {
            at if pattern[at] == "**" else at + 1
            for at in _expand_globstars(wanted, pattern)
            if at < len(pattern) and (pattern[at] == "**" or fnmatchcase(part, pattern[at]))
        }
    return len(pattern) in _expand_globstars(wanted, pattern)


def _expand_globstars(wanted: set[int], pattern: Sequence[str]) -> set[int]:
    found = set(wanted)
    for at, part in enumerate(pattern):
        if part == "**" and at in found:
            found.add(at + 1)
    return found


def relative_path(start: PurePath, end: PurePath) -> str:
    """Return the relative path from one folder to another, as Cargo.toml writes it.

    >>> relative_path(PurePath("/ws/a/dep"), PurePath("/ws/a/../b"))
    '../../b'
    """
    return posixpath.relpath(posixpath.normpath(end.as_posix()), posixpath.normpath(start.as_posix()))
