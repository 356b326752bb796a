"""A set of wheels for several ABIs: what is planned is built, is named as planned, and is loaded by its Pythons."""

from __future__ import annotations

import fnmatch
import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import wheels

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters

STABLE = ("--features", "stable")
ANSWER = "import light_module; print(light_module.answer())"


class Answer:
    """What a Python prints that imports from a wheel, in a fresh folder each time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, python: Path, wheel: Path, code: str) -> str:
        folder = self.folder / str(len(list(self.folder.iterdir())))
        return wheels.python(python, code, path=wheels.site(wheel, folder))


@pytest.fixture
def answer(tmp_path: Path) -> Answer:
    sites = tmp_path / "sites"
    sites.mkdir()
    return Answer(sites)


def matrix(run: Cratewheel, *words: str | Path, cwd: Path) -> list[dict[str, Any]]:
    """Return what `--dry-run --matrix` prints, having checked that it prints nothing else."""
    found: list[dict[str, Any]] = json.loads(run("build", "--dry-run", "--matrix", *words, cwd=cwd).ok().stdout)
    return found


def test_each_row_of_the_matrix_is_built_as_it_says(
    run_light: Cratewheel, interpreters: Interpreters, answer: Answer
) -> None:
    project = run_light.copy("light-module")
    rows = matrix(run_light, *STABLE, "-i", "3.9", "3.12", "3.14t", interpreters["pypy3.9"], cwd=project)
    assert [(row["abi"], row["interpreters"]) for row in rows] == [
        ("abi3-py38", ["3.9", "3.12"]),
        ("cp314t", ["3.14t"]),
        ("pypy39_pp73", ["pypy3.9"]),
    ]
    for row in rows[:2]:  # of the module's few declarations PyPy has others
        run = run_light(
            "build", "--no-sdist", *STABLE, "--abi", row["abi"], "--target", row["target"], cwd=project
        ).ok()
        (wheel,) = run.wheels
        assert fnmatch.fnmatchcase(wheel.name, row["wheel"])
        wheel.unlink()

    run = run_light("build", "--no-sdist", *STABLE, "--abi", "abi3-py38", cwd=project).ok()
    for version in ("3.8", "3.12"):
        assert answer(interpreters[version], run.wheel, ANSWER) == "42"


def test_the_set_of_the_file_is_what_is_built_and_flags_choose_from_it(
    run_light: Cratewheel, interpreters: Interpreters, answer: Answer
) -> None:
    project = run_light.copy("light-module")
    file = project / "pyproject.toml"
    file.write_text(
        file.read_text(encoding="utf-8")
        + '\n[tool.cratewheel]\nfeatures = ["stable"]\nabi = ["abi3-py38", "cp311", "cp314t"]\n',
        encoding="utf-8",
    )

    def tags(*words: str) -> list[str]:
        run = run_light("build", "--no-sdist", *words, cwd=project).ok()
        found = [wheels.tags(path).rsplit("-", 1)[0] for path in run.wheels]
        for path in run.wheels:
            if "cp311" in path.name or "abi3" in path.name:
                assert answer(interpreters["3.11"], path, ANSWER) == "42"
            path.unlink()
        return found

    assert tags() == ["cp311-cp311", "cp314-cp314t", "cp38-abi3"]
    assert tags("--only-abi3") == ["cp38-abi3"]
    assert tags("--no-abi3") == ["cp311-cp311", "cp314-cp314t"]
    assert tags("--abi", "cp312") == ["cp312-cp312"]

    refused = run_light("build", "--no-sdist", "-i", "3.9", cwd=project)
    assert (refused.status, refused.stdout) == (2, "")
    assert "tool.cratewheel.abi in pyproject.toml names cp311, cp314t, but no Python of --interpreter is for that" in (
        refused.stderr
    )
    # an install is for one Python, whatever else is published
    environment = run_light.folder / "environment"
    subprocess.run([interpreters["3.9"], "-m", "venv", "--without-pip", environment], check=True)
    run_light("develop", cwd=project, env={"VIRTUAL_ENV": str(environment)}).ok()


def test_a_key_that_is_wrong_is_named(run_light: Cratewheel) -> None:
    project = run_light.copy("light-module")
    file = project / "pyproject.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + '\n[tool.cratewheel]\nabi = ["cp310-abi3"]\n', encoding="utf-8")

    run = run_light("build", cwd=project)

    assert run.status == 1
    assert "tool.cratewheel.abi in pyproject.toml: `cp310-abi3` names no wheel" in run.stderr
    assert "did you mean `abi3-py310`?" in run.stderr


def test_the_matrix_builds_nothing_and_says_so(run_light: Cratewheel) -> None:
    project = run_light.copy("light-module")

    assert run_light("build", "--matrix", cwd=project).status == 2
    assert run_light("build", "--matrix", "--dry-run", "--message-format", "json", cwd=project).status == 2
    assert not list(project.rglob("*.whl"))


@pytest.mark.long
def test_a_module_without_the_stable_abi_of_its_feature_uses_the_whole_api(
    run_cratewheel: Cratewheel, interpreters: Interpreters, answer: Answer
) -> None:
    run = run_cratewheel("build", "--no-sdist", "--no-abi3", "-i", "3.11", crate="pyo3-abi3").ok()

    assert wheels.tags(run.wheel).startswith("cp311-cp311-")
    assert wheels.names(run.wheel)[-1] == "pyo3_abi3/pyo3_abi3.cpython-311-x86_64-linux-gnu.so"
    library = run_cratewheel.folder / "library.so"
    library.write_bytes(wheels.data(run.wheel, ".so"))
    symbols = subprocess.run(["nm", "-D", "--undefined-only", library], capture_output=True, text=True, check=True)
    assert " PyUnicode_AsUTF8AndSize\n" in symbols.stdout  # not in the stable ABI of 3.8, which the feature asks for
    assert answer(interpreters["3.11"], run.wheel, "import pyo3_abi3; print(pyo3_abi3.add(40, 2))") == "42"
