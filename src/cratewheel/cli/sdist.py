"""`cratewheel sdist`: builds a source distribution."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from cratewheel.cli.summary import report_built
from cratewheel.options.arguments import parse_flags, session_ui


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Run the command with its arguments and return the exit status."""
    flags = parse_flags("sdist", "Build a source distribution from a crate.", argv)
    ui = session_ui(flags, environ)
    begun = time.monotonic()
    from cratewheel import api
    from cratewheel.project.request import Request

    built = api.build_sdist_archive(Request(flags=flags, environ=environ, cwd=Path.cwd()), ui)
    report_built(ui, [built], begun)
    return 0
