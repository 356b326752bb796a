"""`cratewheel build-extension`: compiles, and writes the files to a folder, for those who pack themselves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cratewheel.options.arguments import Parser, command_parser, parse_argv, session_ui


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Compile for each interpreter, and print the paths of what was written."""
    flags = parse_argv(make_parser(), argv)
    ui = session_ui(flags, environ)
    from cratewheel import api
    from cratewheel.project.request import Request

    out = flags.pop("files_out")
    request = Request(flags=flags, environ=environ, cwd=Path.cwd())
    api.write_extensions(request, ui, out=out.absolute())
    return 0


def make_parser() -> Parser:
    """Return the parser of the command."""
    parser = command_parser(
        "build-extension",
        "Compile the project and write what is compiled, what the bindings generate, and the libraries that a wheel"
        " would bring, to a folder, under the names and paths that they have in a wheel. For your own packaging: it"
        " prints the wheel's tag.",
    )
    parser.add_argument(
        "-o", "--out", dest="files_out", type=Path, required=True, metavar="DIR", help="The folder to write to"
    )
    return parser
