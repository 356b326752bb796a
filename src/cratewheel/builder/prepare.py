"""Reads the facts of a request and decides its plans, without compiling."""

from __future__ import annotations

from cratewheel.builder.session import Session
from cratewheel.events import Reporter
from cratewheel.planning.decide import decide
from cratewheel.project.inputs import Targets, gather, report
from cratewheel.project.request import Request


def plan_builds(
    request: Request, reporter: Reporter, *, targets: Targets = "all", only_first: bool = False
) -> tuple[Session, ...]:
    """Return a session for each requested target: its inputs and its plan.

    `targets` may select one of them; with `only_first`, a plan has only its first wheel. Raises every error that can
    be detected before compiling.
    """
    sessions = []
    for at, inputs in enumerate(gather(request, reporter, targets=targets)):
        report(inputs, reporter)
        plan = decide(inputs, sdist=at == 0, only_first=only_first)
        if reporter.shows_decisions:
            from cratewheel.planning.explain import explain

            for line in explain(plan, reasons=True):
                reporter.detail(line, level=2)
        sessions.append(Session(inputs=inputs, plan=plan, environ=request.environ, reporter=reporter))
    return tuple(sessions)
