"""Which conditions of Cargo.toml hold for a target."""

from __future__ import annotations

import pytest

from cratewheel.targets.conditions import is_met

LINUX = frozenset({"unix", "r", 'target_os="linux"', 'target_arch="x86_64"', 'feature="a b"'})


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ("cfg(unix)", True),
        ("cfg(windows)", False),
        ("cfg(r#unix)", True),
        (' cfg ( target_os = "linux" ) ', True),
        ('cfg(target_os = "macos")', False),
        ('cfg(r#target_os = "linux")', True),
        ('cfg(feature = "a b")', True),
        ("cfg(not(windows))", True),
        ("cfg(not(unix))", False),
        ('cfg(all(unix, target_arch = "x86_64"))', True),
        ("cfg(all(unix, windows))", False),
        ("cfg(any(windows, unix))", True),
        ("cfg(any(windows))", False),
        ("cfg(all())", True),
        ("cfg(any())", False),
        ("cfg(all(unix,))", True),
        ("cfg(true)", True),
        ("cfg(false)", False),
        ('cfg(any(all(windows, unix), not(any(windows, target_os = "macos"))))', True),
    ],
)
def test_a_condition_is_what_rustc_says(condition: str, met: bool) -> None:
    assert is_met(condition, LINUX) is met


@pytest.mark.parametrize(
    "condition",
    [
        "", "cfg", "cfg(", "cfg()", "cfg(unix", "cfg(unix))", "cfg(unix) unix", "unix", "all(unix)", "cfg(unix, r)",
        "cfg(not())", "cfg(not(windows, windows))", "cfg(none(unix))", 'cfg("unix")', "cfg(target_os = linux)",
        'cfg(= "linux")', 'cfg(target_os "linux")', "cfg(all(unix windows))", "cfg(all(unix,,r))", "cfg(1)",
        "cfg(unix-like)", 'cfg(target_os = "linux)', "cfg(all(all)", "cfg(,)",
    ],
)  # fmt: skip
def test_a_malformed_condition_never_holds(condition: str) -> None:
    assert not is_met(condition, LINUX)


@pytest.mark.parametrize(("depth", "met"), [(64, True), (65, False), (100_000, False)])
def test_conditions_lie_in_each_other_up_to_a_bound(depth: int, met: bool) -> None:
    assert is_met("cfg(" + "all(" * depth + "unix" + ")" * depth + ")", LINUX) is met
