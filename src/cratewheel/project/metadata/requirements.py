"""Normalises requirements for METADATA."""

from __future__ import annotations

from cratewheel.system.versions import parse_marker, parse_requirement


def normalise(text: str, *, extra: str | None = None) -> str:
    """Return the requirement as METADATA has it, needed only with `extra` (a normalised name) if that is given.

    Raises `packaging.requirements.InvalidRequirement` when it is none
    (https://packaging.python.org/en/latest/specifications/dependency-specifiers/).

    >>> normalise("foo [b,a] >=1.0; python_version < '3.9' or os_name == 'nt'", extra="x")
    'foo[a,b]>=1.0; (python_version < "3.9" or os_name == "nt") and extra == "x"'
    """
    requirement = parse_requirement(text)
    if extra is not None:
        condition = f'extra == "{extra}"'
        both = f"({requirement.marker}) and {condition}" if requirement.marker else condition
        requirement.marker = parse_marker(both)
    return str(requirement)


def normalise_specifier(text: str) -> str | None:
    """Return a version specifier with one space after each comma, or None for an empty one.

    The order is the author's, which `packaging` does not keep.

    >>> normalise_specifier(">= 3.8,!=3.8.0 ,<4")
    '>=3.8, !=3.8.0, <4'
    """
    return ", ".join("".join(clause.split()) for clause in text.split(",") if clause.strip()) or None
