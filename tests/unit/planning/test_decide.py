"""The plan as a whole: where it goes, whether there is an sdist, and what is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cratewheel.errors import ConfigError
from cratewheel.planning.decide import decide
from cratewheel.targets.system_versions import System
from situations import LINUX, PROGRAM, pyo3, situation
from system_paths import native

ABI3 = pyo3("0.26.0", "abi3", "abi3-py39")
LEFT_OUT = (
    "no wheel is built for CPython 3.14t, PyPy 3.11, which cannot load abi3 modules; name them with -i to get some"
)

OLD_MACOS = (
    "MACOSX_DEPLOYMENT_TARGET is 10.9, but rustc compiles x86_64 for macOS 10.12 at least: the wheel is for macOS 10.12"
)


@pytest.mark.parametrize(
    ("words", "out"),
    [("", "/work/app/target/wheels"), ("--target-dir /t", "/t/wheels"), ("--target-dir /t --out /o", "/o")],
)
def test_archives_land_in_the_target_directory_unless_told_otherwise(words: str, out: str) -> None:
    assert decide(situation(words, cargo=PROGRAM)).out == Path(out)


@pytest.mark.parametrize(
    ("words", "pyproject", "asked", "sdist", "warnings"),
    [
        ("", True, True, True, ()),
        ("", True, False, False, ()),
        ("--no-sdist", True, True, False, ()),
        (
            "",
            False,
            True,
            False,
            ("no source distribution is built, as there is no pyproject.toml; --no-sdist silences this",),
        ),
        ("--no-sdist", False, True, False, ()),
    ],
)
def test_there_is_an_sdist_where_there_is_a_pyproject(
    words: str, pyproject: bool, asked: bool, sdist: bool, warnings: tuple[str, ...]
) -> None:
    plan = decide(situation(words, cargo=PROGRAM, pyproject=pyproject), sdist=asked)
    assert (plan.sdist, plan.warnings) == (sdist, warnings)


def test_an_sdist_that_was_asked_for_needs_a_pyproject() -> None:
    with pytest.raises(ConfigError, match=r"pyproject\.toml"):
        decide(situation("--sdist", cargo=PROGRAM, pyproject=False))


def test_the_first_wheel_alone_is_the_first_of_all() -> None:
    inputs = situation(cargo=pyo3(), pythons=("11", "12"))
    both, first = decide(inputs), decide(inputs, only_first=True)
    assert len(both.wheels) == 2
    assert first.wheels == both.wheels[:1]


@pytest.mark.parametrize(
    ("words", "facts", "expected"),
    [
        ("", {"cargo": pyo3()}, []),
        ("--include-debuginfo", {"cargo": pyo3()}, []),
        (
            "--include-debuginfo --strip",
            {"cargo": pyo3()},
            ["--include-debuginfo ships nothing, as --strip removes the debug information"],
        ),
        ("--include-debuginfo", {"cargo": PROGRAM}, ["--include-debuginfo ships nothing beside programs"]),
        (
            "",
            {"cargo": ABI3, "pythons": ("12", "14t", "pp11")},
            [LEFT_OUT],
        ),
        ("", {"cargo": ABI3, "pythons": ("12", "14t"), "named": True}, []),
        (
            "--universal2",
            {"cargo": pyo3()},
            [f"--universal2 changes nothing for {LINUX.triple}; --target universal2-apple-darwin cross-compiles"],
        ),
        (
            "",
            {"cargo": PROGRAM, "system": System(macos=(("x86_64", (10, 12)),), macos_in_vain=(10, 9))},
            [OLD_MACOS],
        ),
    ],
)
def test_what_is_probably_not_meant_is_told(words: str, facts: dict[str, Any], expected: list[str]) -> None:
    assert list(decide(situation(words, **{"pythons": ("12",), **facts})).warnings) == expected


def test_a_program_and_an_entry_point_cannot_have_one_name() -> None:
    inputs = situation(cargo=PROGRAM)
    with pytest.raises(ConfigError, match=r"the program 'app'"):
        decide(replace(inputs, metadata=replace(inputs.metadata, scripts=("app",))))
    decide(replace(inputs, metadata=replace(inputs.metadata, scripts=("other",))))


def test_the_reasons_name_every_setting_with_its_origin() -> None:
    inputs = situation("--strip", cargo=pyo3(), pythons=("12",), tool={"profile": "dist"})
    assert decide(inputs).why == (
        native("the project's root is /work/app, its manifest /work/app/Cargo.toml"),
        "the bindings are pyo3, from the crate pyo3 0.26.0",
        "the layout is pure: the crate alone; the module is app",
        "`strip` is set by --strip",
        "`profile` is set by tool.maturin.profile in pyproject.toml",
    )
