"""Patterns as a `.gitignore` has them (https://git-scm.com/docs/gitignore#_pattern_format).

pathspec translates each pattern. All of a file's become two regular expressions, one for names and one for paths, so
that a decision costs about the same for one rule and for hundreds. Git is the oracle in the tests.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePath

from cratewheel.errors import ConfigError
from cratewheel.frozen import dataclass

_IN_A_FOLDER = "(?P<ps_d>/)"  # pathspec's mark for what matches only because a folder above does
_NEVER = "(?!)"
_INNERMOST = r"(?<!\\)\{([^{}]*)\}"
_ASCII_CLASSES = {
    "[:alnum:]": "a-zA-Z0-9", "[:alpha:]": "a-zA-Z", "[:digit:]": "0-9", "[:lower:]": "a-z", "[:upper:]": "A-Z",
    "[:space:]": " \t-\r", "[:xdigit:]": "0-9a-fA-F",
}  # fmt: skip


class Patterns:
    """Patterns in the order of a `.gitignore`, rooted at a folder: the last one that matches decides.

    Matched against files only, as maturin's `exclude` is: `tests/**` leaves out what is in a folder, `tests/` alone
    leaves out nothing. `!` takes back; `{a,b}` means either. Raises `ConfigError` for a malformed pattern.
    """

    def __init__(self, root: Path, patterns: Iterable[str]) -> None:
        self._root = f"{os.path.normpath(root.absolute())}{os.sep}"
        self._rules = Rules(rule(each) for pattern in patterns for each in expand(pattern))

    def excludes(self, path: str | PurePath) -> bool:
        """Return whether the file is left out; a relative path is taken to be relative to the root."""
        relative = str(path).removeprefix(self._root).replace(os.sep, "/")
        return self._rules.decide(relative, relative.rpartition("/")[2], folder=False) is True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line: what it matches, and whether that is ignored or taken back.

    An `anchored` rule is matched against the path from the folder of the ignore file on, another against the name.
    """

    regex: str
    negated: bool
    folders_only: bool
    anchored: bool


def rule(line: str) -> Rule | None:
    """Return what a line says, or None for a comment or an empty one; raises `ConfigError` for a malformed pattern."""
    # slow to import, and most builds read no pattern
    from pathspec.patterns.gitignore import GitIgnorePatternError
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    text = line.rstrip("\r\n")
    if not text.endswith("\\ "):
        text = text.rstrip(" ")
    if text.startswith("#") or not text.strip("!/"):
        return None
    own = text.removesuffix("/")
    try:
        regex, include = GitIgnoreSpecPattern.pattern_to_regex(_without_classes(own))
    except GitIgnorePatternError:
        regex = include = None
    if regex is None:
        raise ConfigError(
            f"the pattern '{line}' cannot be understood", hint="write \\[ or \\\\ for the characters themselves"
        )
    return Rule(
        regex=".+/" if regex == "/" else regex.replace(_IN_A_FOLDER, _NEVER),
        negated=not include,
        folders_only=own != text,
        anchored="/" in own,
    )


def _without_classes(pattern: str) -> str:
    for name, members in _ASCII_CLASSES.items():
        pattern = pattern.replace(name, members)
    if "[[:" in pattern:
        raise ConfigError(f"the pattern '{pattern}' names an unknown class of characters")
    return pattern.replace("[[", r"[\[")  # else Python's `re` wonders whether a set in a set is meant


def expand(pattern: str) -> list[str]:
    """Return the patterns without braces that a pattern with them stands for; raises `ConfigError` for an open brace.

    >>> expand("{a,b}.{c,d}")
    ['a.c', 'a.d', 'b.c', 'b.d']
    """
    opening = re.search(_INNERMOST, pattern)
    if opening is None:
        if re.search(r"(?<!\\)\{", pattern):
            raise ConfigError(
                f"the pattern '{pattern}' has a '{{' without its '}}'", hint="write \\{ for the character itself"
            )
        return [pattern]
    before, after = pattern[: opening.start()], pattern[opening.end() :]
    return [each for choice in opening[1].split(",") for each in expand(f"{before}{choice}{after}")]


class Rules:
    """The rules of one ignore file, in its order."""

    def __init__(self, rules: Iterable[Rule | None]) -> None:
        self._rules = [rule for rule in rules if rule is not None]
        numbered = list(enumerate(self._rules))
        self._for_files = _Table([(at, rule) for at, rule in numbered if not rule.folders_only])
        self._for_folders = _Table(numbered)

    def decide(self, relative: str, name: str, *, folder: bool) -> bool | None:
        """Return whether a path is ignored (True), taken back (False), or not spoken of (None)."""
        last = (self._for_folders if folder else self._for_files).last(relative, name)
        return None if last < 0 else not self._rules[last].negated


class _Table:
    """Numbered rules, ready to be asked which is the last that matches."""

    def __init__(self, rules: list[tuple[int, Rule]]) -> None:
        self._names = _Alternatives((at, rule) for at, rule in rules if not rule.anchored)
        self._paths = _Alternatives((at, rule) for at, rule in rules if rule.anchored)

    def last(self, relative: str, name: str) -> int:
        return max(self._names.last(name), self._paths.last(relative))


class _Alternatives:
    """One expression for many rules, in which the last rule is tried first."""

    def __init__(self, rules: Iterable[tuple[int, Rule]]) -> None:
        ordered = list(rules)[::-1]
        self._numbers = tuple(at for at, _ in ordered)
        self._regex = re.compile("|".join(f"({rule.regex})" for _, rule in ordered), re.DOTALL) if ordered else None

    def last(self, text: str) -> int:
        match = self._regex.match(text) if self._regex else None
        return self._numbers[match.lastindex - 1] if match and match.lastindex else -1
