"""The whole of a plan, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cratewheel.build.session import Session, warn_of_epoch, wheel_compression
from cratewheel.build.wheel import build_wheel
from cratewheel.contents import wheel as wheel_contents
from cratewheel.dist.layout import refuse_uninstallable
from cratewheel.errors import ConfigError
from cratewheel.facts import Facts, gather_sdist
from cratewheel.files.globbing import check_glob
from cratewheel.frozen import replace
from cratewheel.plan.model import BuildPlan, WheelPlan
from cratewheel.process import Task, crew
from cratewheel.tags.wheel import dist_info_name
from cratewheel.ui import Ui

if TYPE_CHECKING:
    from cratewheel.build.assembly import Built


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
            _check_before_compiling(session)
    done: list[Path] = []
    for session in sessions:
        if session.plan.sdist and not done:  # the same for every target
            options, sources = session.facts.options, session.facts.project.sources
            from cratewheel.build.sdist import build_sdist  # slow to import: it rewrites manifests

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
    from cratewheel import cargo_config  # most often there is one wheel, as for the next
    from cratewheel.build.together import Together

    first = jobs[0][0]
    options, folder = first.facts.options, first.facts.project.sources.manifest.directory
    turns = Together(
        [session.place(wheel) for session, wheel in jobs],
        jobs=options.jobs,
        configured=cargo_config.build_jobs(options.config, first.environ, folder),
        environ=first.environ,
    )
    tasks: list[tuple[Session, Task[Built]]] = []
    reported: list[Path] = []
    try:
        with crew() as workers:
            for session, wheel in jobs:
                label = wheel.directory.name if wheel.directory else session.plan.target.triple
                one = replace(session, turns=turns, ui=session.ui.labelled(label))
                tasks.append((session, workers.start(partial(build_wheel, one, wheel))))
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


def _check_before_compiling(session: Session) -> None:
    """Raise now what would be raised after the compiler has run: minutes are not spent on a wheel that cannot be."""
    project, out = session.facts.project, session.plan.out
    _refuse_without_tools(session)
    wheel_compression(session.facts.options)
    if session.plan.target.os == "wasi" and project.sources.metadata.entry_points:
        raise ConfigError(
            "the project has entry points, and in a wheel for WASI these are taken by what starts its programs",
            hint="take [project.scripts] and [project.entry-points] out for this target",
        )
    wheel_contents.data_entries(project.modules, "data", root=project.sources.root)
    _check_includes(session)
    if out.exists() and not out.is_dir():
        raise ConfigError(f"{out} is not a folder", hint="choose another one with `--out`")


def _check_includes(session: Session) -> None:
    sources, includes = session.facts.project.sources, session.facts.options.include
    for include in includes:
        check_glob(include.path)
    here = tuple(include for include in includes if not include.from_out_dir)
    modules = session.facts.project.modules
    entries, _ = wheel_contents.include_entries(sources.root, modules, here, out_dirs={}, root_crate="")
    kept = wheel_contents.apply_excludes(entries, sources.root, session.facts.options.exclude, "wheel")
    refuse_uninstallable(kept, dist_info_name(session.plan.name, session.plan.version))


def _refuse_without_tools(session: Session) -> None:
    """Raise `MissingToolError` when what a foreign target takes is not on this machine: nothing compiles without it."""
    options, host = session.facts.options, session.facts.rustc.host
    build_std = any("build-std" in flag for flag in (*options.unstable_flags, *options.cargo_extra_args))
    for slice_ in session.plan.target.slices:
        if slice_.triple != host:
            from cratewheel.cross import toolchain

            found = toolchain.examine(
                slice_,
                host=host,
                environ=session.environ,
                folder=session.facts.project.sources.manifest.path.parent,
                zig=options.zig,
                build_std=build_std,
            )
            toolchain.refuse(found)
