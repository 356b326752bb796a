"""Versions of Python packages, and what a Requires-Python says of them (PEP 440).

`packaging` knows all of it, and importing it takes a tenth of a short build. Where nothing but numbers is compared, as
in nearly every project, it is not asked; in the tests it is the oracle.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass

_NUMBERS = r"[0-9]{1,9}(?:\.[0-9]{1,9})*"
_CLAUSE = r"\s*(>=|<=|==|!=|>|<)\s*([0-9.]+)\s*"
_COMPARE = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}

Numbers = tuple[int, ...]


def numbers(version: str) -> Numbers | None:
    """Return the numbers of a version that has nothing else in it, or None.

    >>> numbers("3.10"), numbers("3.10rc1")
    ((3, 10), None)
    """
    return tuple(map(int, version.split("."))) if re.fullmatch(_NUMBERS, version) else None


def normal(version: str) -> str:
    """Return a version in its normal form; raises `ValueError` for what is none.

    >>> normal("1.02"), normal("1.0-alpha1")
    ('1.2', '1.0a1')
    """
    plain = numbers(version)
    if plain is not None:
        return ".".join(map(str, plain))
    from packaging.version import Version

    return str(Version(version))


def comparable(version: Numbers) -> Numbers:
    """Return numbers that compare as the versions do: without the zeros at the end.

    >>> comparable((3, 10, 0)) == comparable((3, 10))
    True
    """
    end = len(version)
    while end and not version[end - 1]:
        end -= 1
    return version[:end]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiresPython:
    """For which Pythons a distribution is; `text` is a valid version specifier."""

    text: str

    def admits(self, python: str) -> bool:
        """Return whether a Python of this full version is among them; pre-releases are not kept out as such."""
        version = numbers(python)
        clauses = self._comparisons()
        if version is None or clauses is None:
            from packaging.specifiers import SpecifierSet

            return SpecifierSet(self.text).contains(python, prereleases=True)
        return all(_COMPARE[sign](comparable(version), bound) for sign, bound in clauses)

    def _comparisons(self) -> list[tuple[str, Numbers]] | None:
        """Return the comparisons that it consists of, or None where there is more to it than comparing numbers."""
        found = []
        for clause in self.text.split(","):
            match = re.fullmatch(_CLAUSE, clause)
            bound = numbers(match[2]) if match else None
            if match is None or bound is None:
                return None
            found.append((match[1], comparable(bound)))
        return found

    def __str__(self) -> str:
        return self.text
