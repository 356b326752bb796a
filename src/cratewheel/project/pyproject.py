"""Reads pyproject.toml and checks its structure."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cratewheel.errors import ConfigError
from cratewheel.options.tool_tables import ToolTables
from cratewheel.system import toml
from cratewheel.system.files import project_roots

Table = Mapping[str, Any]

TOOLS = ("maturin", "cratewheel")
MISSPELT = 0.8  # how similar a table's name is to one of `TOOLS`
HATCH_HOOKS = ("tool.hatch.build.targets.wheel.hooks.cratewheel", "tool.hatch.build.hooks.cratewheel")
HATCH_KEYS = frozenset(
    {"dependencies", "require-runtime-dependencies", "require-runtime-features", "enable-by-default"}
)

OURS = re.compile(r"\s*(?:cratewheel|maturin)\b", re.IGNORECASE)  # a backend, or a requirement

# Tables by which other backends and their plugins find a version
VERSION_TABLES = (
    "setuptools_scm", "setuptools-git-versioning", "setuptools.dynamic.version", "vcs-versioning", "versioningit",
    "versioneer", "hatch.version", "pdm.version", "poetry-dynamic-versioning", "uv-dynamic-versioning",
)  # fmt: skip

# Keys that hold paths, patterns of paths, and lists and tables of either; of a table, its own keys that hold them
PATHS = {"manifest-path": (), "python-source": (), "data": ()}
PATTERNS = {"python-packages": (), "include": ("path", "to"), "exclude": ("path",), "sbom": ("include",)}
BETWEEN_NAMES = re.compile(r"\\[^]*?!#{}[ \\]")  # in a pattern; before the others it may be there to quote them
BEFORE_WILDCARD = re.compile(r"\\[*?[{]")


@dataclass(frozen=True, slots=True, kw_only=True)
class PyProject:
    """A pyproject.toml: its path and its tables.

    `project` is None where the file has no `[project]`. The two tool tables are checked by `options`. Paths have `/`
    between folders, whatever the file has; `warnings` say where it has backslashes. `dynamic_metadata` is the value of
    `tool.dynamic-metadata`, which `metadata.dynamic` reads. With `own_backend` the build backend is a file of the
    project.
    """

    path: Path
    requires: tuple[str, ...]
    build_backend: str | None
    project: Table | None
    tools: ToolTables
    dependency_groups: Table
    dynamic_metadata: object = None
    warnings: tuple[str, ...] = ()
    own_backend: bool = False

    @property
    def settings_table(self) -> str:
        """The table to write a setting into, for messages: `[tool.cratewheel]` or `[tool.maturin]`."""
        return self.tools.shown(default="tool.maturin" if self.build_backend == "maturin" else "tool.cratewheel")

    @property
    def foreign_backend(self) -> str | None:
        """What builds the project's sdist, if that knows nothing of crates; None if that is or may be cratewheel.

        A backend of the project itself, or with cratewheel or maturin among its requirements, may call them.
        """
        if self.build_backend is None:
            return "setuptools"
        mentioned = any(map(OURS.match, (self.build_backend, *self.requires))) or self.tools.hook_place
        return None if self.own_backend or mentioned else self.build_backend

    @property
    def directory(self) -> Path:
        """The folder of the file: the project's root."""
        return self.path.parent


def missing_error(folder: Path) -> ConfigError:
    """Return the error for building an sdist of a folder without a pyproject.toml."""
    return ConfigError(
        f"{folder} has no pyproject.toml, which a source distribution needs",
        hint='add one with a [build-system] table: `requires = ["cratewheel"]`, `build-backend = "cratewheel"`',
    )


def read(path: Path) -> PyProject:
    """Return the pyproject.toml at `path`.

    Raises `ConfigError` when it is not TOML, or has no `[build-system]` with `requires` (PEP 518).
    """
    data = toml.load_file(path, project_roots(path.parent))
    build_system = _table(data, "build-system", path)
    if not build_system:
        raise ConfigError(
            f"{path} has no [build-system] table",
            hint='add `[build-system]` with `requires = ["cratewheel"]` and `build-backend = "cratewheel"`',
        )
    requires = build_system.get("requires")
    if not isinstance(requires, list) or not all(isinstance(item, str) for item in requires):
        raise ConfigError(
            f"build-system.requires in {path} must be a list of requirements",
            hint='write `requires = ["cratewheel"]` (PEP 518)',
        )
    backend = build_system.get("build-backend")
    if backend is not None and not isinstance(backend, str):
        raise ConfigError(f"build-system.build-backend in {path} must be a string, found {toml.describe(backend)}")
    tool = data.get("tool", {})
    if not isinstance(tool, dict):
        raise ConfigError(f"tool in {path} must be a table, found {toml.describe(tool)}")
    slashes = _Slashes(path)
    hook_place, hook = _hook_table(tool, path) if (backend or "").startswith("hatchling") else ("", {})
    tables = {name: slashes.in_tool(name, _table(tool, name, path, parent="tool.")) for name in TOOLS}
    project = slashes.in_project(_table(data, "project", path)) if "project" in data else None
    own_backend = "backend-path" in build_system
    unread = () if own_backend or not OURS.match(backend or "") else _unread_version_tables(tool, project, path)
    return PyProject(
        path=path,
        requires=tuple(requires),
        build_backend=backend,
        project=project,
        tools=ToolTables(path=path, **tables, hook_place=hook_place, hook=slashes.in_tool(hook_place[5:], hook)),
        dependency_groups=_table(data, "dependency-groups", path),
        dynamic_metadata=_checked_texts(tool.get("dynamic-metadata"), "tool.dynamic-metadata", path),
        warnings=(*slashes.warnings, *_misspelt_tables(tool, path), *unread),
        own_backend=own_backend,
    )


def _misspelt_tables(tool: Table, path: Path) -> Iterator[str]:
    """Yield a warning for each table of `tool` whose name is nearly that of one of ours."""
    for name in tool:
        near = next((known for known in TOOLS if abs(len(known) - len(name)) <= 1), None)
        if name in TOOLS or near is None or not name.startswith(near[0]):
            continue
        import difflib  # slow to import

        if difflib.SequenceMatcher(None, name, near).ratio() > MISSPELT:
            yield f"[tool.{name}] in {path} has no effect; did you mean `[tool.{near}]`?"


def _unread_version_tables(tool: Table, project: Table | None, path: Path) -> Iterator[str]:
    """Yield a warning for each table for another backend that would find the version, where that is Cargo.toml's."""
    dynamic = (project or {}).get("dynamic")
    if not isinstance(dynamic, list) or "version" not in dynamic or "dynamic-metadata" in tool:
        return
    for name in VERSION_TABLES:
        if _lookup(tool, name) is not None:
            yield (
                f"[tool.{name}] in {path} has no effect: the version is that of Cargo.toml; to take it from git, "
                'write `[[tool.dynamic-metadata]]` with `provider = "cratewheel.vcs"`'
            )


def _lookup(table: Table, dotted: str) -> object:
    """Return the value of a dotted key, None if there is none."""
    found: object = table
    for key in dotted.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _hook_table(tool: Table, path: Path) -> tuple[str, Table]:
    """Return the place and the table of our build hook for hatchling, without the keys that are hatchling's.

    A table of the target `wheel` replaces that of all targets: https://hatch.pypa.io/latest/config/build/#build-hooks
    """
    for place in HATCH_HOOKS:
        found = _lookup({"tool": tool}, place)
        if isinstance(found, dict):
            toml.check_texts(found, place, path)
            return place, {key: value for key, value in found.items() if key not in HATCH_KEYS}
    return "", {}


def _table(data: Table, key: str, path: Path, *, parent: str = "") -> Table:
    value = data.get(key, {})
    toml.check_texts(value, f"{parent}{key}", path)
    if not isinstance(value, dict):
        raise ConfigError(f"{parent}{key} in {path} must be a table, found {toml.describe(value)}")
    return value


def _checked_texts(value: object, key: str, path: Path) -> object:
    toml.check_texts(value, key, path)
    return value


class _Slashes:
    """Replaces the backslashes in paths of a file written on Windows by `/`, with a warning."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.warnings: list[str] = []

    def in_tool(self, name: str, table: Table) -> Table:
        """Return a tool table with `/` in its paths."""
        changed = {
            key: self._in(value, f"tool.{name}.{key}", (PATHS | PATTERNS)[key], pattern=key in PATTERNS)
            for key, value in table.items()
            if key in PATHS or key in PATTERNS
        }
        return {**table, **changed}

    def in_project(self, table: Table) -> Table:
        """Return `[project]` with `/` in its paths; a licence text is not changed."""
        paths = {key: table[key] for key in ("readme", "license") if key in table}
        if isinstance(paths.get("license"), str):
            del paths["license"]
        changed = {key: self._in(value, f"project.{key}", ("file",), pattern=False) for key, value in paths.items()}
        return {**table, **changed}

    def _in(self, value: object, place: str, keys: tuple[str, ...], *, pattern: bool) -> object:
        match value:
            case str() if "\\" in value:
                return self._divided(value, place, pattern=pattern)
            case list():
                return [self._in(item, f"{place}[{at}]", keys, pattern=pattern) for at, item in enumerate(value)]
            case dict():
                return {
                    key: self._in(item, f"{place}.{key}", (), pattern=pattern and key != "to") if key in keys else item
                    for key, item in value.items()
                }
        return value

    def _divided(self, text: str, place: str, *, pattern: bool) -> str:
        folder, first = self.path.parent, text.partition("\\")[0]
        if os.sep == "/" and os.path.lexists(folder / text):
            return text  # where a backslash is a character of names as any other
        in_folder = BEFORE_WILDCARD.search(text) and first and (folder / first).is_dir()
        if pattern and not BETWEEN_NAMES.search(text) and not in_folder:
            return text
        divided = text.replace("\\", "/")
        self.warnings.append(
            f"{place} in pyproject.toml is '{text}', and read as '{divided}': "
            "write it with `/`, which works on every system"
        )
        return divided
