"""Validates a [project] table with `pyproject-metadata` and `packaging`."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement
from packaging.utils import canonicalize_name

from cratewheel.errors import ConfigError
from cratewheel.project.metadata import requirements
from cratewheel.system.versions import MAX_DIGITS, has_long_number

SPECIFICATION = "https://packaging.python.org/en/latest/specifications/pyproject-toml/"
HINTS = {
    "authors": 'write `authors = [{ name = "…", email = "…" }]`',
    "maintainers": 'write `maintainers = [{ name = "…", email = "…" }]`',
    "dependencies": 'write `dependencies = ["numpy>=1.20"]`',
    "classifiers": 'write `classifiers = ["Programming Language :: Rust"]`',
    "keywords": 'write `keywords = ["…", "…"]`',
    "dynamic": 'write `dynamic = ["version"]`',
    "urls": 'write `Homepage = "https://…"` in [project.urls]',
    "scripts": 'write `command = "package.module:function"` in [project.scripts]',
    "requires-python": 'write it like `requires-python = ">=3.9"`',
    "name": 'write `name = "…"`: [project] needs one (PEP 621)',
}

Names = tuple[str, ...]
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedTable:
    """A valid [project] table as `pyproject-metadata` parses it, and its warnings.

    `version` is the least of the metadata format in which all of it can be said. Requirements and extras are in their
    normal form.
    """

    version: str
    keywords: Names
    import_names: Names | None
    import_namespaces: Names | None
    scripts: Pairs
    gui_scripts: Pairs
    requires_dist: Names
    provides_extra: Names
    warnings: Names


def check_table(table: Mapping[str, Any], path: Path) -> CheckedTable:
    """Return the [project] table of the file `path`, validated; raises `ConfigError` if it is invalid."""
    requires_dist, provides_extra = _requirements(table, path)
    _refuse_long_numbers(table, path)
    from pyproject_metadata import ConfigurationError, StandardMetadata
    from pyproject_metadata.errors import ExceptionGroup

    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            standard = StandardMetadata.from_pyproject(
                {"project": table}, path.parent, allow_extra_keys=True, all_errors=True
            )
    except ExceptionGroup as error:
        raise _is_refused(error.exceptions, path) from error
    except ConfigurationError as error:
        raise _is_refused([error], path) from error
    return CheckedTable(
        version=standard.auto_metadata_version,
        keywords=tuple(standard.keywords),
        import_names=None if standard.import_names is None else tuple(standard.import_names),
        import_namespaces=None if standard.import_namespaces is None else tuple(standard.import_namespaces),
        scripts=tuple(standard.scripts.items()),
        gui_scripts=tuple(standard.gui_scripts.items()),
        requires_dist=requires_dist,
        provides_extra=provides_extra,
        warnings=tuple(str(item.message) for item in caught),
    )


def _refuse_long_numbers(table: Mapping[str, Any], path: Path) -> None:
    for key in ("version", "requires-python"):
        if isinstance(table.get(key), str) and has_long_number(table[key]):
            raise ConfigError(
                f"project.{key} in {path} has a number of more than {MAX_DIGITS} digits", hint="write a shorter one"
            )


def _is_refused(errors: Iterable[BaseException], path: Path) -> ConfigError:
    messages = [str(error) for error in errors]
    key = next((re.split(r"[.\[]", part)[0] for part in re.findall(r'"project\.([^"]+)"', messages[0])), "")
    return ConfigError(f"{path}: {messages[0]}", notes=tuple(messages[1:]), hint=HINTS.get(key, f"see {SPECIFICATION}"))


def _requirements(table: Mapping[str, Any], path: Path) -> tuple[Names, Names]:
    """Return all requirements, and the extras; a value of the wrong type is left to `pyproject-metadata`."""
    found = [_requirement(path, "dependencies", text) for text in _texts(table.get("dependencies"))]
    optional = table.get("optional-dependencies")
    groups = optional.items() if isinstance(optional, dict) else ()
    for name, texts in groups:
        extra = canonicalize_name(name)
        found += [_requirement(path, f"optional-dependencies.{name}", text, extra=extra) for text in _texts(texts)]
    return tuple(found), tuple(canonicalize_name(name) for name, _ in groups)


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _requirement(path: Path, key: str, text: str, *, extra: str | None = None) -> str:
    try:
        return requirements.normalise(text, extra=extra)
    except InvalidRequirement as error:
        raise ConfigError(
            f"project.{key} in {path} has {text!r}, which is not a requirement",
            notes=tuple(str(error).splitlines()),
            hint="write it like \"numpy>=1.20; python_version < '3.12'\"",
        ) from error
