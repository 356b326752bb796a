"""How many cargo processes run at once, and with how many jobs; none is started."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from cratewheel.builder import parallel
from cratewheel.builder.parallel import ParallelScheduler
from cratewheel.builder.scheduling import BuildDirectory
from cratewheel.cargo import jobserver
from cratewheel.events import CallbackReporter


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows: 8 processors, and no jobserver."""
    monkeypatch.setattr(jobserver, "AVAILABLE", False)
    monkeypatch.setattr(parallel, "processors", lambda: 8)
    monkeypatch.setattr(parallel, "free_memory", lambda: None)


def directories(root: Path, *names: str, own: bool = True) -> list[BuildDirectory]:
    return [
        BuildDirectory(
            path=root / name,
            own=own,
            lock=root / f"{name}.lock",
            plain=root / "target",
            folders=("release",),
            packages=frozenset(),
            local=frozenset(),
            common=frozenset(),
        )
        for name in names
    ]


def jobs_together(scheduler: ParallelScheduler, *building: BuildDirectory) -> list[int | None]:
    """Return the jobs of builds that run at the same time."""
    with ExitStack() as stack:
        return [stack.enter_context(scheduler.acquire(one, CallbackReporter())).jobs for one in building]


def used(directory: BuildDirectory) -> BuildDirectory:
    (directory.path / "release" / ".fingerprint" / "one-0123456789abcdef").mkdir(parents=True)
    return directory


def test_builds_at_once_divide_the_jobs(tmp_path: Path) -> None:
    found = [used(one) for one in directories(tmp_path, "a", "b", "c")]
    scheduler = ParallelScheduler(found, jobs=8, configured=None, environ={})
    assert jobs_together(scheduler, *found) == [3, 3, 2]
    assert sorted(jobs or 0 for jobs in jobs_together(scheduler, *found)) == [2, 3, 3]  # they were given back


def test_the_first_has_all_jobs_while_the_others_wait_for_it(tmp_path: Path) -> None:
    first, *others = directories(tmp_path, "a", "b", "c")
    scheduler = ParallelScheduler([first, *others], jobs=None, configured="6", environ={})
    assert jobs_together(scheduler, first) == [6]
    assert jobs_together(scheduler, *others) == [2, 2]


@pytest.mark.parametrize("own", [True, False])
def test_a_build_that_another_does_not_wait_for_has_its_part(tmp_path: Path, own: bool) -> None:
    first, *_ = directories(tmp_path, "a")
    other = used(directories(tmp_path, "b", own=own)[0])
    scheduler = ParallelScheduler([first, other], jobs=8, configured=None, environ={})
    assert jobs_together(scheduler, first, other) == [4, 4]


def test_builds_in_one_directory_follow_each_other_with_all_jobs(tmp_path: Path) -> None:
    (only,) = directories(tmp_path, "a", own=False)
    scheduler = ParallelScheduler([only, only], jobs=3, configured=None, environ={})
    assert jobs_together(scheduler, only) == [3]
    assert jobs_together(scheduler, only) == [3]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has none")
def test_with_a_jobserver_no_build_has_a_number_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobserver, "AVAILABLE", True)
    found = [used(one) for one in directories(tmp_path, "a", "b")]
    scheduler = ParallelScheduler(found, jobs=4, configured=None, environ={})
    try:
        assert jobs_together(scheduler, *found) == [None, None]
    finally:
        scheduler.close()
