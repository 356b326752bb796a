"""The versions of a target's system that its tag has."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from cratewheel.errors import UnsupportedError, UsageError
from cratewheel.targets import system_versions as system
from cratewheel.targets.system_versions import System
from cratewheel.targets.triples import parse

INTEL, ARM, UNIVERSAL2 = "x86_64-apple-darwin", "aarch64-apple-darwin", "universal2-apple-darwin"
NONE: Mapping[str, str] = MappingProxyType({})


def read(triple: str, *, project_macos: Mapping[str, str] = NONE, native: bool = False, **environ: str) -> System:
    variables = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", ""), **environ}
    return system.read_system(
        parse(triple), native=native, project_macos=project_macos, environ=variables, cwd=Path.cwd()
    )


def tags(
    triple: str, *, project_macos: Mapping[str, str] = NONE, native: bool = False, **environ: str
) -> tuple[str, ...]:
    return read(triple, project_macos=project_macos, native=native, **environ).tags(parse(triple))


@pytest.mark.parametrize(
    ("triple", "requested", "project", "in_vain"),
    [
        (INTEL, "10.9", {}, (10, 9)),
        (UNIVERSAL2, "10.9", {}, (10, 9)),
        (ARM, "10.9", {}, None),
        (INTEL, "10.12", {}, None),
        (INTEL, "12.0", {}, None),
        (INTEL, "10.9", {INTEL: "10.14"}, None),
    ],
)
def test_a_version_of_macos_that_is_too_old_for_rustc_is_kept_to_be_told(
    triple: str, requested: str, project: dict[str, str], in_vain: tuple[int, int] | None
) -> None:
    found = read(triple, project_macos=project, MACOSX_DEPLOYMENT_TARGET=requested)
    assert found.macos_in_vain == in_vain


def test_macos_is_what_rustc_links_for_unless_a_newer_one_is_asked_for() -> None:
    assert tags("aarch64-apple-darwin") == ("macosx_11_0_arm64",)
    assert tags("x86_64-apple-darwin") == ("macosx_10_12_x86_64",)
    assert tags("aarch64-apple-darwin", MACOSX_DEPLOYMENT_TARGET="12.3") == ("macosx_12_0_arm64",)
    assert tags("x86_64-apple-darwin", MACOSX_DEPLOYMENT_TARGET="10.9") == ("macosx_10_12_x86_64",)
    assert tags("universal2-apple-darwin", MACOSX_DEPLOYMENT_TARGET="10.15") == (
        "macosx_10_15_universal2",
        "macosx_10_15_x86_64",
        "macosx_11_0_arm64",
    )


@pytest.mark.parametrize(
    ("tables", "versions", "exported"),
    [
        ({INTEL: "10.15", ARM: "12.0"}, {"x86_64": (10, 15), "aarch64": (12, 0)}, ("aarch64", "x86_64")),
        ({INTEL: "10.15"}, {"x86_64": (10, 15), "aarch64": (11, 0)}, ("x86_64",)),
        ({UNIVERSAL2: "13.0", ARM: "14.0"}, {"x86_64": (13, 0), "aarch64": (14, 0)}, ("aarch64", "x86_64")),
    ],
    ids=["both", "one", "its own"],
)
def test_a_universal_wheel_has_the_project_s_macos_of_each_processor(
    tables: dict[str, str], versions: dict[str, tuple[int, int]], exported: tuple[str, ...]
) -> None:
    found = read(UNIVERSAL2, project_macos=tables)
    assert (dict(found.macos), tuple(sorted(found.macos_exported))) == (versions, exported)
    with pytest.raises(UsageError, match=r"target\.x86_64-apple-darwin\.macos-deployment-target must be a version"):
        read(UNIVERSAL2, project_macos={INTEL: "new"})


def test_without_a_rustc_that_knows_its_versions_our_own_count(tmp_path: Path) -> None:
    assert tags("aarch64-apple-darwin", RUSTC=str(tmp_path / "absent")) == ("macosx_11_0_arm64",)


@pytest.mark.parametrize(
    ("triple", "environ", "tag"),
    [
        ("aarch64-apple-ios", {}, "ios_13_0_arm64_iphoneos"),
        ("aarch64-apple-ios-sim", {"IPHONEOS_DEPLOYMENT_TARGET": "15.2"}, "ios_15_2_arm64_iphonesimulator"),
        ("aarch64-linux-android", {"ANDROID_API_LEVEL": "24"}, "android_24_arm64_v8a"),
        (
            "armv7-linux-androideabi",
            {"CARGO_TARGET_ARMV7_LINUX_ANDROIDEABI_LINKER": "/ndk/bin/armv7a-linux-androideabi21-clang"},
            "android_21_armeabi_v7a",
        ),
        ("x86_64-linux-android", {"CC": "x86_64-linux-android26-clang"}, "android_26_x86_64"),
        ("wasm32-unknown-emscripten", {"PYEMSCRIPTEN_PLATFORM_VERSION": "2026_0"}, "pyemscripten_2026_0_wasm32"),
        ("wasm32-unknown-emscripten", {"PYODIDE_ABI_VERSION": "2025_0"}, "pyemscripten_2025_0_wasm32"),
        ("wasm32-unknown-emscripten", {"MATURIN_EMSCRIPTEN_VERSION": "3.1.58"}, "emscripten_3_1_58_wasm32"),
        ("x86_64-unknown-freebsd", {"MATURIN_FREEBSD_VERSION": "14.1-RELEASE"}, "freebsd_14_1_release_amd64"),
        ("x86_64-unknown-netbsd", {"MATURIN_NETBSD_VERSION": "10.0"}, "netbsd_10_0_amd64"),
        ("aarch64-unknown-openbsd", {"MATURIN_OPENBSD_VERSION": "7.5"}, "openbsd_7_5_arm64"),
        ("x86_64-unknown-dragonfly", {"MATURIN_DRAGONFLY_VERSION": "6.4"}, "dragonfly_6_4_x86_64"),
        ("x86_64-unknown-haiku", {"MATURIN_HAIKU_VERSION": "1"}, "haiku_1_x86_64"),
        ("x86_64-unknown-illumos", {"MATURIN_ILLUMOS_VERSION": "5.11"}, "solaris_2_11_x86_64_64bit"),
        ("powerpc64-ibm-aix", {"MATURIN_AIX_VERSION": "7205_2146"}, "aix_7205_2146_64"),
        ("wasm32-wasip1", {}, "any"),
        ("x86_64-pc-cygwin", {}, "cygwin_x86_64"),
    ],
)
def test_the_tag_of_each_system(triple: str, environ: dict[str, Any], tag: str) -> None:
    assert tags(triple, **environ) == (tag,)


@pytest.mark.parametrize(
    ("triple", "message"),
    [
        ("aarch64-linux-android", "the Android API level for aarch64-linux-android is not known"),
        ("wasm32-unknown-emscripten", "the version of the Emscripten platform is not known"),
        ("x86_64-unknown-freebsd", "the release of freebsd to build for is unknown"),
    ],
)
def test_a_version_that_nobody_tells_is_an_error(triple: str, message: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        tags(triple, PATH="/nowhere")
    assert caught.value.message == message


@pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")
def test_tools_are_asked_where_no_variable_is_set(tmp_path: Path) -> None:
    for name, text in (("emcc", "echo 3.1.58-git"), ("pyodide", "echo none")):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        program.chmod(0o755)
    assert tags("wasm32-unknown-emscripten", PATH=str(tmp_path)) == ("emscripten_3_1_58_wasm32",)
    (tmp_path / "pyodide").write_text("#!/bin/sh\necho 2026_0\n", encoding="utf-8")
    assert tags("wasm32-unknown-emscripten", PATH=f"{tmp_path}:/bin") == ("pyemscripten_2026_0_wasm32",)


@pytest.mark.parametrize(
    ("triple", "variable"),
    [
        ("aarch64-apple-darwin", "MACOSX_DEPLOYMENT_TARGET"),
        ("aarch64-apple-ios", "IPHONEOS_DEPLOYMENT_TARGET"),
        ("aarch64-linux-android", "ANDROID_API_LEVEL"),
    ],
)
def test_a_variable_that_holds_no_version_is_an_error(triple: str, variable: str) -> None:
    wrong: dict[str, Any] = {variable: "new"}
    with pytest.raises(UsageError, match=f"{variable} must be a "):
        read(triple, **wrong)


@pytest.mark.skipif(os.name == "nt", reason="the program is a shell script")
def test_on_android_its_own_compiler_knows_the_api_level(tmp_path: Path) -> None:
    clang = tmp_path / "clang"
    clang.write_text("#!/bin/sh\necho aarch64-unknown-linux-android24\n", encoding="utf-8")
    clang.chmod(0o755)
    assert read("aarch64-linux-android", native=True, PATH=str(tmp_path)).android_api == 24
    assert read("aarch64-linux-android", PATH=str(tmp_path)).android_api is None
