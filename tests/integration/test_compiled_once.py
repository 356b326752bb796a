"""What was compiled is not compiled again: another path to the same Python is the same Python."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters, Run

pytestmark = [
    pytest.mark.cargo,
    pytest.mark.skipif(os.name == "nt", reason="pyo3 looks for the interpreter itself on Windows"),
]


def compiled(run: Run) -> list[str]:
    return [line.split()[1] for line in run.ok().stderr.splitlines() if line.strip().startswith("Compiling")]


@pytest.mark.xdist_group("pyo3")  # a build of another interpreter between the two would compile pyo3 again
@pytest.mark.parametrize("crate", ["pyo3-mixed", pytest.param("pyo3-abi3", marks=pytest.mark.long)])
def test_a_virtual_environment_of_the_same_python_compiles_nothing_again(
    run_cratewheel: Cratewheel, interpreters: Interpreters, crate: str
) -> None:
    python = interpreters.this
    first = run_cratewheel("build", "--no-sdist", "-i", python, crate=crate)
    first.ok()

    environment = run_cratewheel.folder / "venv"
    subprocess.run([python, "-m", "venv", "--without-pip", environment], check=True)
    path = f"{environment / 'bin'}{os.pathsep}{run_cratewheel.environ['PATH']}"
    again = run_cratewheel(
        "build", "--no-sdist", "-i", environment / "bin" / "python", cwd=first.project,
        env={"VIRTUAL_ENV": str(environment), "PATH": path},
    )  # fmt: skip

    assert compiled(again) == []
    assert again.wheel.read_bytes() == first.wheel.read_bytes()
