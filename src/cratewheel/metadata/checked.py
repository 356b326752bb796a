"""What `pyproject-metadata` and `packaging` find in a [project] table: it is kept, and they are not asked again.

It takes a quarter of a short build to import them, and their answer depends on nothing but the table and their own
versions.
"""

from __future__ import annotations

import json
import re
import sys
import warnings
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cratewheel import __version__, files
from cratewheel.errors import ConfigError, CratewheelError
from cratewheel.frozen import dataclass
from cratewheel.metadata import requirements

SPECIFICATION = "https://packaging.python.org/en/latest/specifications/pyproject-toml/"
HINTS = {
    "authors": 'write `authors = [{ name = "…", email = "…" }]`',
    "maintainers": 'write `maintainers = [{ name = "…", email = "…" }]`',
    "requires-python": 'write it like `requires-python = ">=3.9"`',
    "name": 'write `name = "…"`: [project] needs one (PEP 621)',
}
_KEPT = 500  # tables
_CHECKERS = ("pyproject_metadata", "packaging")

Names = tuple[str, ...]
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A table that breaks no rule, as `pyproject-metadata` understands it, and what it finds odd in it.

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


def checked(table: Mapping[str, Any], path: Path, memory: Path | None = None) -> Checked:
    """Return a [project] table of the file `path`, checked; in the folder `memory` the answer is kept.

    Raises `ConfigError` where the table breaks the specification.
    """
    key = _key(table) if memory is not None else None
    if key is None or memory is None:
        return _asked(table, path)
    place = memory / f"{zlib.crc32(key.encode()):08x}.json"
    kept = _recalled(place, key)
    if kept is None:
        kept = _asked(table, path)
        _remember(place, key, kept)
    return kept


def _asked(table: Mapping[str, Any], path: Path) -> Checked:
    requires_dist, provides_extra = _requirements(table, path)
    from pyproject_metadata import ConfigurationError, StandardMetadata
    from pyproject_metadata.errors import ExceptionGroup

    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            standard = StandardMetadata.from_pyproject(
                {"project": table}, path.parent, allow_extra_keys=True, all_errors=True
            )
    except ExceptionGroup as error:
        raise _refused(error.exceptions, path) from error
    except ConfigurationError as error:
        raise _refused([error], path) from error
    return Checked(
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


def _refused(errors: Iterable[BaseException], path: Path) -> ConfigError:
    messages = [str(error) for error in errors]
    key = next((re.split(r"[.\[]", part)[0] for part in re.findall(r'"project\.([^"]+)"', messages[0])), "")
    return ConfigError(f"{path}: {messages[0]}", notes=tuple(messages[1:]), hint=HINTS.get(key, f"see {SPECIFICATION}"))


def _requirements(table: Mapping[str, Any], path: Path) -> tuple[Names, Names]:
    """Return all requirements, and the extras; a value of the wrong type is left to `pyproject-metadata`."""
    from packaging.utils import canonicalize_name

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
    from packaging.requirements import InvalidRequirement

    try:
        return requirements.written(text, extra=extra)
    except InvalidRequirement as error:
        raise ConfigError(
            f"project.{key} in {path} has {text!r}, which is not a requirement",
            notes=tuple(str(error).splitlines()),
            hint="write it like \"numpy>=1.20; python_version < '3.12'\"",
        ) from error


# -- the memory


def _key(table: Mapping[str, Any]) -> str | None:
    """Return all that an answer depends on; None for a table that has values which JSON has not."""
    try:
        return json.dumps([__version__, sys.version_info[:2], *map(_release, _CHECKERS), table])
    except (OSError, TypeError, ValueError):
        return None


def _release(package: str) -> str:
    """Return the line with the version of a package, which is not imported for it; both have it in that place."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ValueError(f"{package} is in no file")
    text = Path(spec.origin).read_text(encoding="utf-8")
    start = text.index("\n__version__ = ")
    return text[start : text.index("\n", start + 1)]


def _recalled(place: Path, key: str) -> Checked | None:
    try:
        kept = json.loads(place.read_bytes())
        if kept["key"] != key:
            return None
        answer = kept["checked"]
        return Checked(
            version=answer["version"],
            keywords=tuple(answer["keywords"]),
            import_names=_names(answer["import_names"]),
            import_namespaces=_names(answer["import_namespaces"]),
            scripts=_pairs(answer["scripts"]),
            gui_scripts=_pairs(answer["gui_scripts"]),
            requires_dist=tuple(answer["requires_dist"]),
            provides_extra=tuple(answer["provides_extra"]),
            warnings=tuple(answer["warnings"]),
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError):  # there is none, or it is damaged
        return None


def _names(kept: list[str] | None) -> Names | None:
    return None if kept is None else tuple(kept)


def _pairs(kept: list[list[str]]) -> Pairs:
    return tuple((name, reference) for name, reference in kept)


def _remember(place: Path, key: str, answer: Checked) -> None:
    kept = {name: getattr(answer, name) for name in Checked.__slots__}
    with suppress(OSError, CratewheelError):  # a read-only home costs the next build a moment, not this one its wheels
        files.keep(place, json.dumps({"key": key, "checked": kept}), at_most=_KEPT)
