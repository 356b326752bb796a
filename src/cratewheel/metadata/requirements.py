"""Requirements and version specifiers in one spelling: names normalised, versions ascending, markers in normal form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cratewheel.versions import Numbers, comparable, normal, numbers

if TYPE_CHECKING:
    from packaging.version import Version

_EXTRAS = r"^[^\[;@(<>=!~]*\[([^\]]*)\]"
_CLAUSE = r"(===|==|~=|!=|<=|>=|<|>)\s*([^\s,)]+)"


def written(requirement: str, *, extra: str | None = None) -> str:
    """Return the requirement as METADATA has it, needed only with `extra` (a normalised name) if that is given.

    Raises `packaging.requirements.InvalidRequirement` when it is none
    (https://packaging.python.org/en/latest/specifications/dependency-specifiers/).

    >>> written('Foo_Bar [B,a] <2, >=1.0; python_version < "3.9"', extra="x")
    "foo-bar[b,a]>=1.0,<2 ; python_full_version < '3.9' and extra == 'x'"
    """
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    parsed = Requirement(requirement)
    text = str(canonicalize_name(parsed.name))
    extras = re.match(_EXTRAS, requirement) if parsed.extras else None  # packaging forgets their order
    if extras:
        text += f"[{','.join(canonicalize_name(name.strip()) for name in extras[1].split(','))}]"
    text += f" @ {parsed.url}" if parsed.url else ",".join(specifiers(requirement.partition(";")[0]))
    marker = ""
    if parsed.marker is not None or extra is not None:
        from cratewheel.metadata import markers  # slow to import, and many requirements have none

        marker = markers.normalise(str(parsed.marker or ""), extra=extra)
    return f"{text} ; {marker}" if marker else text


def specifiers(text: str) -> tuple[str, ...]:
    """Return the clauses of the version specifier in a text, each version in its normal form, lowest version first.

    Clauses of equal versions keep their order, which `packaging` forgets.

    >>> specifiers("<4, >= 3.8,!=3.8.0")
    ('>=3.8', '!=3.8.0', '<4')
    """
    found: list[tuple[str, str]] = re.findall(_CLAUSE, text)
    plain = all(sign != "===" and numbers(version) is not None for sign, version in found)
    return tuple(
        f"{sign}{version if sign == '===' else _normal(version)}"
        for sign, version in sorted(found, key=_by_numbers if plain else _by_version)
    )


def _by_numbers(clause: tuple[str, str]) -> Numbers:
    return comparable(numbers(clause[1]) or ())


def _by_version(clause: tuple[str, str]) -> tuple[bool, Version | None]:
    from packaging.version import Version

    sign, text = clause
    if sign == "===":  # compares as text: no version, and so last
        return True, None
    return False, Version(text.removesuffix(".*"))


def _normal(text: str) -> str:
    return f"{normal(text.removesuffix('.*'))}{'.*' if text.endswith('.*') else ''}"
