"""Which jobs a project gets: from its bindings, the Pythons it is for, and the table of its settings."""

from __future__ import annotations

from typing import Any

import pytest

from cratewheel.commands.ci_plan import (
    Build,
    BuildJob,
    CiFacts,
    LinuxTest,
    build_command,
    installed_pythons,
    plan,
)
from cratewheel.errors import ConfigError
from cratewheel.options.tables import generate_ci
from cratewheel.options.values import CiOptions, CiSettings

PROGRAM = CiFacts(name="px", program=True)
MODULE = CiFacts(name="px", pythons=("3.13", "3.14", "3.14t"), tested="3.14")


def options(table: dict[str, Any]) -> CiOptions:
    """Return what a table `generate-ci.github` says."""
    found = generate_ci("generate-ci", {"github": table}).github
    assert found is not None
    return found


def commands(facts: CiFacts, table: dict[str, Any], **how: Any) -> dict[str, list[str]]:
    """Return the command lines of each job, without what all of them have."""
    jobs = plan(facts, options(table), **how).jobs
    return {
        f"{job.name} on {job.runner}": [
            build_command(facts, build).removeprefix("cratewheel build --release --no-sdist --out dist ")
            for build in job.builds
        ]
        for job in jobs
    }


def test_one_linux_machine_builds_for_glibc_and_musl_and_all_processors() -> None:
    assert commands(PROGRAM, {}) == {
        "linux on ubuntu-latest": [
            (
                "--zig --target x86_64-unknown-linux-gnu --target i686-unknown-linux-gnu "
                "--target aarch64-unknown-linux-gnu --target armv7-unknown-linux-gnueabihf "
                "--target s390x-unknown-linux-gnu --target powerpc64le-unknown-linux-gnu "
                "--target x86_64-unknown-linux-musl --target i686-unknown-linux-musl "
                "--target aarch64-unknown-linux-musl --target armv7-unknown-linux-musleabihf"
            )
        ],
        "windows on windows-latest": [
            "--target x86_64-pc-windows-msvc --target i686-pc-windows-msvc --target aarch64-pc-windows-msvc"
        ],
        "macos on macos-latest": ["--target x86_64-apple-darwin --target aarch64-apple-darwin"],
    }


def test_wheels_that_are_tested_are_built_on_machines_of_their_own_kind() -> None:
    assert list(commands(PROGRAM, {"pytest": True, "windows": {}, "macos": {}})) == [
        "windows-x86_64 on windows-latest",
        "windows-i686 on windows-latest",
        "windows-aarch64 on windows-11-arm",
        "macos-x86_64 on macos-15-intel",
        "macos-aarch64 on macos-latest",
    ]


def test_what_a_linux_machine_is_named_for_zig_builds_there() -> None:
    table = {
        "linux": {"targets": ["x86_64"]},
        "macos": {"runner": "ubuntu-latest", "targets": ["aarch64"]},
        "windows": {"runner": "ubuntu-latest", "targets": ["x64"]},
    }
    assert commands(PROGRAM, table) == {
        "linux on ubuntu-latest": [
            "--zig --target x86_64-unknown-linux-gnu --target x86_64-pc-windows-gnu --target aarch64-apple-darwin"
        ]
    }


def test_settings_of_a_target_win_over_those_of_the_platform_and_of_all() -> None:
    table = {
        "args": "--locked",
        "linux": {
            "manylinux": "2_28",
            "runner": "big",
            "before-script-linux": "apt-get install x",
            "target": [
                {"arch": "x86_64"},
                {"arch": "aarch64", "manylinux": "off", "args": "--features a"},
                {"arch": "armv7", "container": "image", "docker-options": "--privileged", "rust-toolchain": "nightly"},
            ],
        },
    }
    assert commands(PROGRAM, table) == {
        "linux on big": [
            "--zig --compatibility 2_28 --target x86_64-unknown-linux-gnu --locked",
            "--zig --compatibility linux --target aarch64-unknown-linux-gnu --features a",
        ],
        "linux-armv7 on big": ["--compatibility 2_28 --target armv7-unknown-linux-gnueabihf --locked"],
    }
    last = plan(PROGRAM, options(table)).jobs[-1]
    assert last == BuildJob(
        name="linux-armv7",
        platform="linux",
        runner="big",
        settings=CiSettings(
            container="image",
            docker_options="--privileged",
            rust_toolchain="nightly",
            before_script_linux="apt-get install x",
        ),
        builds=(
            Build(
                targets=("armv7-unknown-linux-gnueabihf",),
                pythons=(),
                zig=False,
                compatibility="2_28",
                args="--locked",
            ),
        ),
    )


def test_each_platform_builds_for_the_pythons_that_it_has() -> None:
    facts = CiFacts(name="px", pythons=("3.9", "3.11", "3.14", "3.14t"), tested="3.14")
    table = {"windows": {"targets": ["x64", "aarch64"]}, "android": {"targets": ["aarch64"]}}
    assert commands(facts, table) == {
        "windows on windows-latest": [
            "--target x86_64-pc-windows-msvc -i 3.9 3.11 3.14 3.14t",
            "--target aarch64-pc-windows-msvc -i 3.11 3.14 3.14t",
        ],
        "android on ubuntu-latest": ["--target aarch64-linux-android -i 3.14"],
    }


@pytest.mark.parametrize(
    ("pythons", "on_arm", "on_android"),
    [
        (("3.10",), "3.11", "3.13"),
        (("3.10", "3.14t", "3.15t"), "3.11 3.14t 3.15t", "3.13"),
        (("3.9", "3.12", "3.15t"), "3.12 3.15t", "3.13"),
        (("3.14t",), "3.14t", "3.13"),
    ],
)
def test_a_wheel_for_newer_pythons_too_is_built_with_the_oldest_of_a_platform(
    pythons: tuple[str, ...], on_arm: str, on_android: str
) -> None:
    facts = CiFacts(name="px", pythons=pythons, tested="3.14")
    table = {"windows": {"targets": ["aarch64"]}, "android": {"targets": ["aarch64"]}}
    assert commands(facts, table) == {
        "windows on windows-latest": [f"--target aarch64-pc-windows-msvc -i {on_arm}"],
        "android on ubuntu-latest": [f"--target aarch64-linux-android -i {on_android}"],
    }


@pytest.mark.parametrize(
    ("args", "installed"),
    [
        ("-i 3.12 pypy3.11 python3.13", ("pypy3.11", "3.12", "3.13")),
        ("-i pypy3.11", ("pypy3.11", "3.x")),
        ("--find-interpreter", ("3.14t", "3.13", "3.14")),
    ],
)
def test_pythons_that_args_name_are_the_only_ones(args: str, installed: tuple[str, ...]) -> None:
    table = {"linux": {"targets": ["x86_64"], "args": args}}
    assert commands(MODULE, table) == {"linux on ubuntu-latest": [f"--zig --target x86_64-unknown-linux-gnu {args}"]}
    (job,) = plan(MODULE, options(table)).jobs
    assert installed_pythons(job) == installed


def test_for_the_stable_abi_the_oldest_python_that_a_platform_has_builds() -> None:
    facts = CiFacts(name="px", pythons=("3.9",), tested="3.14")
    (job,) = plan(facts, options({"android": {"targets": ["x86_64"]}})).jobs
    assert job.builds[0].pythons == ("3.13",)


def test_a_service_with_linux_machines_alone_has_no_others() -> None:
    table = {"macos": {"targets": ["universal2"]}, "emscripten": {}, "musllinux": {"targets": ["x86_64"]}}
    assert commands(PROGRAM, table, only_linux_machines=True) == {
        "linux on ubuntu-latest": ["--zig --target x86_64-unknown-linux-musl --target universal2-apple-darwin"]
    }
    with pytest.raises(ConfigError, match="there is no job for android on this service"):
        plan(PROGRAM, CiOptions(), platforms=("android",), only_linux_machines=True)


@pytest.mark.parametrize(
    ("named", "jobs"),
    [
        (("all",), ["linux", "windows", "macos", "emscripten", "android"]),
        (("manylinux",), ["linux"]),
        (("macos", "emscripten"), ["macos", "emscripten"]),
    ],
    ids=" ".join,
)
def test_platforms_that_are_named(named: tuple[str, ...], jobs: list[str]) -> None:
    assert [job.name for job in plan(MODULE, CiOptions(), platforms=named).jobs] == jobs


def test_a_program_has_no_wheel_for_emscripten() -> None:
    assert [job.name for job in plan(PROGRAM, CiOptions(), platforms=("all",)).jobs] == ["linux", "windows", "macos"]


def test_linux_wheels_are_tested_in_containers_of_each_processor() -> None:
    table = {"pytest": True, "linux": {"targets": ["x86_64", "s390x", "ppc64"]}, "musllinux": {"targets": ["aarch64"]}}
    assert plan(MODULE, options(table)).tests == (
        LinuxTest(
            target="x86_64-unknown-linux-gnu",
            runner="ubuntu-latest",
            platform="linux/amd64",
            image="python:3.14-slim",
            emulated=False,
        ),
        LinuxTest(
            target="s390x-unknown-linux-gnu",
            runner="ubuntu-latest",
            platform="linux/s390x",
            image="python:3.14-slim",
            emulated=True,
        ),
        LinuxTest(
            target="aarch64-unknown-linux-musl",
            runner="ubuntu-24.04-arm",
            platform="linux/arm64",
            image="python:3.14-alpine",
            emulated=False,
        ),
    )


@pytest.mark.parametrize(
    ("words", "installed"),
    [((), ("3.x",)), (("3.9",), ("3.9", "3.x")), (("3.9", "3.14t", "3.13"), ("3.14t", "3.9", "3.13"))],
)
def test_the_last_python_that_is_installed_runs_cratewheel(words: tuple[str, ...], installed: tuple[str, ...]) -> None:
    (job,) = plan(CiFacts(name="px", pythons=words), options({"macos": {}})).jobs
    assert installed_pythons(job) == installed


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"linux": {"targets": ["x64"]}}, "'x64' is not a target of linux that CI can build for"),
        (
            {"args": "--nonsense"},
            "`args` for linux in `generate-ci` is not what `cratewheel build` takes: unknown option",
        ),
        ({"args": "--out x"}, "`args` for linux in `generate-ci` has --out, which the jobs have"),
        ({"linux": {"args": "--target a-b-c"}}, "`args` for linux in `generate-ci` has --target, which the jobs have"),
        ({"args": "--profile dist"}, "`args` for linux in `generate-ci` has --profile, which the jobs have"),
        (
            {"linux": {"manylinux": "2_99"}},
            "`manylinux` in `generate-ci` is '2_99', which is no policy for x86_64-unknown-linux-gnu",
        ),
        ({"linux": {"manylinux": "musllinux_1_2"}}, "`manylinux` in `generate-ci` is 'musllinux_1_2', which is no"),
        ({"musllinux": {"manylinux": "2_28"}}, "`manylinux` in `generate-ci` is '2_28', which is no policy for x86_64"),
        ({"linux": {"manylinux": "nonsense"}}, "`manylinux` in `generate-ci` for x86_64-unknown-linux-gnu: "),
        ({"args": "'"}, "`args` for linux in `generate-ci` is not what `cratewheel build` takes: No closing quotation"),
    ],
)
def test_what_cannot_be_built_is_an_error(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{message}"):
        plan(PROGRAM, options(table))


FIXED = CiFacts(
    name="px", pythons=("3.10", "3.14t", "pypy3.11"), tested="3.14",
    abi={"3.10": "abi3-py310", "3.14t": "cp314t", "pypy3.11": "pp311"},
)  # fmt: skip


def test_a_platform_without_a_python_of_the_set_builds_the_other_wheels_of_it() -> None:
    table = {
        "linux": {"targets": ["x86_64"]},
        "windows": {"targets": ["x64", "arm64"]},
        "android": {"targets": ["aarch64"]},
    }
    assert commands(FIXED, table) == {
        "linux on ubuntu-latest": ["--zig --target x86_64-unknown-linux-gnu -i 3.10 3.14t pypy3.11"],
        "windows on windows-latest": [
            "--target x86_64-pc-windows-msvc -i 3.10 3.14t pypy3.11",
            "--target aarch64-pc-windows-msvc --abi abi3-py310,cp314t -i 3.11 3.14t",
        ],
        "android on ubuntu-latest": ["--target aarch64-linux-android --abi abi3-py310 -i 3.13"],
    }


def test_a_set_without_a_wheel_for_a_platform_is_an_error() -> None:
    facts = CiFacts(name="px", pythons=("3.10",), tested="3.10", abi={"3.10": "cp310"})
    with pytest.raises(ConfigError, match="`abi` has no wheel for aarch64-linux-android, whose oldest"):
        plan(facts, options({"android": {"targets": ["aarch64"]}}))
