"""The tables of pyproject.toml that hold settings.

A module of its own, because every hook of the build backend reads the file, and few need the settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DEFAULT_TABLE = "[tool.cratewheel]"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolTables:
    """The tables `[tool.maturin]` and `[tool.cratewheel]` of the pyproject.toml at `path`, as TOML gives them.

    `hook` is the table of our build hook for hatchling at `hook_place`, without the keys that are hatchling's.
    """

    path: Path
    maturin: Mapping[str, Any]
    cratewheel: Mapping[str, Any]
    hook: Mapping[str, Any] = field(default_factory=dict)
    hook_place: str = ""

    def shown(self, *, default: str = "tool.cratewheel") -> str:
        """Return the table that the project's settings are in, for messages; `default` where it has none yet.

        >>> ToolTables(path=Path("pyproject.toml"), maturin={"strip": True}, cratewheel={}).shown()
        '[tool.maturin]'
        """
        used = self.hook_place or (
            "tool.cratewheel" if self.cratewheel else "tool.maturin" if self.maturin else default
        )
        return f"[{used}]"

    def find(self, keys: Iterable[str]) -> tuple[str, object] | None:
        """Return the place and the value of the first of the keys that is set.

        The table of the hook comes first, then `[tool.cratewheel]`.
        """
        names = tuple(keys)
        tables = ((self.hook_place, self.hook), ("tool.cratewheel", self.cratewheel), ("tool.maturin", self.maturin))
        for place, table in tables:
            for key in names:
                if key in table:
                    return f"{place}.{key}", table[key]
        return None
