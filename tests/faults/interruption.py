"""Programs of ours that get a signal at some moment: what they leave, and whether they end at all."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

PATIENCE = 60.0  # seconds after which a run hangs; the longest wait of ours, for a deaf program, is a tenth of it
MOMENT = 0.5  # seconds that it takes to be killed
# run by Python when it has started: before that, a signal is its own affair
CUSTOM = """
import faulthandler, os, signal
faulthandler.register(signal.SIGUSR1, all_threads=True)
if os.environ.pop("STARTED", ""):
    open(os.path.join(os.path.dirname(__file__), "started"), "w").close()
"""
COMMAND = (sys.executable, "-c", "from cratewheel.__main__ import program; program()")  # as the installed script
# a shell has its background jobs ignore SIGINT, and what is ignored stays so
HEEDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a program ended, and how many seconds after Python had started.

    `running` are the processes of its session that have outlived it.
    """

    status: int
    stdout: str
    stderr: str
    seconds: float
    running: tuple[str, ...]


class HangError(AssertionError):
    """A program did not end; the message has the stacks of its threads."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A signal, so many seconds after Python has started: to the program alone, or to its group as a terminal does."""

    after: float
    number: signal.Signals
    group: bool = False


def run(
    argv: Sequence[str | Path],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    folder: Path,
    stops: Sequence[Stop] = (),
    begun: Path | None = None,
) -> Ended:
    """Run a program in a session of its own, with the signals of `stops`, and return how it ended.

    `folder` is for what it prints. With `begun`, time counts from when that file is there. Raises `HangError`, with all
    stacks of a Python program, if it does not end.
    """
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(CUSTOM, encoding="utf-8")
    (folder / "started").unlink(missing_ok=True)
    path = os.pathsep.join(filter(None, (str(folder), environ.get("PYTHONPATH"))))
    out, err = folder / "stdout", folder / "stderr"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        child = subprocess.Popen(
            argv, cwd=cwd, env={**environ, "PYTHONPATH": path, "STARTED": "1"}, stdin=subprocess.DEVNULL,
            stdout=stdout, stderr=stderr,
            start_new_session=True, preexec_fn=_heed,  # noqa: PLW1509  # no other thread runs here
        )  # fmt: skip
        while not (begun or folder / "started").exists():
            assert child.poll() is None, err.read_text(encoding="utf-8")
            time.sleep(0.001)
        started = time.monotonic()
        try:
            for stop in stops:
                time.sleep(max(0.0, started + stop.after - time.monotonic()))
                if child.poll() is None:
                    os.killpg(child.pid, stop.number) if stop.group else child.send_signal(stop.number)
            child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGUSR1)
            time.sleep(1)
            raise HangError(f"{stops}\n{err.read_text(encoding='utf-8')}") from None
        finally:
            seconds = time.monotonic() - started
            # a shell of ours ends what is left of a program that was killed, on a busy machine not at once
            killed = any(stop.number == signal.SIGKILL for stop in stops)
            running = outliving(child.pid, PATIENCE if killed else MOMENT)
            end_session(child.pid)
            child.wait()
    said = {name: path.read_text(encoding="utf-8") for name, path in (("stdout", out), ("stderr", err))}
    return Ended(status=child.returncode, seconds=seconds, running=running, **said)


def _heed() -> None:
    for number in HEEDED:
        signal.signal(number, signal.SIG_DFL)


def session(leader: int) -> dict[int, str]:
    """Return the processes of a session that are alive, with their command lines."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, number = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:4]
            words = (stat.parent / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:  # it has ended meanwhile
            continue
        if int(number) == leader and state != "Z":
            found[int(stat.parent.name)] = " ".join(words)
    return found


def outliving(leader: int, patience: float) -> tuple[str, ...]:
    """Return what of a session is alive when its leader has ended, and stays so: to be killed takes a moment."""
    until = time.monotonic() + patience
    while (found := session(leader)) and time.monotonic() < until:
        time.sleep(0.01)
    return tuple(found.values())


def end_session(leader: int) -> None:
    """Kill whatever is left of a session."""
    for pid in session(leader):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
