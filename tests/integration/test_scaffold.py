"""New projects are built, installed, tested and type-checked; after `ide` nothing is compiled twice."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from integration.conftest import Cratewheel

pytestmark = [pytest.mark.cargo, pytest.mark.network, pytest.mark.xdist_group("scaffold")]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment that has what the projects' tests need."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, "pytest", "cffi"], check=True)
    return folder


def run(*words: str | Path, cwd: Path, env: dict[str, str]) -> str:
    done = subprocess.run([str(word) for word in words], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["bin", "cffi"])
@pytest.mark.parametrize("layout", [(), ("--mixed",), ("--mixed", "--src")], ids=" ".join)
def test_a_new_project_passes_its_tests(
    run_light: Cratewheel, environment: Path, kind: str, layout: tuple[str, ...]
) -> None:
    name = "-".join(("demo", kind, *(word.strip("-") for word in layout)))
    run_light("new", name, "-b", kind, *layout).ok()
    root = run_light.folder / name
    env = {"VIRTUAL_ENV": str(environment), "CARGO_TARGET_DIR": str(run_light.folder / "target")}
    run_light("develop", cwd=root, env=env).ok()
    assert "1 passed" in run(environment / "bin" / "python", "-m", "pytest", "-q", cwd=root, env=run_light.environ)
    crate = root / "rust" if "--src" in layout else root
    said = run("cargo", "test", "--quiet", cwd=crate, env=run_light.environ | env)
    assert "test result: ok. 1 passed" in said
    assert (root / ".git").is_dir()


def test_a_module_of_pyo3_is_typed_and_compiled_once_for_cargo_the_editor_and_us(
    run_cratewheel: Cratewheel, environment: Path
) -> None:
    run_cratewheel("new", "demo-typed", "-b", "pyo3", "--mixed").ok()
    root = run_cratewheel.folder / "demo-typed"
    env = {"VIRTUAL_ENV": str(environment)}
    run_cratewheel("develop", cwd=root, env=env).ok()
    python = environment / "bin" / "python"
    assert "1 passed" in run(python, "-m", "pytest", "-q", cwd=root, env=run_cratewheel.environ)
    mypy = (sys.executable, "-m", "mypy", "--strict", "--python-executable", python, "tests")
    if subprocess.run([sys.executable, "-c", "import mypy"], capture_output=True, check=False).returncode == 0:
        assert "Success" in run(*mypy, cwd=root, env=run_cratewheel.environ)

    run_cratewheel("ide", cwd=root, env=env).ok()
    commands = (
        ("cargo", "check"),
        (sys.executable, "-m", "cratewheel", "develop"),
        ("cargo", "check"),
        (
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--no-build-isolation",
            "--no-deps",
            "-v",
            "-Cprofile=dev",
            "-w",
            "w",
            ".",
        ),
        ("cargo", "check"),
        (sys.executable, "-m", "cratewheel", "develop"),
    )
    said = [run(*words, cwd=root, env=run_cratewheel.environ | env) for words in commands]
    compiled = [re.findall(r"(?:Compiling|Checking) (\S+)", text) for text in said]
    assert [names for names in compiled[2:] if names] == []

    run_cratewheel("ide", "--remove", cwd=root).ok()
    assert list((root / ".cargo").iterdir()) == []


def test_a_project_that_is_there_is_not_written_over(run_light: Cratewheel) -> None:
    run_light("new", "there", "-b", "bin").ok()
    again = run_light("new", "there", "-b", "bin")
    assert again.stderr == (
        f"error: {run_light.folder / 'there'} already exists\n"
        " help: to create the project in it, run `cratewheel init there`\n"
    )
    inside = run_light("init", "-b", "bin", cwd=run_light.folder / "there")
    assert "is already a project: it has a pyproject.toml or Cargo.toml" in inside.stderr


def test_without_a_kind_and_without_a_person_there_is_an_error(run_light: Cratewheel) -> None:
    asked = run_light("new", "demo")
    assert (asked.status, asked.stderr) == (
        2,
        "error: no kind of bindings given\n help: -b pyo3|cffi|bin|uniffi\n",
    )
    assert not (run_light.folder / "demo").exists()


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals on Windows")
def test_a_person_is_asked_by_number(run_light: Cratewheel) -> None:
    import pty

    leader, follower = pty.openpty()
    os.write(leader, b"9\n3\n")
    done = subprocess.run(
        [sys.executable, "-m", "cratewheel", "new", "asked"], cwd=run_light.folder, env=run_light.environ,
        stdin=follower, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    os.close(leader)
    os.close(follower)
    assert done.stderr.count("Which kind of project? [1] ") == 2
    assert (run_light.folder / "asked" / "src" / "main.rs").is_file()


def test_the_tutorial_does_what_it_says(run_cratewheel: Cratewheel, environment: Path) -> None:
    page = (ROOT / "docs" / "tutorial" / "first-wheel.md").read_text(encoding="utf-8")
    blocks = re.findall(r"<!-- tutorial -->\n```sh\n(.*?)```", page, flags=re.DOTALL)
    assert len(blocks) == 3
    command = environment / "bin" / "cratewheel"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cratewheel "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    env = {
        **run_cratewheel.environ, "VIRTUAL_ENV": str(environment), "CARGO_BUILD_JOBS": "2",
        "PATH": f"{environment / 'bin'}{os.pathsep}{run_cratewheel.environ['PATH']}",
    }  # fmt: skip
    del env["CARGO_TARGET_DIR"]
    subprocess.run([environment / "bin" / "python", "-m", "ensurepip"], capture_output=True, check=True)
    said = run("sh", "-e", "-c", "".join(blocks), cwd=run_cratewheel.folder, env=env)
    assert said.startswith("42\n")
    assert "1 passed" in said
    assert "Successfully installed shout-0.1.0\n" in said
