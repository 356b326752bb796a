"""Finds the files that a Rust source file is compiled with: its modules and included files.

The rules are those of https://doc.rust-lang.org/reference/items/modules.html#module-source-filenames. No macro is
expanded and no `cfg` evaluated, so files for other platforms are included.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from cratewheel.system.files import is_file

_TOKEN = re.compile(
    r"""
      //[^\n]*
    | (?P<comment>/\*)
    | b?r(?P<hashes>\#+)".*?"(?P=hashes)
    | b?r"[^"]*"
    | \#\[\s*path\s*=\s*"(?P<path>[^"\\]*)"\s*\]
    | \binclude(?:_str|_bytes)?\s*!\s*[(\[{]\s*"(?P<include>[^"\\]*)"\s*,?\s*[)\]}]
    | b?"(?:[^"\\]|\\.)*"
    | b?'(?:[^'\\]|\\x..|\\u\{[^}]*\}|\\.)'
    | \bmod\s+(?:r\#)?(?P<name>\w+)\s*(?P<end>[;{])
    | (?P<brace>[{}])
    | (?P<semicolon>;)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_MARK = re.compile(r"/\*|\*/")


def module_files(root: Path) -> tuple[Path, ...]:
    """Return the root file of a target, the files of its modules, and files that they include by a literal name.

    Modules without a file are skipped, since a `cfg` may disable them.
    """
    found: dict[Path, None] = {}
    waiting = [(root, root.parent)]
    while waiting:
        path, folder = waiting.pop()
        if path in found or not is_file(path):
            continue
        found[path] = None
        if path.suffix == ".rs":
            waiting.extend(_named(path, folder))
    return tuple(found)


def _named(path: Path, folder: Path) -> Iterator[tuple[Path, Path]]:
    """Yield the files that a file names, each with the folder of its modules; `folder` is that of its own."""
    text = path.read_text(encoding="utf-8", errors="replace")
    inline: list[str | None] = []  # open braces: the module's name, or None for other blocks
    path_attribute: str | None = None
    position = 0
    while (token := _TOKEN.search(text, position)) is not None:
        position = token.end() if token["comment"] is None else _comment_end(text, token.end())
        around = folder.joinpath(*filter(None, inline))
        if token["include"] is not None:
            included = _joined(path.parent, token["include"])
            yield included, included.parent
        elif token["path"] is not None:
            path_attribute = token["path"]
        elif token["name"] is not None:
            if token["end"] == "{":
                inline.append(path_attribute or token["name"])
            elif path_attribute is not None:
                named = _joined(around if any(inline) else path.parent, path_attribute)
                yield named, named.parent
            else:
                name = token["name"]
                yield around / f"{name}.rs", around / name
                yield around / name / "mod.rs", around / name
            path_attribute = None
        elif token["brace"] == "{":
            inline.append(None)
        elif token["brace"] is not None and inline:
            inline.pop()
        elif token["semicolon"] is not None:
            path_attribute = None


def _joined(folder: Path, name: str) -> Path:
    return Path(os.path.normpath(folder / name))


def _comment_end(text: str, start: int) -> int:
    """Return where a block comment ends that begins before `start`; such comments nest."""
    depth = 1
    for mark in _COMMENT_MARK.finditer(text, start):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return mark.end()
    return len(text)
