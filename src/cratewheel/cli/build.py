"""`cratewheel build`: wheels, and a source distribution."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cratewheel.cli.summary import report_built
from cratewheel.events import PlanEvent
from cratewheel.options.arguments import parse_flags, session_ui

if TYPE_CHECKING:
    from cratewheel.project.request import Request
    from cratewheel.ui import Ui


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Run the command with its arguments and return the exit status."""
    flags = parse_flags("build", "Build wheels, and a source distribution, from a crate.", argv)
    ui = session_ui(flags, environ)
    begun = time.monotonic()
    # imported after parsing, so that --help and usage errors are fast
    from cratewheel import api
    from cratewheel.project.request import Request

    request = Request(flags=flags, environ=environ, cwd=Path.cwd())
    if flags.get("matrix"):
        return _print_matrix(request, ui)
    if not flags.get("dry_run"):
        report_built(ui, api.build_archives(request, ui), begun)
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


def _print_matrix(request: Request, ui: Ui) -> int:
    from cratewheel import api
    from cratewheel.errors import UsageError
    from cratewheel.planning.matrix import as_matrix

    if not request.flags.get("dry_run"):
        raise UsageError("--matrix shows what would be built, and builds nothing", hint="add --dry-run")
    if ui.message_format == "json" or request.flags.get("explain"):
        raise UsageError(
            "--matrix prints one JSON list: neither --message-format json nor --explain go with it",
            hint="remove one of them",
        )
    plans = api.decide_plans(request, ui)
    for warning in dict.fromkeys(text for plan in plans for text in plan.warnings):
        ui.warn(warning)
    ui.write_result(json.dumps(as_matrix(plans), indent=2) + "\n")
    return 0
