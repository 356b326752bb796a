"""What a build tells cargo, rustc and pyo3 beyond the user's own options."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cratewheel.cargo.config import Setting
from cratewheel.errors import UnsupportedError, UsageError
from cratewheel.planning.decide import decide
from cratewheel.planning.model import WheelPlan
from cratewheel.project.inputs import Inputs
from cratewheel.project.split_debuginfo import SplitDebuginfo
from cratewheel.targets.system_versions import System
from situations import (
    LINUX,
    MACOS_ARM,
    MUSL,
    PROGRAM,
    RUST_CPYTHON,
    WINDOWS,
    Machine,
    from_elsewhere,
    pyo3,
    situation,
)

STATIC = 'target.x86_64-unknown-linux-musl.rustflags=["-C", "target-feature=-crt-static"]'


def wheel(facts: Inputs) -> WheelPlan:
    (only,) = decide(facts).wheels
    return only


def env(plan: WheelPlan, at: int = 0) -> dict[str, str | None]:
    return dict(plan.builds[at].env)


def test_a_version_of_a_provider_is_told_and_no_other() -> None:
    facts = situation(cargo=PROGRAM)
    assert "CRATEWHEEL_VERSION" not in env(wheel(facts))
    dynamic = replace(facts, metadata=replace(facts.metadata, version="1.2.dev3", version_provider="cratewheel.vcs"))
    assert env(wheel(dynamic))["CRATEWHEEL_VERSION"] == "1.2.dev3"


@pytest.mark.parametrize(
    ("rustflags", "config", "variables"),
    [
        (None, (STATIC,), {}),
        (("RUSTFLAGS", "-C debuginfo=1"), (), {"RUSTFLAGS": "-C debuginfo=1 -C target-feature=-crt-static"}),
        (
            ("CARGO_ENCODED_RUSTFLAGS", "--cfg\x1fa b"),
            (),
            {"CARGO_ENCODED_RUSTFLAGS": "--cfg\x1fa b\x1f-C\x1ftarget-feature=-crt-static"},
        ),
        (("RUSTFLAGS", "-C target-feature=+crt-static"), (), {}),
    ],
)
def test_a_library_for_musl_links_libc_dynamically(
    rustflags: tuple[str, str] | None, config: tuple[str, ...], variables: dict[str, str]
) -> None:
    plan = wheel(situation(cargo=pyo3("0.28.3"), machine=MUSL, pythons=("12",), rustflags=rustflags))
    assert plan.builds[0].options.config == config
    assert {name: value for name, value in env(plan).items() if "RUSTFLAGS" in name} == variables


def test_flags_of_the_configuration_are_not_hidden_by_ours() -> None:
    facts = situation(cargo=pyo3("0.28.3"), machine=MUSL, pythons=("12",), configured_rustflags=("-C", "debuginfo=1"))
    flags = '["-C", "debuginfo=1", "-C", "target-feature=-crt-static"]'
    assert wheel(facts).builds[0].options.config == (f"target.x86_64-unknown-linux-musl.rustflags={flags}",)


def test_a_program_for_musl_stays_static() -> None:
    plan = wheel(situation(cargo=PROGRAM, machine=MUSL, rustflags=("RUSTFLAGS", "-g")))
    assert (plan.builds[0].options.config, plan.builds[0].env) == ((), ())


@pytest.mark.parametrize(
    ("rustc", "words", "args"),
    [
        ((1, 96, 0), "", ("-C", "link-arg=-sSIDE_MODULE=2", "-C", "link-arg=-sWASM_BIGINT")),
        ((1, 96, 0), "-- -Clink-arg=-sSIDE_MODULE=1", ("-Clink-arg=-sSIDE_MODULE=1", "-C", "link-arg=-sWASM_BIGINT")),
        (
            (1, 90, 0),
            "",
            ("-C", "link-arg=-sSIDE_MODULE=2", "-C", "link-arg=-sWASM_BIGINT", "-Z", "link-native-libraries=no"),
        ),
    ],
)
def test_a_module_for_emscripten_is_a_side_module(
    rustc: tuple[int, int, int], words: str, args: tuple[str, ...]
) -> None:
    system = System(pyemscripten="2026_0")
    facts = from_elsewhere(
        "wasm32-unknown-emscripten", cargo=pyo3("0.29.3"), pythons=("3.14",), words=words, system=system
    )
    facts = replace(facts, rustc=replace(facts.rustc, version=rustc))
    assert wheel(facts).builds[0].rustc_args == args


def test_the_system_of_each_processor_is_told_where_it_is_not_the_machine_s_own() -> None:
    facts = from_elsewhere("universal2-apple-darwin", cargo=PROGRAM)
    plan = wheel(facts)
    assert [build.options.target for build in plan.builds] == ["aarch64-apple-darwin", "x86_64-apple-darwin"]
    assert [env(plan, at) for at in (0, 1)] == [
        {"MACOSX_DEPLOYMENT_TARGET": "11.0"},
        {"MACOSX_DEPLOYMENT_TARGET": "10.12"},
    ]
    assert env(wheel(situation(cargo=PROGRAM, machine=MACOS_ARM))) == {}
    chosen = System(macos=(("aarch64", (12, 0)),), macos_exported=("aarch64",))
    here = wheel(situation(cargo=PROGRAM, machine=MACOS_ARM, system=chosen))
    assert env(here) == {"MACOSX_DEPLOYMENT_TARGET": "12.0"}


def test_debug_information_for_the_wheel_is_in_a_file_of_its_own() -> None:
    packed = ("-C", "split-debuginfo=packed")
    cargo = pyo3("0.28.3")

    def args(words: str, **facts: Any) -> tuple[str, ...]:
        return wheel(situation(words, cargo=cargo, pythons=("12",), **facts)).builds[0].rustc_args

    assert args("--include-debuginfo", machine=MACOS_ARM)[:2] == packed
    assert args("--include-debuginfo") == ()
    unpacked = "--include-debuginfo --rustc-extra-args='-C split-debuginfo=unpacked'"
    assert packed[1] not in args(unpacked, machine=MACOS_ARM)
    assert packed[1] not in args("--include-debuginfo --strip", machine=MACOS_ARM)
    with pytest.raises(UsageError, match="--include-debuginfo cannot ship what split-debuginfo=unpacked leaves"):
        args(unpacked)
    for where in ("profile", "flags"):
        by = SplitDebuginfo(**{where: Setting(value="unpacked", origin="Cargo.toml")})
        with pytest.raises(UsageError, match="--include-debuginfo cannot ship") as raised:
            args("--include-debuginfo", split_debuginfo=by)
        assert raised.value.notes == ("it is set by Cargo.toml",)
        assert args("", split_debuginfo=by) == ()
        assert args("--include-debuginfo --strip", split_debuginfo=by)
    in_profile = SplitDebuginfo(profile=Setting(value="unpacked", origin="Cargo.toml"))
    repaired = "--include-debuginfo --rustc-extra-args='-C split-debuginfo=packed'"
    assert args(repaired, split_debuginfo=in_profile) == packed
    assert args("--include-debuginfo", split_debuginfo=in_profile, machine=MACOS_ARM)[:2] == packed
    assert args(f"{unpacked} --strip") == ("-C", "split-debuginfo=unpacked", "-C", "strip=symbols")


def described(triple: str = "aarch64-unknown-linux-gnu", version: str = "0.28.3", **variables: str) -> WheelPlan:
    facts = from_elsewhere(triple, cargo=pyo3(version), pythons=("3.12",))
    return wheel(replace(facts, described=variables))


def test_pyo3_learns_of_a_python_that_is_not_here_from_our_file() -> None:
    plan = described()
    assert plan.artifacts[0].config == (
        "implementation=CPython\nversion=3.12\nabi3=false\nshared=true\npointer_width=64\nbuild_flags=\n"
        "suppress_build_script_link_lines=false\n"
    )
    assert env(plan) == {"PYO3_BUILD_EXTENSION_MODULE": "1", "PYO3_CROSS_PYTHON_VERSION": "3.12"}


def test_the_user_s_own_description_stays() -> None:
    plan = described(PYO3_CONFIG_FILE="/a/file")
    assert (plan.artifacts[0].config, env(plan)) == (None, {"PYO3_BUILD_EXTENSION_MODULE": "1"})
    with_folder = described(PYO3_CROSS_LIB_DIR="/sysroot/lib").artifacts[0].config
    assert with_folder is not None
    assert "lib_dir=/sysroot/lib\n" in with_folder


def test_a_free_threaded_python_is_told_as_such() -> None:
    facts = from_elsewhere("aarch64-unknown-linux-gnu", cargo=pyo3("0.28.3"), pythons=("3.14t",))
    plan = wheel(facts)
    assert env(plan)["PYO3_CROSS_PYTHON_VERSION"] == "3.14t"
    assert plan.artifacts[0].config is not None
    assert "build_flags=Py_GIL_DISABLED\n" in plan.artifacts[0].config


def test_on_android_the_library_of_python_is_named() -> None:
    facts = from_elsewhere(
        "aarch64-linux-android", cargo=pyo3("0.28.3"), pythons=("3.13",), system=System(android_api=24)
    )
    config = wheel(facts).artifacts[0].config
    assert config is not None
    assert "lib_name=python3.13\n" in config


@pytest.mark.parametrize(
    ("features", "version", "variables", "fine"),
    [
        ((), "0.28.3", {}, False),
        (("generate-import-lib",), "0.28.3", {}, True),
        ((), "0.28.3", {"PYO3_CROSS_LIB_DIR": "/python"}, True),
        ((), "0.29.3", {}, True),
    ],
)
def test_windows_needs_an_import_library_of_python(
    features: tuple[str, ...], version: str, variables: dict[str, str], fine: bool
) -> None:
    facts = from_elsewhere("x86_64-pc-windows-gnu", cargo=pyo3(version, *features), pythons=("3.12",))
    facts = replace(facts, described=variables)
    if fine:
        assert wheel(facts).artifacts[0].config is not None
        return
    with pytest.raises(UnsupportedError) as caught:
        decide(facts)
    assert caught.value.message == ("pyo3 0.28.3 needs Python's import library to link for Windows, which is missing")


def test_rust_cpython_starts_its_python() -> None:
    with pytest.raises(UnsupportedError, match="rust-cpython must start the target's Python"):
        decide(from_elsewhere("aarch64-unknown-linux-gnu", cargo=RUST_CPYTHON, pythons=("3.11",)))


@pytest.mark.parametrize(
    ("triple", "host", "through"),
    [
        ("x86_64-pc-windows-msvc", "x86_64-unknown-linux-gnu", "xwin"),
        ("x86_64-pc-windows-msvc", "aarch64-pc-windows-msvc", None),
        ("x86_64-pc-windows-gnu", "x86_64-unknown-linux-gnu", None),
    ],
)
def test_microsoft_s_linker_is_reached_through_xwin(triple: str, host: str, through: str | None) -> None:
    facts: Any = from_elsewhere(triple, cargo=PROGRAM, host=host)
    assert [build.through for build in wheel(facts).builds] == [through]


@pytest.mark.parametrize(("machine", "through"), [(WINDOWS, "xwin"), (LINUX, None)], ids=["windows", "linux"])
def test_xwin_can_be_asked_for_on_windows_too(machine: Machine, through: str | None) -> None:
    facts = situation(cargo=PROGRAM, machine=machine)
    facts = replace(facts, options=replace(facts.options, use_xwin=True))
    assert [build.through for build in wheel(facts).builds] == [through]


def test_a_file_that_needs_a_newer_macos_raises_the_tag() -> None:
    from cratewheel.audit.model import Binary
    from cratewheel.planning.platform_result import platform_tags_from_audit

    def part(arch: str, minimum: tuple[int, int]) -> Binary:
        return Binary(format="macho", arch=arch, bits=64, little_endian=True, minimum_os=minimum)

    machine = Machine(triple="universal2-apple-darwin", system="darwin", platform=None, words="darwin")
    facts = situation(cargo=PROGRAM, machine=machine, host="aarch64-apple-darwin")
    fat = replace(part("universal2", (14, 0)), slices=(part("x86_64", (10, 12)), part("aarch64", (14, 2))))
    settled = platform_tags_from_audit(wheel(facts), facts.target, {"app": fat}, programs=("app",))
    assert settled.tags == ("macosx_10_12_universal2", "macosx_10_12_x86_64", "macosx_14_0_arm64")
    assert settled.why == ("app: it is linked for macOS 14.2 on aarch64",)
