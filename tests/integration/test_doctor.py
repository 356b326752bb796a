"""`cratewheel doctor` on this machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from integration.conftest import Cratewheel

pytestmark = pytest.mark.cargo


def test_a_machine_that_builds_has_no_problem(run_light: Cratewheel) -> None:
    run = run_light("doctor")
    assert run.status == 0
    *lines, blank, last = run.stdout.splitlines()
    assert {line.split()[0] for line in lines} <= {"ok", "note", "help:"}
    assert (blank, last.startswith("no problems, ")) == ("", True)
    for subject in ("rustc", "cargo", "linker", "python"):
        assert any(line.startswith(f"ok       {subject}  ") for line in lines)


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_a_cache_that_others_can_write_is_noted(run_light: Cratewheel, tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "cratewheel"
    folder.mkdir(parents=True)
    folder.chmod(0o775)
    run = run_light("doctor", env={"XDG_CACHE_HOME": str(folder.parent)})
    assert run.status == 0
    said = " ".join(run.stdout.split())
    assert f"note cache {folder} is not used: it can be written by other users" in said


@pytest.mark.skipif(os.name == "nt", reason="links of POSIX")
def test_a_machine_without_a_linker_has_a_problem(run_light: Cratewheel, tmp_path: Path) -> None:
    for name in ("cargo", "rustc"):
        real = subprocess.run(["rustup", "which", name], capture_output=True, text=True, check=True).stdout.strip()
        (tmp_path / name).symlink_to(real)
    run = run_light("doctor", "--message-format", "json", env={"PATH": str(tmp_path)})
    (check,) = [one for line in run.stdout.splitlines() if (one := json.loads(line))["subject"] == "linker"]
    assert run.status == 1
    assert (check["state"], check["text"]) == ("problem", "cc was not found; rustc links with it")
    assert check["hint"].startswith("install it: ")


def test_a_target_that_is_not_there_is_a_problem(run_light: Cratewheel) -> None:
    run = run_light("doctor", "--target", "s390x-unknown-linux-gnu", "--message-format", "json")
    assert run.status == 1
    checks = [json.loads(line) for line in run.stdout.splitlines()]
    (problem, linker) = [check for check in checks if check["state"] == "problem"]
    assert problem["text"] == "Rust's standard library for s390x-unknown-linux-gnu is not installed"
    assert linker["text"] == "no linker is configured for s390x-unknown-linux-gnu"


@pytest.mark.skipif(os.name == "nt", reason="the program is a shell script")
def test_what_a_profile_needs_is_looked_for_where_a_project_wants_one(run_light: Cratewheel, tmp_path: Path) -> None:
    def checks(folder: Path, **environ: str) -> list[dict[str, str]]:
        run = run_light("doctor", "--message-format", "json", cwd=folder, env=environ)
        found = [json.loads(line) for line in run.stdout.splitlines()]
        return [check for check in found if check["subject"] == "llvm-profdata"]

    old = tmp_path / "bin" / "llvm-profdata"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho LLVM version 3.1\n", encoding="utf-8")
    old.chmod(0o755)
    project = run_light.copy("light-module")
    assert checks(project) == []
    with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write('\n[tool.maturin]\npgo-command = "true"\n')
    for environ, state in (({}, "note"), ({"CRATEWHEEL_PGO": "1"}, "problem")):
        rust = str(Path(shutil.which("rustc") or "").parent)
        (check,) = checks(project, PATH=f"{old.parent}:{rust}:/bin", **environ)
        if check["state"] == "ok":
            assert "rustlib" in check["text"]
        else:
            assert (check["state"], f"{old} is of LLVM 3" in check["text"]) == (state, True)
            assert "rustup component add llvm-tools" in check["hint"]


def test_what_zig_cannot_do_is_a_problem(run_light: Cratewheel) -> None:
    run = run_light("doctor", "--zig", "--target", "x86_64-pc-windows-msvc")
    assert run.status == 1
    assert "problem  x86_64-pc-windows-msvc  zig does not link for x86_64-pc-windows-msvc" in run.stdout


def test_a_build_for_a_target_that_is_not_there_ends_before_compiling(run_light: Cratewheel) -> None:
    run = run_light("build", "--no-sdist", "--target", "s390x-unknown-linux-gnu", "-i", "3.12", crate="light-module")
    assert (run.status, run.stdout) == (1, "")
    assert "error: this machine cannot build for s390x-unknown-linux-gnu: Rust's standard library" in run.stderr
    assert "Compiling" not in run.stderr
    shown = run_light(
        "build", "--no-sdist", "--target", "s390x-unknown-linux-gnu", "-i", "3.12", "--dry-run", crate="light-module"
    ).ok()
    assert "wheel cp312-cp312-<lowest manylinux tag that fits>_s390x" in shown.stdout
