"""Schedules parallel wheel builds.

Only one build runs per build directory; in total, as many as CPU and memory allow. Of the wheels with build directories
of their own, the first one leads: the others wait until it has compiled the crates common to all, and copy
them. So no common crate is compiled twice, and the others are compiled in parallel.

The cargo processes share one limit of jobs by a jobserver. Windows has none here: each gets a part of the jobs, and the
first one all of them while the others wait for it.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from cratewheel.builder.scheduling import BuildDirectory, CompileSlot, Scheduler, lock_directory
from cratewheel.cargo import build_cache as target_dir
from cratewheel.cargo import jobserver
from cratewheel.cargo.build_cache import CopyResult, UnitTracker
from cratewheel.cargo.jobserver import Jobserver
from cratewheel.events import Reporter
from cratewheel.system.machine import free_memory, processors
from cratewheel.system.tasks import POLL_INTERVAL, check_cancelled
from cratewheel.ui import format_size


class _Leader:
    """The first of the wheels that share all crates but those that depend on the interpreter."""

    def __init__(self, directory: BuildDirectory) -> None:
        self.directory = directory
        self.ready = threading.Event()
        self.followed = UnitTracker(directory.path, directory.common, self.ready.set)


class ParallelScheduler(Scheduler):
    """Scheduler for several wheels; close it when all have been compiled.

    `jobs` is the number of parallel jobs from `--jobs`; `configured` that of cargo's configuration.
    """

    def __init__(
        self,
        directories: Sequence[BuildDirectory],
        *,
        jobs: int | None,
        configured: int | str | None,
        environ: Mapping[str, str],
    ) -> None:
        self._allowed = jobserver.job_count(jobs, configured, processors())
        memory = free_memory()
        inherited = jobserver.is_inherited(environ)  # under make, use only the job that make gave us
        self._jobserver = Jobserver(self._allowed) if jobserver.AVAILABLE and not inherited else None
        shares: tuple[int | None, ...] = (None,)
        if self._jobserver is not None:
            shares = (None,) * jobserver.parallel_builds(self._allowed, memory)
        elif not inherited:
            shares = jobserver.job_shares(self._allowed, len({directory.path for directory in directories}), memory)
        self._shares: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        for share in shares:
            self._shares.put(share)
        self._directories = tuple(directories)
        self._locks = {directory.path: threading.Lock() for directory in directories}
        self._leaders: dict[tuple[str, ...], _Leader] = {}
        for directory in directories:
            if directory.own:
                self._leaders.setdefault(directory.folders, _Leader(directory))

    def close(self) -> None:
        """Close the jobserver."""
        if self._jobserver is not None:
            self._jobserver.close()

    @contextmanager
    def acquire(self, directory: BuildDirectory, reporter: Reporter) -> Iterator[CompileSlot]:
        """Wait until the directory is free and filled, and lock it for the block."""
        leader = self._leaders.get(directory.folders) if directory.own else None
        leads = leader is not None and leader.directory == directory
        try:
            if leader is not None and not leads and target_dir.is_empty(directory.path, directory.folders):
                _wait_for(leader)  # before locking: another process may hold the lock while it waits for its own leader
            with ExitStack() as stack:
                stack.enter_context(_holding(self._locks[directory.path].acquire, self._locks[directory.path].release))
                stack.enter_context(lock_directory(directory, reporter))
                if leads:
                    siblings = [path for path in directory.path.parent.iterdir() if path.is_dir() and not path.suffix]
                    # another copy of the project may have compiled its own crates there
                    shared = replace(directory, packages=directory.packages - directory.local)
                    fill(shared, (directory.plain, *sorted(siblings)), reporter)
                elif leader is not None:
                    _follow(leader, directory, reporter)
                share = stack.enter_context(self._share())
                reporter.phase("compiling")
                if self._jobserver is None:
                    yield CompileSlot(
                        jobs=share and (self._allowed if leads and self._all_wait_for(directory) else share),
                        on_message=leader.followed.add_message if leader and leads else None,
                    )
                    return
                stack.enter_context(self._jobserver.slot())
                yield CompileSlot(
                    variables=self._jobserver.variables,
                    descriptors=self._jobserver.descriptors,
                    on_message=leader.followed.add_message if leader and leads else None,
                )
        finally:
            if leader is not None and leads:
                leader.ready.set()  # it reports nothing more after this

    @contextmanager
    def _share(self) -> Iterator[int | None]:
        """Hold the right to run one cargo, and yield the number of its jobs if it has no jobserver."""
        while True:
            check_cancelled()
            with suppress(queue.Empty):
                share = self._shares.get(timeout=POLL_INTERVAL)
                break
        try:
            yield share
        finally:
            self._shares.put(share)

    def _all_wait_for(self, leading: BuildDirectory) -> bool:
        """Return whether all others start with what is compiled in `leading`."""
        return all(
            other.own and other.folders == leading.folders and target_dir.is_empty(other.path, other.folders)
            for other in self._directories
            if other.path != leading.path
        )


@contextmanager
def _holding(acquire: Callable[..., bool], release: Callable[[], None]) -> Iterator[None]:
    while not acquire(timeout=POLL_INTERVAL):
        check_cancelled()
    try:
        yield
    finally:
        release()


def fill(directory: BuildDirectory, sources: Iterable[Path], reporter: Reporter) -> None:
    """Fill a new build directory from the fullest of others."""
    if directory.path.exists():
        return
    with suppress(OSError):  # being cleaned, or the disk is full: cargo compiles what is missing, or reports the error
        copied = target_dir.seed(directory.path, sources, directory.folders, directory.packages)
        if copied is not None:
            _report_copied(copied, directory, reporter)


def _wait_for(leader: _Leader) -> None:
    """Wait until the leader has compiled the common crates."""
    while not leader.ready.wait(POLL_INTERVAL):
        check_cancelled()
    check_cancelled()


def _follow(leader: _Leader, directory: BuildDirectory, reporter: Reporter) -> None:
    """Copy the common crates, if the directory is new."""
    if leader.ready.is_set() and target_dir.is_empty(directory.path, directory.folders):
        with suppress(OSError):  # as above
            copied = leader.followed.copy_to(directory.path)
            if copied.units:
                _report_copied(copied, directory, reporter)


def _report_copied(copied: CopyResult, directory: BuildDirectory, reporter: Reporter) -> None:
    reporter.step("Copied", f"{copied.units} compiled units ({format_size(copied.size)}) to {directory.path}")
