"""What hooks import is compiled ahead, and without a trace in what they do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import cratewheel
from cratewheel.bytecode import MODULES
from cratewheel.machine import processors

CRATE = Path(__file__).parents[1] / "crates" / "pyo3-mixed"
PROCESSES = Path("/proc")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Return a folder with our sources as a frontend installs them: without bytecode."""
    folder = tmp_path / "installed"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(cratewheel.__file__).parent, folder / "cratewheel", ignore=ignored)
    return folder


def run_hook(installed: Path, code: str, **variables: str) -> str:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environ = {**inherited, "PYTHONPATH": str(installed), **variables}
    command = [sys.executable, "-c", f"import cratewheel\n{code}"]
    done = subprocess.run(command, cwd=CRATE, env=environ, capture_output=True, text=True, check=True)
    return done.stdout


def compiled(folder: Path) -> set[str]:
    """Return the modules with bytecode, below the package; fails for any file that is not whole."""
    found = set()
    for path in folder.rglob("__pycache__/*"):
        name, tag, suffix = path.name.split(".")
        assert (tag, suffix) == (sys.implementation.cache_tag, "pyc")
        parts = path.parent.parent.relative_to(folder).parts
        found.add(".".join((*parts, name) if name != "__init__" else parts).removeprefix("cratewheel."))
    return found


def helpers(installed: Path) -> list[Path]:
    return [entry for entry in PROCESSES.glob("[0-9]*") if str(installed).encode() in _command_line(entry)]


def _command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


WAITING = """
import time, os
from pathlib import Path
from cratewheel.bytecode import MODULES, made_meanwhile
deadline = time.monotonic() + 60
with made_meanwhile(os.environ):
    while len(list(Path(cratewheel.__file__).parent.rglob("*.pyc"))) < len(MODULES) and time.monotonic() < deadline:
        time.sleep(0.02)
"""


@pytest.mark.skipif(processors() == 1, reason="one processor has nobody who could help")
def test_all_that_hooks_import_is_compiled_if_there_is_time(installed: Path) -> None:
    run_hook(installed, f"cratewheel.get_requires_for_build_wheel()\n{WAITING}")
    assert set(MODULES) - compiled(installed) == {MODULES[-1]}  # by which the hooks see that all is done
    if PROCESSES.is_dir():
        assert helpers(installed) == []


@pytest.mark.skipif(processors() == 1, reason="one processor has nobody who could help")
def test_a_hook_that_ends_at_once_leaves_no_process_and_no_part_of_a_file(installed: Path) -> None:
    for _ in range(3):
        assert run_hook(installed, "print(cratewheel.get_requires_for_build_wheel())") == "[]\n"
        assert {"backend", "options.resolve"} <= compiled(installed)
    if PROCESSES.is_dir():
        assert helpers(installed) == []


def test_nothing_is_written_where_python_is_to_write_no_bytecode(installed: Path) -> None:
    assert (
        run_hook(installed, "print(cratewheel.get_requires_for_build_wheel())", PYTHONDONTWRITEBYTECODE="1") == "[]\n"
    )
    assert compiled(installed) == set()


def test_bytecode_goes_where_python_keeps_it(installed: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    run_hook(installed, "cratewheel.get_requires_for_build_wheel()", PYTHONPYCACHEPREFIX=str(elsewhere))
    assert compiled(installed) == set()
    assert list(elsewhere.rglob("bytecode.*.pyc")) != []


def test_once_all_is_compiled_nobody_is_started(installed: Path) -> None:
    subprocess.run([sys.executable, "-m", "compileall", "-q", installed], check=True)
    watch = "import sys; cratewheel.get_requires_for_build_wheel(); print('cratewheel.process' in sys.modules)"
    assert run_hook(installed, watch) == "False\n"


@pytest.mark.cargo
def test_the_list_is_what_the_hooks_import(cargo_target: Path, tmp_path: Path) -> None:
    watch = (
        f"import json, sys; out = {str(tmp_path)!r}\n"
        "cratewheel.get_requires_for_build_wheel(); cratewheel.prepare_metadata_for_build_wheel(out)\n"
        "cratewheel.build_wheel(out)\n"
        "print(json.dumps([name.partition('.')[2] for name in sys.modules if name.startswith('cratewheel.')]))"
    )
    out = run_hook(Path(cratewheel.__file__).parents[1], watch, CARGO_TARGET_DIR=str(cargo_target))
    assert set(json.loads(out)) == set(MODULES)
