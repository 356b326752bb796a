from __future__ import annotations

import os
import signal
import sys
import threading

import pytest

from cratewheel.system import frontend

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there the number of the parent stays the same")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Have the parent end at once, and return the signals that are sent."""
    parents = iter([17])
    monkeypatch.setattr(frontend, "INTERVAL", 0.001)
    monkeypatch.setattr(os, "getppid", lambda: next(parents, 1))
    found: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda *signal: found.append(signal))
    return found


def _wait_for_the_watch() -> None:
    for thread in threading.enumerate():
        if thread.name == frontend.THREAD:
            thread.join()


@pytest.mark.parametrize(
    ("script", "unread", "ends"),
    [
        ("/x/pip/_vendor/pyproject_hooks/_in_process/_in_process.py", False, True),
        ("-c", True, True),
        ("-c", False, False),
    ],
)
def test_a_process_ends_with_its_parent_only_where_that_was_a_frontend(
    monkeypatch: pytest.MonkeyPatch, sent: list[tuple[int, int]], script: str, unread: bool, ends: bool
) -> None:
    monkeypatch.setattr(sys, "argv", [script])
    monkeypatch.setattr(frontend, "is_unread", lambda descriptor: unread and descriptor == 2)
    with frontend.end_with_frontend():
        _wait_for_the_watch()
    assert sent == ([(os.getpid(), signal.SIGTERM)] if ends else [])


def test_after_the_block_nothing_is_watched(sent: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontend, "INTERVAL", 60)
    with frontend.end_with_frontend():
        pass
    _wait_for_the_watch()
    assert sent == []


def test_a_pipe_is_unread_once_its_reader_has_ended() -> None:
    reading, writing = os.pipe()
    assert not frontend.is_unread(writing)
    os.close(reading)
    assert frontend.is_unread(writing)
    os.close(writing)
