"""The versions of a target's system that variables and the project tell."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from cratewheel.errors import UsageError
from cratewheel.targets import system_versions as system
from cratewheel.targets.system_versions import System
from cratewheel.targets.triples import parse

INTEL, ARM, UNIVERSAL2 = "x86_64-apple-darwin", "aarch64-apple-darwin", "universal2-apple-darwin"


NONE: Mapping[str, str] = MappingProxyType({})


def read(triple: str, *, project_macos: Mapping[str, str] = NONE, native: bool = False, **environ: str) -> System:
    variables = {"PATH": "", "CARGO_HOME": "/nowhere", **environ}
    return system.read_system(
        parse(triple), native=native, project_macos=project_macos, environ=variables, cwd=Path("/nowhere")
    )


def tags(
    triple: str, *, project_macos: Mapping[str, str] = NONE, native: bool = False, **environ: str
) -> tuple[str, ...]:
    return read(triple, project_macos=project_macos, native=native, **environ).tags(parse(triple))


def test_the_project_may_choose_its_macos() -> None:
    found = read("x86_64-apple-darwin", project_macos={INTEL: "10.14"}, MACOSX_DEPLOYMENT_TARGET="12.0")
    assert found == System(macos=(("x86_64", (10, 14)),), macos_exported=("x86_64",))


def test_the_api_level_of_android_is_in_the_name_of_the_configured_linker(tmp_path: Path) -> None:
    (tmp_path / ".cargo").mkdir()
    (tmp_path / ".cargo" / "config.toml").write_text(
        '[target.aarch64-linux-android]\nlinker = "/ndk/bin/aarch64-linux-android29-clang"\n', encoding="utf-8"
    )
    target = parse("aarch64-linux-android")

    def api(*config: str) -> int | None:
        return system.read_system(
            target, native=False, project_macos={}, environ={"PATH": ""}, cwd=tmp_path, config=config
        ).android_api

    assert api() == 29
    assert api('target.aarch64-linux-android.linker = "aarch64-linux-android31-clang"') == 31


@pytest.mark.parametrize(
    ("triple", "environ", "expected"),
    [
        ("aarch64-apple-ios", {}, System()),
        ("aarch64-apple-ios", {"IPHONEOS_DEPLOYMENT_TARGET": "15.2"}, System(ios=(15, 2))),
        ("aarch64-linux-android", {"ANDROID_API_LEVEL": "24"}, System(android_api=24)),
        ("aarch64-linux-android", {}, System()),
        ("aarch64-linux-android", {"CC": "clang"}, System()),
        ("aarch64-linux-android", {"CC": "/ndk/aarch64-linux-android26-clang"}, System(android_api=26)),
        ("aarch64-linux-android", {"CC_aarch64_linux_android": "android27"}, System(android_api=27)),
        ("aarch64-linux-android", {"CC_aarch64-linux-android": "android28"}, System(android_api=28)),
        (
            "aarch64-linux-android",
            {"CC": "android1", "CC_aarch64_linux_android": "android2", "CC_aarch64-linux-android": "android3"},
            System(android_api=3),
        ),
        (
            "armv7-linux-androideabi",
            {"CARGO_TARGET_ARMV7_LINUX_ANDROIDEABI_LINKER": "/ndk/armv7a-linux-androideabi21-clang", "CC": "android30"},
            System(android_api=21),
        ),
        ("wasm32-unknown-emscripten", {"PYEMSCRIPTEN_PLATFORM_VERSION": "2026_0"}, System(pyemscripten="2026_0")),
        ("wasm32-unknown-emscripten", {"MATURIN_PYEMSCRIPTEN_PLATFORM_VERSION": "1"}, System(pyemscripten="1")),
        ("wasm32-unknown-emscripten", {"PYODIDE_ABI_VERSION": "2025_0"}, System(pyemscripten="2025_0")),
        ("wasm32-unknown-emscripten", {"MATURIN_PYODIDE_ABI_VERSION": "2"}, System(pyemscripten="2")),
        (
            "wasm32-unknown-emscripten",
            {"PYODIDE_ABI_VERSION": "2", "MATURIN_PYODIDE_ABI_VERSION": "1"},
            System(pyemscripten="1"),
        ),
        ("x86_64-unknown-freebsd", {"MATURIN_FREEBSD_VERSION": "14.1-RELEASE"}, System(release="14.1-RELEASE")),
        ("x86_64-unknown-freebsd", {"MATURIN_FREEBSD_VERSION": ""}, System()),
        ("x86_64-unknown-netbsd", {"MATURIN_NETBSD_VERSION": "10.0"}, System(release="10.0")),
        ("aarch64-unknown-openbsd", {"MATURIN_OPENBSD_VERSION": "7.5"}, System(release="7.5")),
        ("x86_64-unknown-dragonfly", {"MATURIN_DRAGONFLY_VERSION": "6.4"}, System(release="6.4")),
        ("x86_64-unknown-haiku", {"MATURIN_HAIKU_VERSION": "1"}, System(release="1")),
        ("x86_64-unknown-illumos", {"MATURIN_ILLUMOS_VERSION": "5.11"}, System(release="5.11")),
        ("x86_64-pc-solaris", {"MATURIN_SOLARIS_VERSION": "5.12"}, System(release="5.12")),
        ("powerpc64-ibm-aix", {"MATURIN_AIX_VERSION": "7205_2146"}, System(release="7205_2146")),
        ("x86_64-unknown-linux-gnu", {"MATURIN_LINUX_VERSION": "1"}, System()),
        ("wasm32-wasip1", {}, System()),
        ("x86_64-pc-cygwin", {}, System()),
    ],
)
def test_variables_tell_the_version_of_a_system_that_is_not_here(
    triple: str, environ: dict[str, Any], expected: System
) -> None:
    assert read(triple, **environ) == expected


@pytest.mark.parametrize(
    ("triple", "expected"),
    [
        ("aarch64-apple-ios", ("ios_13_0_arm64_iphoneos",)),
        ("wasm32-wasip1", ("any",)),
        ("x86_64-pc-cygwin", ("cygwin_x86_64",)),
    ],
)
def test_some_tags_need_no_version(triple: str, expected: tuple[str, ...]) -> None:
    assert tags(triple) == expected


@pytest.mark.parametrize(
    ("found", "triple", "expected"),
    [
        (System(ios=(15, 2)), "aarch64-apple-ios-sim", ("ios_15_2_arm64_iphonesimulator",)),
        (System(android_api=21), "armv7-linux-androideabi", ("android_21_armeabi_v7a",)),
        (System(pyemscripten="2026_0"), "wasm32-unknown-emscripten", ("pyemscripten_2026_0_wasm32",)),
        (System(emscripten="3.1.58"), "wasm32-unknown-emscripten", ("emscripten_3_1_58_wasm32",)),
        (System(release="14.1-RELEASE"), "x86_64-unknown-freebsd", ("freebsd_14_1_release_amd64",)),
        (System(macos=(("x86_64", (10, 12)),)), INTEL, ("macosx_10_12_x86_64",)),
        (
            System(macos=(("aarch64", (11, 0)), ("x86_64", (10, 15)))),
            UNIVERSAL2,
            ("macosx_10_15_universal2", "macosx_10_15_x86_64", "macosx_11_0_arm64"),
        ),
    ],
)
def test_a_version_becomes_part_of_the_tag(found: System, triple: str, expected: tuple[str, ...]) -> None:
    assert found.tags(parse(triple)) == expected


@pytest.mark.parametrize(
    ("triple", "environ", "message", "hint"),
    [
        (
            "aarch64-apple-ios",
            {"IPHONEOS_DEPLOYMENT_TARGET": "new"},
            "IPHONEOS_DEPLOYMENT_TARGET must be a version like 13.0, found 'new'",
            "write two numbers with a dot",
        ),
        (
            "aarch64-linux-android",
            {"ANDROID_API_LEVEL": "24a"},
            "ANDROID_API_LEVEL must be a number, found '24a'",
            "set it to 24, for example",
        ),
    ],
)
def test_a_variable_without_a_version_is_an_error(
    triple: str, environ: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read(triple, **environ)
    assert (caught.value.message, caught.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ({INTEL: "10.15", ARM: "12.0"}, {"aarch64": (12, 0), "x86_64": (10, 15)}),
        ({UNIVERSAL2: "13.0", ARM: "14.1.2"}, {"aarch64": (14, 1), "x86_64": (13, 0)}),
    ],
)
def test_the_project_chooses_the_macos_of_each_processor(
    tables: dict[str, str], expected: dict[str, tuple[int, int]]
) -> None:
    found = read(UNIVERSAL2, project_macos=tables)
    assert (dict(found.macos), sorted(found.macos_exported)) == (expected, ["aarch64", "x86_64"])


@pytest.mark.parametrize("text", ["10", "10.", ".15", "10.15.1.1", "a.b", "10.15a", "10000.1", "\u0661\u0660.9"])
def test_what_is_no_version_of_macos_is_an_error(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(INTEL, project_macos={INTEL: text})
    assert caught.value.message == (
        f"target.{INTEL}.macos-deployment-target must be a version like 13.0, found '{text}'"
    )


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("bos.rte:bos.rte:7.2.5.101: : :C: :BOS: : : : : : :1:0:/:2146", "7205_2146"),
        ("bos.rte:bos.rte:7.3.12.0: : :C: :BOS: : : : : : :1:0:/: ", "7312_9999"),
        ("bos.rte:bos.rte:7.2.5:2146", "7205_2146"),
        ("bos.rte:bos.rte:7.2: :2146", None),
        ("bos.rte:bos.rte:7.x.y: :2146", None),
        ("bos.rte:bos.rte", None),
        ("", None),
    ],
)
def test_aix_tells_its_release_level_and_build_date(output: str, expected: str | None) -> None:
    assert system.aix_release(output) == expected


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("MACOSX_DEPLOYMENT_TARGET=11.0\n", (11, 0)),
        ("deployment_target=10.12\n", (10, 12)),
        ("nothing\n", None),
        ("", None),
    ],
)
def test_rustc_tells_its_deployment_target(output: str, expected: tuple[int, int] | None) -> None:
    assert system.parse_deployment_target(output) == expected
