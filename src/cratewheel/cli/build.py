"""`cratewheel build`: wheels, and a source distribution."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cratewheel.events import PlanEvent
from cratewheel.options.arguments import parse_flags, session_ui


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Run the command with its arguments and return the exit status."""
    flags = parse_flags("build", "Build wheels, and a source distribution, from a crate.", argv)
    ui = session_ui(flags, environ)
    # imported after parsing, so that --help and usage errors are fast
    from cratewheel import api
    from cratewheel.project.request import Request

    request = Request(flags=flags, environ=environ, cwd=Path.cwd())
    if not flags.get("dry_run"):
        api.build_archives(request, ui)
        return 0
    from cratewheel.planning.explain import as_json, explain

    for plan in api.decide_plans(request, ui):
        for warning in plan.warnings:
            ui.warn(warning)
        if ui.message_format == "json":
            ui.emit(PlanEvent(plan=as_json(plan)))
        else:
            ui.write_result_lines(explain(plan, reasons=bool(flags.get("explain"))))
    return 0
