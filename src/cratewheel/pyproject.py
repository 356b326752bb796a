"""pyproject.toml → PyProject: parsed, its shape checked, nothing decided."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cratewheel import toml
from cratewheel.errors import ConfigError
from cratewheel.files import project_roots
from cratewheel.frozen import dataclass

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PyProject:
    """A pyproject.toml: its place and its tables, as TOML gives them.

    `project` is None where the file has no `[project]`. The two tool tables are checked by `options`.
    """

    path: Path
    requires: tuple[str, ...]
    build_backend: str | None
    project: Table | None
    tool_maturin: Table
    tool_cratewheel: Table
    dependency_groups: Table

    @property
    def directory(self) -> Path:
        """The folder of the file: the root of the project."""
        return self.path.parent


def read(path: Path) -> PyProject:
    """Return the pyproject.toml at `path`.

    Raises `ConfigError` when it is not TOML, or has no `[build-system]` with `requires` (PEP 518).
    """
    data = toml.load(path, project_roots(path.parent))
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
    return PyProject(
        path=path,
        requires=tuple(requires),
        build_backend=backend,
        project=_table(data, "project", path) if "project" in data else None,
        tool_maturin=_table(tool, "maturin", path, parent="tool."),
        tool_cratewheel=_table(tool, "cratewheel", path, parent="tool."),
        dependency_groups=_table(data, "dependency-groups", path),
    )


def _table(data: Table, key: str, path: Path, *, parent: str = "") -> Table:
    value = data.get(key, {})
    toml.check_texts(value, f"{parent}{key}", path)
    if not isinstance(value, dict):
        raise ConfigError(f"{parent}{key} in {path} must be a table, found {toml.describe(value)}")
    return value
