from __future__ import annotations

from typing import Any

import pytest

from cratewheel.bindings import support
from cratewheel.interpreter.model import EVERY, Supported


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("0.26.0", "CPython 3.7 to 3.15, PyPy 3.9 to 3.12, GraalPy 3.10 to 3.15"),
        ("0.25.1", "CPython 3.7 to 3.14, PyPy 3.9 to 3.11, GraalPy 3.10 to 3.11"),
        ("0.24.0", "CPython 3.7 to 3.13, PyPy 3.9 to 3.11, GraalPy 3.10 to 3.11"),
        ("0.23.5", "CPython 3.7 to 3.13, PyPy 3.9 to 3.11, GraalPy 3.10 to 3.11"),
        ("0.23.4", "CPython 3.7 to 3.13, PyPy 3.9 to 3.10, GraalPy 3.10 to 3.11"),
        ("0.22.6", "CPython 3.7 to 3.13, PyPy 3.7 to 3.10, GraalPy 3.10 to 3.11"),
        ("0.21.2", "CPython 3.7 to 3.12, PyPy 3.7 to 3.10, GraalPy 3.10 to 3.11"),
        ("0.20.3", "CPython 3.7 to 3.12, PyPy 3.7 to 3.10"),
        ("0.19.2", "CPython 3.7 to 3.11, PyPy 3.7 to 3.10"),
        ("0.19.1", "CPython 3.7 to 3.11, PyPy 3.7 to 3.10"),
        ("0.19.0", "CPython 3.7 to 3.11, PyPy 3.7 to 3.9"),
        ("0.17.0", "CPython 3.7 to 3.11, PyPy 3.7 to 3.9"),
        ("0.16.6", "CPython 3.7 to 3.10, PyPy 3.7 to 3.9"),
        ("0.15.2", "CPython 3.7 to 3.10, PyPy 3.7 to 3.9"),
        ("0.15.1", "CPython 3.7 to 3.10, PyPy 3.7 to 3.8"),
        ("0.15.0", "CPython 3.7 to 3.10, PyPy 3.7 to 3.8"),
        ("0.13.2", "CPython 3.7 to 3.9"),
    ],
)
def test_old_releases_of_pyo3_are_known(version: str, expected: str) -> None:
    assert str(support.pyo3(support.release(version), {})) == expected


@pytest.mark.parametrize(("version", "expected"), [("0.22.6", False), ("0.23.0", True), ("0.30.1", True)])
def test_pyo3_knows_free_threaded_python_since_0_23(version: str, expected: bool) -> None:
    assert support.pyo3(support.release(version), {}).free_threaded is expected


def test_the_manifest_of_pyo3_ffi_wins_over_the_table() -> None:
    declared = {
        "cpython": {"min-version": "3.9", "max-version": "3.15"},
        "pypy": {"min-version": "3.11", "max-version": "3.12"},
        "graalpy": {"min-version": "3.12", "max-version": "3.13"},
    }

    assert support.pyo3(support.release("0.30.1"), declared) == Supported(
        cpython=((3, 9), (3, 15)), pypy=((3, 11), (3, 12)), graalpy=((3, 12), (3, 13)), free_threaded=True
    )


@pytest.mark.parametrize(
    "table",
    [None, "3.7", {}, {"min-version": "3.7"}, {"min-version": 3.7, "max-version": "new"}, {"max-version": "3.14"}],
)
def test_a_manifest_that_makes_no_sense_leaves_the_table(table: Any) -> None:
    assert support.pyo3(support.release("0.26.0"), {"cpython": table}).cpython == ((3, 7), (3, 15))


def test_what_is_too_old_for_us_stays_out() -> None:
    declared = {"cpython": {"min-version": "3.6", "max-version": "3.9"}}

    assert support.pyo3(support.release("0.26.0"), declared).cpython == ((3, 7), (3, 9))


@pytest.mark.parametrize(
    ("version", "features", "expected"),
    [
        ("0.7.2", (), ((3, 7), (3, 12))),
        ("0.7.1", ("python-3", "default"), ((3, 7), (3, 11))),
        ("0.7.0", (), ((3, 7), (3, 10))),
        ("0.4.1", (), ((3, 7), (3, 8))),
        ("0.7.2", ("python-3", "python-3-11"), ((3, 11), (3, 11))),
    ],
)
def test_rust_cpython_is_for_cpython_with_a_gil(
    version: str, features: tuple[str, ...], expected: tuple[tuple[int, int], tuple[int, int]]
) -> None:
    assert support.rust_cpython(support.release(version), features) == Supported(
        cpython=expected, pypy=None, graalpy=None, free_threaded=False
    )


def test_a_program_runs_beside_any_python() -> None:
    assert support.every_interpreter(programs=True) == EVERY


def test_a_library_of_cffi_is_described_by_a_python_with_a_gil() -> None:
    assert (
        str(support.every_interpreter(programs=False)) == "CPython 3.7 to 3.15, PyPy 3.8 to 3.12, GraalPy 3.10 to 3.15"
    )


def test_a_pinned_stable_abi_can_be_compiled_with_a_newer_python() -> None:
    old = Supported(cpython=((3, 7), (3, 12)))

    assert support.pinned(old, (3, 9)).cpython == ((3, 9), (3, 15))
