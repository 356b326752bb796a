"""`cratewheel doctor`: checks this machine for problems with building wheels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from cratewheel.options.arguments import Parser, command_parser, parse_argv, session_ui

if TYPE_CHECKING:
    from cratewheel.commands.doctor import Check


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Print the checks and return 0 when nothing prevents a build, else 1."""
    flags = parse_argv(make_parser(), argv)
    ui = session_ui(flags, environ)
    from cratewheel.commands import doctor

    checks = doctor.examine(tuple(flags["target"]), with_zig=flags["zig"], environ=environ, cwd=Path.cwd(), reporter=ui)
    if ui.message_format == "json":
        for check in checks:
            ui.event("check", asdict(check))
    else:
        ui.write_result_lines(render(checks))
    return int(any(check.state == "problem" for check in checks))


def make_parser() -> Parser:
    """Return the parser of the command."""
    parser = command_parser("doctor", "Check this machine for problems with building wheels.")
    parser.add_argument(
        "--target", action="append", default=[], metavar="TRIPLE", help="A target to check; may be repeated"
    )
    parser.add_argument("--zig", action="store_true", help="Check for builds with --zig")
    return parser


def render(checks: Iterable[Check]) -> tuple[str, ...]:
    """Return a line for each check, with its hint below."""
    lines = []
    for check in checks:
        lines.append(f"{check.state:7}  {check.subject}  {check.text}")
        if check.hint and check.state != "ok":
            lines.append(f"{'':7}  help: {check.hint}")
    return tuple(lines)
