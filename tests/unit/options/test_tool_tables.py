"""Which of the two tables of pyproject.toml says the value of a setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.options.tool_tables import ToolTables

TABLES = ToolTables(
    path=Path("pyproject.toml"), maturin={"old": 1, "both": 2, "first": 3}, cratewheel={"both": 4, "second": 5}
)


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        (("old",), ("tool.maturin.old", 1)),
        (("both",), ("tool.cratewheel.both", 4)),
        (("first", "second"), ("tool.cratewheel.second", 5)),
        (("first", "old"), ("tool.maturin.first", 3)),
        (("absent",), None),
        ((), None),
    ],
    ids=str,
)
def test_our_table_comes_first_then_the_first_of_the_keys(
    keys: tuple[str, ...], found: tuple[str, object] | None
) -> None:
    assert TABLES.find(keys) == found
