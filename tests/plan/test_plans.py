"""Whole plans for machines that are not here, as `--dry-run --explain` shows them.

`python tests/plan/test_plans.py` (with `tests` and `src` on PYTHONPATH) writes the files again; read what changed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from crate_graphs import BIN
from cratewheel.planning.decide import decide
from cratewheel.planning.explain import explain
from cratewheel.project.inputs import Inputs
from cratewheel.targets.system_versions import System
from situations import (
    CFFI,
    LINUX,
    LINUX_ARM,
    LINUX_ARMV7,
    MACOS_ARM,
    MACOS_INTEL,
    MUSL,
    PROGRAM,
    RUST_CPYTHON,
    UNIFFI,
    WINDOWS,
    WINDOWS_32,
    WINDOWS_ARM,
    by_python,
    from_elsewhere,
    not_here,
    pyo3,
    pyo3_ffi,
    situation,
)

GOLDEN = Path(__file__).with_name("golden")
EVERY = ("8", "11", "13", "13t", "14", "14t", "pp11", "graal12")
ABI3 = ("abi3", "abi3-py39")

CASES: dict[str, Inputs] = {
    "linux-pyo3": situation(cargo=pyo3("0.28.3"), pythons=EVERY),
    "linux-pyo3-named": situation("--release --strip", cargo=pyo3("0.28.3"), pythons=("12", "pp11"), named=True),
    "linux-abi3": situation(cargo=pyo3("0.29.3", *ABI3), pythons=EVERY),
    "linux-abi3-named": situation(cargo=pyo3("0.29.3", *ABI3), pythons=EVERY, named=True),
    "linux-abi3-no-python": situation(cargo=pyo3("0.29.3", *ABI3)),
    "linux-abi3-unpinned": situation(cargo=pyo3("0.28.3", "abi3"), pythons=("10", "12", "13t", "pp11")),
    "linux-abi3-by-feature": situation(
        cargo=pyo3("0.28.3"),
        pythons=("9", "11", "13", "pp11"),
        tool={"features": [{"feature": "pyo3/abi3-py311", "python-version": ">=3.11"}]},
        with_features={("pyo3/abi3-py311",): pyo3("0.28.3", "abi3", "abi3-py311")},
    ),
    "linux-pyo3-ffi": situation("--compatibility manylinux2014", cargo=pyo3_ffi(), pythons=("11",)),
    "linux-rust-cpython": situation("--compatibility linux", cargo=RUST_CPYTHON, pythons=("8", "11", "13")),
    "linux-pgo": situation(
        "--pgo", cargo=pyo3("0.28.3"), pythons=("12", "14t"), tool={"pgo-command": "pytest -q benchmarks"}
    ),
    "linux-cffi": situation("--auditwheel check", cargo=CFFI, pythons=("11",)),
    "linux-uniffi": situation("--skip-auditwheel", cargo=UNIFFI),
    "linux-bin": situation("--compatibility pypi --locked -j 3", cargo=PROGRAM),
    "linux-aarch64": situation("--compatibility 2_28", cargo=pyo3("0.28.3"), machine=LINUX_ARM, pythons=("12", "14t")),
    "linux-armv7": situation(
        "--auditwheel warn --profile dist --no-sdist", cargo=pyo3("0.28.3"), machine=LINUX_ARMV7, pythons=("11",)
    ),
    "linux-abi3-and-abi3t": situation(
        cargo=pyo3("0.29.3", "abi3", "abi3-py38", "abi3t", "abi3t-py315"),
        pythons=("8", "14", "14t", "15", "15t"),
        named=True,
    ),
    "linux-abi-set": situation(
        cargo=pyo3("0.29.3", "abi3", "abi3-py38", "abi3t", "abi3t-py315"),
        pythons=("8", "12", "14t", "15t", "pp11"),
        tool={"abi": ["abi3-py38", "cp312", "cp314t"]},
    ),
    "linux-no-abi3": situation("--no-abi3", cargo=pyo3("0.29.3", *ABI3), pythons=("8", "12", "14t"), named=True),
    "linux-only-abi3": situation(
        "--only-abi3", cargo=pyo3("0.29.3", *ABI3), pythons=("8", "12", "14t", "pp11"), named=True
    ),
    "linux-unaudited": situation(
        "--skip-auditwheel --compatibility manylinux2014", cargo=pyo3_ffi("0.28.3", *ABI3), pythons=("11",)
    ),
    "linux-bin-two-tags": situation("--compatibility 2_17 musllinux_1_2", cargo=PROGRAM, machine=MUSL),
    "linux-bin-with-pyo3": situation(cargo=pyo3("0.28.3", targets=(BIN,)), pythons=("11", "12")),
    "musl": situation(cargo=pyo3("0.28.3"), machine=MUSL, pythons=("12",)),
    "linux-not-here": situation(
        cargo=pyo3("0.29.3"), pythons=("11", *not_here(LINUX, "3.14t", "pypy3.11", "graalpy3.12")), named=True
    ),
    "windows-not-here": situation(
        cargo=pyo3("0.29.3"), machine=WINDOWS, pythons=not_here(WINDOWS, "3.14t"), named=True
    ),
    "macos-rosetta-python": by_python(MACOS_ARM, MACOS_INTEL, "12", cargo=pyo3("0.29.3")),
    "macos-arm64-python-on-intel-rust": by_python(MACOS_INTEL, MACOS_ARM, "12", "14t", cargo=pyo3("0.29.3")),
    "windows-32-bit-python": by_python(WINDOWS, WINDOWS_32, "11", cargo=pyo3("0.29.3")),
    "windows-arm64-python": by_python(WINDOWS, WINDOWS_ARM, "14t", cargo=pyo3("0.29.3")),
    "macos-arm64": situation("-r", cargo=pyo3("0.28.3"), machine=MACOS_ARM, pythons=("11", "14t", "pp11")),
    "macos-x86_64-abi3": situation(cargo=pyo3("0.29.3", *ABI3), machine=MACOS_INTEL, pythons=("11",)),
    "macos-bin": situation(cargo=PROGRAM, machine=MACOS_ARM),
    "windows-x86_64": situation(cargo=pyo3("0.29.3"), machine=WINDOWS, pythons=("11", "13t", "14t")),
    "windows-abi3": situation(cargo=pyo3("0.29.3", *ABI3), machine=WINDOWS, pythons=("11", "13")),
    "windows-i686": situation(cargo=pyo3_ffi(), machine=WINDOWS_32, pythons=("11",)),
    "windows-arm64": situation(cargo=CFFI, machine=WINDOWS_ARM, pythons=("13",)),
    "windows-bin": situation(cargo=PROGRAM, machine=WINDOWS),
}

# Built on x86_64 Linux for every other system, for each Python that there is
ALL = (*(f"3.{minor}" for minor in range(8, 16)), "3.13t", "3.14t", "3.15t", "pypy3.11", "graalpy3.12")
CPYTHONS = tuple(name for name in ALL if not name.startswith(("pypy", "graalpy")))
WITH_GIL = tuple(name for name in CPYTHONS if not name.endswith("t"))
STABLE = pyo3("0.29.3", "abi3", "abi3-py38", "abi3t", "abi3t-py315")

CASES |= {
    f"from-linux-to-{name}": from_elsewhere(triple, cargo=STABLE, pythons=pythons, **more)
    for name, triple, pythons, more in (
        ("linux-aarch64", "aarch64-unknown-linux-gnu", ALL, {"words": "--zig"}),
        ("linux-x86_64-musl", "x86_64-unknown-linux-musl", CPYTHONS, {}),
        ("macos-x86_64", "x86_64-apple-darwin", ALL, {"words": "--zig"}),
        ("macos-arm64", "aarch64-apple-darwin", ALL, {}),
        ("macos-universal2", "universal2-apple-darwin", (*CPYTHONS, "pypy3.11"), {"words": "--zig"}),
        ("windows-x86_64", "x86_64-pc-windows-gnu", (*CPYTHONS, "pypy3.11"), {}),
        ("windows-i686", "i686-pc-windows-msvc", CPYTHONS, {}),
        ("windows-arm64", "aarch64-pc-windows-msvc", CPYTHONS, {}),
        ("emscripten", "wasm32-unknown-emscripten", WITH_GIL, {"system": System(pyemscripten="2026_0")}),
        ("android", "aarch64-linux-android", ("3.13", "3.14", "3.15"), {"system": System(android_api=24)}),
        ("ios", "aarch64-apple-ios", ("3.13", "3.14", "3.15"), {}),
        ("freebsd", "x86_64-unknown-freebsd", CPYTHONS, {"system": System(release="14.1-RELEASE")}),
    )
}
CASES |= {
    "from-macos-to-linux-x86_64": from_elsewhere(
        "x86_64-unknown-linux-gnu", cargo=STABLE, pythons=ALL, host="aarch64-apple-darwin"
    ),
    "from-linux-to-linux-aarch64-unasked": from_elsewhere("aarch64-unknown-linux-gnu", cargo=pyo3("0.29.3")),
    "from-linux-to-macos-universal2-bin": from_elsewhere("universal2-apple-darwin", cargo=PROGRAM),
    "from-linux-to-wasi-bin": from_elsewhere("wasm32-wasip1", cargo=PROGRAM),
}


def shown(facts: Inputs) -> str:
    """Return the plan for people, its warnings first."""
    plan = decide(facts)
    warnings = [f"warning: {line}" for line in plan.warnings]
    return "".join(f"{line}\n" for line in (*warnings, *explain(plan, reasons=True)))


def respelled(text: str) -> str:
    """Return a plan as it is on this system: on Windows without quotes and backslashes, as another shell has them."""
    if os.sep == "/":
        return text
    return re.sub(r"['\"]", "", text.replace(r"\"", "").replace("\\\\", "/").replace("\\", "/"))


@pytest.mark.parametrize("name", CASES)
def test_the_plan_is_as_it_was(name: str) -> None:
    golden = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    assert respelled(shown(CASES[name])) == respelled(golden)


def test_every_golden_plan_has_its_case() -> None:
    assert sorted(path.stem for path in GOLDEN.iterdir()) == sorted(CASES)


if __name__ == "__main__":
    for case, case_facts in CASES.items():
        (GOLDEN / f"{case}.txt").write_text(shown(case_facts), encoding="utf-8")
