"""Which target the Pythons of macOS and Windows are for."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cratewheel.errors import InterpreterError, UsageError
from cratewheel.interpreter.model import Interpreter
from cratewheel.interpreter.own_target import chosen_target, other_c_library
from cratewheel.interpreter.probe import describe
from cratewheel.options.arguments import parse_flags
from cratewheel.options.resolve import resolve
from cratewheel.project.interpreters import _with_c_library, target_of_pythons
from cratewheel.targets.triples import parse
from system_paths import native

if TYPE_CHECKING:
    from unit.interpreter.conftest import Machine

MAC, INTEL_MAC = "aarch64-apple-darwin", "x86_64-apple-darwin"
WINDOWS, LINUX = "x86_64-pc-windows-msvc", "x86_64-unknown-linux-gnu"


def python(platform: str) -> Interpreter:
    """Return CPython 3.13 of a platform, as `sysconfig.get_platform()` names it."""
    system = {"macosx": "darwin", "win32": "windows", "win": "windows"}.get(platform.partition("-")[0])
    return describe(
        {
            "version": [3, 13, 0],
            "implementation": "cpython",
            "implementation_name": "cpython",
            "abiflags": "",
            "ext_suffix": ".so",
            "soabi": None,
            "platform": platform,
            "system": system or platform.partition("-")[0],
            "pointer_width": 32 if platform == "win32" else 64,
            "gil_disabled": False,
            "debug": False,
        },
        executable=Path("/pythons") / platform / "python",
    )


@pytest.mark.parametrize(
    ("platforms", "host", "expected"),
    [
        (("macosx-11.0-x86_64",), MAC, INTEL_MAC),
        (("macosx-11.0-arm64",), MAC, None),
        (("macosx-11.0-arm64",), INTEL_MAC, MAC),
        (("macosx-10.9-universal2",), MAC, None),
        (("macosx-10.9-universal2", "macosx-11.0-x86_64"), MAC, INTEL_MAC),
        (("win32",), WINDOWS, "i686-pc-windows-msvc"),
        (("win-amd64",), WINDOWS, None),
        (("win-amd64",), "i686-pc-windows-msvc", WINDOWS),
        (("win-arm64",), WINDOWS, "aarch64-pc-windows-msvc"),
        (("win32",), "x86_64-pc-windows-gnu", "i686-pc-windows-gnu"),
        (("win-arm64",), "x86_64-pc-windows-gnu", "aarch64-pc-windows-gnullvm"),
        (("ios-13.0-arm64-iphoneos",), MAC, "aarch64-apple-ios"),
        (("ios-13.0-arm64-iphonesimulator",), MAC, "aarch64-apple-ios-sim"),
        (("ios-13.0-x86_64-iphonesimulator",), MAC, "x86_64-apple-ios"),
        (("linux-i686",), LINUX, None),
        ((), MAC, None),
    ],
)
def test_the_pythons_decide_the_target(platforms: tuple[str, ...], host: str, expected: str | None) -> None:
    assert chosen_target(map(python, platforms), parse(host)) == expected


@pytest.mark.skipif(os.name == "nt", reason="the folders are those of Unix")
@pytest.mark.parametrize(
    ("words", "host", "environ", "expected"),
    [
        ("-i python3.12", INTEL_MAC, {}, MAC),
        ("-i 3.14", INTEL_MAC, {}, None),
        ("-i 3.99", INTEL_MAC, {}, None),
        ("", INTEL_MAC, {}, MAC),
        ("", MAC, {}, None),
        ("", LINUX, {}, None),
        ("--universal2", INTEL_MAC, {}, None),
        ("", INTEL_MAC, {"ARCHFLAGS": "-arch x86_64"}, None),
    ],
)
def test_the_requested_or_the_default_python_decides(
    machine: Machine, words: str, host: str, environ: dict[str, str], expected: str | None
) -> None:
    machine.python("home/usr/bin/python3.12", "cpython-3.12-macos", "python3")
    machine.environ |= {"PATH": str(machine.home / "usr/bin"), "XDG_CACHE_HOME": str(machine.root)}
    machine.cache.rename(machine.root / "cratewheel")
    options, _ = resolve(parse_flags("build", "", words.split()), environ={}, tools=None)
    assert target_of_pythons(options, host, {**machine.environ, **environ}, machine.ui) == expected
    assert machine.said == ([f"      Target {MAC}, which CPython 3.12 is for"] if expected else [])


def test_pythons_of_different_processors_are_an_error() -> None:
    with pytest.raises(UsageError) as caught:
        chosen_target(map(python, ("macosx-11.0-arm64", "macosx-11.0-x86_64")), parse(MAC))
    assert caught.value.message == "the Pythons are for different targets"
    assert caught.value.notes == (
        native("/pythons/macosx-11.0-arm64/python") + " is for aarch64-apple-darwin",
        native("/pythons/macosx-11.0-x86_64/python") + " is for x86_64-apple-darwin",
    )


MUSL = "x86_64-unknown-linux-musl"


@pytest.mark.parametrize(
    ("suffix", "version", "target", "other"),
    [
        (".cpython-313-x86_64-linux-musl.so", (3, 13), LINUX, "musl"),
        (".cpython-313-x86_64-linux-musl.so", (3, 13), MUSL, None),
        (".cpython-313-x86_64-linux-gnu.so", (3, 13), MUSL, "glibc"),
        (".cpython-310-x86_64-linux-gnu.so", (3, 10), MUSL, None),
        (".cpython-313-arm-linux-gnueabihf.so", (3, 13), "armv7-unknown-linux-gnueabihf", None),
        (".cpython-313-arm-linux-musleabihf.so", (3, 13), "armv7-unknown-linux-gnueabihf", "musl"),
        (".cpython-313-darwin.so", (3, 13), MAC, None),
    ],
)
def test_the_c_library_of_a_python_is_compared_with_the_targets(
    suffix: str, version: tuple[int, int], target: str, other: str | None
) -> None:
    one = replace(python("linux-x86_64"), ext_suffix=suffix, version=version)
    assert other_c_library(one, parse(target)) == other


def test_pythons_with_another_c_library_are_skipped_or_an_error(machine: Machine) -> None:
    gnu, musl = (
        replace(python("linux-x86_64"), ext_suffix=f".cpython-313-x86_64-linux-{name}.so", executable=Path(name))
        for name in ("gnu", "musl")
    )
    free, asked = (resolve(parse_flags("build", "", words), environ={}, tools=None)[0] for words in ([], ["-i", "x"]))
    assert _with_c_library((gnu, musl), parse(LINUX), free, machine.ui) == (gnu,)
    assert machine.said == [f"      Python skipped: musl is for musl, and {LINUX} for glibc"]
    for options, found, expected, triple in ((asked, (gnu, musl), LINUX, MUSL), (free, (gnu,), MUSL, LINUX)):
        with pytest.raises(InterpreterError) as caught:
            _with_c_library(found, parse(expected), options, machine.ui)
        assert caught.value.hint == f"choose another Python with -i, or build for its system: --target {triple}"
