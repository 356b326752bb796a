"""`cratewheel list-files`: lists the files of archives without compiling."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from cratewheel.options.arguments import Parser, command_parser, parse_argv, session_ui


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Print the files of the source distribution and of the first wheel; with `--json`, as one object."""
    flags = parse_argv(make_parser(), argv)
    as_json, only = flags.pop("json"), flags.pop("only")
    ui = session_ui(flags, environ)
    from cratewheel import api
    from cratewheel.project.request import Request

    request = Request(flags=flags, environ=environ, cwd=Path.cwd())
    archives = api.list_archive_files(request, ui, sdist=only != "wheel", wheel=only != "sdist")
    if as_json:
        ui.write_result(json.dumps(archives, indent=2) + "\n")
    else:
        ui.write_result_lines(render(archives), data=True)
    return 0


def make_parser() -> Parser:
    """Return the parser of the command."""
    parser = command_parser("list-files", "List the files of the source distribution and the wheel, without compiling.")
    parser.add_argument("--json", action="store_true", help="Print one JSON object")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--sdist", dest="only", action="store_const", const="sdist", help="Only the sdist")
    chosen.add_argument("--wheel", dest="only", action="store_const", const="wheel", help="Only the wheel")
    return parser


def render(archives: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Return the lines to print; with several archives, each has a title.

    >>> render({"sdist": ["PKG-INFO"], "wheel": ["a.py"]})
    ('sdist:', '  PKG-INFO', 'wheel:', '  a.py')
    >>> render({"sdist": ["PKG-INFO"]})
    ('PKG-INFO',)
    """
    if len(archives) == 1:
        return tuple(*archives.values())
    return tuple(line for title, paths in archives.items() for line in (f"{title}:", *(f"  {path}" for path in paths)))
