"""The whole of a plan, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cratewheel.build.sdist import build_sdist
from cratewheel.build.session import Session, source_date_epoch
from cratewheel.build.wheel import build_wheel, wheel_compression
from cratewheel.contents import wheel as wheel_contents
from cratewheel.cross import toolchain
from cratewheel.errors import ConfigError
from cratewheel.facts import Facts, gather_sdist
from cratewheel.files.globbing import check_glob
from cratewheel.plan.model import BuildPlan
from cratewheel.ui import Ui


def run(plans: Sequence[tuple[Facts, BuildPlan]], *, environ: Mapping[str, str], ui: Ui) -> tuple[Path, ...]:
    """Make all that the plans hold, one for each target, and return the paths, reporting each as it is finished.

    Raises `CompileError`, `AuditError` and the like; what was finished before stays, nothing else does.
    """
    sessions = [Session(facts=facts, plan=plan, environ=environ, ui=ui) for facts, plan in plans]
    for warning in dict.fromkeys(warning for session in sessions for warning in session.plan.warnings):
        ui.warn(warning)
    if environ.get("SOURCE_DATE_EPOCH") and source_date_epoch(environ) is None:
        ui.warn(f"SOURCE_DATE_EPOCH is no number of seconds and is ignored: {environ['SOURCE_DATE_EPOCH']!r}")
    for session in sessions:
        if session.plan.wheels:
            _check_before_compiling(session)
    done: list[Path] = []
    for session in sessions:
        if session.plan.sdist and not done:  # the same for every target
            options, sources = session.facts.options, session.facts.project.sources
            found = gather_sdist(options, sources, environ=environ, ui=ui)
            done.append(build_sdist(found, session.plan.out, timestamp=session.timestamp, environ=environ, ui=ui))
        done += [build_wheel(session, wheel) for wheel in session.plan.wheels]
    return tuple(done)


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
    for include in session.facts.options.include:
        check_glob(include.path)
    if out.exists() and not out.is_dir():
        raise ConfigError(f"{out} is not a folder", hint="choose another one with `--out`")


def _refuse_without_tools(session: Session) -> None:
    """Raise `MissingToolError` when what a foreign target takes is not on this machine: nothing compiles without it."""
    options, host = session.facts.options, session.facts.rustc.host
    build_std = any("build-std" in flag for flag in (*options.unstable_flags, *options.cargo_extra_args))
    for slice_ in session.plan.target.slices:
        if slice_.triple != host:
            found = toolchain.examine(
                slice_,
                host=host,
                environ=session.environ,
                folder=session.facts.project.sources.manifest.path.parent,
                zig=options.zig,
                build_std=build_std,
            )
            toolchain.refuse(found)
