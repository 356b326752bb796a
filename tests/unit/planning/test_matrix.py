"""Plans as the matrix of a CI job."""

from __future__ import annotations

import fnmatch

from cratewheel.planning.decide import decide
from cratewheel.planning.matrix import as_matrix
from cratewheel.project.inputs import Inputs
from situations import CFFI, MACOS_ARM, PROGRAM, from_elsewhere, pyo3, situation

STABLE = pyo3("0.29.3", "abi3", "abi3-py38", "abi3t", "abi3t-py315")


def matrix(*situations: Inputs) -> list[dict[str, object]]:
    return as_matrix(decide(facts) for facts in situations)


def test_each_wheel_is_an_object() -> None:
    facts = situation(cargo=STABLE, pythons=("9", "12", "14t", "15", "pp11"), named=True)

    assert matrix(facts) == [
        {
            "target": "x86_64-unknown-linux-gnu",
            "abi": "abi3-py38",
            "interpreters": ["3.9", "3.12"],
            "tags": ["cp38-abi3-*linux_*x86_64"],
            "wheel": "app-0.1.0-cp38-abi3-*linux_*x86_64.whl",
        },
        {
            "target": "x86_64-unknown-linux-gnu",
            "abi": "abi3t-py315",
            "interpreters": ["3.15"],
            "tags": ["cp315-abi3-*linux_*x86_64", "cp315-abi3t-*linux_*x86_64"],
            "wheel": "app-0.1.0-cp315-abi3.abi3t-*linux_*x86_64.whl",
        },
        {
            "target": "x86_64-unknown-linux-gnu",
            "abi": "cp314t",
            "interpreters": ["3.14t"],
            "tags": ["cp314-cp314t-*linux_*x86_64"],
            "wheel": "app-0.1.0-cp314-cp314t-*linux_*x86_64.whl",
        },
        {
            "target": "x86_64-unknown-linux-gnu",
            "abi": "pypy311_pp73",
            "interpreters": ["pypy3.11"],
            "tags": ["pp311-pypy311_pp73-*linux_*x86_64"],
            "wheel": "app-0.1.0-pp311-pypy311_pp73-*linux_*x86_64.whl",
        },
    ]


def test_the_name_of_the_finished_wheel_matches() -> None:
    (row,) = matrix(situation(cargo=pyo3("0.29.3"), pythons=("12",)))

    for tag in ("manylinux_2_17_x86_64.manylinux2014_x86_64", "manylinux_2_39_x86_64", "linux_x86_64"):
        assert fnmatch.fnmatchcase(f"app-0.1.0-cp312-cp312-{tag}.whl", str(row["wheel"]))


def test_what_is_known_before_compiling_is_whole() -> None:
    facts = [
        situation("--compatibility manylinux2014", cargo=pyo3("0.29.3", "abi3", "abi3-py310")),
        situation(cargo=PROGRAM, machine=MACOS_ARM),
        situation("--compatibility linux", cargo=CFFI, pythons=("12",)),
        from_elsewhere("x86_64-pc-windows-msvc", cargo=STABLE, pythons=("3.12",)),
    ]
    assert [(row["abi"], row["interpreters"], row["wheel"]) for row in matrix(*facts)] == [
        ("abi3-py310", [], "app-0.1.0-cp310-abi3-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"),
        ("py3", [], "app-0.1.0-py3-none-macosx_11_0_arm64.whl"),
        ("py3", [], "app-0.1.0-py3-none-linux_x86_64.whl"),
        ("abi3-py38", ["3.12"], "app-0.1.0-cp38-abi3-win_amd64.whl"),
    ]
