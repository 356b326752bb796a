"""`cratewheel completions`: prints shell completion scripts."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from cratewheel.commands.completions import SHELLS, CommandLine, Option, summary
from cratewheel.options.arguments import Parser, add_settings, command_parser, session_ui

# Value names in help pages that stand for files and folders.
FILES = frozenset({"PATH", "FILE", "FILES"})
FOLDERS = frozenset({"DIR"})


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Print the completion script of a shell and return the exit status."""
    args = make_parser().parse_args(argv)
    session_ui(vars(args), environ).write_result(SHELLS[args.shell](command_lines()))
    return 0


def make_parser() -> Parser:
    """Return the parser of the command."""
    parser = Parser(
        prog="cratewheel completions",
        description="Print a shell completion script.",
    )
    parser.add_argument("shell", metavar="SHELL", choices=tuple(SHELLS), help=f"One of {', '.join(SHELLS)}")
    add_settings(parser, "completions")
    return parser


def command_lines() -> tuple[CommandLine, ...]:
    """Return the options of each command, read from its parser."""
    from cratewheel.cli import COMMANDS

    return tuple(
        _command_line((name, *aliases), summary(text), parser_of(name, place, text))
        for name, (place, aliases, text) in COMMANDS.items()
    )


def parser_of(name: str, place: str, text: str) -> argparse.ArgumentParser:
    """Return the parser of a command in `COMMANDS`, or one with the model's options if the module has none."""
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
    for action in parser._actions:  # noqa: SLF001  # argparse has no public way
        metavar = action.metavar if isinstance(action.metavar, str) else (action.dest or "").upper()
        choices = tuple(str(choice) for choice in action.choices or ())
        path = action.type is Path or metavar in FILES
        yield Option(
            flags=tuple(action.option_strings),
            help=summary(action.help or ""),
            values="none" if action.nargs == 0 else {"?": "optional", "*": "many", "+": "many"}.get(
                str(action.nargs), "one"
            ),  # type: ignore[arg-type]  # the dict's values are the literal's
            metavar=metavar,
            choices=("true", "false") if metavar == "true|false" else choices,
            kind="directory" if metavar in FOLDERS else "file" if path else "text",
        )  # fmt: skip
