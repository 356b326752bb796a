"""Wildcard patterns → regular expressions without backtracking.

Between two stars stands a chunk that matches a fixed number of characters. Where it occurs first is as good as any
later place, so each chunk but the last is matched there and stays there: the time is proportional to the length of the
name times that of the pattern, however many stars there are. The standard library's `fnmatch` does the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

Chunks = tuple[str, ...]  # expressions of what stands between the stars of a name; none of them is a group

ANY = "[^/]"  # one character of a name
NEVER = "(?!)"
ASCII_CLASSES = {
    "alnum": "a-zA-Z0-9", "alpha": "a-zA-Z", "blank": " \\t", "cntrl": "\\x00-\\x1f\\x7f", "digit": "0-9",
    "graph": "!-~", "lower": "a-z", "print": " -~", "punct": "!-/:-@\\[-`{-~", "space": " \\t-\\r", "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}  # fmt: skip


def character_class(ranges: Iterable[tuple[str, str]], *, classes: Iterable[str] = (), negated: bool) -> str:
    """Return the regular expression for one character in (or, `negated`, in none of) the ranges and classes.

    A range that runs backwards is empty. `classes` are names of `ASCII_CLASSES`.

    >>> character_class([("a", "c"), ("z", "x")], classes=["digit"], negated=True)
    '[^/a-c0-9]'
    """
    items = "".join(f"{re.escape(low)}-{re.escape(high)}" for low, high in ranges if low <= high)
    items += "".join(ASCII_CLASSES[name] for name in classes)
    if negated:
        return f"[^/{items}]"
    return f"(?!/)[{items}]" if items else NEVER


def name_regex(chunks: Chunks, groups: Iterator[int]) -> str:
    """Return the regular expression for a name: the chunks with anything between them. `groups` numbers its groups.

    >>> name_regex(("a", "b", ""), iter([0]))
    'a(?=(?P<g0>[^/]*?b))(?P=g0)[^/]*'
    """
    if len(chunks) == 1:
        return chunks[0]
    first, *middle, last = chunks
    return first + "".join(_first(f"{ANY}*?{chunk}", groups) for chunk in middle if chunk) + f"{ANY}*{last}"


def path_regex(parts: Sequence[Chunks | None], groups: Iterator[int]) -> str:
    """Return the regular expression for a path of names; None stands for any number of folders.

    >>> path_regex((("a",), None, ("b",), None, ("c",)), iter([0]))
    'a/(?=(?P<g0>(?:[^/]+/)*?b/))(?P=g0)(?:[^/]+/)*c'
    """
    runs: list[list[Chunks]] = [[]]
    for part in parts:
        if part is None:
            runs.append([])
        else:
            runs[-1].append(part)
    first, *others = runs
    if not others:
        return "/".join(name_regex(chunks, groups) for chunks in first)
    *middle, last = others
    regex = _folders(first, groups)
    regex += "".join(_first(f"(?:{ANY}+/)*?{_folders(run, groups)}", groups) for run in middle if run)
    if not last:
        return f"{regex}.+"
    return f"{regex}(?:{ANY}+/)*{'/'.join(name_regex(chunks, groups) for chunks in last)}"


def _folders(run: Iterable[Chunks], groups: Iterator[int]) -> str:
    return "".join(f"{name_regex(chunks, groups)}/" for chunks in run)


def _first(regex: str, groups: Iterator[int]) -> str:
    """Return an atomic group: the first match of the regular expression is not tried again.

    Python has `(?>…)` for that from 3.11 on; a group in a look-ahead is the same.
    """
    group = f"g{next(groups)}"
    return f"(?=(?P<{group}>{regex}))(?P={group})"
