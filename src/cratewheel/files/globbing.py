"""Globs as Rust's `glob` crate reads them (https://docs.rs/glob/latest/glob/struct.Pattern.html)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PureWindowsPath

from cratewheel.errors import ConfigError
from cratewheel.files.links import Fence
from cratewheel.files.walking import Level, scan

_WILD = r"[*?\[]"

_Part = str | re.Pattern[str] | None  # a name, an expression for names, or `**`


def glob(root: Path, pattern: str, *, boundary: Path | None = None) -> tuple[Path, ...]:
    """Return the files below `root` that match, sorted: `*`, `?` and `[…]` are within a name, `**` is any depth.

    Hidden files match, ignore files are not asked, and links to folders are followed. Raises `ConfigError` for a
    pattern that is absolute, has a `.` or `..` in it or is malformed, and for a match that leads out of `boundary`
    (`root` by default) by a link.
    """
    parts = _parts(pattern)
    if not parts or parts[-1] is None or pattern.endswith("/"):
        return ()  # `a/**` and `a/` match folders only
    fence = Fence(boundary or root)
    matches = (Path(path) for path in set(_expand(str(root), parts, fence)))
    found = sorted((path for path in matches if path.is_file()), key=lambda path: path.parts)
    for path in found:
        fence.check(str(path), link=path.is_symlink())
    return tuple(found)


def check_glob(pattern: str) -> None:
    """Raise the `ConfigError` that `glob` would raise for the pattern alone, whatever files there are."""
    _parts(pattern)


def _parts(pattern: str) -> list[_Part]:
    if pattern.startswith("/") or PureWindowsPath(pattern).drive:
        raise ConfigError(f"the glob '{pattern}' must be relative", hint="write it from the project's folder on")
    names = [name for name in pattern.split("/") if name]
    if not {".", ".."}.isdisjoint(names):
        raise ConfigError(
            f"the glob '{pattern}' must not have '.' or '..' in it", hint="write it from the project's folder on"
        )
    return [_part(name, pattern) for name in names]


def _part(name: str, pattern: str) -> _Part:
    if name == "**":
        return None
    if "**" in name:
        raise ConfigError(f"the glob '{pattern}' has '**' next to other characters", hint="`**` is a folder of its own")
    if not re.search(_WILD, name):
        return name
    regex = ""
    at = 0
    while at < len(name):
        char = name[at]
        at += 1
        if char == "[":
            text, at = _character_class(name, at, pattern)
            regex += text
        else:
            regex += {"*": ".*", "?": "."}.get(char) or re.escape(char)
    return re.compile(regex, re.DOTALL)


def _character_class(name: str, at: int, pattern: str) -> tuple[str, int]:
    """Return the expression of the class that begins at `at`, after its `[`, and where it ends. Nothing is escaped."""
    negated = name.startswith("!", at)
    at += negated
    end = name.find("]", at + 1)
    if end < 0:
        raise ConfigError(f"the glob '{pattern}' has a '[' without its ']'", hint="write [[] for the character itself")
    items = ""
    while at < end:
        is_range = at + 2 < end and name[at + 1] == "-"
        low, high = name[at], name[at + 2] if is_range else name[at]
        items += f"{re.escape(low)}-{re.escape(high)}" if low <= high else ""
        at += 3 if is_range else 1
    if not items:
        return ("." if negated else "(?!)"), end + 1
    return f"[{'^' if negated else ''}{items}]", end + 1


def _expand(folder: str, parts: list[_Part], fence: Fence) -> Iterator[str]:
    part, rest = parts[0], parts[1:]
    if part is None:
        for below in _folders(folder, fence):
            yield from _expand(below, rest, fence)
        return
    if isinstance(part, str):
        paths = [f"{folder}{os.sep}{part}"]
    else:
        paths = [entry.path for entry in _scan_leniently(folder) if part.fullmatch(entry.name)]
    for path in paths:
        if not rest:
            yield path
        elif Path(path).is_dir():
            yield from _expand(path, rest, fence)


def _folders(folder: str, fence: Fence) -> Iterator[str]:
    """Yield the folder and all below it; links are followed, but not out of the boundary nor back to a folder above."""
    yield folder
    levels: list[Level] = [(iter(_scan_leniently(folder)), (fence.real(folder),))]
    while levels:
        entries, trail = levels[-1]
        for entry in entries:
            if not entry.is_dir():
                continue
            is_link = entry.is_symlink()
            real = fence.real(entry.path) if is_link else os.path.join(trail[-1], entry.name)  # noqa: PTH118
            if real not in trail and (not is_link or fence.holds(entry.path)):
                yield entry.path
                levels.append((iter(_scan_leniently(entry.path)), (*trail, real)))
                break
        else:
            levels.pop()


def _scan_leniently(folder: str) -> list[os.DirEntry[str]]:
    with suppress(ConfigError):  # a glob over the whole project meets folders that are nobody's business
        return scan(folder)
    return []
