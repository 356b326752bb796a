"""Versions, specifiers, requirements and markers, out of text that anyone may have written.

`packaging` reads them; for a number of thousands of digits, and for parentheses nested as deep, it raises whatever
Python does, some of it only when the value is used. Here such text is invalid like any other, from the start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

MAX_DIGITS = 600  # of a number: int() can be told to refuse 641 (PYTHONINTMAXSTRDIGITS), and refuses 4301 unless told
_LONG_NUMBER = re.compile(rf"\d{{{MAX_DIGITS + 1}}}")


def has_long_number(text: str) -> bool:
    """Return whether a number in the text has more than `MAX_DIGITS` digits."""
    return _LONG_NUMBER.search(text) is not None


def parse_version(text: str) -> Version:
    """Return the version; raises `InvalidVersion`."""
    with _refused(text, InvalidVersion):
        return Version(text)


def parse_specifiers(text: str) -> SpecifierSet:
    """Return the version specifiers; raises `InvalidSpecifier`."""
    with _refused(text, InvalidSpecifier):
        return SpecifierSet(text)


def parse_requirement(text: str) -> Requirement:
    """Return the requirement; raises `InvalidRequirement`."""
    with _refused(text, InvalidRequirement):
        return Requirement(text)


def parse_marker(text: str) -> Marker:
    """Return the marker; raises `InvalidMarker`."""
    with _refused(text, InvalidMarker):
        return Marker(text)


@contextmanager
def _refused(text: str, error: type[ValueError]) -> Iterator[None]:
    if has_long_number(text):
        raise error(f"a number has more than {MAX_DIGITS} digits")
    try:
        yield
    except RecursionError as deep:
        raise error("its parentheses are nested too deep") from deep
