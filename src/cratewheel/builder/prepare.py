"""Reads the facts of a request and decides its plans, without compiling."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from cratewheel.builder.pure import warn_of_fallback
from cratewheel.builder.session import Session
from cratewheel.errors import CratewheelError
from cratewheel.events import Reporter
from cratewheel.options.model import Options
from cratewheel.options.optional import is_optional
from cratewheel.planning.decide import decide
from cratewheel.planning.explain import explain
from cratewheel.planning.optional import falls_back
from cratewheel.planning.pure import pure_plan
from cratewheel.project.cargo_metadata import Targets, query_cargo
from cratewheel.project.inputs import gather, report
from cratewheel.project.pure import check_python_part, pure_inputs, read_python_part
from cratewheel.project.read import Project, read_metadata, read_providers, warn_of_unread_config
from cratewheel.project.request import Request, read_project, resolve_options


def plan_builds(
    request: Request, reporter: Reporter, *, targets: Targets = "all", only_first: bool = False
) -> tuple[Session, ...]:
    """Return a session for each requested target: its inputs and its plan.

    `targets` may select one of them; with `only_first`, a plan has only its first wheel. Raises every error that can
    be detected before compiling.
    """
    project = read_project(request)
    options = resolve_options(request, project, reporter)
    if request.folder is None:
        warn_of_unread_config(project, request.environ, reporter)
    request = _with_metadata(request, options, project, reporter)
    if not (options.pure or is_optional(options)):
        return _plan_with_rust(request, options, project, reporter, targets=targets, only_first=only_first)
    check_python_part(options, project, read_python_part(options, project))
    if options.pure:
        return (_plan_pure(request, options, project, reporter, why=f"{options.origins['pure']} asks for it"),)
    try:
        return _plan_with_rust(request, options, project, reporter, targets=targets, only_first=only_first)
    except CratewheelError as error:
        if not falls_back(options, error):
            raise
        failed = error
    session = _plan_pure(request, options, project, reporter, why=f"Rust failed: {failed.message}")
    warn_of_fallback(session.plan.name, session.plan.version, failed, reporter)
    if options.sdist:
        reporter.warn("no source distribution is built: cargo lists its files", hint="--no-sdist silences this")
    return (session,)


def _with_metadata(request: Request, options: Options, project: Project, reporter: Reporter) -> Request:
    """Return the request with the metadata of the archives.

    Providers are asked before cargo, which may write Cargo.lock: that changes what git says of the checkout, and all
    archives of a command have one version.
    """
    if request.metadata is not None:
        return request
    read = partial(read_metadata, project, reporter, environ=request.environ)
    with_sdist = options.sdist and not options.dry_run and bool(read_providers(project))
    return replace(
        request,
        metadata=read(build_state="editable" if request.editable else "wheel"),
        sdist_metadata=read(build_state="sdist") if with_sdist else None,
    )


def _plan_pure(request: Request, options: Options, project: Project, reporter: Reporter, *, why: str) -> Session:
    """Return the session of the wheel of the Python part; Rust is not asked."""
    inputs = pure_inputs(request, options, project, reporter)
    return Session(inputs=inputs, plan=pure_plan(inputs, why=why), environ=request.environ, reporter=reporter)


def _plan_with_rust(
    request: Request, options: Options, project: Project, reporter: Reporter, *, targets: Targets, only_first: bool
) -> tuple[Session, ...]:
    answers = query_cargo(options, project, request.environ, reporter, targets=targets)
    assert request.metadata is not None, "plan_builds reads it"
    sessions = []
    for at, inputs in enumerate(gather(answers, options, project, request.metadata, request.environ, reporter)):
        report(inputs, reporter)
        plan = decide(inputs, sdist=at == 0, only_first=only_first)
        if reporter.shows_decisions:
            for line in explain(plan, reasons=True):
                reporter.detail(line, level=2)
        sessions.append(
            Session(
                inputs=inputs,
                plan=plan,
                environ=request.environ,
                reporter=reporter,
                sdist_metadata=request.sdist_metadata,
            )
        )
    return tuple(sessions)
