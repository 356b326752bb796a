"""`cratewheel generate-stubs`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from described import STUB, write_project


@pytest.mark.cargo
def test_the_command_writes_stubs_and_compares_them(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    command = [sys.executable, "-m", "cratewheel", "generate-stubs", "-i", sys.executable, "--out", "../typings"]
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    stub = tmp_path / "typings" / "app" / "_native.pyi"
    assert stub.read_text() == STUB
    subprocess.run([*command, "--check"], cwd=project, check=True, capture_output=True)
    stub.write_text(STUB.replace("add() -> int", "add() -> str"))
    done = subprocess.run([*command, "--check"], cwd=project, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "-def add() -> str: ..." in done.stderr
    assert stub.read_text() != STUB
    mine = "def add() -> str: ...  # mine\n"
    stub.write_text(mine)
    kept = subprocess.run(command, cwd=project, check=True, capture_output=True, text=True)
    assert "warning: app/_native.pyi is the project's own stub; none is generated" in kept.stderr
    assert stub.read_text() == mine
    assert subprocess.run([*command, "--check"], cwd=project, check=False, capture_output=True).returncode == 1
