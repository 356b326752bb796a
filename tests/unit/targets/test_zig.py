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
from cratewheel.targets.zig import ZigPlan
from situations import LINUX, LINUX_ARM, MACOS_ARM, MUSL, PROGRAM, WINDOWS, Machine, from_elsewhere, situation

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
        (LINUX, "", None, None),
    ],
)
def test_zig_links_for_the_tag_that_is_promised(
    machine: Machine, words: str, told: str | None, tag: str | None
) -> None:
    plan = decide(situation(words, cargo=PROGRAM, machine=machine))
    assert [one.target for one in plan.zig] == ([told] if told else [])
    assert list(getattr(plan.wheels[0].platform, "policies", ())) == ([tag] if tag else [])


def test_zig_links_for_windows_and_not_on_it() -> None:
    plan = decide(from_elsewhere("x86_64-pc-windows-gnu", cargo=PROGRAM, words="--zig"))
    assert [one.target for one in plan.zig] == ["x86_64-windows-gnu"]
    with pytest.raises(UnsupportedError) as caught:
        decide(situation("--zig", cargo=PROGRAM, machine=WINDOWS_GNU))
    assert caught.value.message == "--zig links by shell scripts, which Windows cannot start"


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
        '`pip install "cratewheel[zig]"`, or put the program zig on PATH',
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


@pytest.mark.parametrize(
    ("triple", "macos", "expected"),
    [
        (
            "aarch64-apple-darwin",
            (11, 0),
            ZigPlan(target="aarch64-macos.11.0", triple="aarch64-apple-darwin", os="macos"),
        ),
        ("x86_64-apple-darwin", None, ZigPlan(target="x86_64-macos", triple="x86_64-apple-darwin", os="macos")),
        (
            "x86_64-pc-windows-gnu",
            None,
            ZigPlan(target="x86_64-windows-gnu", triple="x86_64-pc-windows-gnu", os="windows"),
        ),
        (
            "x86_64-unknown-linux-gnu",
            (11, 0),
            ZigPlan(target="x86_64-linux-gnu", triple="x86_64-unknown-linux-gnu", os="linux"),
        ),
    ],
)
def test_a_plan_says_for_which_system_zig_links(triple: str, macos: tuple[int, int] | None, expected: ZigPlan) -> None:
    assert zig.plan_zig(parse(triple), "", macos=macos) == expected


LINUX_PLAN = ZigPlan(target="x86_64-linux-gnu.2.17", triple="x86_64-unknown-linux-gnu")
MACOS_PLAN = ZigPlan(target="aarch64-macos.11.0", triple="aarch64-apple-darwin", os="macos")
WINDOWS_PLAN = ZigPlan(target="x86_64-windows-gnu", triple="x86_64-pc-windows-gnu", os="windows")


@pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")
def test_zig_links_the_crate_but_not_build_scripts_where_there_is_another_linker(tmp_path: Path) -> None:
    (tmp_path / "cc").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "cc").chmod(0o755)
    environ = {"PATH": str(tmp_path)}
    expected = ("-C", f"linker={tmp_path / 'x86_64-linux-gnu.2.17' / 'cc'}")
    assert zig.linker_args(LINUX_PLAN, tmp_path, environ) == expected
    assert zig.linker_args(LINUX_PLAN, tmp_path, {"PATH": ""}) == ()
    variable = "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER"
    assert zig.linker_args(LINUX_PLAN, tmp_path, {**environ, variable: "mine"}) == ()


@pytest.mark.parametrize("plan", [LINUX_PLAN, MACOS_PLAN, WINDOWS_PLAN], ids=["linux", "macos", "windows"])
def test_programs_are_written_once_and_can_be_started(tmp_path: Path, plan: ZigPlan) -> None:
    folder = tmp_path / "with space"
    programs = zig._write_programs(plan, folder, "/zig")
    assert programs == {name: folder / plan.target / name for name in ("cc", "c++", "ar", "ranlib")}
    texts = {name: path.read_text(encoding="utf-8") for name, path in programs.items()}
    assert [f"/zig {name}" in text for name, text in texts.items()] == [True] * 4
    assert all(text.startswith("#!/bin/sh\n") for text in texts.values())
    assert os.name == "nt" or all(path.stat().st_mode & 0o111 == 0o111 for path in programs.values())
    iconv = folder / "macos" / "libiconv.tbd"
    assert iconv.is_file() == (plan is MACOS_PLAN)
    assert (f"-L'{folder / 'macos'}'" in texts["cc"]) == (plan is MACOS_PLAN)
    assert ("-lunwind" in texts["cc"], "-lunwind" in texts["ar"]) == (plan is WINDOWS_PLAN, False)
    for path in programs.values():
        os.utime(path, (1, 1))
    zig._write_programs(plan, folder, "/zig")
    assert {path.stat().st_mtime for path in programs.values()} == {1}
    zig._write_programs(plan, folder, "/other/zig")
    assert "/other/zig cc" in programs["cc"].read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("plan", "system", "processor"),
    [
        (LINUX_PLAN, "Linux", "x86_64"),
        (MACOS_PLAN, "Darwin", "arm64"),
        (WINDOWS_PLAN, "Windows", "x86_64"),
        (ZigPlan(target="aarch64-linux-gnu.2.17", triple="aarch64-unknown-linux-gnu"), "Linux", "aarch64"),
        (ZigPlan(target="x86_64-macos.10.12", triple="x86_64-apple-darwin", os="macos"), "Darwin", "x86_64"),
    ],
)
def test_cmake_is_told_the_system_and_the_programs(tmp_path: Path, plan: ZigPlan, system: str, processor: str) -> None:
    programs = {name: tmp_path / name for name in ("cc", "c++", "ar", "ranlib")}
    path = zig._write_toolchain(plan, tmp_path, programs)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert path == tmp_path / plan.target / "toolchain.cmake"
    assert lines[:6] == [
        f"set(CMAKE_SYSTEM_NAME {system})",
        f"set(CMAKE_SYSTEM_PROCESSOR {processor})",
        f'set(CMAKE_C_COMPILER "{tmp_path.as_posix()}/cc")',
        f'set(CMAKE_CXX_COMPILER "{tmp_path.as_posix()}/c++")',
        f'set(CMAKE_AR "{tmp_path.as_posix()}/ar")',
        f'set(CMAKE_RANLIB "{tmp_path.as_posix()}/ranlib")',
    ]
    assert (len(lines) > 9) == (plan.os == "macos")


HEADERS = """ignoring nonexistent directory "/x"
#include <...> search starts here:
 include
 /zig/libc/include/x86
 /zig/Frameworks (framework directory)
End of search list.
more
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEADERS, (Path("/cwd/include"), Path("/zig/libc/include/x86"))),
        (HEADERS.replace("End of", "Begin of"), ()),
        (HEADERS.replace("starts", "ends"), ()),
        ("", ()),
    ],
)
def test_the_folders_of_headers_are_those_that_zig_lists(text: str, expected: tuple[Path, ...]) -> None:
    assert zig.parse_header_folders(text, Path("/cwd")) == expected


@pytest.mark.parametrize(
    ("target", "defined"),
    [
        ("x86_64-linux-gnu.2.17", ("-D__GLIBC_MINOR__=17",)),
        ("arm-linux-gnueabihf.2.28", ("-D__GLIBC_MINOR__=28",)),
        ("x86_64-linux-gnu", ()),
        ("x86_64-linux-musl", ()),
        ("aarch64-macos.11.0", ()),
    ],
)
def test_bindgen_is_told_the_headers_and_the_glibc(target: str, defined: tuple[str, ...]) -> None:
    folders = (Path("/libcxx/include"), Path("/own"), Path("/a"), Path("/b"), Path("/libunwind/include"))
    assert zig.clang_args(replace(LINUX_PLAN, target=target), folders, ("_LIBCPP_X=1",)) == (
        *("-nostdlibinc", "-stdlib++-isystem", str(Path("/libcxx/include"))),
        *("-idirafter", str(Path("/a")), "-idirafter", str(Path("/b")), "-idirafter", str(Path("/own"))),
        *(*defined, "-D_LIBCPP_X=1"),
    )
