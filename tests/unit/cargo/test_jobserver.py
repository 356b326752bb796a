"""One allowance of jobs for several cargos, and make as the oracle that it is one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cargo_output import free_jobs
from cratewheel.cargo import jobserver
from cratewheel.cargo.jobserver import MEMORY_PER_BUILD, Jobserver, job_count, job_shares, parallel_builds
from cratewheel.system.tasks import task_group

pytestmark = pytest.mark.skipif(not jobserver.AVAILABLE, reason="Windows has semaphores for it")


def test_a_slot_takes_a_job_and_gives_it_back() -> None:
    server = Jobserver(2)
    try:
        with server.slot():
            assert free_jobs(server) == 1
            with server.slot():
                assert free_jobs(server) == 0
        assert free_jobs(server) == 2
    finally:
        server.close()


@pytest.mark.parametrize("jobs", [100_000, 2**31 - 1, 10**20])
def test_more_jobs_than_a_pipe_holds_do_not_wait_for_a_reader(jobs: int) -> None:
    server = Jobserver(jobs)
    try:
        assert free_jobs(server) == 4096
    finally:
        server.close()


def test_the_failure_of_another_task_ends_the_wait() -> None:
    server = Jobserver(1)

    def wait() -> None:
        with server.slot():
            raise AssertionError("there is no second job")

    def fail() -> None:
        raise LookupError

    try:
        with server.slot(), task_group() as group:
            waiting = group.start(wait)
            group.start(fail)
            with pytest.raises(LookupError):
                waiting.result()
        assert free_jobs(server) == 1
    finally:
        server.close()


def test_a_slot_is_given_back_after_a_failure() -> None:
    server = Jobserver(1)
    try:
        with pytest.raises(LookupError), server.slot():
            raise LookupError
        assert free_jobs(server) == 1
    finally:
        server.close()


@pytest.mark.parametrize(
    ("asked", "configured", "expected"),
    [
        (None, None, 5),
        (3, "2", 3),
        (None, "2", 2),
        (None, 2, 2),
        (None, -3, 1),
        (None, "-9", 1),
        (None, "default", 5),
    ],
)
def test_how_many_jobs_there_are(asked: int | None, configured: int | str | None, expected: int) -> None:
    assert jobserver.job_count(asked, configured, processors=4) == expected


@pytest.mark.parametrize(("memory", "expected"), [(None, 4), (64 << 30, 4), (5 << 30, 2), (1 << 30, 1)])
def test_no_more_cargos_run_than_memory_bears(memory: int | None, expected: int) -> None:
    assert jobserver.parallel_builds(4, memory) == expected


@pytest.mark.parametrize(
    "flags",
    [
        "",
        "-j4",
        "-j4 --jobserver-auth=-2,-2",
        "--jobserver-auth=fifo:/nowhere/fifo",
        f"--jobserver-auth={'9' * 5000},3",
    ],
    ids=range(5),
)
def test_there_is_no_jobserver_above_us(flags: str) -> None:
    assert not jobserver.is_inherited({"MAKEFLAGS": flags})


@pytest.mark.parametrize("flags", ["MAKEFLAGS= -j --jobserver-auth=R,W", "CARGO_MAKEFLAGS=-j --jobserver-fds=R,W"])
def test_a_jobserver_above_us_counts_while_it_is_open(flags: str) -> None:
    read, write = os.pipe()
    name, _, value = flags.replace("R,W", f"{read},{write}").partition("=")
    assert jobserver.is_inherited({name: value})
    for descriptor in (read, write):
        os.close(descriptor)
    assert not jobserver.is_inherited({name: value})


def test_a_jobserver_above_us_may_have_a_name(tmp_path: Path) -> None:
    environ = {"MAKEFLAGS": f"-j4 --jobserver-auth=fifo:{tmp_path}/fifo"}
    os.mkfifo(tmp_path / "fifo")
    assert jobserver.is_inherited(environ)
    (tmp_path / "fifo").unlink()
    (tmp_path / "fifo").write_text("")
    assert not jobserver.is_inherited(environ)


@pytest.mark.parametrize(
    ("asked", "configured", "expected"),
    [
        (None, None, 9), (3, "5", 3), (1, None, 1), (0, None, 8), (-1, None, 7), (-8, None, 1), (-20, None, 1),
        (None, "5", 5), (None, 2, 2), (None, "0", 8), (None, "-3", 5), (None, "default", 9), (None, "99999", 99999),
        (None, "999999", 9),
    ],
)  # fmt: skip
def test_jobs_are_counted_as_cargo_does(asked: int | None, configured: int | str | None, expected: int) -> None:
    assert job_count(asked, configured, 8) == expected


@pytest.mark.parametrize(
    ("number", "memory", "expected"),
    [
        (8, None, 8),
        (8, 0, 1),
        (8, 2 * MEMORY_PER_BUILD - 1, 1),
        (8, 2 * MEMORY_PER_BUILD, 2),
        (2, 1 << 50, 2),
        (0, None, 1),
    ],
)
def test_as_many_cargos_run_as_memory_has_room_for(number: int, memory: int | None, expected: int) -> None:
    assert parallel_builds(number, memory) == expected


@pytest.mark.parametrize(
    ("jobs", "builds", "memory", "expected"),
    [
        (9, 1, None, (9,)),
        (9, 3, None, (3, 3, 3)),
        (8, 3, None, (3, 3, 2)),
        (2, 5, None, (1, 1)),
        (1, 5, None, (1,)),
        (8, 3, 2 * MEMORY_PER_BUILD, (4, 4)),
        (8, 3, 0, (8,)),
        (8, 0, None, (8,)),
    ],
)
def test_jobs_are_divided_among_the_cargos_that_run_at_once(
    jobs: int, builds: int, memory: int | None, expected: tuple[int, ...]
) -> None:
    assert job_shares(jobs, builds, memory) == expected
