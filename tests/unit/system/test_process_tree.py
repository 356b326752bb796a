"""Who belongs to a program: by its parents, and by a variable."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cratewheel.system.process_tree import Process, find_descendants, parse_ps, read_proc

has_sessions = pytest.mark.skipif(not hasattr(os, "getsid"), reason="Windows has no sessions; `taskkill` finds them")


def process(parent: int, *, ended: bool = False) -> Process:
    return Process(parent=parent, started="1", ended=ended)


@has_sessions
def test_a_family_is_what_the_elders_have_started_and_what_that_has_started() -> None:
    processes = {1: process(0), 5: process(1), 6: process(5), 7: process(6), 8: process(1), 9: process(5, ended=True)}
    assert find_descendants(processes, [5], "none") == [5, 6, 7]


@has_sessions
def test_an_elder_that_has_ended_is_none() -> None:
    assert find_descendants({1: process(0), 6: process(1)}, [5], "none") == []


@pytest.mark.skipif(os.name == "nt" or not Path("/proc/self/stat").exists(), reason="there is no /proc")
def test_the_processes_of_this_machine() -> None:
    found = read_proc()
    assert found is not None
    assert found[os.getpid()].parent == os.getppid()
    assert (found[os.getpid()].ended, found[os.getpid()].stopped) == (False, False)


def test_processes_as_ps_tells_them() -> None:
    said = (
        "    1     0 Ss   Thu Nov 26 16:03:00 2026\n   12     1 Z+   Thu Nov 26 16:03:05 2026\n"
        "   13     1 T    Thu Nov 26 16:03:07 2026\n\n"
    )
    assert parse_ps(said) == {
        1: Process(parent=0, started="Thu Nov 26 16:03:00 2026"),
        12: Process(parent=1, started="Thu Nov 26 16:03:05 2026", ended=True),
        13: Process(parent=1, started="Thu Nov 26 16:03:07 2026", stopped=True),
    }
