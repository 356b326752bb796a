"""`cratewheel upload`: uploads existing archives to a package index."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from cratewheel.options.arguments import Parser, command_parser, parse_argv, session_ui


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Run the command with its arguments and return the exit status."""
    flags = parse_argv(make_parser(), argv)
    flags["files"] += flags.pop("rustc_args", [])  # those after --
    ui = session_ui(flags, environ)
    from cratewheel import api
    from cratewheel.project.request import Request

    files = flags.pop("files")
    terminal = sys.stdin.isatty() and sys.stderr.isatty()
    api.upload_files(Request(flags=flags, environ=environ, cwd=Path.cwd()), ui, files, terminal=terminal)
    return 0


def make_parser() -> Parser:
    """Return the parser of the command."""
    parser = command_parser("upload", "Check wheels and source distributions, and upload them.")
    parser.usage = "cratewheel upload [OPTIONS] FILE..."
    parser.add_argument("files", nargs="*", metavar="FILE", help="The archives, such as target/wheels/*")
    return parser
