"""`cratewheel build`: wheels, and a source distribution, from a crate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from cratewheel.options.arguments import parse_flags, session_ui


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Run the command with its arguments and return the exit status."""
    flags = parse_flags("build", "Build wheels, and a source distribution, from a crate.", argv)
    ui = session_ui(flags, environ)
    # imported once the arguments are known to be right: --help and mistakes answer at once
    if (flags.get("sdist_first") or flags.get("sdist")) and not flags.get("dry_run"):
        from cratewheel.commands import sdist_check as from_sdist

        from_sdist.build_wheels(flags, environ=environ, cwd=Path.cwd(), ui=ui)
        return 0
    from cratewheel.project.cargo_metadata import asking
    from cratewheel.project.sources import read_options, read_sources, warn_of_unread

    options, files = read_options(flags, environ=environ, cwd=Path.cwd(), ui=ui)
    warn_of_unread(files, environ, ui)
    with asking(options, files, environ=environ, ui=ui) as answers:
        # slow to import as well
        from cratewheel.planning.decide import decide
        from cratewheel.project.inputs import gather

        sources = read_sources(files, ui)
        found = [gather(answer, sources, environ=environ, ui=ui) for answer in answers.result()]
    plans = [(facts, decide(facts)) for facts in found]
    if options.dry_run or options.explain:
        from cratewheel.planning.explain import as_json, explain

        # one sdist serves all targets
        shown = [replace(plan, sdist=plan.sdist and at == 0) for at, (_, plan) in enumerate(plans)]
    if options.dry_run:
        for warning in dict.fromkeys(warning for plan in shown for warning in plan.warnings):
            ui.warn(warning)
        for plan in shown:
            if ui.message_format == "json":
                ui.event("plan", as_json(plan))
            else:
                ui.answer_lines(explain(plan, reasons=options.explain))
        return 0
    if options.explain:
        for plan in shown:
            ui.lines(explain(plan, reasons=True))
    from cratewheel.builder.run import run as build

    build(plans, environ=environ, ui=ui)
    return 0
