"""The menu: what each key does, and how it looks."""

from __future__ import annotations

import pytest

from cratewheel.cli.menu import Menu
from cratewheel.cli.new import choose

NAMES = ("pyo3", "cffi", "bin", "uniffi")
MENU = Menu(rows=tuple((name, f"makes {name}") for name in NAMES))


def press(*keys: str) -> Menu:
    menu = MENU
    for key in keys:
        menu = menu.press(key, lambda text: choose(text, NAMES))
    return menu


@pytest.mark.parametrize(
    ("keys", "at", "typed"),
    [
        (["\x1b[B", "\x1b[B", "\x1bOA"], 1, ""),
        (["\x1b[A"], 3, ""),
        (["\xe0P", "\xe0P", "\xe0P", "\x00P"], 0, ""),
        (["3"], 2, "3"),
        (["u", "n"], 3, "un"),
        (["b", "\x7f", "c"], 1, "c"),
        (["x", "y"], 0, "xy"),
        (["x", "\x1b[B"], 1, ""),
        (["\x1b[5", "\t"], 0, ""),
    ],
)
def test_each_key_moves_or_types(keys: list[str], at: int, typed: str) -> None:
    menu = press(*keys)
    assert (menu.at, menu.typed) == (at, typed)


def test_rows_are_no_wider_than_the_terminal() -> None:
    assert press("2").lines(20) == [
        "  1  pyo3    makes ",
        "> 2  cffi    makes ",
        "  3  bin     makes ",
        "  4  uniffi  makes ",
    ]
