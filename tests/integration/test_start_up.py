"""What is imported before anything is done: start-up is a tax on every build."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

WATCH = """
import sys
before = set(sys.modules)
from cratewheel.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
found = sorted(set(sys.modules) - before)
import json
sys.stderr.write(json.dumps(found))
"""
# Whatever takes longer to import than a command that only prints takes to run
HEAVY = {
    "bz2", "concurrent.futures", "difflib", "email", "hashlib", "importlib.metadata", "logging", "packaging",
    "pyproject_metadata", "shutil", "ssl", "subprocess", "tempfile", "tomlkit", "tomllib",
    "urllib.request", "zipfile",
}  # fmt: skip
COMMAND_LINE = {
    "cratewheel",
    "cratewheel.cli",
    "cratewheel.errors",
    "cratewheel.system",
    "cratewheel.system.signals",
    "cratewheel.system.utf8",
}
OPTIONS = {
    "cratewheel.options", "cratewheel.options.arguments", "cratewheel.options.help_pages", "cratewheel.options.model",
    "cratewheel.options.publishing", "cratewheel.options.setting",
    "cratewheel.options.values", "cratewheel.events", "cratewheel.live", "cratewheel.system.redaction", "cratewheel.ui",
    "cratewheel.cli.summary",
}  # fmt: skip


def imported(*words: str) -> set[str]:
    # -S: what site imports for the packages of this environment is not ours
    folders = [path for path in sys.path if path]
    code = f"import sys; sys.path[:0] = {folders!r}\n{WATCH}"
    done = subprocess.run([sys.executable, "-S", "-c", code, *words], capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr))


@pytest.mark.parametrize("word", ["--version", "--help"])
def test_the_shortest_answers_import_nothing_but_the_command_line(word: str) -> None:
    found = imported(word)
    assert {name for name in found if name.startswith("cratewheel")} == COMMAND_LINE
    assert found & {*HEAVY, "argparse", "dataclasses", "json", "pathlib"} == set()


@pytest.mark.parametrize("command", ["build", "develop", "sdist", "doctor", "list-python", "metadata"])
def test_a_page_of_help_imports_the_options_and_its_own_command(command: str) -> None:
    found = imported(command, "--help")
    own = f"cratewheel.cli.{command.replace('-', '_')}"
    assert {name for name in found if name.startswith("cratewheel")} - {own} <= COMMAND_LINE | OPTIONS | {
        "cratewheel.interpreter",
        "cratewheel.interpreter.model",
    }
    assert found & HEAVY == set()


@pytest.mark.parametrize("plugin", ["hatch", "setuptools"])
def test_a_plugin_imports_nothing_of_ours_until_something_is_compiled(plugin: str) -> None:
    # the other backend loads it for whatever it builds
    folders = [path for path in sys.path if path]
    code = f"import sys; sys.path[:0] = {folders!r}\nimport json, cratewheel.plugins.{plugin}\n"
    code += "print(json.dumps([name for name in sys.modules if name.startswith('cratewheel')]))"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True)
    assert set(json.loads(done.stdout)) == {"cratewheel", "cratewheel.plugins", f"cratewheel.plugins.{plugin}"}
