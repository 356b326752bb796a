"""What other tools say of the archives: pip, uv, twine, check-wheel-contents, abi3audit, auditwheel."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import wheels

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters, Run

UV = Path(sys.executable).with_name("uv")
EXAMPLE = Path(__file__).parents[2] / "examples" / "hello-pyo3"

pytestmark = [
    pytest.mark.cargo,
    pytest.mark.xdist_group("pyo3"),
    pytest.mark.skipif(sys.platform != "linux", reason="auditwheel works on Linux"),
]


def said(*words: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def module(name: str, *words: str | Path) -> str:
    return said(sys.executable, "-W", "ignore", "-m", name, *words)


@pytest.fixture
def built(run_cratewheel: Cratewheel, interpreters: Interpreters) -> Run:
    return run_cratewheel("build", "-i", interpreters.this, crate=EXAMPLE).ok()


def test_twine_and_check_wheel_contents_find_no_fault(built: Run) -> None:
    assert module("twine", "--no-color", "check", "--strict", built.wheel, *built.sdists).count("PASSED") == 2
    assert "OK" in module("check_wheel_contents", built.wheel)


def test_abi3audit_agrees_with_the_stable_abi(built: Run) -> None:
    report = json.loads(module("abi3audit", "--strict", "--report", built.wheel).partition("\n\n")[0])
    (result,) = report["specs"][str(built.wheel)]["wheel"]
    assert (result["name"], result["result"]["is_abi3"]) == ("hello_pyo3.abi3.so", True)
    assert (result["result"]["non_abi3_symbols"], result["result"]["future_abi3_objects"]) == ([], {})


def test_auditwheel_shows_the_tag_that_the_wheel_has(built: Run) -> None:
    shown = " ".join(module("auditwheel", "show", built.wheel).split())
    (tag,) = re.findall(r'platform tag: "([^"]+)"', shown)
    assert wheels.tags(built.wheel) == f"cp310-abi3-{tag}"


def files(environment: Path) -> list[Path]:
    found = environment.rglob("*")
    return sorted(path for path in found if "__pycache__" not in path.parts and path.name != ".lock")  # uv's own


def test_pip_and_uv_install_the_wheel_and_take_all_of_it_away(built: Run, tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    said(UV, "venv", "--quiet", "--seed", "--python", sys.executable, environment)
    python = environment / "bin" / "python"
    before = files(environment)
    for installer in ((UV, "pip"), (python, "-m", "pip")):
        chosen = ("--python", python) if installer[0] == UV else ("--no-index",)
        said(*installer, "install", "--quiet", *chosen, built.wheel)
        assert said(python, "-c", "import hello_pyo3; print(hello_pyo3.greet('you'))") == "Hello, you, from Rust\n"
        said(*installer, "check", *(chosen if installer[0] == UV else ()))
        yes = ("--python", python) if installer[0] == UV else ("--yes",)
        said(*installer, "uninstall", "--quiet", *yes, "hello-pyo3")
        assert files(environment) == before
