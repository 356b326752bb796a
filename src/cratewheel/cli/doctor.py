"""`cratewheel doctor`: checks this machine for problems with building wheels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from cratewheel.options.arguments import Parser, command_parser, parse_argv, session_ui
from cratewheel.ui import Style

if TYPE_CHECKING:
    from cratewheel.commands.doctor import Check, State

STYLES: Mapping[State, Style] = {"ok": "green", "note": "yellow", "problem": "red"}


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
        for style, word, rest in render(checks):
            ui.write_status(word, rest, style=style)
        ui.write_result_lines(["", doctor.summary(checks)])
    return int(any(check.state == "problem" for check in checks))


def make_parser() -> Parser:
    """Return the parser of the command."""
    parser = command_parser("doctor", "Check this machine for problems with building wheels.")
    parser.add_argument(
        "--target", action="append", default=[], metavar="TRIPLE", help="A target to check; may be repeated"
    )
    parser.add_argument("--zig", action="store_true", help="Check for builds with --zig")
    return parser


def render(checks: Sequence[Check]) -> tuple[tuple[Style, str, str], ...]:
    """Return a line for each check, with its hint below: the style of its first word, that word, and the rest."""
    width = max((len(check.subject) for check in checks), default=0)
    lines: list[tuple[Style, str, str]] = []
    for check in checks:
        lines.append((STYLES[check.state], f"{check.state:7}", f"  {check.subject:<{width}}  {check.text}"))
        if check.hint and check.state != "ok":
            lines.append(("cyan", f"{'':9}help", f": {check.hint}"))
    return tuple(lines)
