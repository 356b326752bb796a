"""What zig is told, and which zig it is."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import replace
from pathlib import Path

import pytest

from cratewheel.errors import MissingToolError, UnsupportedError
from cratewheel.planning.decide import decide
from cratewheel.targets import zig
from cratewheel.targets.triples import parse
from situations import LINUX, LINUX_ARM, MACOS_ARM, MUSL, PROGRAM, WINDOWS, Machine, situation

WINDOWS_GNU = replace(WINDOWS, triple="x86_64-pc-windows-gnu")


@pytest.mark.parametrize(
    ("machine", "words", "told", "tag"),
    [
        (LINUX, "--zig", "x86_64-linux-gnu.2.17", "manylinux_2_17"),
        (LINUX, "--zig --compatibility manylinux_2_28", "x86_64-linux-gnu.2.28", "manylinux_2_28"),
        (LINUX, "--zig --compatibility pypi", "x86_64-linux-gnu.2.17", "manylinux_2_17"),
        (LINUX, "--zig --compatibility linux", "x86_64-linux-gnu.2.17", None),
        (LINUX_ARM, "--zig", "aarch64-linux-gnu.2.17", "manylinux_2_17"),
        (MUSL, "--zig", "x86_64-linux-musl", "musllinux_1_2"),
        (MACOS_ARM, "--zig", "aarch64-macos.11.0", None),
        (WINDOWS_GNU, "--zig", "x86_64-windows-gnu", None),
        (LINUX, "", None, None),
    ],
)
def test_zig_links_for_the_tag_that_is_promised(
    machine: Machine, words: str, told: str | None, tag: str | None
) -> None:
    plan = decide(situation(words, cargo=PROGRAM, machine=machine))
    assert [one.target for one in plan.zig] == ([told] if told else [])
    assert list(getattr(plan.wheels[0].platform, "policies", ())) == ([tag] if tag else [])


def test_zig_links_each_processor_of_a_universal2_wheel() -> None:
    facts = situation("--zig", cargo=PROGRAM, machine=replace(MACOS_ARM, triple="universal2-apple-darwin"))
    assert [(one.target, one.triple) for one in decide(facts).zig] == [
        ("aarch64-macos.11.0", "aarch64-apple-darwin"),
        ("x86_64-macos.10.12", "x86_64-apple-darwin"),
    ]


@pytest.mark.parametrize(
    ("triple", "policy", "told"),
    [
        ("powerpc64le-unknown-linux-gnu", "manylinux_2_17", "powerpc64le-linux-gnu.2.19"),
        ("riscv64gc-unknown-linux-gnu", "manylinux_2_31", "riscv64-linux-gnu.2.31"),
        ("armv7-unknown-linux-gnueabihf", "manylinux_2_17", "arm-linux-gnueabihf.2.17"),
        ("i686-unknown-linux-gnu", "manylinux_2_17", "x86-linux-gnu.2.17"),
        ("aarch64-unknown-linux-musl", "musllinux_1_2", "aarch64-linux-musl"),
        ("i686-pc-windows-gnu", "", "x86-windows-gnu"),
        ("aarch64-pc-windows-gnullvm", "", "aarch64-windows-gnu"),
    ],
)
def test_zig_is_told_the_target_in_its_own_words(triple: str, policy: str, told: str) -> None:
    assert zig.plan_zig(parse(triple), policy).target == told


def test_what_zig_does_not_link_for_is_refused() -> None:
    for triple in ("sparc64-unknown-linux-gnu", "x86_64-unknown-freebsd", "aarch64-linux-android"):
        with pytest.raises(UnsupportedError) as caught:
            zig.plan_zig(parse(triple), "linux")
        assert caught.value.message == f"zig does not link for {triple}"
    with pytest.raises(UnsupportedError) as msvc:
        zig.plan_zig(parse("x86_64-pc-windows-msvc"), "")
    assert msvc.value.hint == "remove --zig and install cargo-xwin, or build for x86_64-pc-windows-gnu"


def test_without_zig_there_is_an_error_that_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingToolError) as caught:
        zig.find({"PATH": "/nowhere"})
    assert (caught.value.message, caught.value.hint) == (
        "zig was not found, but --zig needs it",
        "pip install cratewheel[zig], or put the program zig on PATH",
    )


@pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")
def test_zig_is_the_one_that_a_variable_of_cargo_zigbuild_names(tmp_path: Path) -> None:
    program = tmp_path / "my-zig"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    assert zig.find({"PATH": "", "CARGO_ZIGBUILD_ZIG_PATH": str(program)}) == (str(program),)
    assert zig.find({"PATH": "", "CARGO_ZIGBUILD_PYTHON_PATH": str(program)}) == (str(program), "-m", "ziglang")
    with pytest.raises(MissingToolError) as caught:
        zig.find({"PATH": "", "CARGO_ZIGBUILD_ZIG_PATH": "/nowhere/zig"})
    assert caught.value.message == "CARGO_ZIGBUILD_ZIG_PATH names /nowhere/zig, which was not found"
