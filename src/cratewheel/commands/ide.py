"""The `[env]` table of `.cargo/config.toml` that makes cargo, editors and cratewheel use the same interpreter.

See https://doc.rust-lang.org/cargo/reference/config.html#env. pyo3 is compiled again whenever a variable that it reads
changes; a plain `cargo check` has none of them. The entries are not forced: a build for another interpreter sets its
own values, which win.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import tomlkit

from cratewheel.cargo.config import EDITOR_VARIABLES
from cratewheel.errors import ConfigError
from cratewheel.events import Reporter
from cratewheel.project.read import Project
from cratewheel.system import toml
from cratewheel.system.files import atomic_replace


def with_variables(text: str, variables: Mapping[str, str], path: Path) -> str:
    """Return the configuration with these variables instead of those written before; the rest is unchanged.

    Raises `ConfigError` when the text is not TOML, or its `env` is not a table.
    """
    document = toml.parse_editable(text, str(path))
    table = document.get("env")
    if table is not None and not isinstance(table, dict):
        raise ConfigError(f"env in {path} must be a table, found {toml.describe(table)}")
    if table is None:
        if not variables:
            return text
        table = tomlkit.table()
        document["env"] = table
    for name in EDITOR_VARIABLES:
        table.pop(name, None)
    for name in sorted(variables):
        table[name] = variables[name]
    if not table:
        del document["env"]
    return tomlkit.dumps(document)


def write(path: Path, text: str) -> None:
    """Write the configuration, or remove the file if it is empty."""
    if not text.strip():
        path.unlink(missing_ok=True)
        return
    with atomic_replace(path) as out:
        out.write(text.encode())


def config_path(project: Project) -> Path:
    """Return the cargo configuration file of the project's workspace."""
    return project.manifest.workspace_root / ".cargo" / "config.toml"


def write_variables(project: Project, variables: Mapping[str, str]) -> Path:
    """Write the variables to the project's configuration and return its path; raises as `with_variables` does."""
    path = config_path(project)
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    write(path, with_variables(text, variables, path))
    return path


def remove(project: Project, reporter: Reporter) -> None:
    """Remove our variables and descriptions of interpreters from the project's configuration."""
    path = write_variables(project, {})
    for config in path.parent.glob("pyo3-config-*.txt"):
        config.unlink()
    reporter.step("Removed", f"the variables of cratewheel from {path}")
