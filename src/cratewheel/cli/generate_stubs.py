"""`cratewheel generate-stubs`: writes type stubs from pyo3's description of the extension module."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cratewheel.options.arguments import Parser, command_parser, parse_argv, session_ui


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Compile the module and write its stubs; with `--check`, compare them with the existing files."""
    flags = parse_argv(make_parser(), argv)
    ui = session_ui(flags, environ)
    from cratewheel import api
    from cratewheel.project.request import Request

    out, check = flags.pop("stubs_out"), flags.pop("check")
    request = Request(flags=flags, environ=environ, cwd=Path.cwd())
    api.write_stubs(request, ui, out=out.absolute(), check=check)
    return 0


def make_parser() -> Parser:
    """Return the parser of the command."""
    parser = command_parser(
        "generate-stubs",
        "Compile the extension module and write type stubs from what pyo3 describes of it, with its feature"
        " experimental-inspect.",
    )
    parser.add_argument(
        "-o", "--out", dest="stubs_out", type=Path, required=True, metavar="DIR", help="The folder to write to"
    )
    parser.add_argument("--check", action="store_true", help="Write nothing; fail if the files in DIR differ")
    return parser
