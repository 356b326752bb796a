"""`cratewheel new` and `cratewheel init`: a project that builds and passes its tests at once."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from cratewheel.errors import ConfigError, UsageError
from cratewheel.options.arguments import HelpFormatter, Parser, session_ui
from cratewheel.ui import Ui

if TYPE_CHECKING:
    from cratewheel.commands.new import Kind


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Make a project in a new folder."""
    return _make("new", argv, environ)


def run_init(argv: list[str], environ: Mapping[str, str]) -> int:
    """Make a project in a folder that is there: this one, unless another is named."""
    return _make("init", argv, environ)


def _make(command: str, argv: list[str], environ: Mapping[str, str]) -> int:
    from cratewheel.commands import new as scaffold

    fresh = command == "new"
    words = _parser(command).parse_args(argv)
    ui = session_ui({}, environ)
    root = Path.cwd() / words.path
    name = words.name or root.resolve().name
    for warning in scaffold.check_name(name):
        ui.warn(warning)
    if fresh and root.exists():
        raise ConfigError(f"{root} exists already", hint=f"`cratewheel init {words.path}` makes a project in it")
    if not fresh and any((root / file).exists() for file in ("pyproject.toml", "Cargo.toml")):
        raise ConfigError(f"{root} is a project already: it has a pyproject.toml or a Cargo.toml")
    kind = cast("Kind", words.bindings) if words.bindings else _ask(ui)
    choices = scaffold.Choices(name=name, kind=kind, mixed=words.mixed, src=words.src, backend=words.backend)
    scaffold.write(root, scaffold.files(choices))
    scaffold.make_repository(root, environ)
    ui.step("Made", f"{name}, {scaffold.WHAT[kind][0].lower()}{scaffold.WHAT[kind][1:]}, in {root}")
    develop = f"{choices.backend} develop"
    ui.step("Next", f"cd {words.path} && {develop}" if fresh else develop)
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
        description="Make a project that builds at once." if fresh else "Make a project in a folder that is there.",
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    if fresh:
        parser.add_argument("path", metavar="NAME", help="The folder to make; its name is the project's")
    else:
        parser.add_argument("path", metavar="PATH", nargs="?", default=".", help="The folder; this one unless given")
    parser.add_argument("-b", "--bindings", choices=scaffold.KINDS, metavar="KIND", help="How Rust and Python meet")
    parser.add_argument("--mixed", action="store_true", help="Python files beside the crate")
    parser.add_argument("--src", action="store_true", help="With --mixed, the Python files in src/, the crate in rust/")
    parser.add_argument("--name", help="The project's name, if not the folder's")
    parser.add_argument(
        "--backend",
        choices=tuple(scaffold.REQUIRES),
        default="cratewheel",
        help="The build backend; cratewheel unless given",
    )
    return parser


def _ask(ui: Ui) -> Kind:
    from cratewheel.commands.new import KINDS, WHAT

    if not sys.stdin.isatty():
        raise UsageError("what kind of project it is to be was not said", hint=f"-b {'|'.join(KINDS)}")
    for number, kind in enumerate(KINDS, start=1):
        ui.pass_output(f"  {number}  {kind:<8}{WHAT[kind]}\n")
    while True:
        ui.pass_output("Which kind of project? [1] ")
        answer = sys.stdin.readline()
        if not answer:
            raise UsageError("what kind of project it is to be was not said", hint=f"-b {'|'.join(KINDS)}")
        word = answer.strip() or "1"
        if word in KINDS:
            return cast("Kind", word)
        numbered = {str(number): kind for number, kind in enumerate(KINDS, start=1)}
        if word in numbered:
            return numbered[word]
