"""`cratewheel ide`: what keeps cargo, an editor and our builds from compiling pyo3 for each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cratewheel.options.arguments import Parser, command_parser, parse_argv, session_ui


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Write the variables of our builds to `.cargo/config.toml`, or take them out with `--remove`."""
    flags = parse_argv(make_parser(), argv)
    ui = session_ui(flags, environ)
    from cratewheel import api
    from cratewheel.project.request import Request

    python, remove = flags.pop("python"), flags.pop("remove")
    api.configure_editor(Request(flags=flags, environ=environ, cwd=Path.cwd()), ui, python=python, remove=remove)
    return 0


def make_parser() -> Parser:
    """Return the parser of the command."""
    parser = command_parser("ide", "Make cargo and editors build with the variables that our builds set.")
    parser.add_argument("-i", "--interpreter", dest="python", metavar="PYTHON", help="The interpreter to agree on")
    parser.add_argument("--remove", action="store_true", help="Take the variables out again")
    return parser
