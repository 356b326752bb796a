"""Wheels for Pythons that are not on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import wheels

if TYPE_CHECKING:
    from integration.conftest import Cratewheel

pytestmark = pytest.mark.cargo


def test_a_python_that_is_not_here_gets_a_wheel_from_the_table(run_light: Cratewheel) -> None:
    run = run_light("build", "--no-sdist", "-i", "3.15t", crate="light-module")
    assert run.wheel.name.startswith("light_module-1.2.3-cp315-cp315t-")
    assert ".cpython-315t-" in wheels.names(run.wheel)[-1]
    assert "Python CPython 3.15t is not on this machine: built from the table of known interpreters" in run.stderr


def test_bindings_that_ask_the_python_need_it_here(run_light: Cratewheel) -> None:
    run = run_light("build", "--no-sdist", "-i", "3.15t", crate="cffi-pure")
    assert "error: the interpreter `3.15t` was not found" in run.stderr
