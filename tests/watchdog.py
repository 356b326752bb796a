"""A bound on time for what once never ended."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import pytest

_Result = TypeVar("_Result")


def within(seconds: float, work: Callable[[], _Result]) -> _Result:
    """Return the result of `work`; the test fails if it takes longer than a machine under load can need."""
    results: list[_Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001  # raised again by who waits
            errors.append(error)

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    worker.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        pytest.fail(f"not done after {seconds} seconds")
    return results[0]
