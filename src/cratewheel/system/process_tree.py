"""Finds the processes that a program has started, so that all of them can be ended.

A signal goes to one process: when cargo is ended, its compilers and build scripts keep running. They are found by
their parent, and by a variable in their environment once their parent has ended.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VARIABLE = "CRATEWHEEL_STARTED"  # has a different value for each program
LOOKS = 30  # at whether all have stopped; what starts another by vfork(2) stops when that runs

# For sh, also that of macOS: reads a line for each program that the process $0 of the session $1 has started, and one
# with a minus when that has ended. Once its stdin is closed without `done`, it kills those programs and what they have
# started. Each is stopped first, so that it starts nothing more. Where there is /proc, what has left its parents is
# found by the variable; that is repeated for what was being started meanwhile.
WATCHER = f"""
trap '' HUP INT QUIT TERM
started=' '
while read -r line; do
  number=" ${{line#-}} "
  case $line in
    done) exit ;;
    -*) started="${{started%%$number*}} ${{started#*$number}}" ;;
    *) started="$started$line " ;;
  esac
done
session() {{ read -r content <"/proc/$1/stat" && set -- ${{content##*) }} && echo "$4"; }}
parents() {{
  if [ -d /proc/self ]; then
    for folder in /proc/[0-9]*; do
      pid=${{folder#/proc/}}
      read -r content <"$folder/stat" && set -- ${{content##*) }} && echo "$pid $2"
    done
  else
    ps -A -o pid= -o ppid=
  fi
}}
children() {{
  parents | while read -r pid parent; do
    case $started in
      *" $pid "*) ;;
      *" $parent "*) printf '%s ' "$pid" ;;
    esac
  done
}}
running() {{
  for pid in $started; do
    if [ -d /proc/self ]; then
      read -r content <"/proc/$pid/stat" && set -- ${{content##*) }} && echo "$1"
    else
      ps -o stat= -p "$pid"
    fi
  done | grep -q '^[RSDIU]'
}}
before=
while [ "$started" != "$before" ]; do
  before=$started
  kill -s STOP $started
  # one that waits for a processor may be about to start another
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    running || break
    sleep 0.1
  done
  started=$started$(children)
done
kill -s KILL $started
for _ in 1 2 3 4 5; do
  for folder in /proc/[0-9]*; do
    pid=${{folder#/proc/}}
    if grep -qs "{VARIABLE}=$0-" "$folder/environ" && [ "$(session "$pid")" = "$1" ]; then
      kill -s KILL "$pid"
    fi
  done
  [ -d /proc/self ] || exit
  sleep 0.2
done
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A running process: its parent, and its start time, because process numbers are reused."""

    parent: int
    started: str
    ended: bool = False
    stopped: bool = False


class ProcessTree:
    """A program, a `subprocess.Popen`, and what it has started; `mark` is in the environment of each.

    `list_processes` returns all processes by number. What was seen once is known also when its parent has ended.
    """

    def __init__(self, child: Any, mark: str, list_processes: Callable[[], dict[int, Process]]) -> None:
        self._child = child
        self._mark = mark
        self._list = list_processes
        self._known: dict[int, Process] = {}

    def running(self) -> dict[int, Process]:
        """Return the running processes, parents first."""
        processes = self._list()
        # its parent is another one when that has ended
        known = [pid for pid, one in self._known.items() if pid in processes and processes[pid].started == one.started]
        if self._child.poll() is None:
            known.insert(0, self._child.pid)
            # where processes cannot be listed, it cannot be seen to stop either
            processes.setdefault(self._child.pid, Process(parent=os.getpid(), started="", stopped=True))
        self._known = {pid: processes[pid] for pid in find_descendants(processes, known, self._mark)}
        return self._known

    def signal(self, number: int, *, but: Collection[int] = ()) -> Iterable[int]:
        """Send a signal to the running processes that are not among `but`, and return them.

        All are stopped before, until no new one is found: one that is started in that moment, with an emptied
        environment, would not be found any more when its parent has ended.
        """
        found: dict[int, Process] = {}
        all_stopped = False
        try:
            for look in range(LOOKS):
                found = {pid: process for pid, process in self.running().items() if pid not in but}
                moving = [pid for pid, process in found.items() if not process.stopped]
                if all_stopped and not moving:
                    break
                all_stopped = not moving  # but perhaps not yet when the first of them was listed
                _send(signal.SIGSTOP, moving)
                time.sleep(min(look, 20) / 1000)
            _send(number, found)
        finally:
            _send(signal.SIGCONT, found)
        return found


def _send(number: int, pids: Iterable[int]) -> None:
    for pid in pids:
        with suppress(OSError):  # it has ended, or belongs to another user
            os.kill(pid, number)


def read_proc() -> dict[int, Process] | None:
    """Return all processes by number from /proc; None where there is no /proc."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            # proc_pid_stat(5): the name in parentheses may hold anything; behind it are the state, the parent …
            fields = stat.read_bytes().rpartition(b")")[2].decode("ascii").split()
            found[int(stat.parent.name)] = _process(parent=fields[1], state=fields[0], started=fields[19])
    return found or None


def parse_ps(answer: str) -> dict[int, Process]:
    """Return all processes by number from the output of `ps -A -o pid= -o ppid= -o stat= -o lstart=`.

    >>> parse_ps("  7     1 Ss   Thu Jan  1 00:00:00 1970")
    {7: Process(parent=1, started='Thu Jan  1 00:00:00 1970', ended=False, stopped=False)}
    """
    lines = (line.split(None, 3) for line in answer.splitlines())
    return {
        int(fields[0]): _process(parent=fields[1], state=fields[2], started=fields[3])
        for fields in lines
        if len(fields) == 4
    }


def _process(*, parent: str, state: str, started: str) -> Process:
    return Process(parent=int(parent), started=started, ended=state[0] in "ZX", stopped=state[0] in "Tt")


def find_descendants(processes: Mapping[int, Process], known: Iterable[int], mark: str) -> list[int]:
    """Return the running processes among `known`, their descendants (parents first), and those with the `mark`.

    A process with the mark in another session is a server that other programs use too, such as sccache's: it counts
    only while its parents run.
    """
    children: dict[int, list[int]] = {}
    for pid, process in processes.items():
        children.setdefault(process.parent, []).append(pid)
    found = dict.fromkeys(pid for pid in known if pid in processes)
    found.update(dict.fromkeys(_marked(processes, found, mark)))
    waiting = list(found)
    while waiting:
        below = [pid for pid in children.get(waiting.pop(), ()) if pid not in found]
        found.update(dict.fromkeys(below))
        waiting += below
    return [pid for pid in found if not processes[pid].ended]


def _marked(processes: Iterable[int], known: Collection[int], mark: str) -> Iterable[int]:
    wanted = f"{VARIABLE}={mark}".encode()
    for pid in processes:
        if pid not in known:
            with suppress(OSError):  # it has ended, or it belongs to another user
                if os.getsid(pid) == os.getsid(0) and wanted in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                    yield pid
