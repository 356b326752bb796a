"""The words of a `build` command line that a frontend's config settings stand for."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from cratewheel.backend import build_arguments, own_python
from cratewheel.errors import UsageError
from cratewheel.options.resolve import resolve
from cratewheel.options.tool_tables import ToolTables


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


def test_the_base_python_is_the_one_that_the_environment_was_made_of() -> None:
    assert own_python(base=False) == sys.executable
    assert Path(own_python(base=True)).is_relative_to(os.path.realpath(sys.base_prefix))


@pytest.mark.parametrize(
    ("environ", "keys", "expected"),
    [
        ({}, {}, False),
        ({}, {"use-base-python": True}, True),
        ({"MATURIN_PEP517_USE_BASE_PYTHON": "1"}, {}, True),
        ({"MATURIN_PEP517_USE_BASE_PYTHON": "true"}, {}, True),
        ({"CRATEWHEEL_USE_BASE_PYTHON": "0"}, {"use-base-python": True}, False),
    ],
)
def test_the_base_python_is_asked_for_by_key_or_variable(
    environ: dict[str, str], keys: dict[str, Any], expected: bool
) -> None:
    tables = ToolTables(path=Path("pyproject.toml"), maturin=keys, cratewheel={})
    options, _ = resolve({}, environ=environ, tools=tables)
    assert options.use_base_python == expected
