"""The tables of pyproject.toml that hold settings.

A module of its own, because every hook of the build backend reads the file, and few need the settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolTables:
    """The tables `[tool.maturin]` and `[tool.cratewheel]` of the pyproject.toml at `path`, as TOML gives them."""

    path: Path
    maturin: Mapping[str, Any]
    cratewheel: Mapping[str, Any]

    def find(self, keys: Iterable[str]) -> tuple[str, object] | None:
        """Return the place and the value of the first of the keys that is set; `[tool.cratewheel]` comes first."""
        names = tuple(keys)
        for tool, table in (("cratewheel", self.cratewheel), ("maturin", self.maturin)):
            for key in names:
                if key in table:
                    return f"tool.{tool}.{key}", table[key]
        return None
