"""Patterns as a `.gitignore` has them (https://git-scm.com/docs/gitignore#_pattern_format).

All of a file's patterns become two regular expressions, one for names and one for paths, so that a decision costs about
the same for one rule and for hundreds. Git is the oracle in the tests.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from cratewheel.errors import ConfigError
from cratewheel.system.files import wildcards
from cratewheel.system.files.wildcards import Chunks

_BRACES = re.compile(r"[{},]|(?:\\.|[^\\{},])+|\\", re.DOTALL)
_NAMED_CLASS = re.compile(r"\[:([^\]]*):\]")
MAX_ALTERNATIVES = 1000  # of one pattern with braces
MAX_PATTERN = 4096  # characters: PATH_MAX of Linux


class Patterns:
    """The patterns of a `.gitignore`, relative to a folder: the last match decides.

    Matched against files only, as maturin's `exclude` is: `tests/**` leaves out what is in a folder, `tests/` alone
    leaves out nothing. `!` takes back; `{a,b}` means either. Raises `ConfigError` for a malformed pattern.
    """

    def __init__(self, root: Path, patterns: Iterable[str]) -> None:
        self._root = f"{os.path.normpath(root.absolute())}{os.sep}"
        self._rules = Rules(parse_rule(each) for pattern in patterns for each in expand_braces(pattern))

    def excludes(self, path: str | PurePath) -> bool:
        """Return whether the file is excluded; a relative path is relative to the root."""
        relative = str(path).removeprefix(self._root).replace(os.sep, "/")
        return self._rules.decide(relative, relative.rpartition("/")[2], folder=False) is True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line: what it matches, and whether it is ignored or included again.

    `parts` are the names of a path, None for any number of folders. An `anchored` rule is matched against the path from
    the folder of the ignore file on, another against the name.
    """

    parts: tuple[Chunks | None, ...]
    negated: bool
    folders_only: bool
    anchored: bool


def parse_rule(line: str) -> Rule | None:
    """Return the rule of a line, None for a comment or an empty line; raises `ConfigError` for an invalid pattern."""
    text = _strip_trailing_spaces(line.rstrip("\r\n"))
    own = text.removesuffix("/")
    pattern = own.removeprefix("!")
    if not pattern or text.startswith("#"):
        return None
    _check_length(pattern)
    return Rule(
        parts=_parts(pattern.removeprefix("/"), line),
        negated=own != pattern,
        folders_only=own != text,
        anchored="/" in pattern,
    )


def _strip_trailing_spaces(text: str) -> str:
    bare = text.rstrip(" ")
    escaped = (len(bare) - len(bare.rstrip("\\"))) % 2 == 1
    return f"{bare} " if escaped and bare != text else bare


def _parts(pattern: str, line: str) -> tuple[Chunks | None, ...]:
    names: list[list[str]] = [[]]
    for item in _items(pattern, line):
        if item == "/":
            names.append([])
        else:
            names[-1].append(item)
    return tuple(None if name == ["**"] else _chunks(name) for name in names)


def _chunks(items: Iterable[str]) -> Chunks:
    chunks = [""]
    for item in items:
        if item in ("*", "**"):
            chunks.append("")
        else:
            chunks[-1] += item
    return tuple(chunks)


def _items(pattern: str, line: str) -> Iterator[str]:
    """Yield `/`, `*`, `**` and a regular expression for each other character, as git's wildmatch.c reads them."""
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            many = re.compile(r"\**").match(pattern, at)
            assert many is not None, "no star is a match as well"
            yield "**" if many[0] else "*"
            at = many.end()
        elif char == "?":
            yield wildcards.ANY
        elif char == "[":
            expression, at = _character_class(pattern, at, line)
            yield expression
        else:
            if char == "\\":
                char, at = _character(pattern, at - 1, line)
            yield char if char == "/" else re.escape(char)


def _character(pattern: str, at: int, line: str) -> tuple[str, int]:
    """Return the character at an index, unescaped, and the index after it."""
    at += pattern.startswith("\\", at)
    if at >= len(pattern):
        raise _malformed(line)
    return pattern[at], at + 1


def _character_class(pattern: str, at: int, line: str) -> tuple[str, int]:
    """Return the regular expression of the class that starts at `at`, after its `[`, and the index after it."""
    negated = pattern.startswith(("!", "^"), at)
    at += negated
    ranges: list[tuple[str, str]] = []
    classes: list[str] = []
    begin = at
    while at == begin or not pattern.startswith("]", at):
        named = _NAMED_CLASS.match(pattern, at)
        if named:
            if named[1] not in wildcards.ASCII_CLASSES:
                raise ConfigError(f"the pattern '{line}' names an unknown character class")
            classes.append(named[1])
            at = named.end()
            continue
        low, at = _character(pattern, at, line)
        high = low
        if pattern.startswith("-", at) and at + 1 < len(pattern) and pattern[at + 1] != "]":
            high, at = _character(pattern, at + 1, line)
        ranges.append((low, high))
    return wildcards.character_class(ranges, classes=classes, negated=negated), at + 1


def _check_length(pattern: str) -> None:
    if len(pattern) > MAX_PATTERN:
        raise ConfigError(f"the pattern '{pattern[:40]}…' is longer than {MAX_PATTERN:,} characters")


def _malformed(line: str) -> ConfigError:
    return ConfigError(f"the pattern '{line}' is not valid", hint="write \\[ or \\\\ for the characters themselves")


def expand_braces(pattern: str) -> list[str]:
    """Return the patterns without braces that a pattern with braces stands for.

    Raises `ConfigError` for an open brace, and for more than a thousand patterns.

    >>> expand_braces("{a,b}.{c,d}")
    ['a.c', 'a.d', 'b.c', 'b.d']
    """
    _check_length(pattern)
    groups: list[tuple[list[str], list[str]]] = []  # around the place: what is complete of each, and what precedes it
    complete, texts = list[str](), [""]
    for item in _BRACES.findall(pattern):
        if item == "{":
            groups.append((complete, texts))
            complete, texts = [], [""]
        elif item == "," and groups:
            complete, texts = [*complete, *texts], [""]
        else:
            choices = [item]
            if item == "}" and groups:
                choices = [*complete, *texts]
                complete, texts = groups.pop()
            texts = [f"{text}{choice}" for text in texts for choice in choices]
        if len(complete) + len(texts) > MAX_ALTERNATIVES:
            raise ConfigError(
                f"the pattern '{pattern[:40]}…' stands for more than {MAX_ALTERNATIVES:,} patterns",
                hint="write several with fewer braces",
            )
    if groups:
        raise ConfigError(
            f"the pattern '{pattern}' has a '{{' without its '}}'", hint="write \\{ for the character itself"
        )
    return texts


class Rules:
    """The rules of one ignore file, in order."""

    def __init__(self, rules: Iterable[Rule | None]) -> None:
        self._rules = [rule for rule in rules if rule is not None]
        numbered = list(enumerate(self._rules))
        self._for_files = _Table([(at, rule) for at, rule in numbered if not rule.folders_only])
        self._for_folders = _Table(numbered)

    def decide(self, relative: str, name: str, *, folder: bool) -> bool | None:
        """Return whether a path is ignored (True), included again (False), or not matched (None)."""
        last = (self._for_folders if folder else self._for_files).last(relative, name)
        return None if last < 0 else not self._rules[last].negated


class _Table:
    """Numbered rules, indexed to find the last one that matches."""

    def __init__(self, rules: list[tuple[int, Rule]]) -> None:
        self._names = _Alternatives((at, rule) for at, rule in rules if not rule.anchored)
        self._paths = _Alternatives((at, rule) for at, rule in rules if rule.anchored)

    def last(self, relative: str, name: str) -> int:
        return max(self._names.last(name), self._paths.last(relative))


class _Alternatives:
    """One regular expression for many rules; the last rule is tried first."""

    def __init__(self, rules: Iterable[tuple[int, Rule]]) -> None:
        ordered = list(rules)[::-1]
        counter = itertools.count()
        expressions = [wildcards.path_regex(rule.parts, counter) for _, rule in ordered]
        # groups are named, because the expressions contain groups as well
        named = (f"(?P<r{at}>{regex}\\Z)" for (at, _), regex in zip(ordered, expressions, strict=True))
        self._regex = re.compile("|".join(named), re.DOTALL) if ordered else None

    def last(self, text: str) -> int:
        match = self._regex.match(text) if self._regex else None
        return int(match.lastgroup.removeprefix("r")) if match and match.lastgroup else -1
