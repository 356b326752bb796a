"""`cratewheel develop`: builds the project and installs it in editable mode."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cratewheel.options.arguments import Parser, command_parser, parse_argv, session_ui


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Run the command with its arguments and return the exit status."""
    flags = parse_argv(make_parser(), argv)
    ui = session_ui(flags, environ)
    from cratewheel import api
    from cratewheel.interpreter.environment import DependencyOptions
    from cratewheel.project.request import Request

    dependencies = DependencyOptions(
        extras=_names(flags.pop("extras")),
        groups=_names(flags.pop("group")),
        uv=flags.pop("uv"),
        pip=flags.pop("pip_path"),
    )
    python, skip_install = flags.pop("python"), flags.pop("skip_install")
    request = Request(flags=flags, environ=environ, cwd=Path.cwd())
    api.install_editable(request, ui, python=python, dependencies=dependencies, skip_install=skip_install)
    return 0


def make_parser() -> Parser:
    """Return the parser of the command."""
    parser = command_parser("develop", "Build the project and install it into an environment in editable mode.")
    group = parser.add_argument_group("Environment")
    group.add_argument(
        "-i", "--interpreter", metavar="PYTHON", dest="python",
        help="The environment's interpreter [default: VIRTUAL_ENV, CONDA_PREFIX or the nearest .venv]",
    )  # fmt: skip
    group.add_argument("-E", "--extras", action="append", default=[], metavar="EXTRAS", help="Extras to install")
    group.add_argument(
        "-G", "--group", action="append", default=[], metavar="GROUPS",
        help="Dependency groups to install [default: `dev` if there is one]",
    )  # fmt: skip
    group.add_argument("--skip-install", action="store_true", help="Only compile, and copy the module into the project")
    group.add_argument("--uv", action="store_true", help="Install dependencies with uv")
    group.add_argument("--pip-path", type=Path, metavar="PATH", help="Install dependencies with this pip")
    return parser


def rebuild(argv: list[str], environ: Mapping[str, str]) -> int:
    """Rebuild the compiled files of an editable install; its import hook runs this."""
    parser = command_parser("rebuild", "Rebuild the compiled files of an editable install.")
    parser.add_argument("--into", type=Path, required=True, help="The folder of the install's import hook")
    parser.add_argument("-i", "--interpreter", dest="python", metavar="PYTHON", help="The interpreter to build for")
    flags: dict[str, Any] = parse_argv(parser, argv)
    ui = session_ui(flags, environ)
    from cratewheel import api
    from cratewheel.project.request import Request

    into, python = flags.pop("into"), flags.pop("python")
    api.rebuild_editable(Request(flags=flags, environ=environ, cwd=Path.cwd()), ui, into=into, python=python)
    return 0


def _names(values: list[str]) -> tuple[str, ...]:
    return tuple(name.strip() for item in values for name in item.split(",") if name.strip())
