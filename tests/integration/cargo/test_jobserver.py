"""One allowance of jobs for several cargos, and make as the oracle that it is one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cargo_output import free_jobs
from cratewheel.cargo import jobserver
from cratewheel.cargo.jobserver import Jobserver

pytestmark = pytest.mark.skipif(not jobserver.AVAILABLE, reason="Windows has semaphores for it")


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_takes_its_jobs_from_it(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("all: a b c d\na b c d:\n\t@echo +; sleep 0.3; echo -\n")
    ((_, flags),) = Jobserver(0).variables  # the words only; the pipe is another one
    server = Jobserver(1)  # and make has one of its own
    flags = server.variables[0][1]
    try:
        done = subprocess.run(
            ["make"],
            cwd=tmp_path,
            env={**os.environ, "MAKEFLAGS": flags},
            pass_fds=server.descriptors,
            capture_output=True,
            text=True,
            check=True,
        )
        running = most = 0
        for line in done.stdout.splitlines():
            running += {"+": 1, "-": -1}[line]
            most = max(most, running)
        assert (most, done.stderr, free_jobs(server)) == (2, "", 1)
    finally:
        server.close()


def test_a_child_gets_the_pipe_by_its_numbers() -> None:
    server = Jobserver(3)
    read, _ = server.descriptors
    code = f"import os; print(os.read({read}, 9).decode(), end='')"
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], pass_fds=server.descriptors, capture_output=True, text=True, check=True
        )
        assert done.stdout == "+++"
    finally:
        server.close()
