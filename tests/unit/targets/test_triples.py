from __future__ import annotations

import pytest

from cratewheel.errors import UnsupportedError
from cratewheel.targets.triples import Target, is_foreign, parse


@pytest.mark.parametrize(
    ("triple", "os", "arch", "env", "width"),
    [
        ("x86_64-unknown-linux-gnu", "linux", "x86_64", "gnu", 64),
        ("x86_64-unknown-linux-gnux32", "linux", "x86_64", "gnux32", 32),
        ("aarch64-unknown-linux-gnu_ilp32", "linux", "aarch64", "gnu_ilp32", 32),
        ("i586-unknown-linux-gnu", "linux", "x86", "gnu", 32),
        ("armv7-unknown-linux-gnueabihf", "linux", "armv7", "gnueabihf", 32),
        ("arm-unknown-linux-musleabihf", "linux", "armv6", "musleabihf", 32),
        ("armv5te-unknown-linux-gnueabi", "linux", "armv5te", "gnueabi", 32),
        ("powerpc64le-unknown-linux-gnu", "linux", "powerpc64le", "gnu", 64),
        ("s390x-unknown-linux-gnu", "linux", "s390x", "gnu", 64),
        ("riscv64gc-unknown-linux-gnu", "linux", "riscv64", "gnu", 64),
        ("loongarch64-unknown-linux-musl", "linux", "loongarch64", "musl", 64),
        ("mips64el-unknown-linux-gnuabi64", "linux", "mips64el", "gnuabi64", 64),
        ("aarch64-linux-android", "android", "aarch64", "android", 64),
        ("armv7-linux-androideabi", "android", "armv7", "androideabi", 32),
        ("aarch64-apple-darwin", "macos", "aarch64", "", 64),
        ("x86_64h-apple-darwin", "macos", "x86_64", "", 64),
        ("aarch64-apple-ios-sim", "ios", "aarch64", "sim", 64),
        ("x86_64-pc-windows-msvc", "windows", "x86_64", "msvc", 64),
        ("i686-win7-windows-gnu", "windows", "x86", "gnu", 32),
        ("x86_64-unknown-freebsd", "freebsd", "x86_64", "", 64),
        ("armv6-unknown-netbsd-eabihf", "netbsd", "armv6", "eabihf", 32),
        ("x86_64-pc-solaris", "solaris", "x86_64", "", 64),
        ("powerpc64-ibm-aix", "aix", "powerpc64", "", 64),
        ("x86_64-unknown-hurd-gnu", "hurd", "x86_64", "gnu", 64),
        ("x86_64-pc-cygwin", "cygwin", "x86_64", "", 64),
        ("wasm32-unknown-emscripten", "emscripten", "wasm32", "", 32),
        ("wasm32-wasip1-threads", "wasi", "wasm32", "threads", 32),
        ("x86_64-linux-gnu", "linux", "x86_64", "gnu", 64),
    ],
    ids=lambda value: value if isinstance(value, str) and value.count("-") else "",
)
def test_a_triple_is_taken_apart(triple: str, os: str, arch: str, env: str, width: int) -> None:
    assert parse(triple) == Target(triple=triple, os=os, arch=arch, env=env, pointer_width=width)


@pytest.mark.parametrize(
    ("triple", "message"),
    [
        ("", "'' is not a target triple"),
        ("linux", "'linux' is not a target triple"),
        ("-linux", "'-linux' is not a target triple"),
        (
            "x86_64-pc-nto-qnx710",
            "wheels cannot be built for x86_64-pc-nto-qnx710: its operating system is not supported",
        ),
        (
            "sparc-unknown-linux-gnu",
            "wheels cannot be built for sparc-unknown-linux-gnu: sparc is not supported on linux",
        ),
        (
            "aarch64_be-unknown-linux-gnu",
            "wheels cannot be built for aarch64_be-unknown-linux-gnu: aarch64_be is not supported on linux",
        ),
        (
            "wasm32-wali-linux-musl",
            "wheels cannot be built for wasm32-wali-linux-musl: wasm32 is not supported on linux",
        ),
        (
            "aarch64-apple-ios-macabi",
            "wheels cannot be built for aarch64-apple-ios-macabi: aarch64 is not supported on ios",
        ),
        (
            "riscv64-linux-android",
            "wheels cannot be built for riscv64-linux-android: riscv64 is not supported on android",
        ),
    ],
)
def test_a_target_without_wheels_is_refused(triple: str, message: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        parse(triple)
    assert caught.value.message == message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("triple", "glibc", "musl"),
    [
        ("x86_64-unknown-linux-gnu", True, False),
        ("armv7-unknown-linux-gnueabihf", True, False),
        ("x86_64-unknown-linux-gnux32", False, False),
        ("x86_64-unknown-linux-musl", False, True),
        ("armv7-unknown-linux-musleabihf", False, True),
        ("aarch64-unknown-linux-ohos", False, False),
        ("x86_64-pc-windows-gnu", False, False),
        ("aarch64-linux-android", False, False),
    ],
)
def test_the_c_library_is_the_targets(triple: str, glibc: bool, musl: bool) -> None:
    target = parse(triple)
    assert (target.is_glibc, target.is_musl) == (glibc, musl)


@pytest.mark.parametrize(
    ("triple", "soft"),
    [
        ("armv7-unknown-linux-gnueabihf", False),
        ("armv7-unknown-linux-gnueabi", True),
        ("aarch64-unknown-linux-gnu", False),
        ("armv7-linux-androideabi", False),
    ],
)
def test_only_an_arm_triple_that_ends_in_eabihf_has_hard_floating_point(triple: str, soft: bool) -> None:
    assert parse(triple).is_soft_float is soft


@pytest.mark.parametrize(
    ("triple", "system"),
    [
        ("x86_64-unknown-linux-gnu", "linux"),
        ("aarch64-apple-darwin", "darwin"),
        ("x86_64-pc-windows-msvc", "windows"),
        ("x86_64-unknown-illumos", "sunos"),
        ("x86_64-pc-solaris", "sunos"),
        ("i686-unknown-hurd-gnu", "gnu"),
        ("aarch64-linux-android", "android"),
        ("aarch64-apple-ios", "ios"),
    ],
)
def test_python_names_a_system_in_its_own_way(triple: str, system: str) -> None:
    assert parse(triple).python_os == system


@pytest.mark.parametrize(
    ("host", "native"),
    [
        ("i686-pc-windows-msvc", {"i686-pc-windows-gnu"}),
        ("x86_64-pc-windows-msvc", {"i686-pc-windows-gnu", "x86_64-pc-windows-gnu"}),
        ("aarch64-pc-windows-msvc", {"i686-pc-windows-gnu", "x86_64-pc-windows-gnu", "aarch64-pc-windows-gnullvm"}),
        ("aarch64-apple-darwin", {"x86_64-apple-darwin", "universal2-apple-darwin"}),
        ("x86_64-apple-darwin", {"x86_64-apple-darwin", "universal2-apple-darwin"}),
        ("x86_64-unknown-linux-gnu", {"x86_64-alpine-linux-gnu"}),
        ("x86_64-unknown-linux-musl", {"x86_64-alpine-linux-musl"}),
    ],
)
def test_pythons_of_these_targets_run_on_a_host_and_no_others(host: str, native: set[str]) -> None:
    targets = [
        "i686-pc-windows-gnu", "x86_64-pc-windows-gnu", "aarch64-pc-windows-gnullvm", "x86_64-apple-darwin",
        "universal2-apple-darwin", "x86_64-alpine-linux-gnu", "x86_64-alpine-linux-musl", "i686-unknown-linux-gnu",
        "aarch64-unknown-linux-gnu",
    ]  # fmt: skip
    assert {target for target in targets if not is_foreign(parse(target), parse(host))} == native
