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


@pytest.mark.parametrize(
    ("maturin", "cratewheel", "hook", "shown"),
    [
        ({}, {}, "", "[tool.cratewheel]"),
        ({"strip": True}, {}, "", "[tool.maturin]"),
        ({"strip": True}, {"strip": True}, "", "[tool.cratewheel]"),
        ({}, {}, "tool.hatch.build.hooks.cratewheel", "[tool.hatch.build.hooks.cratewheel]"),
    ],
)
def test_messages_name_the_table_that_the_project_has(
    maturin: dict[str, object], cratewheel: dict[str, object], hook: str, shown: str
) -> None:
    tables = ToolTables(path=Path("pyproject.toml"), maturin=maturin, cratewheel=cratewheel, hook_place=hook)
    assert tables.shown() == shown


def test_a_project_without_a_table_is_told_that_of_its_backend() -> None:
    assert ToolTables(path=Path("pyproject.toml"), maturin={}, cratewheel={}).shown(default="tool.maturin") == (
        "[tool.maturin]"
    )
