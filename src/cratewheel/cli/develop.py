"""`cratewheel develop`: build the project and install it into an environment, with its Python files live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from cratewheel.options.arguments import Parser, command_parser, parse_words, session_ui


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Run the command with its arguments and return the exit status."""
    flags = parse_words(_parser(), argv)
    ui = session_ui(flags, environ)
    from cratewheel.interpreter.environment import find_python, read_environment
    from cratewheel.project.cargo_metadata import asking, single
    from cratewheel.project.sources import read_options, read_sources, warn_of_unread
    from cratewheel.system.tasks import task_group

    cwd = Path.cwd()
    options, files = read_options(flags, environ=environ, cwd=cwd, ui=ui)
    warn_of_unread(files, environ, ui)
    python = find_python(flags.get("python"), environ=environ, cwd=cwd)
    options = replace(
        options, compatibility=("off",), skip_auditwheel=True, sdist=False, editable=True,
        editable_mode="inplace" if flags["skip_install"] else options.editable_mode,
    )  # fmt: skip
    with task_group() as group, asking(options, files, environ=environ, ui=ui) as answers:
        about = group.start(partial(read_environment, python, environ))
        # slow to import as well
        from cratewheel.builder.session import Session
        from cratewheel.commands import develop
        from cratewheel.planning.decide import decide
        from cratewheel.project.inputs import gather

        sources = read_sources(files, ui)
        environment, answer = about.result(), single(answers.result())
        named = replace(answer.options, interpreter=(str(environment.paths.python),))
        facts = gather(replace(answer, options=named), sources, environ=environ, ui=ui)
    session = Session(facts=facts, plan=decide(facts), environ=environ, ui=ui)
    if flags["skip_install"]:
        develop.compile_in_place(session)
        return 0
    wanted = develop.Wanted(
        extras=_names(flags["extras"]), groups=_names(flags["group"]), uv=flags["uv"], pip=flags["pip_path"]
    )
    needed = develop.requirements(sources, environment, wanted)
    develop.install_requirements(develop.missing(needed, environment), environment, wanted, environ=environ, ui=ui)
    develop.install(session, environment)
    return 0


def _parser() -> Parser:
    parser = command_parser("develop", "Build the project and install it into an environment, its Python files live.")
    group = parser.add_argument_group("Environment")
    group.add_argument(
        "-i", "--interpreter", metavar="PYTHON", dest="python",
        help="The interpreter of the environment; that of VIRTUAL_ENV, CONDA_PREFIX or the nearest .venv unless given",
    )  # fmt: skip
    group.add_argument("-E", "--extras", action="append", default=[], metavar="EXTRAS", help="Extras to install too")
    group.add_argument(
        "-G", "--group", action="append", default=[], metavar="GROUPS",
        help="Dependency groups to install too; `dev` unless given, if there is one",
    )  # fmt: skip
    group.add_argument("--skip-install", action="store_true", help="Compile only, and put the module into the project")
    group.add_argument("--uv", action="store_true", help="Install dependencies with uv")
    group.add_argument("--pip-path", type=Path, metavar="PATH", help="Install dependencies with this pip")
    return parser


def rebuild(argv: list[str], environ: Mapping[str, str]) -> int:
    """Replace the compiled files of an editable install: what its finder runs on import."""
    parser = command_parser("rebuild", "Replace the compiled files of an editable install.")
    parser.add_argument("--into", type=Path, required=True, help="The folder of the install's finder")
    parser.add_argument("-i", "--interpreter", dest="python", metavar="PYTHON", help="The interpreter to build for")
    flags: dict[str, Any] = parse_words(parser, argv)
    ui = session_ui(flags, environ)
    from cratewheel.project.cargo_metadata import asking, single
    from cratewheel.project.sources import read_options, read_sources

    options, files = read_options(flags, environ=environ, cwd=Path.cwd(), ui=ui)
    named = (flags["python"],) if flags.get("python") else ()
    options = replace(
        options, interpreter=named, compatibility=("off",), skip_auditwheel=True, sdist=False, editable=True
    )
    with asking(options, files, environ=environ, ui=ui) as answers:
        from cratewheel.builder.session import Session
        from cratewheel.commands import develop
        from cratewheel.planning.decide import decide
        from cratewheel.project.inputs import gather

        facts = gather(single(answers.result()), read_sources(files, ui), environ=environ, ui=ui)
    develop.compiled_only(Session(facts=facts, plan=decide(facts), environ=environ, ui=ui), flags["into"])
    return 0


def _names(given: list[str]) -> tuple[str, ...]:
    return tuple(name.strip() for item in given for name in item.split(",") if name.strip())
