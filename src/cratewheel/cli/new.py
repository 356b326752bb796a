"""`cratewheel new` and `cratewheel init`: create a project that builds and passes its tests."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from cratewheel.errors import ConfigError, UsageError
from cratewheel.options.arguments import HelpFormatter, Parser, add_settings, session_ui
from cratewheel.ui import Ui

if TYPE_CHECKING:
    from cratewheel.commands.new import Kind


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Create a project in a new folder."""
    return _create("new", argv, environ)


def run_init(argv: list[str], environ: Mapping[str, str]) -> int:
    """Create a project in an existing folder, by default the current one."""
    return _create("init", argv, environ)


def _create(command: str, argv: list[str], environ: Mapping[str, str]) -> int:
    from cratewheel.commands import new as scaffold

    fresh = command == "new"
    args = _parser(command).parse_args(argv)
    ui = session_ui(vars(args), environ)
    root = Path.cwd() / args.path
    name = args.name or root.resolve().name
    for warning in scaffold.check_name(name):
        ui.warn(warning)
    if fresh and root.exists():
        raise ConfigError(
            f"{root} already exists", hint=f"to create the project in it, run `cratewheel init {args.path}`"
        )
    if not fresh and any((root / file).exists() for file in ("pyproject.toml", "Cargo.toml")):
        raise ConfigError(f"{root} is already a project: it has a pyproject.toml or Cargo.toml")
    kind = cast("Kind", args.bindings) if args.bindings else _ask_kind(ui)
    choices = scaffold.Choices(name=name, kind=kind, mixed=args.mixed, src=args.src, backend=args.backend)
    scaffold.write(root, scaffold.files(choices))
    scaffold.make_repository(root, environ)
    ui.step("Made", f"{name}, {scaffold.WHAT[kind][0].lower()}{scaffold.WHAT[kind][1:]}, in {root}")
    develop = f"{choices.backend} develop"
    ui.step("Next", f"cd {args.path} && {develop}" if fresh else develop)
    return 0


def make_parser() -> Parser:
    """Return the parser of `new`."""
    return _parser("new")


def make_parser_init() -> Parser:
    """Return the parser of `init`."""
    return _parser("init")


def _parser(command: str) -> Parser:
    from cratewheel.commands import new as scaffold

    fresh = command == "new"
    parser = Parser(
        prog=f"cratewheel {command}",
        description="Create a project." if fresh else "Create a project in an existing folder.",
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    if fresh:
        parser.add_argument("path", metavar="NAME", help="The folder to create; its name becomes the project's")
    else:
        parser.add_argument("path", metavar="PATH", nargs="?", default=".", help="The folder; default: the current one")
    parser.add_argument("-b", "--bindings", choices=scaffold.KINDS, metavar="KIND", help="The kind of bindings")
    parser.add_argument("--mixed", action="store_true", help="Add a Python package")
    parser.add_argument("--src", action="store_true", help="With --mixed: Python package in src/, crate in rust/")
    parser.add_argument("--name", help="The project's name; default: the folder's")
    parser.add_argument(
        "--backend",
        choices=tuple(scaffold.REQUIRES),
        default="cratewheel",
        help="The build backend; default: cratewheel",
    )
    add_settings(parser, command)
    return parser


def _ask_kind(ui: Ui) -> Kind:
    from cratewheel.commands.new import KINDS, WHAT

    if not sys.stdin.isatty():
        raise UsageError("no kind of bindings given", hint=f"-b {'|'.join(KINDS)}")
    for number, kind in enumerate(KINDS, start=1):
        ui.pass_output(f"  {number}  {kind:<8}{WHAT[kind]}\n")
    while True:
        ui.pass_output("Which kind of project? [1] ")
        answer = sys.stdin.readline()
        if not answer:
            raise UsageError("no kind of bindings given", hint=f"-b {'|'.join(KINDS)}")
        word = answer.strip() or "1"
        if word in KINDS:
            return cast("Kind", word)
        numbered = {str(number): kind for number, kind in enumerate(KINDS, start=1)}
        if word in numbered:
            return numbered[word]
