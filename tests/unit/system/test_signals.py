"""Signals: noted when they come, raised where the work may stop."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from cratewheel.system import signals as interrupts
from cratewheel.system.signals import Callback, Handlers, RaiseImmediately, TerminatedError

if os.name == "nt":
    pytest.skip("there, a process cannot send itself these signals", allow_module_level=True)

ALL = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]


@pytest.fixture(autouse=True)
def heeded() -> Iterator[None]:
    """Signals as a program in the foreground has them: one in the background, or below nohup, ignores some."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in ALL}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def stopped(work: Callable[[], object]) -> TerminatedError:
    """Return what ends some work that gets a signal."""
    with pytest.raises(TerminatedError) as caught, Handlers():
        work()
    return caught.value


@pytest.mark.parametrize("number", ALL, ids=lambda number: number.name)
def test_a_signal_raises_where_it_is_asked_for_and_nowhere_else(number: signal.Signals) -> None:
    steps = []

    def work() -> None:
        signal.raise_signal(number)
        steps.append("goes on")
        interrupts.check()
        steps.append("never")

    assert stopped(work).exit_status == 128 + number
    assert steps == ["goes on"]
    interrupts.check()  # and it is forgotten


def test_ctrl_c_that_has_ended_a_program_of_windows_may_come_later() -> None:
    def work() -> None:
        later = threading.Timer(0.05, signal.raise_signal, [signal.SIGINT])
        later.start()
        interrupts.await_console(interrupts.CONTROL_C_EXIT)
        interrupts.check()

    assert stopped(work).exit_status == 130


@pytest.mark.parametrize("status", [None, 0, 1, 101, -2, 130])
def test_no_other_status_is_waited_for(status: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cratewheel.system.signals.time.sleep", lambda seconds: pytest.fail("waits"))  # noqa: ARG005
    with Handlers():
        interrupts.await_console(status)


def test_the_first_signal_counts_and_whoever_does_not_ask_hears_of_it_in_the_end() -> None:
    def work() -> None:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)

    assert stopped(work).number == signal.SIGTERM


def test_an_error_that_a_signal_has_caused_is_not_what_is_told() -> None:
    def work() -> None:
        signal.raise_signal(signal.SIGTERM)
        raise OSError("the program ended")

    assert str(stopped(work).__cause__) == "the program ended"


def test_the_handlers_of_before_come_back() -> None:
    before = {number: signal.getsignal(number) for number in ALL}
    with Handlers():
        assert all(signal.getsignal(number) != handler for number, handler in before.items())
    assert {number: signal.getsignal(number) for number in ALL} == before


def test_what_is_ignored_stays_ignored_as_nohup_wants_it() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Handlers():
            signal.raise_signal(signal.SIGHUP)
            interrupts.check()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_outer_of_two_contexts_has_the_signal() -> None:
    def inner() -> None:
        with Handlers():
            signal.raise_signal(signal.SIGTERM)
        assert interrupts.is_active()

    with pytest.raises(TerminatedError), Handlers():
        inner()
    assert not interrupts.is_active()


def test_another_thread_leaves_the_handlers_alone() -> None:
    found = []

    def look() -> None:
        with Handlers():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGTERM)]


def test_callbacks_are_called_while_the_main_thread_holds_what_they_need() -> None:
    lock, called = threading.Lock(), threading.Event()

    def call() -> None:
        with lock:
            called.set()

    def work() -> None:
        with Callback(call):
            with lock:
                signal.raise_signal(signal.SIGTERM)
                assert not called.is_set()
            assert called.wait(30)

    stopped(work)


def test_work_of_others_is_left_at_once() -> None:
    steps = []

    def work() -> None:
        with RaiseImmediately():
            signal.raise_signal(signal.SIGTERM)
            steps.append("never")

    stopped(work)
    assert steps == []


def test_a_second_signal_insists_unless_it_is_an_echo(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []

    def work() -> None:
        signal.raise_signal(signal.SIGINT)
        found.append(interrupts.is_repeated())
        signal.raise_signal(signal.SIGTERM)
        found.append(interrupts.is_repeated())

    for seconds in (0, 100):
        monkeypatch.setattr(interrupts, "REPEAT_AFTER", seconds)
        stopped(work)
    assert found == [False, True, False, False]


def test_who_asks_again_after_a_while_gets_what_would_have_been_without_us(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(interrupts, "FORCE_AFTER", 0)
    steps = []

    def stubborn() -> None:
        signal.raise_signal(signal.SIGINT)
        steps.append("goes on")
        signal.raise_signal(signal.SIGINT)
        steps.append("never")

    assert type(stopped(stubborn).__cause__) is KeyboardInterrupt
    assert steps == ["goes on"]
