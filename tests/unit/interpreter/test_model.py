"""Interpreters, the words for them, and which of them a project can be built for.

The answers in `probes/` of CPython 2.7 to 3.13 and PyPy 3.9 on Linux were recorded from real ones. The others were
written down from what is published about those interpreters.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cratewheel.interpreter.model import (
    EVERY,
    Interpreter,
    InterpreterSpec,
    StableKind,
    Supported,
    parse_spec,
)
from cratewheel.interpreter.probe import describe

PROBES = Path(__file__).parent / "probes"


def recorded(name: str) -> Interpreter:
    answer = json.loads((PROBES / f"{name}.json").read_text(encoding="utf-8"))
    return describe(answer, executable=Path(answer["executable"]))


@pytest.mark.parametrize(
    ("probe", "tag", "platform", "display"),
    [
        ("cpython-3.7-linux", "cp37-cp37m", "linux_x86_64", "CPython 3.7"),
        ("cpython-3.8-linux", "cp38-cp38", "linux_x86_64", "CPython 3.8"),
        ("cpython-3.9-linux", "cp39-cp39", "linux_x86_64", "CPython 3.9"),
        ("cpython-3.10-linux", "cp310-cp310", "linux_x86_64", "CPython 3.10"),
        ("cpython-3.11-linux", "cp311-cp311", "linux_x86_64", "CPython 3.11"),
        ("cpython-3.12-linux", "cp312-cp312", "linux_x86_64", "CPython 3.12"),
        ("cpython-3.13-linux", "cp313-cp313", "linux_x86_64", "CPython 3.13"),
        ("cpython-3.15-linux", "cp315-cp315", "linux_x86_64", "CPython 3.15"),
        ("cpython-3.13t-linux", "cp313-cp313t", "linux_x86_64", "CPython 3.13t"),
        ("cpython-3.14t-linux", "cp314-cp314t", "linux_x86_64", "CPython 3.14t"),
        ("cpython-3.12d-linux", "cp312-cp312d", "linux_x86_64", "CPython 3.12d"),
        ("cpython-3.14td-linux", "cp314-cp314td", "linux_x86_64", "CPython 3.14td"),
        ("cpython-3.12-musl", "cp312-cp312", "linux_x86_64", "CPython 3.12"),
        ("cpython-3.11-linux-i686", "cp311-cp311", "linux_i686", "CPython 3.11"),
        ("cpython-3.7-windows", "cp37-cp37m", "win_amd64", "CPython 3.7"),
        ("cpython-3.8-windows-32", "cp38-cp38", "win32", "CPython 3.8"),
        ("cpython-3.12-windows", "cp312-cp312", "win_amd64", "CPython 3.12"),
        ("cpython-3.12d-windows", "cp312-cp312d", "win_amd64", "CPython 3.12d"),
        ("cpython-3.13t-windows", "cp313-cp313t", "win_amd64", "CPython 3.13t"),
        ("cpython-3.14t-windows-arm64", "cp314-cp314t", "win_arm64", "CPython 3.14t"),
        ("cpython-3.12-macos", "cp312-cp312", None, "CPython 3.12"),
        ("cpython-3.11-freebsd", "cp311-cp311", "freebsd_14_1_release_amd64", "CPython 3.11"),
        ("cpython-3.9-cygwin", "cp39-cp39", "cygwin_3_4_10_x86_64", "CPython 3.9"),
        ("pypy-3.9-linux", "pp39-pypy39_pp73", "linux_x86_64", "PyPy 3.9"),
        ("pypy-3.10-windows", "pp310-pypy310_pp73", "win_amd64", "PyPy 3.10"),
        ("pypy-3.11-macos", "pp311-pypy311_pp73", None, "PyPy 3.11"),
        ("graalpy-3.11-linux", "graalpy311-graalpy242_311_native", "linux_x86_64", "GraalPy 3.11"),
        ("pyston-3.8-linux", "pyston38-pyston_23_x86_64_linux_gnu", "linux_x86_64", "Pyston 3.8"),
    ],
)
def test_tags_and_names_of_each_interpreter(probe: str, tag: str, platform: str | None, display: str) -> None:
    interpreter = recorded(probe)
    assert f"{interpreter.python_tag}-{interpreter.abi_tag}" == tag
    assert interpreter.platform == platform
    assert interpreter.display == display


def test_an_unknown_implementation_without_a_soabi_has_no_abi_tag() -> None:
    assert replace(recorded("pyston-3.8-linux"), soabi=None).abi_tag == "none"


@pytest.mark.parametrize(
    ("probe", "stable", "suffix"),
    [
        ("cpython-3.8-linux", None, ".cpython-38-x86_64-linux-gnu.so"),
        ("cpython-3.8-linux", "abi3", ".abi3.so"),
        ("cpython-3.15t-linux", "abi3t", ".abi3t.so"),
        ("cpython-3.12-macos", "abi3", ".abi3.so"),
        ("cpython-3.12-windows", "abi3", ".pyd"),
        ("cpython-3.12-windows", None, ".cp312-win_amd64.pyd"),
        ("cpython-3.12d-windows", "abi3", "_d.pyd"),
        ("cpython-3.9-cygwin", "abi3", ".abi3.dll"),
        ("pypy-3.9-linux", None, ".pypy39-pp73-x86_64-linux-gnu.so"),
    ],
)
def test_suffix_of_the_extension_module(probe: str, stable: StableKind | None, suffix: str) -> None:
    assert recorded(probe).extension_suffix(stable) == suffix


@pytest.mark.parametrize(
    ("probe", "stable", "suffixes"),
    [
        ("cpython-3.15t-linux", "abi3t", (".abi3t.so", ".abi3t-x86_64-linux-gnu.so")),
        ("cpython-3.12-macos", "abi3", (".abi3.so", ".abi3-darwin.so")),
        ("cpython-3.12-windows", "abi3", (".pyd", ".pyd")),
        ("cpython-3.9-cygwin", "abi3", (".abi3.dll", ".abi3.dll")),
    ],
)
def test_a_stable_abi_of_3_15_names_the_platform(probe: str, stable: StableKind, suffixes: tuple[str, str]) -> None:
    python = recorded(probe)
    assert (python.extension_suffix(stable, (3, 14)), python.extension_suffix(stable, (3, 15))) == suffixes


def test_a_suffix_without_a_platform_gives_none() -> None:
    python = replace(recorded("cpython-3.15t-linux"), ext_suffix=".cpython-315t.so")
    assert python.extension_suffix("abi3t", (3, 15)) == ".abi3t.so"


@pytest.mark.parametrize(
    ("probe", "abi3", "abi3t"),
    [
        ("cpython-3.8-linux", True, False),
        ("cpython-3.13-linux", True, False),
        ("cpython-3.14t-linux", False, False),
        ("cpython-3.15-linux", True, True),
        ("cpython-3.15t-linux", False, True),
        ("cpython-3.7-linux", False, False),
        ("pypy-3.9-linux", False, False),
        ("graalpy-3.11-linux", False, False),
        ("pyston-3.8-linux", False, False),
    ],
)
def test_which_interpreters_load_a_stable_abi_of_3_8(probe: str, abi3: bool, abi3t: bool) -> None:
    interpreter = recorded(probe)
    assert (interpreter.loads("abi3", (3, 8)), interpreter.loads("abi3t", (3, 8))) == (abi3, abi3t)


def test_an_interpreter_is_capable_of_the_stable_abi_whatever_its_age() -> None:
    names = ("cpython-3.7-linux", "cpython-3.14t-linux", "cpython-3.15t-linux", "pypy-3.9-linux")
    assert [recorded(name).stable_abi_capable for name in names] == [True, False, True, False]


def test_interpreters_sort_by_kind_then_version_with_special_builds_last() -> None:
    names = ("graalpy-3.11-linux", "pypy-3.9-linux", "cpython-3.14t-linux", "cpython-3.15-linux",
             "cpython-3.12d-linux", "cpython-3.9-linux", "cpython-3.10-linux", "pyston-3.8-linux")  # fmt: skip
    assert [one.display for one in sorted(map(recorded, names), key=lambda one: one.order)] == [
        "CPython 3.9", "CPython 3.10", "CPython 3.15", "CPython 3.12d", "CPython 3.14t", "Pyston 3.8", "PyPy 3.9",
        "GraalPy 3.11",
    ]  # fmt: skip


def test_builds_that_need_wheels_of_their_own_have_identities_of_their_own() -> None:
    names = [path.stem for path in PROBES.glob("*.json") if path.stem not in ("cpython-2.7-linux", "cpython-3.6-linux")]
    # a musl Python differs from a glibc one by its target, and no machine has both; a framework takes the same wheels
    alike = {"cpython-3.12-musl", "cpython-3.12-macos-pyenv-framework"}
    assert len({recorded(name).identity for name in names}) == len(names) - len(alike)


def test_a_patch_release_more_needs_no_wheel_of_its_own() -> None:
    one = recorded("cpython-3.8-linux")
    assert one.identity == replace(one, patch=19, executable=Path("/elsewhere/python3.8"), source="uv").identity


def spec(words: str) -> InterpreterSpec:
    found = parse_spec(words)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("3.12", InterpreterSpec(implementation="cpython", version=(3, 12))),
        ("3.12.1", InterpreterSpec(implementation="cpython", version=(3, 12), patch=1)),
        ("3", InterpreterSpec(implementation="cpython")),
        ("python", InterpreterSpec(implementation="cpython")),
        ("python3", InterpreterSpec(implementation="cpython")),
        ("python3.12", InterpreterSpec(implementation="cpython", version=(3, 12))),
        ("python-3.9", InterpreterSpec(implementation="cpython", version=(3, 9))),
        ("cpython@3.9", InterpreterSpec(implementation="cpython", version=(3, 9))),
        ("CPython3.9", InterpreterSpec(implementation="cpython", version=(3, 9))),
        ("python3.9.exe", InterpreterSpec(implementation="cpython", version=(3, 9))),
        ("3.13t", InterpreterSpec(implementation="cpython", version=(3, 13), free_threaded=True)),
        ("python3.14t", InterpreterSpec(implementation="cpython", version=(3, 14), free_threaded=True)),
        ("3.14td", InterpreterSpec(implementation="cpython", version=(3, 14), free_threaded=True, debug=True)),
        ("pypy", InterpreterSpec(implementation="pypy")),
        ("pypy3", InterpreterSpec(implementation="pypy")),
        ("pypy3.10", InterpreterSpec(implementation="pypy", version=(3, 10))),
        ("pypy-3.10", InterpreterSpec(implementation="pypy", version=(3, 10))),
        ("graalpy3.11", InterpreterSpec(implementation="graalpy", version=(3, 11))),
        ("graalpy", InterpreterSpec(implementation="graalpy")),
        ("cp39", InterpreterSpec(implementation="cpython", version=(3, 9))),
        ("cp313t", InterpreterSpec(implementation="cpython", version=(3, 13), free_threaded=True)),
        ("pp311", InterpreterSpec(implementation="pypy", version=(3, 11))),
    ],
)
def test_words_for_an_interpreter(words: str, expected: InterpreterSpec) -> None:
    assert parse_spec(words) == expected


@pytest.mark.parametrize(
    "words",
    ["", " ", "2.7", "python2.7", "cp27", "jython", "jython3.9", "t", "python3t", "pypy3.10t", "3.", ".9", "3.9.1.2",
     "python3.9-config", "/usr/bin/python3.9", "3.9 3.10", ">=3.9", "4.0"],
)  # fmt: skip
def test_other_words_are_no_version_words(words: str) -> None:
    assert parse_spec(words) is None


@given(
    st.builds(
        InterpreterSpec,
        implementation=st.sampled_from(["cpython", "pypy", "graalpy"]),
        version=st.one_of(st.none(), st.tuples(st.just(3), st.integers(0, 99))),
    )
)
def test_the_program_of_a_spec_names_the_same_interpreter(wanted: InterpreterSpec) -> None:
    assert parse_spec(wanted.program) == wanted
    if wanted.version is not None:
        assert parse_spec(str(wanted).replace(" ", "")) == wanted


@given(st.text())
def test_any_text_is_a_spec_or_none(text: str) -> None:
    assert parse_spec(text) is None or isinstance(parse_spec(text), InterpreterSpec)


@pytest.mark.parametrize(
    ("words", "probe", "matches"),
    [
        ("3.12", "cpython-3.12-linux", True),
        ("3.12", "cpython-3.12d-linux", False),
        ("3.12.1", "cpython-3.12-linux", True),
        ("3.12.2", "cpython-3.12-linux", False),
        ("3.13", "cpython-3.13t-linux", False),
        ("3.13t", "cpython-3.13t-linux", True),
        ("3.13t", "cpython-3.13-linux", False),
        ("3.9", "pypy-3.9-linux", False),
        ("pypy", "pypy-3.9-linux", True),
        ("pypy3.10", "pypy-3.9-linux", False),
        ("graalpy", "graalpy-3.11-linux", True),
    ],
)
def test_a_spec_matches_what_it_says(words: str, probe: str, matches: bool) -> None:
    assert spec(words).matches(recorded(probe)) is matches


PYO3 = Supported(cpython=((3, 8), (3, 14)), pypy=((3, 9), (3, 11)), free_threaded=True)


@pytest.mark.parametrize(
    ("probe", "fits"),
    [
        ("cpython-3.7-linux", False),
        ("cpython-3.8-linux", True),
        ("cpython-3.13-linux", True),
        ("cpython-3.15-linux", False),
        ("cpython-3.13t-linux", False),
        ("cpython-3.14t-linux", True),
        ("cpython-3.15t-linux", False),
        ("cpython-3.12d-linux", True),
        ("pypy-3.9-linux", True),
        ("graalpy-3.11-linux", False),
    ],
)
def test_which_interpreters_bindings_support(probe: str, fits: bool) -> None:
    assert PYO3.fits(recorded(probe)) is fits


def test_support_is_the_same_for_words_as_for_interpreters() -> None:
    words = ("3.7", "3.8", "3.14", "3.15", "3.13t", "3.14t", "pypy3.9", "pypy3.8", "pypy", "graalpy", "3")
    assert [PYO3.fits(spec(word)) for word in words] == [
        False, True, True, False, False, True, True, False, True, False, True,
    ]  # fmt: skip


def test_free_threaded_interpreters_need_bindings_that_say_so() -> None:
    assert not Supported(cpython=((3, 7), (3, 15))).fits(recorded("cpython-3.14t-linux"))


def test_support_reads_as_a_list_of_spans() -> None:
    assert str(PYO3) == "CPython 3.8 to 3.14, PyPy 3.9 to 3.11"


def test_the_list_of_interpreters_leaves_out_only_what_is_too_old() -> None:
    names = ("cpython-3.13t-linux", "cpython-3.7-linux", "pypy-3.9-linux", "graalpy-3.11-linux")
    assert all(EVERY.fits(recorded(name)) for name in names)
    assert not EVERY.fits(replace(recorded("cpython-3.7-linux"), version=(3, 6)))
