"""Environments that are asked what they are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cratewheel.errors import MissingToolError
from cratewheel.interpreter.environment import read_environment


@pytest.mark.skipif(sys.platform == "win32", reason="the folders are those of Unix")
@pytest.mark.parametrize("place", [".venv", "active", "named"])
def test_an_environment_whose_python_installs_elsewhere_is_refused(tmp_path: Path, place: str) -> None:
    folder = tmp_path / place
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    program = folder / "bin" / "python"
    environ = {"VIRTUAL_ENV": str(folder)} if place == "active" else {}
    assert read_environment(program, environ).paths.platlib.is_relative_to(folder)
    (folder / "pyvenv.cfg").unlink()
    with pytest.raises(MissingToolError) as caught:
        read_environment(program, environ)
    assert caught.value.message == f"the environment {folder} is damaged: it has no pyvenv.cfg"
    assert caught.value.hint == (f"create it again: `python3 -m venv --clear {folder}` or `uv venv --clear {folder}`")
