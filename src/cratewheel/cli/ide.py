"""`cratewheel ide`: what keeps cargo, an editor and our builds from compiling pyo3 for each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from cratewheel.options.arguments import command_parser, parse_words, session_ui


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Write the variables of our builds to `.cargo/config.toml`, or take them out with `--remove`."""
    parser = command_parser("ide", "Make cargo and editors build with the variables that our builds set.")
    parser.add_argument("-i", "--interpreter", dest="python", metavar="PYTHON", help="The interpreter to agree on")
    parser.add_argument("--remove", action="store_true", help="Take the variables out again")
    flags = parse_words(parser, argv)
    ui = session_ui(flags, environ)
    from cratewheel.builder.compile import shared_config
    from cratewheel.builder.session import Session
    from cratewheel.cargo.config import EDITOR_VARIABLES
    from cratewheel.commands import ide
    from cratewheel.interpreter.environment import find_python
    from cratewheel.planning.decide import decide
    from cratewheel.project.cargo_metadata import asking, single
    from cratewheel.project.inputs import gather
    from cratewheel.project.sources import read_options, read_sources

    cwd = Path.cwd()
    options, files = read_options(flags, environ=environ, cwd=cwd, ui=ui)
    root = files.manifest.workspace_root
    path = root / ".cargo" / "config.toml"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    if flags["remove"]:
        ide.write(path, ide.with_variables(text, {}, path))
        for config in (root / ".cargo").glob("pyo3-config-*.txt"):
            config.unlink()
        ui.step("Removed", f"the variables of cratewheel from {path}")
        return 0
    python = find_python(flags.get("python"), environ=environ, cwd=cwd)
    options = replace(options, interpreter=(str(python),), compatibility=("off",), skip_auditwheel=True, sdist=False)
    with asking(options, files, environ=environ, ui=ui) as answers:
        facts = gather(single(answers.result()), read_sources(files, ui), environ=environ, ui=ui)
    session = Session(facts=facts, plan=decide(facts), environ=environ, ui=ui)
    (wheel,) = session.plan.wheels
    variables = {name: value for name, value in wheel.builds[0].env if name in EDITOR_VARIABLES and value is not None}
    if wheel.config is not None:
        variables["PYO3_CONFIG_FILE"] = str(shared_config(session, wheel.config))
    ide.write(path, ide.with_variables(text, variables, path))
    ui.step("Wrote", f"{path}, for {wheel.interpreter.display if wheel.interpreter else 'every Python'}")
    return 0
