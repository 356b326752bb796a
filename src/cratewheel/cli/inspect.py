"""`cratewheel inspect`: shows what is in wheels and source distributions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cratewheel.options.arguments import Parser, command_parser, parse_argv, session_ui

if TYPE_CHECKING:
    from cratewheel.commands.inspect.model import Inspection


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Print what is in each file, or with `--diff` what has changed from one to the other."""
    parser = make_parser()
    flags = parse_argv(parser, argv)
    ui = session_ui(flags, environ)
    from cratewheel import api
    from cratewheel.commands.inspect import diff, text

    paths = [Path(file) for file in flags["files"]]
    if flags["diff"] and len(paths) != 2:
        parser.error("--diff takes two files: the older and the newer one")
    if flags["html"] and (flags["diff"] or flags["json"] or len(paths) != 1):
        parser.error("--html takes one file, and neither --diff nor --json")
    if flags["html"]:
        _write_page(flags["html"], api.inspect(paths[0]))
        ui.step("Wrote", str(flags["html"]))
        return 0
    if flags["diff"]:
        difference = diff.compare(api.inspect(paths[0]), api.inspect(paths[1]))
        if flags["json"]:
            ui.write_result(json.dumps(difference.as_json(), indent=2) + "\n")
        else:
            ui.write_result_lines(diff.lines(difference, everything=flags["all"]), wrap=True)
        return 0
    if flags["json"]:
        ui.write_result(json.dumps([api.inspect(path).as_json() for path in paths], indent=2) + "\n")
        return 0
    for number, path in enumerate(paths):
        lines = text.lines(api.inspect(path), everything=flags["all"])
        ui.write_result_lines(lines if number == 0 else ("", *lines), wrap=True)
    return 0


def _write_page(path: Path, inspection: Inspection) -> None:
    from cratewheel.commands.inspect import html_page
    from cratewheel.system.files.atomic import atomic_replace

    with atomic_replace(path) as stream:
        stream.write(html_page.page(inspection).encode())


def make_parser() -> Parser:
    """Return the parser of the command."""
    parser = command_parser("inspect", "Show what is in wheels and source distributions, of any origin.")
    parser.usage = "cratewheel inspect [OPTIONS] FILE..."
    parser.add_argument("files", nargs="+", metavar="FILE", help="Wheels (.whl) and source distributions (.tar.gz)")
    parser.add_argument("--diff", action="store_true", help="Show what has changed from the first file to the second")
    parser.add_argument("--json", action="store_true", help="Print a JSON array with an object for each file")
    parser.add_argument("--html", type=Path, metavar="PAGE", help="Write one HTML page, with all that it needs")
    parser.add_argument("--all", action="store_true", help="Show every file, section and crate")
    return parser
