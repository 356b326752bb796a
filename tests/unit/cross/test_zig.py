"""What zig is told, and the programs by which cargo reaches it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from pathlib import Path

import pytest

from cratewheel.cross import zig
from cratewheel.cross.zig import ZigPlan
from cratewheel.errors import MissingToolError, UnsupportedError
from cratewheel.plan.decide import decide
from cratewheel.tags.target import parse
from situations import LINUX, LINUX_ARM, MACOS_ARM, MUSL, PROGRAM, Machine, situation


@pytest.mark.parametrize(
    ("machine", "words", "told", "tag"),
    [
        (LINUX, "--zig", "x86_64-linux-gnu.2.17", "manylinux_2_17"),
        (LINUX, "--zig --compatibility manylinux_2_28", "x86_64-linux-gnu.2.28", "manylinux_2_28"),
        (LINUX, "--zig --compatibility pypi", "x86_64-linux-gnu.2.17", "manylinux_2_17"),
        (LINUX, "--zig --compatibility linux", "x86_64-linux-gnu.2.17", None),
        (LINUX_ARM, "--zig", "aarch64-linux-gnu.2.17", "manylinux_2_17"),
        (MUSL, "--zig", "x86_64-linux-musl", "musllinux_1_2"),
        (LINUX, "", None, None),
    ],
)
def test_zig_links_for_the_tag_that_is_promised(
    machine: Machine, words: str, told: str | None, tag: str | None
) -> None:
    plan = decide(situation(words, cargo=PROGRAM, machine=machine))
    assert [one.target for one in plan.zig] == ([told] if told else [])
    assert list(getattr(plan.wheels[0].platform, "policies", ())) == ([tag] if tag else [])


def test_other_systems_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="--zig links for Linux, and not for aarch64-apple-darwin yet"):
        decide(situation("--zig", cargo=PROGRAM, machine=MACOS_ARM))
    with pytest.raises(UnsupportedError, match="not for sparc64-unknown-linux-gnu yet"):
        zig.plan(parse("sparc64-unknown-linux-gnu"), "linux")


@pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")
def test_the_compiler_is_told_the_target_once_and_the_words_stay_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "with space" / "zig"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nprintf '<%s>' \"$@\"\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(zig, "find", lambda _: (str(program),))
    plan = ZigPlan(target="x86_64-linux-gnu.2.17", triple="x86_64-unknown-linux-gnu")
    chosen = dict(zig.environment(plan, tmp_path / "zig", {"AR_x86_64_unknown_linux_gnu": "mine"}))
    assert sorted(chosen) == [
        "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER",
        "CC_x86_64_unknown_linux_gnu",
        "CXX_x86_64_unknown_linux_gnu",
        "RANLIB_x86_64_unknown_linux_gnu",
    ]
    words = ["--target=x86_64-unknown-linux-gnu", "-m64", "-o", "a b", '-DX="1"', ""]
    compiler = str(chosen["CC_x86_64_unknown_linux_gnu"])
    said = subprocess.run([compiler, *words], capture_output=True, text=True, check=True).stdout
    assert said == '<cc><-target><x86_64-linux-gnu.2.17><-o><a b><-DX="1"><>'
    archiver = str(chosen["RANLIB_x86_64_unknown_linux_gnu"])
    assert subprocess.run([archiver, "x.a"], capture_output=True, text=True, check=True).stdout == "<ranlib><x.a>"


def test_without_zig_there_is_an_error_that_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingToolError) as caught:
        zig.find({"PATH": "/nowhere"})
    assert (caught.value.message, caught.value.hint) == (
        "zig was not found, which --zig links with",
        "pip install cratewheel[zig], or put the program zig on PATH",
    )
