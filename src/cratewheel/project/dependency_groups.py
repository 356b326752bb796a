"""Dependency groups (https://packaging.python.org/en/latest/specifications/dependency-groups/)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from cratewheel.errors import ConfigError
from cratewheel.system.toml import describe
from cratewheel.system.versions import parse_requirement

MAX_DEPTH = 100  # groups that are nested
SPECIFICATION = "https://packaging.python.org/en/latest/specifications/dependency-groups/"


def requirements(groups: Mapping[str, object], names: Iterable[str], path: Path) -> tuple[Requirement, ...]:
    """Return the requirements of the groups and the groups they include, in order, without duplicates.

    `path` is the file that the groups are in. Raises `ConfigError` for a group that is not there, is no list or
    includes itself, and for an entry that is neither a requirement nor an include.
    """
    found: list[Requirement] = []
    done: set[str] = set()
    for name in names:
        _collect(groups, name, path, (), done, found)
    return tuple(found)


def _collect(
    groups: Mapping[str, object],
    name: str,
    path: Path,
    above: tuple[str, ...],
    done: set[str],
    found: list[Requirement],
) -> None:
    group = _spelled(groups, name, path)
    if group in above:
        raise ConfigError(
            f"the dependency group `{group}` in {path} includes itself: {' → '.join((*above, group))}",
            hint="remove one of the includes",
        )
    if len(above) > MAX_DEPTH:
        raise ConfigError(f"more than {MAX_DEPTH} dependency groups in {path} are nested")
    if group in done:
        return
    done.add(group)
    entries = groups[group]
    where = f"dependency-groups.{group} in {path}"
    if not isinstance(entries, list):
        raise ConfigError(f"{where} must be a list, found {describe(entries)}", hint=f"see {SPECIFICATION}")
    for entry in entries:
        match entry:
            case str():
                found.append(_requirement(entry, where))
            case {"include-group": str() as included} if len(entry) == 1:
                _collect(groups, included, path, (*above, group), done, found)
            case _:
                raise ConfigError(
                    f"{where} has an entry that is neither a requirement nor an include: {describe(entry)}",
                    hint=f"see {SPECIFICATION}",
                )


def _spelled(groups: Mapping[str, object], name: str, path: Path) -> str:
    wanted = canonicalize_name(name)
    same = [key for key in groups if canonicalize_name(key) == wanted]
    if not same:
        hint = (
            f"the groups are: {', '.join(sorted(groups))}"
            if groups
            else f"add `{name} = […]` below [dependency-groups]"
        )
        raise ConfigError(f"there is no dependency group `{name}` in {path}", hint=hint)
    if len(same) > 1:
        raise ConfigError(f"{' and '.join(same)} in {path} are one dependency group", hint="rename one of them")
    return same[0]


def _requirement(text: str, where: str) -> Requirement:
    try:
        return parse_requirement(text)
    except InvalidRequirement as error:
        raise ConfigError(
            f"{where} has {describe(text)}, which is not a requirement",
            notes=tuple(str(error).splitlines()[:1]),
            hint="write it like \"numpy>=1.20; python_version < '3.12'\"",
        ) from error
