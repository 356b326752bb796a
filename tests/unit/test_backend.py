"""The words of a `build` command line that a frontend's config settings stand for."""

from __future__ import annotations

import os
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from cratewheel.backend import HookCall, build_arguments, hook_call, own_python
from cratewheel.errors import UsageError
from cratewheel.options.resolve import resolve
from cratewheel.options.tool_tables import ToolTables
from cratewheel.ui import Ui


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
    places, unknown = build_arguments(settings, {})
    assert ([arg for _, args in places for arg in args], unknown) == (expected, [])


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


@pytest.mark.parametrize(
    ("settings", "environ", "message", "hint"),
    [
        ({}, {"MATURIN_PEP517_ARGS": "--relase"}, "MATURIN_PEP517_ARGS: unknown option `--relase`",
         "did you mean `--release`?"),
        ({}, {"CRATEWHEEL_ARGS": "--jobs many", "MATURIN_PEP517_ARGS": "--locked"},
         "CRATEWHEEL_ARGS: --jobs must be a whole number greater than 0, found 'many'",
         "`cratewheel build --help` shows the options"),
        ({"build-args": "--bindings py03"}, {"CRATEWHEEL_ARGS": "--locked"},
         ("the config setting build-args: --bindings must be one of pyo3, pyo3-ffi, rust-cpython, cffi, uniffi, bin, "
         "found 'py03'"), "did you mean `pyo3`?"),
        ({"jobs": "many"}, {}, ("the config setting jobs: --jobs must be a whole number greater than 0, "
         "found 'many'"), "`cratewheel build --help` shows the options"),
    ],
    ids=["unknown option", "wrong number", "wrong choice", "a setting"],
)  # fmt: skip
def test_a_mistake_in_an_option_names_the_variable_or_setting_that_it_is_in(
    settings: dict[str, Any], environ: dict[str, str], message: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        HookCall(settings, environ, Ui(out=StringIO(), err=StringIO()))
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_an_error_about_an_option_that_is_found_later_says_where_the_options_are_from(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CRATEWHEEL_ARGS", "--strip=maybe")
    monkeypatch.setenv("NO_COLOR", "1")
    with pytest.raises(SystemExit), hook_call({"locked": "true"}):
        raise UsageError("--strip must be true or false, found 'maybe'")
    assert capsys.readouterr().err == (
        "error: --strip must be true or false, found 'maybe'\n"
        "       the options of this build are from CRATEWHEEL_ARGS, the config setting locked\n"
    )
