"""The words of a `build` command line that a frontend's config settings stand for."""

from __future__ import annotations

from typing import Any

import pytest

from cratewheel.backend import build_arguments
from cratewheel.errors import UsageError


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"build-args": "--locked --features 'a b'"}, ["--locked", "--features", "a b"]),
        ({"build-args": ["--locked", "--features 'a b'"]}, ["--locked", "--features", "a b"]),
        ({"maturin.build-args": ["--locked --offline", ""]}, ["--locked", "--offline"]),
        ({"build-args": ("--locked", "-- -C debuginfo=1")}, ["--locked", "--", "-C", "debuginfo=1"]),
        ({"build-args": []}, []),
        ({"features": ["a", "b"]}, ["--features=a", "--features=b"]),
    ],
)
def test_a_setting_that_is_given_twice_is_split_item_by_item(settings: dict[str, Any], expected: list[str]) -> None:
    assert build_arguments(settings, {}) == (expected, [])


def test_an_open_quote_in_one_of_the_items_is_an_error_that_names_the_setting() -> None:
    with pytest.raises(UsageError) as caught:
        build_arguments({"build-args": ["--locked", "--features 'a"]}, {})
    assert caught.value.message == (
        "the config setting build-args cannot be split into arguments: No closing quotation"
    )
