"""Which wheels a crate with stable ABI features gets: by itself, and by `abi`, `only-abi3` and `no-abi3`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from cratewheel.cargo.model import CargoMetadata
from cratewheel.errors import CratewheelError
from cratewheel.planning.decide import decide
from cratewheel.planning.model import BuildPlan, WheelPlan
from situations import CFFI, PROGRAM, WINDOWS, pyo3, situation

BOTH = pyo3("0.29.3", "abi3", "abi3-py38", "abi3t", "abi3t-py315")
PINNED = pyo3("0.29.3", "abi3", "abi3-py310")
UNPINNED = pyo3("0.28.3", "abi3")
PLAIN = pyo3("0.29.3")
ALL = ("8", "9", "12", "13", "14", "14t", "15", "15t", "pp11")


def plan(
    words: str = "", *, cargo: CargoMetadata, pythons: tuple[str, ...] = (), tool: Mapping[str, Any] | None = None,
    **more: Any,
) -> BuildPlan:  # fmt: skip
    named = "-i" in words
    return decide(situation(words, cargo=cargo, pythons=pythons, tool=tool, named=named, **more))


def tags(found: BuildPlan) -> list[str]:
    return [f"{wheel.python_tag}-{wheel.abi_tag}" for wheel in found.wheels]


def error(*args: Any, **more: Any) -> tuple[str, str | None]:
    with pytest.raises(CratewheelError) as caught:
        plan(*args, **more)
    return caught.value.message, caught.value.hint


def answered(wheel: WheelPlan) -> list[str]:
    """Return the flags with which we answer for pyo3-ffi's build script, none where it answers for itself."""
    (build,) = wheel.builds
    found = [value for key, _, value in (text.partition("=") for text in build.options.config) if "rustc-cfg" in key]
    return json.loads(found[0]) if found else []


def test_a_list_of_pythons_gives_the_fewest_wheels() -> None:
    assert tags(plan("-i all", cargo=BOTH, pythons=("9", "12", "14t", "15", "pp11"))) == [
        "cp38-abi3", "cp315-abi3.abi3t", "cp314-cp314t", "pp311-pypy311_pp73",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("abi", "expected"),
    [
        ("abi3-py38 cp314t", ["cp38-abi3", "cp314-cp314t"]),
        ("abi3-py38", ["cp38-abi3"]),
        ("abi3t abi3", ["cp38-abi3", "cp315-abi3.abi3t"]),
        ("cp312", ["cp312-cp312"]),
        ("cp312 abi3-py38 pp311", ["cp38-abi3", "cp312-cp312", "pp311-pypy311_pp73"]),
    ],
)
def test_a_set_is_what_is_built(abi: str, expected: list[str]) -> None:
    for words, tool in ((f"--abi {abi}", None), ("", {"abi": abi.split()})):
        found = plan(words, cargo=BOTH, pythons=ALL, tool=tool)
        assert tags(found) == expected
        assert found.warnings == ()


def test_a_set_needs_no_python_for_a_stable_abi() -> None:
    assert tags(plan("--abi abi3-py310", cargo=PINNED)) == ["cp310-abi3"]
    assert tags(plan("--abi abi3-py39", cargo=UNPINNED)) == ["cp39-abi3"]
    (wheel,) = plan("--abi abi3-py39", cargo=UNPINNED, pythons=("12", "8")).wheels
    assert [python.display for python in wheel.serves] == ["CPython 3.12"]
    assert wheel.stable_abi == ("abi3", (3, 9))


def test_a_flag_narrows_the_set_of_the_file() -> None:
    tool = {"abi": ["abi3-py38", "cp314t"]}
    assert tags(plan("--only-abi3", cargo=BOTH, pythons=ALL, tool=tool)) == ["cp38-abi3"]
    assert tags(plan("--no-abi3", cargo=BOTH, pythons=ALL, tool=tool)) == ["cp314-cp314t"]
    assert tags(plan("--abi cp312", cargo=BOTH, pythons=ALL, tool=tool)) == ["cp312-cp312"]


def test_only_abi3_builds_no_wheel_for_other_pythons() -> None:
    found = plan("-i all --only-abi3", cargo=PINNED, pythons=("9", "12", "14t"))
    assert tags(found) == ["cp310-abi3"]
    assert found.warnings == (
        "no wheel is built for CPython 3.9, CPython 3.14t, as --only-abi3 says: they cannot load the stable ABI",
    )
    assert plan("--only-abi3", cargo=PINNED, pythons=ALL).warnings == ()
    assert tags(plan("", cargo=PINNED, pythons=ALL, tool={"only-abi3": True})) == ["cp310-abi3"]


def test_without_the_stable_abi_each_python_has_its_wheel() -> None:
    found = plan("--no-abi3", cargo=BOTH, pythons=ALL)

    assert tags(found) == [
        "cp38-cp38", "cp39-cp39", "cp312-cp312", "cp313-cp313", "cp314-cp314", "cp314-cp314t", "cp315-cp315",
        "cp315-cp315t", "pp311-pypy311_pp73",
    ]  # fmt: skip
    flags = {wheel.abi_tag: answered(wheel) for wheel in found.wheels}
    assert flags["cp39"] == ["Py_3_6", "Py_3_7", "Py_3_8", "Py_3_9"]
    assert flags["cp315t"][-2:] == ["Py_3_15", "Py_GIL_DISABLED"]
    assert flags["cp314t"] == flags["pypy311_pp73"] == []  # pyo3 gives these no stable ABI anyway
    assert found.warnings == ()


def test_a_pyo3_that_reads_the_configuration_file_is_told_by_that() -> None:
    (wheel,) = plan("--no-abi3", cargo=pyo3("0.22.6", "extension-module", "abi3", "abi3-py38"), pythons=("12",)).wheels
    assert answered(wheel) == []
    assert wheel.artifacts[0].config is not None
    assert "abi3=false\n" in wheel.artifacts[0].config


def test_what_changes_nothing_is_said() -> None:
    assert plan("--no-abi3", cargo=PLAIN, pythons=("12",)).warnings == (
        "--no-abi3 changes nothing: no stable ABI feature of pyo3 is on",
    )


def test_an_install_gets_a_wheel_for_its_python_whatever_the_file_says() -> None:
    def installed(python: str, tool: Mapping[str, Any]) -> list[str]:
        facts = situation(cargo=BOTH, pythons=(python,), named=True, installed=True, tool=tool)
        return tags(decide(facts))

    both = {"abi": ["abi3-py38", "cp312"]}
    assert installed("14t", both) == ["cp314-cp314t"]
    assert installed("12", both) == ["cp312-cp312"]
    assert installed("13", both) == ["cp38-abi3"]
    assert installed("15t", both) == ["cp315-abi3.abi3t"]
    assert installed("pp11", {"only-abi3": True}) == ["pp311-pypy311_pp73"]
    assert installed("12", {"no-abi3": True}) == ["cp312-cp312"]


@pytest.mark.parametrize(
    ("words", "cargo", "message", "hint"),
    [
        ("--abi abi3-py310", PLAIN, "--abi names abi3-py310, but the feature abi3 of pyo3 is not on",
         "turn it on with `--features pyo3/abi3-py310`, or in Cargo.toml"),
        ("--abi abi3-py39", PINNED, "--abi names abi3-py39, but the feature of pyo3 that is on makes abi3-py310",
         "write abi3-py310, or change the feature to abi3-py39"),
        ("--abi cp312", CFFI, "--abi names cp312, but cffi bindings make one wheel for any Python",
         "write py3, or remove it"),
        ("--abi py3", PLAIN, "--abi names py3, but pyo3 makes wheels for certain Pythons",
         "name one, such as cp312 or abi3-py310"),
        ("--abi cp31x", PLAIN, "--abi: `cp31x` names no wheel", "did you mean `cp315`?"),
        ("--only-abi3", PLAIN, "--only-abi3 is not possible: no stable ABI feature of pyo3 is on",
         "turn it on with `--features pyo3/abi3-py39`, or in Cargo.toml"),
        ("--only-abi3", PROGRAM, "--only-abi3 is not possible: no stable ABI feature of pyo3 is on",
         "turn it on with `--features pyo3/abi3-py39`, or in Cargo.toml"),
        ("--only-abi3 --abi cp312", PINNED, "--only-abi3 leaves no wheel of --abi", "remove one of them"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_an_error(words: str, cargo: CargoMetadata, message: str, hint: str) -> None:
    assert error(words, cargo=cargo, pythons=("12",)) == (message, hint)


def test_only_abi3_without_a_fitting_python_is_an_error() -> None:
    assert error("-i all --only-abi3", cargo=PINNED, pythons=("9", "14t")) == (
        "nothing is left to build: --only-abi3 leaves out CPython 3.9, CPython 3.14t, without abi3 from Python 3.10 on",
        "name a newer CPython with a GIL, or build without only-abi3",
    )


def test_pythons_and_set_must_agree() -> None:
    tool = {"abi": ["abi3-py310", "cp314t"]}
    where = "tool.maturin.abi in pyproject.toml"
    assert tags(plan("-i all", cargo=PINNED, pythons=("12", "14t"), tool=tool)) == ["cp310-abi3", "cp314-cp314t"]
    assert error("-i all", cargo=PINNED, pythons=("9", "12", "14t"), tool=tool) == (
        f"--interpreter names CPython 3.9, for which {where} has no wheel: it has abi3-py310, cp314t",
        "add the wheel to `abi`, or do not request that Python",
    )
    assert error("-i all", cargo=PINNED, pythons=("12",), tool=tool) == (
        f"{where} names cp314t, but no Python of --interpreter is for that",
        "remove --interpreter, or name the wheels of this build: --abi abi3-py310",
    )


def test_windows_cannot_do_without_the_feature_that_is_on() -> None:
    assert error("--no-abi3", cargo=PINNED, pythons=("12",), machine=WINDOWS) == (
        "pyo3 0.29.3 with the feature abi3-py310 cannot be compiled for CPython 3.12 on x86_64-pc-windows-msvc",
        "make abi3-py310 a feature of the crate that is not on by default, and turn it on for the other wheels",
    )


def test_py3_is_the_wheel_of_what_no_interpreter_loads() -> None:
    assert tags(plan("--abi py3", cargo=PROGRAM)) == ["py3-none"]
