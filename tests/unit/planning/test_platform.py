"""Which platform tag a plan gives, and what it refuses before anything is compiled."""

from __future__ import annotations

import pytest

from cratewheel.cargo.model import CargoMetadata
from cratewheel.errors import ConfigError, CratewheelError, UnsupportedError, UsageError
from cratewheel.planning.decide import decide
from cratewheel.planning.model import ByAudit, ByDeploymentTarget, ByPolicy, Fixed, PlatformPlan
from situations import (
    LINUX,
    LINUX_RISCV,
    MACOS_ARM,
    MUSL,
    PROGRAM,
    WINDOWS,
    Machine,
    pyo3,
    situation,
)

LINUX_PPC = Machine(
    triple="powerpc-unknown-linux-gnu", system="linux", platform="linux_ppc", words="powerpc-linux-gnu", width=32
)


def platform_of(words: str, *, cargo: CargoMetadata = PROGRAM, machine: Machine = LINUX) -> PlatformPlan:
    (wheel,) = decide(situation(words, cargo=cargo, machine=machine, pythons=("11",))).wheels
    return wheel.platform


@pytest.mark.parametrize(
    ("words", "platform"),
    [
        ("", ByAudit(plain=("linux_x86_64",))),
        ("--compatibility pypi", ByAudit(plain=("linux_x86_64",), pypi=True)),
        ("--compatibility pypi manylinux2014", ByPolicy(policies=("manylinux_2_17",), pypi=True)),
        ("--compatibility 2_17 manylinux2014", ByPolicy(policies=("manylinux_2_17",))),
        ("--skip-auditwheel --compatibility 2014", ByPolicy(policies=("manylinux_2_17",))),
        ("--skip-auditwheel", Fixed(tags=("linux_x86_64",))),
        ("--auditwheel skip", Fixed(tags=("linux_x86_64",))),
        ("--compatibility linux --auditwheel check", Fixed(tags=("linux_x86_64",))),
        ("--compatibility off", Fixed(tags=("linux_x86_64",))),
    ],
)
def test_each_form_of_compatibility_on_linux(words: str, platform: PlatformPlan) -> None:
    assert platform_of(words) == platform


def test_off_linux_compatibility_changes_nothing() -> None:
    own = ByDeploymentTarget(versions=(("aarch64", (11, 0)),))
    assert platform_of("--compatibility manylinux2014", machine=MACOS_ARM) == own
    assert platform_of("--compatibility pypi", machine=WINDOWS) == Fixed(tags=("win_amd64",))


def test_the_host_platform_variable_overrides_everything() -> None:
    facts = situation("--compatibility pypi", cargo=PROGRAM, host_platform="linux-x86_64.v3")
    assert [wheel.platform for wheel in decide(facts).wheels] == [Fixed(tags=("linux_x86_64_v3",))]


@pytest.mark.parametrize(
    ("words", "cargo", "machine", "message", "hint"),
    [
        (
            "--compatibility 2_17 2_28",
            pyo3(),
            LINUX,
            "a wheel has one platform policy, and 2 were requested: manylinux_2_17, manylinux_2_28",
            "run one build for each",
        ),
        (
            "--compatibility 2_17 musllinux_1_2",
            pyo3(),
            MUSL,
            "a wheel has one platform policy, and 2 were requested: manylinux_2_17, musllinux_1_2",
            "run one build for each",
        ),
        (
            "--compatibility linux 2_17",
            PROGRAM,
            LINUX,
            "a wheel has one platform policy, and 2 were requested: linux, manylinux_2_17",
            "a program takes one manylinux and one musllinux",
        ),
        (
            "--compatibility musllinux_1_2",
            PROGRAM,
            LINUX,
            "a program for x86_64-unknown-linux-gnu needs glibc, so it cannot be musllinux_1_2",
            "build for a musl target",
        ),
        (
            "--compatibility 2_17",
            PROGRAM,
            LINUX_RISCV,
            "manylinux_2_17 is not defined for riscv64",
            (
                "the manylinux policies for riscv64 are manylinux_2_31, manylinux_2_34, manylinux_2_35, "
                "manylinux_2_36, manylinux_2_37, manylinux_2_38, manylinux_2_39, manylinux_2_40, manylinux_2_41"
            ),
        ),
        (
            "--compatibility pypi linux",
            PROGRAM,
            LINUX,
            "PyPI rejects wheels for linux_x86_64",
            "choose another tag, or leave `pypi` out",
        ),
        (
            "--compatibility pypi --skip-auditwheel",
            PROGRAM,
            LINUX,
            "PyPI rejects the tag `linux`",
            "remove --skip-auditwheel, or `pypi` from --compatibility",
        ),
    ],
)
def test_a_tag_that_no_file_could_have_is_refused(
    words: str, cargo: CargoMetadata, machine: Machine, message: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        platform_of(words, cargo=cargo, machine=machine)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_the_author_of_pyproject_is_told_of_a_tag_that_stands_there() -> None:
    with pytest.raises(CratewheelError) as caught:
        decide(situation(cargo=PROGRAM, tool={"compatibility": "manylinux_2_999"}))
    assert type(caught.value) is ConfigError
    assert caught.value.message == "manylinux_2_999 is not defined for x86_64"


def test_pypi_takes_nothing_for_some_processors() -> None:
    with pytest.raises(UnsupportedError) as caught:
        platform_of("--compatibility pypi", machine=LINUX_PPC)
    assert caught.value.message == "PyPI accepts no wheels for powerpc-unknown-linux-gnu"


@pytest.mark.parametrize(
    ("words", "warnings"),
    [
        (
            "--compatibility manylinux1",
            ("today's Rust needs a newer glibc than manylinux_2_5 allows; manylinux_2_17 is the oldest",),
        ),
        (
            "--compatibility musllinux_1_2",
            ("x86_64-unknown-linux-gnu links glibc, which musllinux_1_2 does not have",),
        ),
        ("--compatibility 2_17", ()),
    ],
)
def test_a_tag_that_will_hardly_fit_is_a_warning(words: str, warnings: tuple[str, ...]) -> None:
    assert decide(situation(words, cargo=pyo3(), pythons=("11",))).warnings == warnings


@pytest.mark.parametrize(
    ("words", "tool", "machine", "mode"),
    [
        ("", {}, LINUX, "repair"),
        ("", {}, MACOS_ARM, "warn"),
        ("", {}, WINDOWS, "warn"),
        ("--auditwheel check", {}, MACOS_ARM, "check"),
        ("", {"auditwheel": "warn"}, LINUX, "warn"),
        ("--auditwheel check", {"auditwheel": "warn"}, LINUX, "check"),
        ("", {"skip-auditwheel": True}, LINUX, "skip"),
        ("", {"skip-auditwheel": True, "auditwheel": "check"}, LINUX, "check"),
        ("--auditwheel check", {"skip-auditwheel": True}, LINUX, "check"),
        ("--skip-auditwheel", {"auditwheel": "check"}, LINUX, "skip"),
    ],
)
def test_flags_win_over_keys_and_auditwheel_over_the_older_key(
    words: str, tool: dict[str, object], machine: Machine, mode: str
) -> None:
    assert decide(situation(words, cargo=PROGRAM, machine=machine, tool=tool)).wheels[0].audit == mode
