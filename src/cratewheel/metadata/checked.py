"""What `pyproject-metadata` finds in a [project] table: what it says of one table is kept, and it is not asked again.

It takes a quarter of a short build to import it with the packages that it needs, and its answer depends on nothing but
the table and its own version.
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

SPECIFICATION = "https://packaging.python.org/en/latest/specifications/pyproject-toml/"
HINTS = {
    "authors": 'write `authors = [{ name = "…", email = "…" }]`',
    "maintainers": 'write `maintainers = [{ name = "…", email = "…" }]`',
    "requires-python": 'write it like `requires-python = ">=3.9"`',
    "name": 'write `name = "…"`: [project] needs one (PEP 621)',
}
_CHECKERS = ("pyproject_metadata", "packaging")

Names = tuple[str, ...]
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A table that breaks no rule, as `pyproject-metadata` understands it, and what it finds odd in it.

    `version` is the least of the metadata format in which all of it can be said.
    """

    version: str
    keywords: Names
    import_names: Names | None
    import_namespaces: Names | None
    scripts: Pairs
    gui_scripts: Pairs
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
        warnings=tuple(str(item.message) for item in caught),
    )


def _refused(errors: Iterable[BaseException], path: Path) -> ConfigError:
    messages = [str(error) for error in errors]
    key = next((re.split(r"[.\[]", part)[0] for part in re.findall(r'"project\.([^"]+)"', messages[0])), "")
    return ConfigError(f"{path}: {messages[0]}", notes=tuple(messages[1:]), hint=HINTS.get(key, f"see {SPECIFICATION}"))


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
    found = re.search(r"(?m)^__version__ = .*$", Path(spec.origin).read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{package} does not say its version")
    return found[0]


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
            warnings=tuple(answer["warnings"]),
        )
    except (OSError, ValueError, TypeError, KeyError):  # there is none, or it is damaged
        return None


def _names(kept: list[str] | None) -> Names | None:
    return None if kept is None else tuple(kept)


def _pairs(kept: list[list[str]]) -> Pairs:
    return tuple((name, reference) for name, reference in kept)


def _remember(place: Path, key: str, answer: Checked) -> None:
    kept = {name: getattr(answer, name) for name in Checked.__slots__}
    with suppress(OSError, CratewheelError):  # a read-only home costs the next build a moment, not this one its wheels
        place.parent.mkdir(parents=True, exist_ok=True)
        with files.atomic_replace(place) as stream:
            stream.write(json.dumps({"key": key, "checked": kept}).encode())
