"""[[tool.dynamic-metadata]]: its entries, and what providers return merged into [project]. Pure.

The protocol is that of https://dynamic-metadata.readthedocs.io; lists and tables that [project] has already are
extended (PEP 808).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cratewheel.errors import ConfigError, with_suggestion
from cratewheel.system.toml import describe

TEXTS = frozenset({"version", "description", "requires-python", "license"})
LISTS = frozenset({"classifiers", "keywords", "dependencies", "license-files", "import-names", "import-namespaces"})
TABLES = frozenset({"urls", "scripts", "gui-scripts"})
PEOPLE = frozenset({"authors", "maintainers"})
SINGLE = TEXTS | {"readme"}  # a later provider replaces the value
FIELDS = SINGLE | LISTS | TABLES | PEOPLE | {"optional-dependencies", "entry-points"}

# The headers of core metadata that a field becomes
HEADERS: Mapping[str, tuple[str, ...]] = {
    "authors": ("Author", "Author-email"),
    "classifiers": ("Classifier",),
    "dependencies": ("Requires-Dist",),
    "description": ("Summary",),
    "import-names": ("Import-Name",),
    "import-namespaces": ("Import-Namespace",),
    "keywords": ("Keywords",),
    "license": ("License", "License-Expression"),
    "license-files": ("License-File",),
    "maintainers": ("Maintainer", "Maintainer-email"),
    "optional-dependencies": ("Provides-Extra", "Requires-Dist"),
    "readme": ("Description", "Description-Content-Type"),
    "requires-python": ("Requires-Python",),
    "urls": ("Project-URL",),
}

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An entry of [[tool.dynamic-metadata]]: who provides fields, and the settings for it.

    `path` is the folder of a local provider, relative to the project; `name` is then a module or `module:Class`, else
    the name that an installed package registers. `where` names the entry in messages.
    """

    name: str
    settings: Table
    where: str
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A [project] table with the fields that providers filled, and who filled each."""

    project: Table
    providers: Mapping[str, Provider]


def read_providers(value: object, path: Path) -> tuple[Provider, ...]:
    """Return the entries of `tool.dynamic-metadata` in the file `path`; raises `ConfigError` for an invalid one.

    `value` is None where the file has none.
    """
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise ConfigError(
            f"tool.dynamic-metadata in {path} must be an array of tables, found {describe(value)}",
            hint='write `[[tool.dynamic-metadata]]` with `provider = "…"` once for each provider',
        )
    return tuple(_provider(entry, f"tool.dynamic-metadata[{at}] in {path}") for at, entry in enumerate(value))


def _provider(entry: Table, where: str) -> Provider:
    settings = {key: value for key, value in entry.items() if key != "provider"}
    if "provider-path" in entry:
        raise ConfigError(
            f"{where} has provider-path, which is of an older protocol",
            hint=f'write `provider = {{ path = "{entry["provider-path"]}", module = "{entry.get("provider", "…")}" }}`',
        )
    match entry.get("provider"):
        case str() as name if name:
            return Provider(name=name, settings=settings, where=where)
        case {"path": str() as path, "module": str() as module, **others} if not others and path and module:
            return Provider(name=module, settings=settings, where=where, path=path)
    raise ConfigError(
        f"provider of {where} must be a name, or a table with `path` and `module`",
        hint='write `provider = "cratewheel.vcs"`, or `provider = { path = "scripts", module = "my_provider" }`',
    )


def resolve(project: Table, providers: Iterable[Provider], call: Callable[[Provider, Table], object]) -> Resolved:
    """Return the [project] table with what each provider returns, in order; a later one sees what earlier ones did.

    `call` runs a provider on the table so far. Raises `ConfigError` for a fragment that cannot be merged.
    """
    if not _is_list(project.get("dynamic", [])):
        return Resolved(project=project, providers={})  # who reads the table refuses it
    table = dict(project)
    filled: dict[str, Provider] = {}
    for provider in providers:
        table["dynamic"] = [field for field in _dynamic(project) if field not in filled]
        for field, value in _fragment(call(provider, table), provider, project).items():
            _check(field, value, provider)
            if field not in table or (field in filled and field in SINGLE):
                table[field] = value
            else:
                table[field] = _merged(field, table[field], value, provider)
            filled[field] = provider
    if "dynamic" in project:
        table["dynamic"] = [field for field in _dynamic(project) if field not in filled]
    return Resolved(project=table, providers=filled)


def _dynamic(project: Table) -> list[str]:
    """Return `dynamic`; what is no list of strings is refused when the table is read."""
    listed = project.get("dynamic", [])
    return [field for field in listed if isinstance(field, str)] if isinstance(listed, list) else []


def _fragment(value: object, provider: Provider, project: Table) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(
            f"{provider.name}, the provider of {provider.where}, returned {describe(value)} instead of a table",
            hint='a provider returns a dict such as `{"version": "1.0"}`',
        )
    for field in value:
        if field not in FIELDS:
            message = f"{provider.name}, the provider of {provider.where}, fills {field}, which no provider can fill"
            raise ConfigError(
                message if field in ("name", "dynamic") else with_suggestion(message, str(field), FIELDS),
                hint=f"the fields are {', '.join(sorted(FIELDS))}",
            )
        if field in project and field in SINGLE:
            raise ConfigError(
                f"{provider.name}, the provider of {provider.where}, fills {field}, which has a value in [project]",
                hint=f"remove one of the two; a provider needs `dynamic` to list {field}",
            )
        if field not in _dynamic(project):
            raise ConfigError(
                f"{provider.name}, the provider of {provider.where}, fills {field}, which `dynamic` does not list",
                hint=f'add "{field}" to `dynamic` in [project]',
            )
    return value


def _check(field: str, value: object, provider: Provider) -> None:
    """Raise `ConfigError` for a value that has not the type of its field."""
    if field == "license" or field == "readme":
        fits, wanted = isinstance(value, str) or _is_table(value), "a string or a table of strings"
    elif field in TEXTS:
        fits, wanted = isinstance(value, str), "a string"
    elif field in LISTS:
        fits, wanted = _is_list(value), "a list of strings"
    elif field in TABLES:
        fits, wanted = _is_table(value), "a table of strings"
    elif field in PEOPLE:
        fits, wanted = isinstance(value, list) and all(map(_is_table, value)), "a list of tables of strings"
    elif field == "entry-points":
        fits, wanted = isinstance(value, dict) and all(map(_is_table, value.values())), "tables of strings by group"
    else:
        fits, wanted = isinstance(value, dict) and all(map(_is_list, value.values())), "lists of strings by extra"
    if not fits:
        raise ConfigError(
            f"{provider.name}, the provider of {provider.where}, returned {describe(value)} for {field}",
            hint=f"{field} must be {wanted}",
        )


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_table(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for pair in value.items() for item in pair)


def _merged(field: str, present: Any, added: Any, provider: Provider) -> Any:
    """Return a value with what a provider adds; it may not change what is there (PEP 808)."""
    if not isinstance(present, type(added)):
        return present  # of a wrong type, which is refused when the table is read
    if isinstance(added, list):
        return [*present, *added]
    if field == "optional-dependencies":
        return {**present, **{name: [*present.get(name, ()), *texts] for name, texts in added.items()}}
    if field == "entry-points":
        return {
            **present,
            **{name: _joined(field, present.get(name, {}), add, provider) for name, add in added.items()},
        }
    return _joined(field, present, added, provider)


def _joined(field: str, present: Table, added: Table, provider: Provider) -> Table:
    for key, value in added.items():
        if present.get(key, value) != value:
            raise ConfigError(
                f"{provider.name}, the provider of {provider.where}, changes {key!r} of {field}",
                hint="a provider can only add to a field that has a value",
            )
    return {**present, **added}


def unfilled(project: Table, others: Iterable[str]) -> tuple[str, ...]:
    """Return what `dynamic` of [project] lists still, without the fields that `others` fill."""
    known = {*others, *project}
    return tuple(field for field in _dynamic(project) if field in FIELDS and field not in known)


def dynamic_headers(fields: Iterable[str]) -> tuple[str, ...]:
    """Return the headers that may differ between a source distribution and its wheel, for `Dynamic` (PEP 643).

    >>> dynamic_headers(["dependencies", "optional-dependencies", "scripts"])
    ('Provides-Extra', 'Requires-Dist')
    """
    return tuple(sorted({header for field in fields for header in HEADERS.get(field, ())}))
