from __future__ import annotations

from typing import Any

import pytest

from cratewheel.errors import UnsupportedError, UsageError
from cratewheel.targets.platform_tags import (
    arch_minimum_policy,
    linux_arch,
    linux_platform_tag,
    macos_version,
    normalise_platform,
    parse_compatibility,
    platform_tag,
    pypi_accepts,
    pypi_supports,
    universal2_platform_tag,
)
from cratewheel.targets.triples import parse

X86_64 = "x86_64-unknown-linux-gnu"


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("off", "linux"),
        ("Linux", "linux"),
        ("1", "manylinux_2_5"),
        ("manylinux1", "manylinux_2_5"),
        ("2010", "manylinux_2_12"),
        ("manylinux2010", "manylinux_2_12"),
        ("2014", "manylinux_2_17"),
        ("ManyLinux2014", "manylinux_2_17"),
        ("manylinux_2_28", "manylinux_2_28"),
        ("2_28", "manylinux_2_28"),
        ("MUSLLINUX_1_2", "musllinux_1_2"),
        ("manylinux_2_028", "manylinux_2_28"),
        ("manylinux_9_99", "manylinux_9_99"),
        ("manylinux_2_28_x86_64", "manylinux_2_28"),
        ("manylinux2014_aarch64", "manylinux_2_17"),
        ("pypi", "pypi"),
    ],
)
def test_each_form_of_compatibility_names_one_policy(text: str, policy: str) -> None:
    assert parse_compatibility(text) == policy


@pytest.mark.parametrize(
    "text",
    [
        "",
        "auto",
        "2",
        "2015",
        "2_x",
        "2-28",
        "٢_٢٨",
    ],
)
def test_other_words_are_a_usage_error_that_repeats_them(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_compatibility(text)
    assert caught.value.message == f"'{text}' is not a compatibility tag"
    assert caught.value.hint == "write manylinux2014, manylinux_2_28, 2_28, musllinux_1_2, linux or pypi"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("manylinux2_17", "did you mean `manylinux_2_17`?"),
        ("manylinux-2.28", "did you mean `manylinux_2_28`?"),
        ("manylinux_2_17_vax", "did you mean `manylinux_2_17`?"),
        ("MuslLinux1_2", "did you mean `musllinux_1_2`?"),
        ("manylinux2104", "did you mean `manylinux2014`?"),
        ("manylinux_2_", "did you mean `manylinux_2_28`?"),
        ("win_amd64", "only Linux wheels have one: remove it; the target decides the tag of others"),
    ],
)
def test_near_words_have_a_suggestion(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_compatibility(text)
    assert (caught.value.message, caught.value.hint) == (f"'{text}' is not a compatibility tag", hint)


@pytest.mark.parametrize(
    ("triple", "arch"),
    [
        (X86_64, "x86_64"),
        ("i586-unknown-linux-gnu", "i686"),
        ("armv7-unknown-linux-gnueabihf", "armv7l"),
        ("arm-unknown-linux-gnueabihf", "armv6l"),
        ("armv5te-unknown-linux-gnueabi", "armv5tel"),
        ("powerpc-unknown-linux-gnu", "ppc"),
        ("powerpc64-unknown-linux-gnu", "ppc64"),
        ("powerpc64le-unknown-linux-gnu", "ppc64le"),
        ("riscv64gc-unknown-linux-gnu", "riscv64"),
    ],
)
def test_linux_has_its_own_names_for_processors(triple: str, arch: str) -> None:
    assert linux_arch(parse(triple)) == arch


@pytest.mark.parametrize(
    ("triple", "policies", "tags"),
    [
        (X86_64, ("linux",), ("linux_x86_64",)),
        (X86_64, ("manylinux_2_5",), ("manylinux1_x86_64", "manylinux_2_5_x86_64")),
        (X86_64, ("manylinux_2_28",), ("manylinux_2_28_x86_64",)),
        (
            X86_64,
            ("musllinux_1_2", "manylinux_2_17"),
            ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "musllinux_1_2_x86_64"),
        ),
        (
            X86_64,
            ("manylinux_2_28", "manylinux_2_5"),
            ("manylinux1_x86_64", "manylinux_2_28_x86_64", "manylinux_2_5_x86_64"),
        ),
        ("aarch64-unknown-linux-gnu", ("manylinux_2_12",), ("manylinux_2_12_aarch64",)),
        ("riscv64gc-unknown-linux-gnu", ("manylinux_2_17",), ("manylinux_2_17_riscv64",)),
        ("s390x-unknown-linux-gnu", ("manylinux_2_17",), ("manylinux2014_s390x", "manylinux_2_17_s390x")),
    ],
)
def test_linux_tags_are_sorted_and_a_policy_has_its_old_name_where_it_existed(
    triple: str, policies: tuple[str, ...], tags: tuple[str, ...]
) -> None:
    assert linux_platform_tag(policies, parse(triple)) == tags


@pytest.mark.parametrize(
    ("triple", "policy"),
    [
        (X86_64, "manylinux_2_17"),
        ("loongarch64-unknown-linux-gnu", "manylinux_2_36"),
        ("armv7-unknown-linux-gnueabihf", "manylinux_2_17"),
        ("armv7-unknown-linux-gnueabi", "linux"),
        ("arm-unknown-linux-gnueabihf", "linux"),
        ("mips-unknown-linux-gnu", "linux"),
        ("x86_64-unknown-linux-musl", "musllinux_1_2"),
        ("powerpc64-unknown-linux-musl", "linux"),
        ("x86_64-unknown-linux-gnux32", "linux"),
    ],
)
def test_each_processor_has_the_oldest_policy_that_rustc_can_link_for(triple: str, policy: str) -> None:
    assert arch_minimum_policy(parse(triple)) == policy


@pytest.mark.parametrize(
    ("triple", "facts", "tag"),
    [
        ("x86_64-pc-windows-msvc", {}, "win_amd64"),
        ("i686-pc-windows-gnu", {}, "win32"),
        ("aarch64-pc-windows-msvc", {}, "win_arm64"),
        ("x86_64-apple-darwin", {}, "macosx_10_12_x86_64"),
        ("aarch64-apple-darwin", {}, "macosx_11_0_arm64"),
        ("aarch64-apple-darwin", {"macos": (12, 3)}, "macosx_12_0_arm64"),
        ("x86_64-apple-darwin", {"macos": (10, 15)}, "macosx_10_15_x86_64"),
        ("aarch64-apple-ios", {}, "ios_13_0_arm64_iphoneos"),
        ("aarch64-apple-ios-sim", {"ios": (14, 2)}, "ios_14_2_arm64_iphonesimulator"),
        ("x86_64-apple-ios", {}, "ios_13_0_x86_64_iphonesimulator"),
        ("aarch64-linux-android", {"android_api": 24}, "android_24_arm64_v8a"),
        ("i686-linux-android", {"android_api": 21}, "android_21_x86"),
        ("wasm32-unknown-emscripten", {"pyemscripten": "2026.0"}, "pyemscripten_2026_0_wasm32"),
        ("wasm32-unknown-emscripten", {"emscripten": "3.1.58-git"}, "emscripten_3_1_58_wasm32"),
        ("wasm32-wasip1", {}, "any"),
        ("x86_64-pc-cygwin", {}, "cygwin_x86_64"),
        ("x86_64-unknown-freebsd", {"release": "14.1-RELEASE"}, "freebsd_14_1_release_amd64"),
        ("aarch64-unknown-netbsd", {"release": "10.0"}, "netbsd_10_0_arm64"),
        ("i686-unknown-openbsd", {"release": "7.5"}, "openbsd_7_5_i386"),
        ("x86_64-unknown-dragonfly", {"release": "6.4-RELEASE"}, "dragonfly_6_4_release_x86_64"),
        ("x86_64-unknown-haiku", {"release": "1"}, "haiku_1_x86_64"),
        ("x86_64-unknown-illumos", {"release": "5.11", "machine": "i86pc"}, "solaris_2_11_i86pc_64bit"),
        ("x86_64-unknown-hurd-gnu", {"release": "0.9", "machine": "x86_64"}, "hurd_0_9_x86_64"),
        ("powerpc64-ibm-aix", {"release": "7304_2345"}, "aix_7304_2345_64"),
    ],
)
def test_every_other_system_has_one_tag(triple: str, facts: dict[str, Any], tag: str) -> None:
    assert platform_tag(parse(triple), **facts) == (tag,)


@pytest.mark.parametrize(
    ("triple", "facts", "message"),
    [
        ("aarch64-linux-android", {}, "the Android API level for aarch64-linux-android is not known"),
        ("arm-linux-androideabi", {"android_api": 24}, "no Python on Android runs arm-linux-androideabi"),
        ("x86_64-unknown-freebsd", {}, "the release of freebsd to build for is unknown"),
        ("wasm32-unknown-emscripten", {}, "the version of the Emscripten platform is not known"),
    ],
)
def test_a_missing_fact_is_named(triple: str, facts: dict[str, Any], message: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        platform_tag(parse(triple), **facts)
    assert caught.value.message == message
    assert caught.value.hint


def test_a_universal2_wheel_names_both_processors() -> None:
    assert universal2_platform_tag(x86_64=(10, 9), arm64=(11, 3)) == (
        "macosx_10_9_universal2",
        "macosx_10_9_x86_64",
        "macosx_11_0_arm64",
    )


@pytest.mark.parametrize(
    ("default", "wanted", "version"),
    [
        ((10, 12), None, (10, 12)),
        ((10, 12), "10.9", (10, 12)),
        ((10, 12), "11.3", (11, 3)),
        ((11, 0), "13.1.2", (13, 1)),
    ],
)
def test_a_deployment_target_counts_when_it_is_newer(
    default: tuple[int, int], wanted: str | None, version: tuple[int, int]
) -> None:
    assert macos_version(default, wanted) == version


@pytest.mark.parametrize("text", ["", "11", "11.x", "eleven", "11.0.0.0", "-1.0"])
def test_a_deployment_target_has_two_numbers(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        macos_version((11, 0), text)
    assert caught.value.message == f"MACOSX_DEPLOYMENT_TARGET must be a version like 11.0, found '{text}'"


def test_an_interpreters_platform_becomes_a_tag() -> None:
    assert normalise_platform("linux-x86_64") == "linux_x86_64"
    assert normalise_platform("macosx-10.15-x86_64") == "macosx_10_15_x86_64"


@pytest.mark.parametrize(
    "tag",
    [
        "any", "win32", "win_amd64", "win_arm64", "manylinux1_i686", "manylinux2010_x86_64", "manylinux2014_ppc64",
        "linux_armv6l", "linux_armv7l", "macosx_10_9_x86_64", "macosx_11_0_arm64", "macosx_26_0_universal2",
        "manylinux_2_17_aarch64", "manylinux_2_39_riscv64", "musllinux_1_2_riscv64", "musllinux_1_1_x86_64",
        "ios_13_0_arm64_iphoneos", "ios_13_0_x86_64_iphonesimulator", "android_24_arm64_v8a",
        "pyemscripten_2026_0_wasm32",
    ],
)  # fmt: skip
def test_pypi_takes_these_tags(tag: str) -> None:
    assert pypi_accepts(tag)


@pytest.mark.parametrize(
    "tag",
    [
        "", "linux_x86_64", "linux_aarch64", "manylinux1_aarch64", "manylinux2010_aarch64", "manylinux2014_riscv64",
        "manylinux_2_36_loongarch64", "musllinux_1_2_ppc64", "macosx_9_0_x86_64", "macosx_11_1_arm64",
        "macosx_16_0_arm64", "ios_13_0_i686_iphoneos", "android_24_mips", "freebsd_14_1_release_amd64",
        "emscripten_3_1_58_wasm32", "manylinux2014_x86_64.manylinux_2_17_x86_64",
    ],
)  # fmt: skip
def test_pypi_refuses_these_tags(tag: str) -> None:
    assert not pypi_accepts(tag)


@pytest.mark.parametrize(
    ("triple", "supported"),
    [
        (X86_64, True),
        ("x86_64-unknown-linux-musl", True),
        ("powerpc64-unknown-linux-gnu", True),
        ("powerpc64-unknown-linux-musl", False),
        ("loongarch64-unknown-linux-gnu", False),
        ("x86_64-unknown-linux-gnux32", False),
        ("arm-unknown-linux-gnueabihf", True),
        ("armv7-unknown-linux-gnueabi", True),
        ("mips-unknown-linux-gnu", False),
        ("i686-pc-windows-msvc", True),
        ("aarch64-apple-darwin", True),
        ("aarch64-apple-ios", True),
        ("aarch64-linux-android", True),
        ("arm-linux-androideabi", False),
        ("wasm32-unknown-emscripten", True),
        ("wasm32-wasip1", False),
        ("x86_64-unknown-freebsd", False),
    ],
)
def test_pypi_supports_some_targets(triple: str, supported: bool) -> None:
    assert pypi_supports(parse(triple)) is supported


@pytest.mark.parametrize(
    ("triple", "machine"),
    [
        ("aarch64-unknown-netbsd", "arm64"),
        ("armv7-unknown-netbsd-eabihf", "arm"),
        ("mipsel-unknown-netbsd", "mips"),
        ("powerpc64-unknown-freebsd", "powerpc"),
        ("powerpc64le-unknown-freebsd", "powerpc"),
        ("riscv64gc-unknown-openbsd", "riscv"),
        ("i686-unknown-freebsd", "i386"),
        ("x86_64-unknown-openbsd", "amd64"),
    ],
)
def test_a_bsd_has_a_word_of_its_own_for_each_processor(triple: str, machine: str) -> None:
    target = parse(triple)
    assert platform_tag(target, release="1.2") == (f"{target.os}_1_2_{machine}",)
