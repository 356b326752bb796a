"""`cratewheel list-python`: lists the Python interpreters on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from cratewheel.interpreter.model import EVERY, Interpreter
from cratewheel.options.arguments import Parser, command_parser, parse_argv, session_ui
from cratewheel.ui import Ui


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Print all interpreters found, whatever the project supports, and return the exit status."""
    flags = parse_argv(make_parser(), argv)
    ui = session_ui(flags, environ)
    triple = flags.get("target")
    found = known_for(triple) if triple else _on_this_machine(environ, ui)
    if not found:
        ui.warn(f"no Python is known for {triple}" if triple else "no Python interpreter found")
    if flags.get("json"):
        ui.write_result(as_json(found))
    else:
        ui.write_result_lines(render(found))
    return 0


def _on_this_machine(environ: Mapping[str, str], ui: Ui) -> tuple[Interpreter, ...]:
    from cratewheel.interpreter.discover import find
    from cratewheel.system.machine import cache_dir

    return find(
        (),
        supported=EVERY,
        requires_python=None,
        environ=environ,
        cache_dir=cache_dir(environ),
        reporter=ui,
        allow_empty=True,
    )


def known_for(triple: str) -> tuple[Interpreter, ...]:
    """Return the interpreters that a wheel can be built for without their being on this machine.

    Raises `UnsupportedError` for a target that no wheel can be for.
    """
    from cratewheel.interpreter.known_table import known
    from cratewheel.targets.triples import parse

    return tuple(sorted(known(parse(triple)), key=lambda one: one.order))


def make_parser() -> Parser:
    """Return the parser of the command."""
    parser = command_parser("list-python", "List the Python interpreters on this machine.")
    parser.add_argument(
        "--target",
        metavar="TRIPLE",
        help="List the Pythons that wheels for this target can be built for, without one on this machine",
    )
    parser.add_argument("--json", action="store_true", help="Print a JSON list of objects")
    return parser


def as_json(interpreters: Iterable[Interpreter]) -> str:
    """Return a JSON list with one object per interpreter."""
    return json.dumps([_fields(one) for one in interpreters], indent=2) + "\n"


def render(interpreters: Iterable[Interpreter]) -> tuple[str, ...]:
    """Return a line for each interpreter: its name; on this machine also full version, path, and how it was found."""
    rows = [
        (one.display, one.full_version, str(one.executable), f"({one.source})") if one.executable else (one.display,)
        for one in interpreters
    ]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    return tuple("  ".join(row).rstrip() for row in padded)


def _fields(one: Interpreter) -> dict[str, object]:
    return {
        "name": one.display,
        "implementation": one.implementation,
        "implementation_name": one.implementation_name,
        "version": one.full_version if one.executable else f"{one.version[0]}.{one.version[1]}",
        "executable": None if one.executable is None else str(one.executable),
        "source": one.source,
        "python_tag": one.python_tag,
        "abi_tag": one.abi_tag,
        "platform": one.platform,
        "system": one.system,
        "pointer_width": one.pointer_width,
        "ext_suffix": one.ext_suffix,
        "gil_disabled": one.gil_disabled,
        "debug": one.debug,
        "virtual_environment": one.in_virtualenv,
    }
