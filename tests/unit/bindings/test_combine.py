"""What a wheel with several artifacts is for."""

from __future__ import annotations

import pytest

from cratewheel.bindings.combine import combine, intersect
from cratewheel.bindings.detect import Bindings, Kind, StableAbi
from cratewheel.bindings.support import every_interpreter, pyo3
from cratewheel.interpreter.model import Supported


def module(*abis: StableAbi, cpython: tuple[int, int] = (3, 8), version: str = "0.28.3") -> Bindings:
    supported = Supported(cpython=(cpython, (3, 15)))
    return Bindings(kind="pyo3", crate="pyo3", version=version, supported=supported, stable_abi=abis)


def plain(kind: Kind) -> Bindings:
    return Bindings(kind=kind, supported=every_interpreter(programs=kind in ("bin", "library")))


def abi3(minor: int | None) -> StableAbi:
    return StableAbi(kind="abi3", minimum=None if minor is None else (3, minor))


ABI3T = StableAbi(kind="abi3t", minimum=(3, 15))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([module(abi3(8)), module(abi3(8))], (abi3(8),)),
        ([module(abi3(8)), module(abi3(10))], (abi3(10),)),
        ([module(abi3(None)), module(abi3(9))], (abi3(9),)),
        ([module(abi3(None)), module(abi3(None))], (abi3(None),)),
        ([module(abi3(8)), module()], ()),
        ([module(abi3(8), ABI3T), module(abi3(8))], (abi3(8),)),
        ([module(abi3(8), ABI3T), module(abi3(9), ABI3T)], (abi3(9), ABI3T)),
        ([module(abi3(8)), plain("bin"), plain("library"), plain("cffi")], (abi3(8),)),
        ([plain("bin"), plain("library")], ()),
    ],
)
def test_a_wheel_is_for_a_stable_abi_if_all_modules_are(parts: list[Bindings], expected: tuple[StableAbi, ...]) -> None:
    assert combine(parts).stable_abi == expected


def test_what_needs_an_interpreter_decides() -> None:
    assert combine([plain("bin"), plain("cffi"), module()]).kind == "pyo3"
    assert combine([plain("bin"), plain("cffi"), plain("uniffi")]).kind == "cffi"
    assert combine([plain("bin"), plain("library")]).kind == "library"
    assert combine([plain("bin"), plain("bin")]) == plain("bin")
    embeds = Bindings(kind="bin", crate="pyo3", version="0.28.3", supported=Supported())
    assert (combine([plain("cffi"), embeds]).crate, combine([plain("cffi"), embeds]).per_interpreter) == ("pyo3", True)


def test_only_interpreters_that_all_support_get_a_wheel() -> None:
    old, new = pyo3((0, 20, 0), {}), pyo3((0, 28, 0), {})
    assert intersect(old, new) == intersect(new, old)
    assert str(intersect(old, new)) == "CPython 3.7 to 3.12, PyPy 3.9 to 3.10"
    assert combine([module(cpython=(3, 10)), plain("bin"), module(cpython=(3, 8))]).supported.cpython[0] == (3, 10)
