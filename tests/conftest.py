"""What holds for all tests."""

from __future__ import annotations

import gc
import os
import sys

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is, and nothing about us.
# On Windows, and under wine most of all, files are slow to write.
settings.register_profile("cratewheel", deadline=None, max_examples=5 if os.name == "nt" else 30)
settings.load_profile("cratewheel")

# Where this is set, each of the thousands of programs that the tests start would compile all its modules again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# The thousands of tests that are collected stay until the end, and to look for garbage among them takes long.
gc.disable()

LONGEST_FIRST = ("cross", "faults", "parity", "integration")  # the short ones keep all processes busy until the end


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out long tests, unless they are asked for.

    Where several processes test, have what takes longest begun first: groups, and then the slow folders.
    """
    if not os.environ.get("CRATEWHEEL_TEST_LONG"):
        for item in items:
            if item.get_closest_marker("long") is not None:
                item.add_marker(pytest.mark.skip(reason="it takes long: set CRATEWHEEL_TEST_LONG=1"))
    if os.environ.get("PYTEST_XDIST_WORKER"):
        items.sort(key=lambda item: _turn(item, config))


def pytest_collection_finish() -> None:
    """Look for garbage in what the tests make from now on."""
    if hasattr(gc, "freeze"):  # PyPy has none
        gc.freeze()
    gc.enable()


def _turn(item: pytest.Item, config: pytest.Config) -> int:
    if item.get_closest_marker("xdist_group") is not None:
        return 0
    folder = item.path.relative_to(config.rootpath / "tests").parts[0]
    return 1 + LONGEST_FIRST.index(folder) if folder in LONGEST_FIRST else 1 + len(LONGEST_FIRST)
