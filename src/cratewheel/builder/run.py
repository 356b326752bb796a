"""Carries out plans: builds all archives in order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING

from cratewheel.builder.checks import check_before_compiling
from cratewheel.builder.parallel import ParallelScheduler
from cratewheel.builder.session import Session
from cratewheel.builder.source_date import warn_invalid_epoch
from cratewheel.builder.wheel import build_wheel, report_building, run_hooks
from cratewheel.cargo import config as cargo_config
from cratewheel.cargo.command import config_values
from cratewheel.events import BuiltArchive
from cratewheel.planning.model import WheelPlan
from cratewheel.planning.pgo import compiled_wheels
from cratewheel.planning.wheels import directory_name
from cratewheel.project.inputs import gather_sdist_of
from cratewheel.system.tasks import Task, task_group

if TYPE_CHECKING:
    from cratewheel.builder.sdist import PackedSdist


def run(sessions: Sequence[Session]) -> tuple[BuiltArchive, ...]:
    """Build all archives of the plans, one plan per target, and return them; each is reported when it is finished.

    Raises `CompileError`, `AuditError` and other errors; archives finished before are kept.
    """
    for session in sessions:
        for warning in session.plan.warnings:
            session.reporter.warn(warning)
        warn_invalid_epoch(session.environ, session.reporter)
    sessions = _each_once([check_before_compiling(one) if one.plan.wheels else one for one in sessions])
    sdists = [_build_sdist(session) for session in sessions if session.plan.sdist]
    wheels = [built for batch in _batches(sessions) for built in _build_wheels(batch)]
    if sdists and wheels:
        from cratewheel.builder.read_sources import warn_of_unpacked_sources

        warn_of_unpacked_sources(sessions, sdists[0].files)
    # those without Rust that stand for several are one file
    return (*(sdist.archive for sdist in sdists), *{built.path: built for built in wheels}.values())


def _build_sdist(session: Session) -> PackedSdist:
    """Build the sdist of a session, after the hooks of its wheels."""
    from cratewheel.builder.sdist import build_sdist

    if session.plan.wheels:
        run_hooks(session, session.plan.wheels[0])  # for the wheels, so that they run once
    environ, reporter = session.environ, session.reporter
    inputs = gather_sdist_of(
        session.inputs.project,
        session.inputs.options,
        environ=environ,
        reporter=reporter,
        metadata=session.sdist_metadata,
    )
    return build_sdist(inputs, session.plan.out, environ=environ, reporter=reporter, hook_runs=session.hook_runs)


def _each_once(sessions: Sequence[Session]) -> list[Session]:
    """Return the sessions, where the wheel of the Python part, which is the same for all targets, is built once."""
    pure = [session for session in sessions if session.inputs.pure]
    return [replace(one, plan=replace(one.plan, wheels=())) if one in pure[1:] else one for one in sessions]


def _batches(sessions: Sequence[Session]) -> Iterator[list[tuple[Session, WheelPlan]]]:
    """Yield the wheels that are built side by side: all, but where hooks make other sources for each of them."""
    jobs = [(session, wheel) for session in sessions for wheel in session.plan.wheels]
    hooks = [hook for session in sessions[:1] for hook in session.inputs.options.hooks if hook.when != "sdist"]
    if any(hook.per == "wheel" for hook in hooks):
        yield from ([job] for job in jobs)
    elif hooks:
        yield from ([(session, wheel) for wheel in session.plan.wheels] for session in sessions)
    else:
        yield jobs


def _build_wheels(jobs: Sequence[tuple[Session, WheelPlan]]) -> tuple[BuiltArchive, ...]:
    """Build wheels in parallel, and report them in the order of the plan; the first failure cancels the others."""
    if len(jobs) == 1:
        ((session, wheel),) = jobs
        return (_report(session, build_wheel(session, wheel)),)
    if not jobs:
        return ()
    first = next((session for session, _ in jobs if not session.inputs.pure), jobs[0][0])
    options = first.inputs.options
    scheduler = ParallelScheduler(
        [session.build_directory(one) for session, wheel in jobs for one in compiled_wheels(wheel) if one.artifacts],
        jobs=options.jobs,
        configured=cargo_config.build_jobs(
            config_values(options.config, options.cargo_extra_args), first.environ, first.cwd
        ),
        environ=first.environ,
    )
    for session, batch in itertools.groupby(jobs, key=itemgetter(0)):
        report_building(session, [wheel for _, wheel in batch])
    labels = wheel_labels(jobs)
    width = max(map(len, labels))
    tasks: list[tuple[Session, Task[BuiltArchive]]] = []
    reported: list[BuiltArchive] = []
    try:
        with first.reporter.display(labels), task_group() as group:
            for label, (session, wheel) in zip(labels, jobs, strict=True):
                reporter = session.reporter.with_label(label, width)
                one = replace(session, scheduler=scheduler, reporter=reporter)
                tasks.append((session, group.start(partial(_build_labelled, one, wheel))))
            for session, task in tasks:
                reported.append(_report(session, task.result(), reported))
    finally:
        scheduler.close()
        for session, task in tasks[len(reported) :]:
            if task.done:  # this one is finished, even if others fail
                _report(session, task.result(), reported)
    return tuple(reported)


def _build_labelled(session: Session, wheel: WheelPlan) -> BuiltArchive:
    built = build_wheel(session, wheel)
    session.reporter.phase("done")
    return built


def wheel_labels(jobs: Sequence[tuple[Session, WheelPlan]]) -> tuple[str, ...]:
    """Return a label for each wheel, different ones: its Python, and the target if there are several."""
    names = [_python_label(wheel) for _, wheel in jobs]
    triples = [session.plan.target.triple for session, _ in jobs]
    if len(set(triples)) > 1:
        names = [f"{name} {triple}" for name, triple in zip(names, triples, strict=True)]
    return tuple(
        name if names.count(name) == 1 else f"{name} {names[:at].count(name) + 1}" for at, name in enumerate(names)
    )


def _python_label(wheel: WheelPlan) -> str:
    if wheel.interpreter is None or wheel.stable_abi is not None:
        return f"{wheel.python_tag}-{wheel.abi_tag}"
    return directory_name(wheel.interpreter)


def _report(session: Session, built: BuiltArchive, earlier: Sequence[BuiltArchive] = ()) -> BuiltArchive:
    """Report an archive, unless it is the file of an `earlier` one: a wheel without Rust stands for several."""
    if built.path not in {one.path for one in earlier}:
        session.reporter.emit(built)
    return built
