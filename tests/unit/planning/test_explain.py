"""A plan in JSON; as text it is in tests/plan."""

from __future__ import annotations

from cratewheel.planning.decide import decide
from cratewheel.planning.explain import as_json, explain
from situations import MUSL, PROGRAM, pyo3, situation
from system_paths import native

COMMAND = [
    *("cargo", "rustc", "--message-format", "json-render-diagnostics"),
    *("--manifest-path", native("/work/app/Cargo.toml"), "--lib"),
]


def test_a_plan_has_stable_names_for_tools() -> None:
    plan = decide(situation("--compatibility linux --no-sdist", cargo=pyo3(), pythons=("12",)))
    assert as_json(plan) == {
        "name": "app",
        "version": "0.1.0",
        "target": "x86_64-unknown-linux-gnu",
        "out": native("/work/app/target/wheels"),
        "sdist": False,
        "zig": [],
        "wheels": [
            {
                "python_tag": "cp312",
                "abi_tag": "cp312",
                "platform": "linux_x86_64",
                "interpreter": native("/pythons/cpython3.12/bin/python"),
                "serves": ["CPython 3.12"],
                "audit": "repair",
                "module_file": "app.cpython-312-x86_64-linux-gnu.so",
                "artifacts": [
                    {
                        "name": "app",
                        "kind": "pyo3",
                        "module_file": "app.cpython-312-x86_64-linux-gnu.so",
                        "path": None,
                        "prebuilt": None,
                        "commands": [COMMAND],
                    }
                ],
                "commands": [COMMAND],
                "why": ["compiled for CPython 3.12 alone"],
            }
        ],
        "warnings": [],
        "why": list(plan.why),
    }


def test_a_tag_that_the_audit_finds_is_named_by_its_family() -> None:
    plan = decide(situation(cargo=PROGRAM, machine=MUSL))
    wheels = as_json(plan)["wheels"]
    assert isinstance(wheels, list)
    assert (wheels[0]["platform"], wheels[0]["interpreter"]) == ("<lowest musllinux tag that fits>_x86_64", None)


def test_reasons_are_there_when_asked_for() -> None:
    plan = decide(situation(cargo=PROGRAM))
    short, long = explain(plan, reasons=False), explain(plan, reasons=True)
    assert [line for line in long if not line.startswith("  because ")] == list(short)
    assert [line.removeprefix("  because ") for line in long if line not in short] == [*plan.why, *plan.wheels[0].why]
