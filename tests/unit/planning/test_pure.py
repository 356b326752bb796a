"""The plan of a wheel of the Python part, as `--dry-run` and `--matrix` show it."""

from __future__ import annotations

from pathlib import Path

from cratewheel.planning.explain import as_json, explain
from cratewheel.planning.matrix import as_matrix
from cratewheel.planning.pure import pure_plan
from cratewheel.project.pure import without_rust
from situations import pyo3, situation
from system_paths import native


def test_it_is_one_wheel_for_every_python_and_system() -> None:
    inputs = without_rust(situation("--out /o", cargo=pyo3(), pythons=("11", "12")))
    plan = pure_plan(inputs, why="--pure asks for it")
    assert explain(plan, reasons=True) == (
        native("app 0.1.0 for every system, into /o"),
        native("  because the project's root is /work/app"),
        "  because --pure asks for it",
        "wheel py3-none-any",
        "  packs   the Python part alone",
        "  because --pure asks for it",
    )
    assert as_json(plan)["wheels"] == [
        {
            "python_tag": "py3", "abi_tag": "none", "platform": "any", "interpreter": None, "serves": [],
            "audit": "skip", "module_file": None, "artifacts": [], "commands": [], "why": ["--pure asks for it"],
        }
    ]  # fmt: skip
    assert as_matrix([plan]) == [
        {
            "target": None, "abi": "py3", "interpreters": [], "tags": ["py3-none-any"],
            "wheel": "app-0.1.0-py3-none-any.whl",
        }
    ]  # fmt: skip
    assert pure_plan(without_rust(situation(cargo=pyo3())), why="").out == Path("/work/app/target/wheels")
