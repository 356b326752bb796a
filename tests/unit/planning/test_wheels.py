"""Which wheels there are, what they are called, and what cargo is told for them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from crate_graphs import BIN, CDYLIB, RLIB, target
from cratewheel.cargo.model import CargoMetadata
from cratewheel.errors import ConfigError, InterpreterError
from cratewheel.planning.decide import decide
from cratewheel.project.inputs import Inputs
from situations import (
    CFFI,
    FREEBSD,
    LINUX,
    LINUX_ARMV7,
    MACOS_ARM,
    MUSL,
    PROGRAM,
    RUST_CPYTHON,
    UNIFFI,
    WINDOWS,
    WINDOWS_32,
    Machine,
    modules,
    pyo3,
    pyo3_ffi,
    situation,
)
from system_paths import native

ABI3_OF_315 = pyo3("0.29.3", "abi3", "abi3-py315")
BOTH_STABLE = pyo3("0.29.3", "abi3", "abi3-py38", "abi3t", "abi3t-py315")


def tags(facts: Inputs) -> dict[str, tuple[str, ...]]:
    return {
        f"{wheel.python_tag}-{wheel.abi_tag}": tuple(python.display for python in wheel.serves)
        for wheel in decide(facts).wheels
    }


def test_abi3t_is_taken_by_whoever_has_it_and_abi3_by_older_pythons() -> None:
    pythons = ("8", "14", "14t", "15", "15t")
    assert tags(situation(cargo=BOTH_STABLE, pythons=pythons, named=True)) == {
        "cp38-abi3": ("CPython 3.8", "CPython 3.14"),
        "cp315-abi3.abi3t": ("CPython 3.15", "CPython 3.15t"),
        "cp314-cp314t": ("CPython 3.14t",),
    }


def test_without_a_pinned_minimum_the_oldest_interpreter_names_the_wheel() -> None:
    assert tags(situation(cargo=pyo3_ffi("0.26.0", "abi3"), pythons=("13", "10"))) == {
        "cp310-abi3": ("CPython 3.13", "CPython 3.10")
    }


def test_without_a_pinned_minimum_an_interpreter_is_needed() -> None:
    with pytest.raises(InterpreterError) as caught:
        decide(situation(cargo=pyo3("0.26.0", "abi3")))
    assert caught.value.message == "no Python interpreter found that this project supports"
    assert caught.value.hint == "install one, or select one with -i"


@pytest.mark.parametrize(
    ("cargo", "machine", "python", "file"),
    [
        (pyo3(), LINUX, "13t", "app.cpython-313t-x86_64-linux-gnu.so"),
        (pyo3(), LINUX, "pp11", "app.pypy311-pp73-x86_64-linux-gnu.so"),
        (pyo3(), LINUX_ARMV7, "11", "app.cpython-311-arm-linux-gnueabihf.so"),
        (pyo3(), MACOS_ARM, "11", "app.cpython-311-darwin.so"),
        (pyo3(), WINDOWS, "14t", "app.cp314t-win_amd64.pyd"),
        (pyo3(), WINDOWS_32, "11d", "app_d.cp311-win32.pyd"),
        (pyo3("0.26.0", "abi3-py39", "abi3"), LINUX, "11", "app.abi3.so"),
        (pyo3("0.26.0", "abi3-py39", "abi3"), MACOS_ARM, "11", "app.abi3.so"),
        (pyo3("0.26.0", "abi3-py39", "abi3"), WINDOWS, "11", "app.pyd"),
        (pyo3("0.26.0", "abi3-py39", "abi3"), WINDOWS, "11d", "app_d.pyd"),
        (pyo3("0.26.0", "abi3-py39", "abi3", "generate-import-lib"), WINDOWS, None, "app.pyd"),
        (pyo3("0.26.0", "abi3-py39", "abi3"), MUSL, None, "app.abi3.so"),
        (BOTH_STABLE, LINUX, "15t", "app.abi3t-x86_64-linux-gnu.so"),
        (ABI3_OF_315, LINUX, None, "app.abi3-x86_64-linux-gnu.so"),
        (ABI3_OF_315, MUSL, None, "app.abi3-x86_64-linux-musl.so"),
        (ABI3_OF_315, MACOS_ARM, None, "app.abi3-darwin.so"),
        (RUST_CPYTHON, LINUX, "11", "app.cpython-311-x86_64-linux-gnu.so"),
        (CFFI, LINUX, "11", None),
        (UNIFFI, LINUX, None, None),
        (PROGRAM, WINDOWS, None, None),
    ],
)
def test_the_module_file_has_the_name_that_its_interpreter_looks_for(
    cargo: CargoMetadata, machine: Machine, python: str | None, file: str | None
) -> None:
    facts = situation(cargo=cargo, machine=machine, pythons=(python,) if python else (), named=True)
    assert [wheel.artifacts[0].module_file for wheel in decide(facts).wheels] == [file]


def test_the_module_file_is_named_after_the_last_part_of_a_dotted_name() -> None:
    facts = situation(cargo=pyo3("0.26.0", "abi3", "abi3-py39"), module=modules("a.b._core"))
    assert [wheel.artifacts[0].module_file for wheel in decide(facts).wheels] == ["_core.abi3.so"]


# -- what cargo is told


def rustc_args(facts: Inputs) -> list[tuple[str, ...]]:
    return [build.rustc_args for wheel in decide(facts).wheels for build in wheel.builds]


def test_on_macos_python_symbols_are_found_at_run_time_and_the_library_names_no_build_folder() -> None:
    lookup = ("-C", "link-arg=-undefined", "-C", "link-arg=dynamic_lookup")
    own = ("-C", "link-arg=-Wl,-install_name,@rpath/app.cpython-311-darwin.so")
    assert rustc_args(situation(cargo=pyo3(), machine=MACOS_ARM, pythons=("11",))) == [(*lookup, *own)]
    assert rustc_args(situation(cargo=CFFI, machine=MACOS_ARM, pythons=("11",))) == [()]
    assert rustc_args(situation(cargo=PROGRAM, machine=MACOS_ARM)) == [()]


CRT_DYNAMIC = 'target.x86_64-unknown-linux-musl.rustflags=["-C", "target-feature=-crt-static"]'


@pytest.mark.parametrize(
    ("cargo", "machine", "config"),
    [
        (pyo3(), MUSL, (CRT_DYNAMIC,)),
        (CFFI, MUSL, (CRT_DYNAMIC,)),
        (PROGRAM, MUSL, ()),
        (pyo3(), LINUX, ()),
    ],
    ids=["pyo3", "cffi", "a program stays static", "glibc"],
)
def test_a_library_for_musl_links_libc_dynamically(
    cargo: CargoMetadata, machine: Machine, config: tuple[str, ...]
) -> None:
    facts = situation("--config net.retry=3", cargo=cargo, machine=machine, pythons=("11",))
    (wheel,) = decide(facts).wheels
    assert [build.options.config for build in wheel.builds] == [("net.retry=3", *config)]


def test_strip_stands_behind_the_arguments_of_the_user() -> None:
    facts = situation("--strip --rustc-extra-args '-C lto' -- -C opt-level=1", cargo=PROGRAM)
    assert rustc_args(facts) == [("-C", "opt-level=1", "-C", "lto", "-C", "strip=symbols")]


def test_a_conditional_feature_is_for_the_interpreters_it_names() -> None:
    tool = {
        "features": [
            "always",
            {"feature": "newer", "python-version": ">=3.12"},
            {"feature": "for-pypy", "python-implementation": "PyPy"},
        ]
    }
    facts = situation(
        cargo=pyo3(of_the_crate={"always": (), "newer": (), "for-pypy": ()}), pythons=("11", "13", "pp11"), tool=tool
    )
    assert {wheel.python_tag: wheel.builds[0].options.features for wheel in decide(facts).wheels} == {
        "cp311": ("always",),
        "cp313": ("always", "newer"),
        "pp311": ("always", "for-pypy"),
    }
    flagged = replace(facts, options=situation("--features mine", cargo=pyo3(), tool=tool).options)
    assert {wheel.builds[0].options.features for wheel in decide(flagged).wheels} == {("mine",)}


@pytest.mark.parametrize(
    ("version", "python", "told"),
    [("0.16.3", "11", "1"), ("0.16.4", "11", None), ("0.26.0", None, "1")],
    ids=["an old pyo3", "a newer one", "no interpreter"],
)
def test_pyo3_is_told_to_do_without_a_python_where_it_would_look_for_one(
    version: str, python: str | None, told: str | None
) -> None:
    stable = pyo3(version, "abi3", "abi3-py39", "extension-module")
    (wheel,) = decide(situation(cargo=stable, pythons=(python,) if python else ())).wheels
    assert dict(wheel.builds[0].env).get("PYO3_NO_PYTHON") == told


# -- which targets of the crate


def built(words: str, cargo: CargoMetadata, **facts: object) -> list[tuple[str | None, bool]]:
    (wheel,) = decide(situation(words, cargo=cargo, **facts)).wheels  # type: ignore[arg-type]  # of `situation`
    return [(build.binary, build.cdylib) for build in wheel.builds]


@pytest.mark.parametrize(
    ("library", "rustc", "forced"),
    [
        (CDYLIB, (1, 95, 0), False),
        (target("app", "lib", crate_types=("cdylib", "rlib")), (1, 95, 0), True),
        (target("app", "lib", crate_types=("cdylib", "rlib")), (1, 64, 0), True),
        (target("app", "lib", crate_types=("cdylib", "rlib")), (1, 63, 9), False),
        (RLIB, (1, 95, 0), True),
    ],
    ids=["cdylib alone", "with rlib", "the first cargo that can", "an old cargo", "no cdylib at all"],
)
def test_a_library_of_several_kinds_is_built_as_cdylib_alone(
    library: object, rustc: tuple[int, int, int], forced: bool
) -> None:
    cargo = pyo3(targets=(library,))  # type: ignore[arg-type]  # a CrateTarget
    assert built("", cargo, rustc=rustc, pythons=("11",)) == [(None, forced)]


def test_a_crate_without_a_library_cannot_be_a_module() -> None:
    with pytest.raises(ConfigError) as caught:
        decide(situation("--bindings pyo3", cargo=pyo3(targets=(BIN,)), pythons=("11",)))
    assert caught.value.message == native("/work/app/Cargo.toml") + " has no library for the pyo3 bindings"
    assert caught.value.hint == 'a library for Python needs [lib] with `crate-type = ["cdylib"]`'


# -- the system's own tag


def test_where_the_tag_has_the_release_of_the_system_the_interpreter_tells_it() -> None:
    (wheel,) = decide(situation(cargo=pyo3(), machine=FREEBSD, pythons=("11",))).wheels
    assert wheel.platform.tags == ("freebsd_14_1_release_amd64",)  # type: ignore[union-attr]  # a Fixed


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", ["cp310", "cp311", "pp311"]),
        ("--shared-target-dir", [None, None, None]),
        ("--cargo-extra-args='--target-dir /elsewhere'", [None, None, None]),
        ("--cargo-extra-args=--target-dir=/elsewhere", [None, None, None]),
        ("--target-dir /t", ["/t/cp310", "/t/cp311", "/t/pp311"]),
    ],
)
def test_each_of_several_interpreters_has_a_build_directory_of_its_own(words: str, expected: list[str | None]) -> None:
    wheels = decide(situation(words, cargo=pyo3(), pythons=("10", "11", "pp11"), named=True)).wheels
    home = Path("/work/app/target/cratewheel/build")
    assert [wheel.directory for wheel in wheels] == [
        None if name is None else Path(name[:2], "cratewheel/build", name[3:]) if name[0] == "/" else home / name
        for name in expected
    ]


def test_a_single_interpreter_needs_no_build_directory_of_its_own() -> None:
    assert [wheel.directory for wheel in decide(situation(cargo=pyo3(), pythons=("10",))).wheels] == [None]
