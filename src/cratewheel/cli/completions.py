"""`cratewheel completions`: what a shell needs to complete our command lines."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from cratewheel.commands.completions import SHELLS, CommandLine, Option, summary
from cratewheel.options.arguments import HelpFormatter, Parser, command_parser, session_ui

# What the names of values in help pages say of them.
FILES = frozenset({"PATH", "FILE", "FILES"})
FOLDERS = frozenset({"DIR"})


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Print the script of a shell and return the exit status."""
    words = make_parser().parse_args(argv)
    session_ui({}, environ).write_result(SHELLS[words.shell](command_lines()))
    return 0


def make_parser() -> Parser:
    """Return the parser of the command."""
    parser = Parser(
        prog="cratewheel completions",
        description="Print a script that completes our command lines in a shell.",
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("shell", metavar="SHELL", choices=tuple(SHELLS), help=f"One of {', '.join(SHELLS)}")
    return parser


def command_lines() -> tuple[CommandLine, ...]:
    """Return what each command takes, from its parser."""
    from cratewheel.cli import COMMANDS

    return tuple(
        _command_line((name, *aliases), summary(text), _parser_of(name, place, text))
        for name, (place, aliases, text) in COMMANDS.items()
    )


def _parser_of(name: str, place: str, text: str) -> argparse.ArgumentParser:
    """Return the parser that the module of a command makes: of a command without one it has the model's options."""
    module, _, function = place.partition(":")
    make = getattr(
        importlib.import_module(f"cratewheel.cli.{module}"), (function or "run").replace("run", "make_parser", 1), None
    )
    parser: argparse.ArgumentParser = command_parser(name, text) if make is None else make()
    return parser


def _command_line(names: tuple[str, ...], text: str, parser: argparse.ArgumentParser) -> CommandLine:
    found = tuple(_options(parser))
    positional = next((option for option in found if not option.flags), None)
    return CommandLine(names=names, help=text, options=tuple(one for one in found if one.flags), positional=positional)


def _options(parser: argparse.ArgumentParser) -> Iterator[Option]:
    for action in parser._actions:  # noqa: SLF001  # argparse has no other way to ask
        metavar = action.metavar if isinstance(action.metavar, str) else (action.dest or "").upper()
        choices = tuple(str(choice) for choice in action.choices or ())
        path = action.type is Path or metavar in FILES
        yield Option(
            flags=tuple(action.option_strings),
            help=summary(action.help or ""),
            values="none" if action.nargs == 0 else {"?": "optional", "*": "many", "+": "many"}.get(
                str(action.nargs), "one"
            ),  # type: ignore[arg-type]  # the values of the table are of the literal
            metavar=metavar,
            choices=("true", "false") if metavar == "true|false" else choices,
            kind="directory" if metavar in FOLDERS else "file" if path else "text",
        )  # fmt: skip
