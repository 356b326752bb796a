"""`cratewheel publish`: build for release, and upload."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from cratewheel.options.arguments import parse_flags, session_ui


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Run the command with its arguments and return the exit status."""
    flags = parse_flags("publish", "Build wheels and a source distribution for release, and upload them.", argv)
    ui = session_ui(flags, environ)
    from cratewheel import api
    from cratewheel.project.request import Request

    terminal = sys.stdin.isatty() and sys.stderr.isatty()
    api.publish_archives(Request(flags=flags, environ=environ, cwd=Path.cwd()), ui, terminal=terminal)
    return 0
