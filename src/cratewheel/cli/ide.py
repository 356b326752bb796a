"""`cratewheel ide`: configures cargo and editors to share compiled files with cratewheel."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cratewheel.options.arguments import Parser, command_parser, parse_argv, session_ui


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Write the variables of cratewheel to `.cargo/config.toml`, or remove them with `--remove`."""
    flags = parse_argv(make_parser(), argv)
    ui = session_ui(flags, environ)
    from cratewheel import api
    from cratewheel.project.request import Request

    python, remove = flags.pop("python"), flags.pop("remove")
    api.configure_editor(Request(flags=flags, environ=environ, cwd=Path.cwd()), ui, python=python, remove=remove)
    return 0


def make_parser() -> Parser:
    """Return the parser of the command."""
    parser = command_parser(
        "ide",
        "Make cargo and editors build with the environment variables of cratewheel, so that all share compiled files.",
    )
    parser.add_argument(
        "-i", "--interpreter", dest="python", metavar="PYTHON", help="The Python interpreter to build for"
    )
    parser.add_argument("--remove", action="store_true", help="Remove the variables")
    return parser
