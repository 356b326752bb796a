"""Globs as Rust's `glob` crate reads them (https://docs.rs/glob/latest/glob/struct.Pattern.html)."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path, PureWindowsPath

from cratewheel.errors import ConfigError
from cratewheel.system.files import wildcards
from cratewheel.system.files.ignore_rules import MAX_PATTERN
from cratewheel.system.files.junk import is_rubbish
from cratewheel.system.files.links import ProjectBoundary, Roots, describe_dangling
from cratewheel.system.files.reading import is_file
from cratewheel.system.files.temporary import is_temporary
from cratewheel.system.files.walking import list_folder

_WILD = r"[*?\[]"
MOST_LINKS = 1000  # links to folders that one glob follows: n links to each other give n! paths

_Part = str | re.Pattern[str] | None  # a name, a regular expression for names, or None for `**`


def glob(
    root: Path, pattern: str, *, roots: Roots | None = None, skips: Callable[[str], bool] | None = None
) -> tuple[Path, ...]:
    """Return the files below `root` that match, sorted: `*`, `?` and `[…]` match in a name, `**` any number of folders.

    Hidden files match, ignore files are not asked, and links to folders are followed. Raises `ConfigError` for a
    pattern that is absolute, has a `.` or `..` in it or is malformed, for a match that leads out of `roots` (`root` by
    default) by a link or is a pipe, a socket or a device, and for links that lead to each other in thousands of ways.
    Links to nothing do not match; with `skips`, those are an error of which it does not say that they are skipped.
    """
    parts = _parts(pattern)
    if not parts or parts[-1] is None or pattern.endswith("/"):
        return ()  # `a/**` and `a/` match folders only
    boundary = ProjectBoundary(roots or (os.path.realpath(root),))
    matches = sorted(map(Path, set(_matches(str(root), parts, boundary))), key=lambda path: path.parts)
    found = [path for path in matches if is_file(path)]
    if skips is not None and len(found) < len(matches):
        for path in matches:
            if describe_dangling(str(path)) is not None and not skips(str(path)):
                boundary.check(str(path))
    for path in found:
        boundary.check(str(path), link=path.is_symlink())
    return tuple(found)


def check_glob(pattern: str) -> None:
    """Raise `ConfigError` if the pattern is not valid; no file is read."""
    _parts(pattern)


def _parts(pattern: str) -> list[_Part]:
    if pattern.startswith("/") or PureWindowsPath(pattern).drive:
        raise ConfigError(f"the glob '{pattern}' must be relative", hint="write it relative to the project's folder")
    if len(pattern) > MAX_PATTERN:
        raise ConfigError(f"the glob '{pattern[:40]}…' is longer than {MAX_PATTERN:,} characters")
    names = [name for name in pattern.split("/") if name]
    if not {".", ".."}.isdisjoint(names):
        plain = "/".join(name for name in names if name != ".")
        raise ConfigError(
            f"the glob '{pattern}' must not have '.' or '..' in it",
            hint="write it relative to the project's folder" + ("" if ".." in names or not plain else f": '{plain}'"),
        )
    return [_part(name, pattern) for name in names]


def _part(name: str, pattern: str) -> _Part:
    if name == "**":
        return None
    if "**" in name:
        raise ConfigError(
            f"the glob '{pattern}' has '**' next to other characters", hint="write `**` as a path component of its own"
        )
    if not re.search(_WILD, name):
        return name
    chunks = [""]
    at = 0
    while at < len(name):
        char = name[at]
        at += 1
        if char == "*":
            chunks.append("")
        elif char == "[":
            text, at = _character_class(name, at, pattern)
            chunks[-1] += text
        else:
            chunks[-1] += wildcards.ANY if char == "?" else re.escape(char)
    return re.compile(wildcards.name_regex(tuple(chunks), itertools.count()))


def _character_class(name: str, at: int, pattern: str) -> tuple[str, int]:
    """Return the regular expression of the class that starts at `at`, after its `[`, and the index after it."""
    negated = name.startswith("!", at)
    at += negated
    end = name.find("]", at + 1)
    if end < 0:
        raise ConfigError(f"the glob '{pattern}' has a '[' without its ']'", hint="write [[] for the character itself")
    ranges = []
    while at < end:
        is_range = at + 2 < end and name[at + 1] == "-"
        ranges.append((name[at], name[at + 2] if is_range else name[at]))
        at += 3 if is_range else 1
    return wildcards.character_class(ranges, negated=negated), end + 1


def _matches(root: str, parts: list[_Part], boundary: ProjectBoundary) -> Iterator[str]:
    """Yield matching files; each folder is read once, however many parts its names match.

    Links are followed by a part that names them; by `**` not out of the boundary nor back to a folder above.
    """
    above: tuple[str, ...] = (boundary.real(root),)
    waiting = [(root, _expand_globstars({0}, parts), above)]
    links = 0
    while waiting:
        folder, wanted, above = waiting.pop()
        for found in _match_entries(folder, wanted, parts):
            if len(parts) in found.named:
                yield found.path
            named = found.named - {len(parts)}
            if not (named or found.deep) or not found.is_folder:
                continue
            # from the folder's real path, because the path taken may contain many links
            real = os.path.join(above[-1], os.path.basename(found.path))  # noqa: PTH118, PTH119  # plain text is quicker
            real = boundary.real(real) if found.is_link else real
            below = real not in above and (not found.is_link or boundary.contains(real))
            inner = named | found.deep if below else named
            if inner:
                links += found.is_link
                waiting.append((found.path, _expand_globstars(inner, parts), (*above, real)))
            if links > MOST_LINKS:
                raise ConfigError(
                    f"a glob followed more than {MOST_LINKS:,} links to folders, the last of them {found.path}",
                    hint="remove links that lead to each other, or write the glob without `**`",
                )


class _Match:
    """A file or folder that matches, with the parts of the pattern to look for in it."""

    def __init__(self, path: str, entry: os.DirEntry[str] | None = None) -> None:
        self.path = path
        self.named: set[int] = set()
        self.deep: set[int] = set()
        self._entry = entry

    @property
    def is_link(self) -> bool:
        return self._entry.is_symlink() if self._entry else Path(self.path).is_symlink()

    @property
    def is_folder(self) -> bool:
        try:
            return self._entry.is_dir() if self._entry else Path(self.path).is_dir()
        except OSError:  # a link that leads to itself, or by more links than the system follows
            return False


def _match_entries(folder: str, wanted: set[int], parts: list[_Part]) -> Iterable[_Match]:
    """Return the entries of a folder that match one of the parts `wanted`."""
    found: dict[str, _Match] = {}
    names = {at: part for at in wanted if isinstance(part := parts[at], str)}
    if len(names) < len(wanted):
        for entry in _scan_leniently(folder):
            one = _Match(entry.path, entry)
            for at in wanted - names.keys():
                part = parts[at]
                if part is None:
                    one.deep.add(at)
                elif isinstance(part, re.Pattern) and part.fullmatch(entry.name):
                    one.named.add(at + 1)
            if one.deep or one.named:
                found[entry.path] = one
    for at, name in names.items():  # by name, without listing: the folder may be unreadable
        if is_temporary(name) or is_rubbish(name) or not _is_spelled(folder, name):
            continue
        path = f"{folder}{os.sep}{name}"
        found.setdefault(path, _Match(path)).named.add(at + 1)
    return found.values()


def _is_spelled(folder: str, name: str) -> bool:
    r"""Return whether a name is written as in the folder: Windows finds others, which are nothing elsewhere.

    There, `a\\b` is a file in a folder, and `A.txt` also `a.txt`.
    """
    if os.name != "nt":
        return True
    with suppress(OSError):
        return name in os.listdir(folder)  # noqa: PTH208  # only names are needed
    return False


def _expand_globstars(wanted: set[int], parts: list[_Part]) -> set[int]:
    """Return the wanted parts, with those after a `**`, which also matches no folder."""
    found = set(wanted)
    for at in range(min(wanted), len(parts)):
        if at in found and parts[at] is None:
            found.add(at + 1)
    return found


def _scan_leniently(folder: str) -> list[os.DirEntry[str]]:
    with suppress(ConfigError):  # a glob over the whole project also reads folders that cannot be listed
        return list_folder(folder)
    return []
