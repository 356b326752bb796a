"""Patterns as a `.gitignore` has them (https://git-scm.com/docs/gitignore#_pattern_format), compiled to be fast.

All rules of a file become a table of plain names and two regular expressions, so that a decision costs the same for one
rule and for hundreds. Git is the oracle in the tests.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from cratewheel.errors import ConfigError

_POSIX_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \\t",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": "\\t-\\r ",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}
_POSIX_CLASS = re.compile(r"\[:(\w*):\]")
_STARS = re.compile(r"\*+")
_SPECIAL = re.compile(r"[\\*?\[{]")


class Patterns:
    """Patterns in the order of a `.gitignore`, rooted at a folder: the last one that matches decides.

    Matched against files only, as maturin's `exclude` is: `tests/**` leaves out what is in a folder, `tests/` alone
    leaves out nothing. `!` takes back; `{a,b}` means either. Raises `ConfigError` for a malformed pattern.
    """

    def __init__(self, root: Path, patterns: Iterable[str]) -> None:
        self._root = f"{os.path.normpath(root.absolute())}{os.sep}"
        self._rules = Rules(rule(pattern, braces=True) for pattern in patterns)

    def excludes(self, path: PurePath) -> bool:
        """Return whether the file is left out; a relative path is taken to be relative to the root."""
        relative = str(path).removeprefix(self._root).replace(os.sep, "/")
        return self._rules.decide(relative, relative.rpartition("/")[2], folder=False) is True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line: what it matches, and whether that is ignored or taken back.

    `literal` is set where the pattern is nothing but a name. An `anchored` rule is matched against the path from the
    folder of the ignore file on, another against the name alone.
    """

    regex: str
    literal: str | None
    negated: bool
    folders_only: bool
    anchored: bool


def rule(line: str, *, braces: bool) -> Rule | None:
    """Return what a line says, or None for a comment or an empty one; `braces` gives `{a,b}` its meaning.

    Raises `ConfigError` for a malformed pattern.
    """
    text = line.rstrip("\r\n")
    while text.endswith(" ") and not text.endswith("\\ "):
        text = text[:-1]
    if text.startswith("#"):
        return None
    negated = text.startswith("!")
    text = text.removeprefix("!")
    folders_only = text.endswith("/")
    text = text.removesuffix("/")
    anchored = "/" in text
    text = text.removeprefix("/")
    if not text:
        return None
    return Rule(
        regex=translate(text, braces=braces),
        literal=None if anchored or _SPECIAL.search(text) else text,
        negated=negated,
        folders_only=folders_only,
        anchored=anchored,
    )


class Rules:
    """The rules of one ignore file, in its order."""

    def __init__(self, rules: Iterable[Rule | None]) -> None:
        self._rules = [rule for rule in rules if rule is not None]
        self._for_files = _Table([(at, rule) for at, rule in enumerate(self._rules) if not rule.folders_only])
        self._for_folders = _Table(list(enumerate(self._rules)))

    def decide(self, relative: str, name: str, *, folder: bool) -> bool | None:
        """Return whether a path is ignored (True), taken back (False), or not spoken of (None)."""
        last = (self._for_folders if folder else self._for_files).last(relative, name)
        return None if last < 0 else not self._rules[last].negated


class _Table:
    """Numbered rules, ready to be asked which is the last that matches."""

    def __init__(self, rules: list[tuple[int, Rule]]) -> None:
        self._literals: Mapping[str, int] = {rule.literal: at for at, rule in rules if rule.literal is not None}
        self._names = _Alternatives((at, rule) for at, rule in rules if rule.literal is None and not rule.anchored)
        self._paths = _Alternatives((at, rule) for at, rule in rules if rule.anchored)

    def last(self, relative: str, name: str) -> int:
        return max(self._literals.get(name, -1), self._names.last(name), self._paths.last(relative))


class _Alternatives:
    """One expression for many rules, in which the last rule is tried first."""

    def __init__(self, rules: Iterable[tuple[int, Rule]]) -> None:
        ordered = list(rules)[::-1]
        self._numbers = tuple(at for at, _ in ordered)
        self._regex = re.compile("|".join(f"({rule.regex})" for _, rule in ordered), re.DOTALL) if ordered else None

    def last(self, text: str) -> int:
        match = self._regex.fullmatch(text) if self._regex else None
        return self._numbers[match.lastindex - 1] if match and match.lastindex else -1


def translate(glob: str, *, braces: bool) -> str:
    r"""Return the regular expression of a pattern, without capture groups.

    >>> translate("a/**/*.py", braces=False)
    'a/(?:.*/)?[^/]*\\.py'
    """
    regex = ""
    at = depth = 0
    while at < len(glob):
        char = glob[at]
        if char == "*":
            text, at = _star(glob, at)
        elif char == "[":
            text, at = _character_class(glob, at + 1)
        elif char == "\\":
            text, at = re.escape(_after_backslash(glob, at + 1)), at + 2
        elif braces and (char == "{" or (depth and char in ",}")):
            text, at = {"{": "(?:", ",": "|", "}": ")"}[char], at + 1
            depth += (char == "{") - (char == "}")
        else:
            text, at = "[^/]" if char == "?" else re.escape(char), at + 1
        regex += text
    if depth:
        raise ConfigError(
            f"the pattern '{glob}' has a '{{' without its '}}'", hint="write \\{ for the character itself"
        )
    return regex


def _after_backslash(glob: str, at: int) -> str:
    if at == len(glob):
        raise ConfigError(f"the pattern '{glob}' ends in a backslash", hint="write \\\\ for the character itself")
    return glob[at]


def _star(glob: str, at: int) -> tuple[str, int]:
    """Return the expression of the stars at `at`, and where they end; two that stand alone mean any depth."""
    stars = _STARS.match(glob, at)
    assert stars is not None
    end = stars.end()
    alone = (at == 0 or glob[at - 1] == "/") and (end == len(glob) or glob[end] == "/")
    if end - at < 2 or not alone:
        return "[^/]*", end
    if end < len(glob):
        return "(?:.*/)?", end + 1
    return (".+" if at else ".*"), end  # `a/**` is everything in a, but not a itself


def _character_class(glob: str, at: int) -> tuple[str, int]:
    """Return the expression of the class that begins at `at`, after its `[`, and where it ends. `/` is never in it."""
    negated = glob.startswith(("!", "^"), at)
    at += negated
    items = ""
    first = at
    while at == first or not glob.startswith("]", at):
        posix = _POSIX_CLASS.match(glob, at)
        if posix:
            if posix[1] not in _POSIX_CLASSES:
                raise ConfigError(f"the pattern '{glob}' names an unknown class of characters: {posix[0]}")
            items, at = items + _POSIX_CLASSES[posix[1]], posix.end()
            continue
        low, at = _class_member(glob, at)
        high = low
        if glob.startswith("-", at) and not glob.startswith("-]", at):
            high, at = _class_member(glob, at + 1)
        items += f"{re.escape(low)}-{re.escape(high)}" if low <= high else ""
    if negated:
        return f"[^/{items}]", at + 1
    return (f"(?!/)[{items}]" if items else "(?!)"), at + 1


def _class_member(glob: str, at: int) -> tuple[str, int]:
    at += glob.startswith("\\", at)
    if at >= len(glob):
        raise ConfigError(f"the pattern '{glob}' has a '[' without its ']'", hint="write \\[ for the character itself")
    return glob[at], at + 1
