"""Several works at once: their results, and how the first failure ends the rest."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from functools import partial

import pytest

from cratewheel.errors import CompileError
from cratewheel.system.command import Command, capture
from cratewheel.system.tasks import CancelledError, check_cancelled, task_group

SLEEP = Command(argv=(sys.executable, "-c", "import time; time.sleep(60)"))


def sleep() -> None:
    if capture(SLEEP, os.environ).status:
        raise CompileError("it was ended")


def meet(meeting: threading.Barrier, name: str) -> str:
    meeting.wait()
    return name


def fail() -> None:
    raise CompileError("it does not compile")


def test_works_run_at_once_and_their_results_come_in_any_order() -> None:
    meeting = threading.Barrier(2, timeout=10)
    with task_group() as group:
        tasks = [group.start(partial(meet, meeting, name)) for name in ("one", "other")]
        assert [task.result() for task in reversed(tasks)] == ["other", "one"]
    assert all(task.done for task in tasks)


def test_a_failure_ends_the_programs_of_the_others_and_is_what_everybody_gets() -> None:
    awake = []

    def sleep_to_the_end() -> None:
        sleep()
        awake.append("it was not ended")

    with task_group() as group:
        sleeping = group.start(sleep_to_the_end)
        time.sleep(0.3)
        failing = group.start(fail)
        for task in (failing, sleeping):
            with pytest.raises(CompileError, match="it does not compile"):
                task.result()
    assert awake == []


def test_what_has_not_begun_when_another_failed_is_not_begun() -> None:
    with task_group() as group:
        group.start(fail).wait()
        with pytest.raises(CompileError):
            group.start(sleep).result()


def test_an_interruption_ends_the_programs() -> None:
    sleeping = []

    def interrupted() -> None:
        with task_group() as group:
            sleeping.append(group.start(sleep))
            time.sleep(0.3)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with pytest.raises(CancelledError):
        sleeping[0].result()


def test_a_task_that_waits_can_ask_whether_it_was_cancelled() -> None:
    def wait() -> None:
        while True:
            check_cancelled()
            time.sleep(0.01)

    check_cancelled()  # no task of a group: always
    with task_group() as group:
        waiting = group.start(wait)
        group.start(fail)
        with pytest.raises(CompileError):
            waiting.result()


INTERRUPTED = """
import os, signal, sys, threading, time
from cratewheel.system.tasks import task_group

def work():
    time.sleep(1)
    print("the work has ended", flush=True)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has its background jobs ignore it
threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    with task_group() as group:
        group.start(work).result()
except KeyboardInterrupt:
    print("interrupted", flush=True)
    os._exit(0)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT to send")
def test_whoever_is_interrupted_while_waiting_waits_for_the_work_to_end() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=True)
    assert done.stdout == "the work has ended\ninterrupted\n"
