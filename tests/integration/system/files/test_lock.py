"""One process at a time: tried with real processes."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cratewheel.system.files.lock import exclusive
from cratewheel.system.signals import Handlers, TerminatedError

HOLDER = """
import sys, time
from pathlib import Path
from cratewheel.system.files.lock import exclusive
with exclusive(Path(sys.argv[1]), on_wait=lambda: None):
    print("held", flush=True)
    sys.stdin.read()
"""


def unexpected() -> None:
    raise AssertionError("nobody else holds the lock")


def test_a_free_lock_is_had_at_once_and_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "lock"
    for _ in range(2):
        with exclusive(path, on_wait=unexpected):
            assert path.exists()


@pytest.mark.parametrize("end", ["regular", "killed"])
def test_a_second_process_waits_until_the_first_has_ended(tmp_path: Path, end: str) -> None:
    path = tmp_path / "lock"
    said: list[float] = []
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        release = threading.Timer(0.2, holder.kill if end == "killed" else holder.stdin.close)
        release.start()
        with exclusive(path, on_wait=lambda: said.append(time.monotonic())):
            had = time.monotonic()
        release.join()
    assert len(said) == 1
    assert had > said[0]


def test_a_signal_ends_the_wait_for_another_process(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        with (
            pytest.raises(TerminatedError),
            Handlers(),
            exclusive(path, on_wait=lambda: signal.raise_signal(signal.SIGTERM)),
        ):
            raise AssertionError("another process holds the lock")
        holder.kill()


def test_an_error_inside_frees_the_lock(tmp_path: Path) -> None:
    with pytest.raises(KeyError), exclusive(tmp_path / "lock", on_wait=unexpected):
        raise KeyError
    with exclusive(tmp_path / "lock", on_wait=unexpected):
        pass
