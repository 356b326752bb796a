"""The description of the interpreter that pyo3 gets as a file."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from crate_graphs import BIN
from cratewheel.cargo.model import CargoMetadata
from cratewheel.errors import UnsupportedError
from cratewheel.planning.decide import decide
from situations import LINUX, MACOS_ARM, PROGRAM, RUST_CPYTHON, WINDOWS, Machine, pyo3, pyo3_ffi, situation


def configs(cargo: CargoMetadata, *pythons: str, machine: Machine = LINUX) -> list[str | None]:
    facts = situation(cargo=cargo, pythons=pythons, machine=machine, named=True)
    return [wheel.artifacts[0].config for wheel in decide(facts).wheels]


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


def overrides(cargo: CargoMetadata, python: str, machine: Machine = LINUX) -> dict[str, str]:
    """Return the settings of cargo by which we answer for pyo3-ffi's build script, by the ends of their keys."""
    facts = situation(cargo=cargo, pythons=(python,), machine=machine, named=True)
    (wheel,) = decide(facts).wheels
    (build,) = wheel.builds
    pairs = [setting.partition("=")[::2] for setting in build.options.config]
    assert all(key.startswith(f"target.{machine.triple}.python.") for key, _ in pairs)
    return {key.rpartition(".")[2]: value for key, value in pairs}


PINNED = ("extension-module", "abi3", "abi3-py312")


@pytest.mark.parametrize(
    ("version", "abi"),
    [
        ("0.23.5", "abi3=false"),
        ("0.28.3", "abi3=false"),
        ("0.29.3", "target_abi=CPython-gil_enabled-3.11"),
    ],
)
def test_for_a_python_before_the_stable_abi_we_answer_for_the_build_script(version: str, abi: str) -> None:
    cargo = pyo3(version, *PINNED)

    assert configs(cargo, "11") == [None]
    found = overrides(cargo, "11")
    assert found.keys() == {"rustc-cfg", "PYO3_CONFIG"}
    assert json.loads(found["rustc-cfg"]) == ["Py_3_6", "Py_3_7", "Py_3_8", "Py_3_9", "Py_3_10", "Py_3_11"]
    assert bytes.fromhex(json.loads(found["PYO3_CONFIG"])).decode() == lines("CPython", "3.11", abi)


@pytest.mark.parametrize(
    ("version", "features", "told"),
    [
        ("0.22.6", PINNED[1:], "1"),
        ("0.25.1", PINNED[1:], "1"),
        ("0.25.1", PINNED, None),
        ("0.26.0", PINNED[1:], None),
    ],
)
def test_a_pyo3_that_would_link_libpython_is_not_to_look_for_a_python(
    version: str, features: tuple[str, ...], told: str | None
) -> None:
    (wheel,) = decide(situation(cargo=pyo3(version, *features), pythons=("11",), named=True)).wheels

    assert dict(wheel.builds[0].env).get("PYO3_NO_PYTHON") == told


def test_others_are_not_answered_for() -> None:
    assert configs(pyo3("0.22.6", *PINNED), "11") == [lines("CPython", "3.11", "abi3=false")]
    assert overrides(pyo3("0.22.6", *PINNED), "11") == {}
    assert overrides(pyo3("0.22.6", *PINNED[1:]), "11") != {}  # without extension-module a file would not do
    assert overrides(pyo3("0.29.3", *PINNED), "12") == {}
    assert overrides(pyo3("0.29.3", *PINNED), "14t") == {}
    assert overrides(pyo3("0.29.3", *PINNED), "pp11") == {}
    assert overrides(pyo3("0.29.3"), "11") == {}


@pytest.mark.parametrize(("python", "machine"), [("11d", LINUX), ("11", WINDOWS)])
@pytest.mark.parametrize("version", ["0.22.6", "0.29.3"])
def test_where_more_than_a_version_counts_nothing_can_be_answered(version: str, python: str, machine: Machine) -> None:
    facts = situation(cargo=pyo3(version, *PINNED), pythons=(python,), machine=machine, named=True)

    with pytest.raises(UnsupportedError) as caught:
        decide(facts)
    assert caught.value.message == (
        f"pyo3 {version} with the feature abi3-py312 cannot be compiled for CPython 3.{python} on {machine.triple}"
    )
    assert caught.value.hint is not None
    assert '{ feature = "pyo3/abi3-py312", python-version = ">=3.12" }' in caught.value.hint


@pytest.mark.parametrize("version", ["0.22.6", "0.29.3"])
def test_a_program_that_pins_the_stable_abi_is_for_newer_pythons_alone(version: str) -> None:
    cargo = pyo3(version, "abi3", "abi3-py312", targets=(BIN,))

    found = decide(situation(cargo=cargo, pythons=("11", "12"))).wheels
    assert [wheel.python_tag for wheel in found] == ["cp312"]
    with pytest.raises(UnsupportedError, match=r"feature abi3-py312 cannot be compiled for CPython 3\.11"):
        decide(situation(cargo=cargo, pythons=("11",), named=True))


def test_a_file_that_abi3t_would_be_held_against_is_not_written() -> None:
    both = pyo3("0.29.3", "abi3", "abi3-py38", "abi3t", "abi3t-py315")
    alone = pyo3("0.29.3", "abi3t", "abi3t-py315")

    assert configs(both, "14t") == [None]
    assert configs(alone, "14") == [None]
    assert configs(both, "14", "15t") == [
        lines("CPython", "3.8", "target_abi=CPython-abi3-3.8", width=""),
        lines("CPython", "3.15", "target_abi=CPython-abi3t-3.15", width=""),
    ]


def test_pypy_is_described_with_the_feature_that_it_does_not_have() -> None:
    assert configs(pyo3("0.22.6", *PINNED), "pp10") == [lines("PyPy", "3.10", "abi3=true")]
    assert configs(pyo3("0.22.6", "extension-module"), "pp10") == [lines("PyPy", "3.10", "abi3=false")]


def test_a_narrow_interpreter_is_told_to_pyo3_which_compares_it_with_the_target() -> None:
    python = LINUX.python("11")
    facts = situation(
        cargo=pyo3("0.29.3", "abi3", "abi3-py310"), pythons=(replace(python, pointer_width=32),), named=True
    )

    assert decide(facts).wheels[0].artifacts[0].config == lines(
        "CPython", "3.10", "target_abi=CPython-abi3-3.10", width="pointer_width=32\n"
    )


def test_pyo3_looks_for_itself_where_somebody_asks_it_where_the_interpreter_is() -> None:
    facts = situation(cargo=pyo3("0.29.3"), pythons=("11",), others_read_pyo3_config=True)

    assert decide(facts).wheels[0].artifacts[0].config is None
    assert (
        decide(replace(facts, foreign=True)).wheels[0].artifacts[0].config is not None
    )  # there is no interpreter to be asked


def test_pyo3_looks_for_itself_where_the_stable_abi_is_forced_and_a_file_would_hide_it() -> None:
    def described(version: str) -> bool:
        facts = situation(cargo=pyo3(version, "extension-module"), pythons=("14",), named=True, abi3_forced=True)
        return decide(facts).wheels[0].artifacts[0].config is not None

    assert [described(version) for version in ("0.22.6", "0.23.5")] == [False, True]


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
    assert (
        decide(first).wheels[0].artifacts[0].config
        == decide(replace(first, interpreters=(moved,))).wheels[0].artifacts[0].config
    )
    assert decide(first).wheels[0].artifacts[0].config == lines("CPython", "3.11", "abi3=false")
