"""Evaluates preprocessor conditions in C headers for cffi, whose parser has no preprocessor. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_STANDARD = 199901  # C99, the C that cffi reads
_CONDITIONAL = re.compile(r"\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b(.*)", re.DOTALL)
_COMMENT = re.compile(r"//.*|/\*.*?\*/", re.DOTALL)
_OPERATORS: Mapping[str, Callable[[int, int], bool]] = {
    ">=": int.__ge__, "<=": int.__le__, ">": int.__gt__, "<": int.__lt__, "==": int.__eq__, "!=": int.__ne__,
}  # fmt: skip


def declarations_in_c99(text: str) -> str:
    r"""Return a header without conditions on the C standard and C++, as a C99 compiler sees it.

    cbindgen writes such a condition around the type of each enum with a size. Other conditions stay as they are: cffi
    will say what it makes of them.

    >>> print(declarations_in_c99("enum A\n#if __STDC_VERSION__ >= 202311L\n: int\n#endif\n{ B };\n"), end="")
    enum A
    { B };
    """
    kept: list[str] = []
    stack: list[_Level] = []
    for line in text.splitlines(keepends=True):
        match = _CONDITIONAL.match(line)
        if match is None:
            if all(level.active for level in stack):
                kept.append(line)
            continue
        word, condition = match[1], _COMMENT.sub("", match[2]).strip()
        if word in ("if", "ifdef", "ifndef"):
            stack.append(_Level(_truth(word, condition)))
        elif not stack:
            kept.append(line)
            continue
        elif word in ("elif", "else"):
            stack[-1].next_branch(True if word == "else" else _truth("if", condition))
        shown = stack[-1].unknown and all(level.active for level in stack)
        if word == "endif":
            stack.pop()
        if shown:
            kept.append(line)
    return "".join(kept)


class _Level:
    """One `#if` with its branches; `unknown` if its first condition cannot be evaluated."""

    def __init__(self, truth: bool | None) -> None:
        self.unknown = truth is None
        self.active = truth is not False
        self._done = truth is True

    def next_branch(self, truth: bool | None) -> None:
        """Start the next branch."""
        if not self.unknown:
            self.active = not self._done and truth is not False
            self._done = self._done or self.active


def _truth(word: str, condition: str) -> bool | None:
    """Return whether a condition is true in C99, or None if that is unknown."""
    if word in ("ifdef", "ifndef"):
        defined = _defined(condition)
        return defined if defined is None or word == "ifdef" else not defined
    if condition in ("0", "1"):
        return condition == "1"
    named = re.fullmatch(r"(!?)\s*defined\s*\(?\s*(\w+)\s*\)?", condition)
    if named is not None:
        defined = _defined(named[2])
        return defined if defined is None or not named[1] else not defined
    if condition == "__cplusplus":
        return False
    both = re.fullmatch(r"(?:defined\s*\(?\s*__STDC_VERSION__\s*\)?\s*&&\s*)?(.*)", condition, re.DOTALL)
    comparison = r"\(?\s*__STDC_VERSION__\s*(>=|<=|>|<|==|!=)\s*(\d{1,9})[lL]?\s*\)?"
    compared = re.fullmatch(comparison, both[1] if both else "")
    return _OPERATORS[compared[1]](_STANDARD, int(compared[2])) if compared else None


def _defined(name: str) -> bool | None:
    return {"__cplusplus": False, "__STDC_VERSION__": True}.get(name)
