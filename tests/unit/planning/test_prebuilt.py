"""Which artifact a prebuilt file is."""

from __future__ import annotations

from pathlib import Path

import pytest

from crate_graphs import BIN, HOME, target
from cratewheel.errors import CratewheelError, UsageError
from cratewheel.planning.decide import decide
from cratewheel.planning.prebuilt import assign, cargo_file_name
from cratewheel.targets.triples import parse
from situations import PROGRAM, pyo3, situation
from system_paths import native

LIBRARY = target("app-lib", "cdylib")
OTHER = target("other", "bin")


@pytest.mark.parametrize(
    ("triple", "names"),
    [
        ("x86_64-unknown-linux-gnu", ("libapp_lib.so", "other")),
        ("aarch64-apple-darwin", ("libapp_lib.dylib", "other")),
        ("x86_64-pc-windows-msvc", ("app_lib.dll", "other.exe")),
    ],
)
def test_a_file_gets_the_name_that_cargo_would_give_it(triple: str, names: tuple[str, str]) -> None:
    assert (cargo_file_name(LIBRARY, parse(triple)), cargo_file_name(OTHER, parse(triple))) == names


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--prebuilt app-lib=x.so --prebuilt other=dist/y", {0: HOME / "x.so", 1: HOME / "dist/y"}),
        ("--prebuilt out/libapp_lib.so", {0: HOME / "out/libapp_lib.so"}),
        ("--prebuilt /nix/other", {1: Path("/nix/other")}),
        ("--prebuilt app-lib=a=b.so", {0: HOME / "a=b.so"}),
    ],
)
def test_a_file_is_named_or_called_as_cargo_calls_it(words: str, expected: dict[int, Path]) -> None:
    assert assign(situation(words, cargo=PROGRAM), [(None, LIBRARY), (None, OTHER)]) == expected


def test_one_artifact_needs_no_name() -> None:
    assert assign(situation("--prebuilt ./x=1/y", cargo=PROGRAM), [(None, BIN)]) == {0: HOME / "x=1/y"}
    assert assign(situation("--prebuilt app=y", cargo=PROGRAM), [(None, BIN)]) == {0: HOME / "y"}


@pytest.mark.parametrize("words", ["--prebuilt x.so", "--prebuilt appp=x.so", "--prebuilt other=a --prebuilt b/other"])
def test_what_does_not_say_which_artifact_it_is_is_an_error(words: str) -> None:
    with pytest.raises(UsageError, match="--prebuilt"):
        assign(situation(words, cargo=PROGRAM), [(None, LIBRARY), (None, OTHER)])


def test_nothing_is_compiled_for_a_prebuilt_file_and_no_sdist_is_made_unless_asked_for() -> None:
    plan = decide(situation("--prebuilt /x/app.so", cargo=pyo3(), pythons=("12",)))
    (artifact,) = plan.wheels[0].artifacts
    assert (artifact.builds, artifact.prebuilt, artifact.cargo_file) == ((), Path("/x/app.so"), "libapp.so")
    assert not plan.sdist
    assert decide(situation("--sdist --prebuilt /x/app.so", cargo=pyo3(), pythons=("12",))).sdist


@pytest.mark.parametrize(
    ("words", "pythons", "message"),
    [
        ("--pgo", ("12",), "--pgo compiles, and a prebuilt file is not compiled"),
        ("", ("11", "12"), "a prebuilt module is for one Python, and 2 wheels would have it"),
    ],
)
def test_options_that_need_a_compiler_are_errors(words: str, pythons: tuple[str, ...], message: str) -> None:
    facts = situation(
        f"{words} --prebuilt /x/app.so", cargo=pyo3(), pythons=pythons, tool={"pgo-command": "python x.py"}
    )
    with pytest.raises(CratewheelError) as caught:
        decide(facts)
    assert caught.value.message == message


def test_a_prebuilt_file_is_not_stripped_and_a_warning_says_so() -> None:
    plan = decide(situation("--strip --prebuilt /x/app.so", cargo=pyo3(), pythons=("12",)))
    assert plan.warnings == (f"--strip changes nothing in prebuilt files: {native('/x/app.so')}",)


def test_one_file_serves_all_pythons_of_a_stable_abi() -> None:
    facts = situation("--prebuilt /x/app.so", cargo=pyo3("0.28.3", "abi3", "abi3-py39"), pythons=("11", "12"))
    assert len(decide(facts).wheels) == 1
