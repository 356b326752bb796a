"""Edits the pyproject.toml of a source distribution if it was in another folder in the source tree. Pure."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from cratewheel.system import toml

TOOLS = ("cratewheel", "maturin")


@dataclass(frozen=True, slots=True, kw_only=True)
class PyProjectEdits:
    """New values for keys of a pyproject.toml; None keeps a value."""

    manifest_path: str | None = None
    python_source: str | None = None
    data: str | None = None
    readme: str | None = None
    license: str | None = None


def edit(text: str, edits: PyProjectEdits) -> str:
    r"""Return the pyproject.toml `text` with `edits` applied, or the text itself if nothing changes.

    A key of the tool is changed where it is; a new one is added to the existing table.

    >>> edit('[tool.maturin]\nstrip = true # small\n', PyProjectEdits(manifest_path="py/Cargo.toml"))
    '[tool.maturin]\nstrip = true # small\nmanifest-path = "py/Cargo.toml"\n'
    """
    if edits == PyProjectEdits():
        return text
    document = toml.parse_editable(text, "pyproject.toml")
    before = document.unwrap()
    for key, value in (
        ("manifest-path", edits.manifest_path),
        ("python-source", edits.python_source),
        ("data", edits.data),
    ):
        if value is not None:
            _tool_table(key, document)[key] = value
    project = document.get("project", {})
    for key, value in (("readme", edits.readme), ("license", edits.license)):
        if value is None:
            continue
        if isinstance(project.get(key), MutableMapping):
            project[key]["file"] = value
        else:
            project[key] = value
    return text if document.unwrap() == before else document.as_string()


def _tool_table(key: str, document: MutableMapping[str, Any]) -> Any:
    tool = _table(document, "tool")
    for name in TOOLS:
        if key in tool.get(name, {}):
            return tool[name]
    for name in TOOLS:
        if name in tool:
            return tool[name]
    backend = str(document.get("build-system", {}).get("build-backend", ""))
    return _table(tool, "maturin" if backend.startswith("maturin") else "cratewheel")


def _table(parent: MutableMapping[str, Any], key: str) -> Any:
    import tomlkit

    if key not in parent:
        parent[key] = tomlkit.table(is_super_table=key == "tool")
    return parent[key]
