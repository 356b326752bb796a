"""`cratewheel build`: wheels, and a source distribution, from a crate."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cratewheel.cli.arguments import parse_flags, session_ui


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Run the command with its arguments and return the exit status."""
    flags = parse_flags("build", "Build wheels, and a source distribution, from a crate.", argv)
    ui = session_ui(flags, environ)
    # imported once the arguments are known to be right: --help and mistakes answer at once
    from cratewheel import build
    from cratewheel.plan.explain import as_json, explain

    work = build.prepare(flags, environ=environ, cwd=Path.cwd(), ui=ui)
    if work.options.dry_run:
        if ui.message_format == "json":
            ui.event("plan", as_json(work.plan))
        else:
            ui.answer(explain(work.plan, reasons=work.options.explain))
        return 0
    if work.options.explain:
        ui.passthrough(explain(work.plan, reasons=True))
    build.run(work, environ=environ, ui=ui)
    return 0
