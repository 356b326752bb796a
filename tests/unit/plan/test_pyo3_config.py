"""The description of the interpreter that pyo3 gets as a file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cratewheel.cargo.model import CargoMetadata
from cratewheel.plan.decide import decide
from situations import LINUX, MACOS_ARM, PROGRAM, RUST_CPYTHON, WINDOWS, Machine, pyo3, pyo3_ffi, situation


def configs(cargo: CargoMetadata, *pythons: str, machine: Machine = LINUX) -> list[str | None]:
    facts = situation(cargo=cargo, pythons=pythons, machine=machine, named=True)
    return [wheel.config for wheel in decide(facts).wheels]


def lines(implementation: str, version: str, abi: str, *, flags: str = "", width: str = "pointer_width=64\n") -> str:
    return (
        f"implementation={implementation}\nversion={version}\n{abi}\nshared=true\n{width}build_flags={flags}\n"
        "suppress_build_script_link_lines=false\n"
    )


def test_a_module_for_one_interpreter_is_described_with_the_keys_of_its_pyo3() -> None:
    assert configs(pyo3("0.26.0"), "11", "13t", "pp11", "graal12") == [
        lines("CPython", "3.11", "abi3=false"),
        lines("CPython", "3.13", "abi3=false", flags="Py_GIL_DISABLED"),
        lines("PyPy", "3.11", "abi3=false"),
        lines("GraalVM", "3.12", "abi3=false"),
    ]
    assert configs(pyo3("0.29.3"), "11", "14t", "pp11") == [
        lines("CPython", "3.11", "target_abi=CPython-gil_enabled-3.11"),
        lines("CPython", "3.14", "target_abi=CPython-free_threaded-3.14", flags="Py_GIL_DISABLED"),
        lines("PyPy", "3.11", "target_abi=PyPy-gil_enabled-3.11"),
    ]


def test_a_stable_abi_is_described_by_its_minimum() -> None:
    stable = ("abi3", "abi3-py310")
    assert configs(pyo3("0.28.3", *stable), "11", "13") == [lines("CPython", "3.10", "abi3=true", width="")]
    assert configs(pyo3("0.29.3", *stable), "11", "13") == [
        lines("CPython", "3.10", "target_abi=CPython-abi3-3.10", width="")
    ]
    assert configs(pyo3("0.29.3", *stable)) == configs(pyo3("0.29.3", *stable), "11")


@pytest.mark.parametrize(
    ("cargo", "python", "machine"),
    [
        (PROGRAM, "11", LINUX),
        (RUST_CPYTHON, "11", LINUX),
        (pyo3("0.16.6", "extension-module"), "11", LINUX),
        (pyo3("0.25.1"), "11", LINUX),  # without extension-module, libpython is linked
        (pyo3("0.26.0"), "11d", LINUX),
        (pyo3("0.29.3"), "11", WINDOWS),
    ],
)
def test_pyo3_looks_for_itself_where_a_file_would_not_tell_enough(
    cargo: CargoMetadata, python: str, machine: Machine
) -> None:
    assert set(configs(cargo, python, machine=machine)) == {None}


def test_the_description_does_not_depend_on_where_the_interpreter_is() -> None:
    first = situation(cargo=pyo3_ffi("0.26.0"), pythons=["11"], machine=MACOS_ARM)
    (python,) = first.interpreters
    moved = replace(python, executable=None, in_virtualenv=True)
    assert decide(first).wheels[0].config == decide(replace(first, interpreters=(moved,))).wheels[0].config
    assert decide(first).wheels[0].config == lines("CPython", "3.11", "abi3=false")
