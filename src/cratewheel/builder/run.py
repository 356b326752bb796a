"""The whole of a plan, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cratewheel.builder.checks import check_before_compiling
from cratewheel.builder.parallel import Together
from cratewheel.builder.session import Session, warn_of_epoch
from cratewheel.builder.wheel import build_wheel
from cratewheel.cargo import config as cargo_config
from cratewheel.cargo.command import config_values
from cratewheel.planning.model import BuildPlan, WheelPlan
from cratewheel.project.inputs import Facts, gather_sdist
from cratewheel.system.tasks import Task, task_group
from cratewheel.ui import Ui

if TYPE_CHECKING:
    from cratewheel.builder.assembly import Built


def run(plans: Sequence[tuple[Facts, BuildPlan]], *, environ: Mapping[str, str], ui: Ui) -> tuple[Path, ...]:
    """Make all that the plans hold, one for each target, and return the paths, reporting each as it is finished.

    Raises `CompileError`, `AuditError` and the like; what was finished before stays, nothing else does.
    """
    sessions = [Session(facts=facts, plan=plan, environ=environ, ui=ui) for facts, plan in plans]
    for warning in dict.fromkeys(warning for session in sessions for warning in session.plan.warnings):
        ui.warn(warning)
    warn_of_epoch(environ, ui)
    for session in sessions:
        if session.plan.wheels:
            check_before_compiling(session)
    done: list[Path] = []
    for session in sessions:
        if session.plan.sdist and not done:  # the same for every target
            options, sources = session.facts.options, session.facts.project.sources
            from cratewheel.builder.sdist import build_sdist  # which a build of wheels alone does without

            found = gather_sdist(options, sources.files, environ=environ, ui=ui)
            done.append(build_sdist(found, session.plan.out, environ=environ, ui=ui))
    return (*done, *_wheels([(session, wheel) for session in sessions for wheel in session.plan.wheels]))


def _wheels(jobs: Sequence[tuple[Session, WheelPlan]]) -> tuple[Path, ...]:
    """Make wheels, several at a time, and report them in the order of the plan; the first failure ends all."""
    if len(jobs) == 1:
        ((session, wheel),) = jobs
        return (_reported(session, build_wheel(session, wheel)),)
    if not jobs:
        return ()
    first = jobs[0][0]
    options = first.facts.options
    turns = Together(
        [session.build_directory(wheel) for session, wheel in jobs],
        jobs=options.jobs,
        configured=cargo_config.build_jobs(
            config_values(options.config, options.cargo_extra_args), first.environ, first.cwd
        ),
        environ=first.environ,
    )
    tasks: list[tuple[Session, Task[Built]]] = []
    reported: list[Path] = []
    try:
        with task_group() as group:
            for session, wheel in jobs:
                label = wheel.directory.name if wheel.directory else session.plan.target.triple
                one = replace(session, turns=turns, ui=session.ui.labelled(label))
                tasks.append((session, group.start(partial(build_wheel, one, wheel))))
            for session, task in tasks:
                reported.append(_reported(session, task.result()))
    finally:
        turns.close()
        for session, task in tasks[len(reported) :]:
            if task.done:  # it is there, whatever became of the others
                _reported(session, task.result())
    return tuple(reported)


def _reported(session: Session, built: Built) -> Path:
    session.ui.result(built.path, built.report)
    return built.path
