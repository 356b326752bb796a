"""`cratewheel sdist`: a source distribution only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cratewheel.options.arguments import parse_flags, session_ui


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Run the command with its arguments and return the exit status."""
    flags = parse_flags("sdist", "Build a source distribution from a crate.", argv)
    ui = session_ui(flags, environ)
    from cratewheel.builder.sdist import build_sdist
    from cratewheel.project.inputs import gather_sdist
    from cratewheel.project.sources import read_options, warn_of_unread

    options, files = read_options(flags, environ=environ, cwd=Path.cwd(), ui=ui)
    warn_of_unread(files, environ, ui)
    facts = gather_sdist(options, files, environ=environ, ui=ui)
    out = options.out or facts.cargo.target_directory / "wheels"
    path = build_sdist(facts, out, environ=environ, ui=ui)
    if options.check:
        from cratewheel.commands import sdist_check as from_sdist

        of_both = {name: value for name, value in flags.items() if name not in ("vendor", "explain", "check")}
        found = from_sdist.check(path, of_both, environ=environ, cwd=Path.cwd(), ui=ui)
        from_sdist.refuse_difference(found)
        ui.step("Checked", f"{found.wheel} comes out of it as out of the tree")
    return 0
