"""`cratewheel metadata`: prints the core metadata of a project, from its files alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from cratewheel.options.arguments import Parser, command_parser, parse_argv, session_ui


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Print METADATA, or with `--json` the same as JSON (PEP 566), and return the exit status."""
    flags = parse_argv(make_parser(), argv)
    ui = session_ui(flags, environ)
    from cratewheel.project.read import read_metadata
    from cratewheel.project.request import Request, read_project

    project = read_project(Request(flags=flags, environ=environ, cwd=Path.cwd()))
    metadata = read_metadata(project, ui, environ=environ)
    if flags.get("json"):
        ui.write_result(json.dumps(metadata.as_json(), indent=2) + "\n")
    else:
        ui.write_result(metadata.text)
    return 0


def make_parser() -> Parser:
    """Return the parser of the command."""
    parser = command_parser("metadata", "Print the core metadata of the project.")
    parser.add_argument("--json", action="store_true", help="Print one JSON object")
    return parser
