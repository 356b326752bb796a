"""Which libraries stay outside, and what those inside are called."""

from __future__ import annotations

import pytest

from cratewheel.repair.model import hashed_name, is_excluded
from cratewheel.targets.triples import parse

LINUX, WINDOWS = parse("x86_64-unknown-linux-gnu"), parse("x86_64-pc-windows-msvc")


@pytest.mark.parametrize(
    ("library", "pattern", "excluded"),
    [
        ("libcuda.so.1", "libcuda.so.1", True),
        ("libcuda.so.1", "libcuda*", True),
        ("libcuda.so.1", "libcud", False),
        ("libcuda.so.1", "LIBCUDA*", False),
        ("@rpath/libx.dylib", "libx.dylib", True),
        ("/opt/lib/libx.dylib", "/opt/*", True),
        ("/opt/lib/libx.dylib", "opt*", False),
    ],
)
def test_a_glob_means_a_name_or_a_whole_path(library: str, pattern: str, excluded: bool) -> None:
    assert is_excluded(library, ["other", pattern], LINUX) is excluded


def test_case_does_not_count_on_windows() -> None:
    assert is_excluded("CUDART64_12.dll", ["cudart64_*.DLL"], WINDOWS)
    assert not is_excluded("CUDART64_12.dll", ["cudart32_*"], WINDOWS)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("libz.so.1", "libz-01234567.so.1"),
        ("libz", "libz-01234567"),
        ("libz-01234567.so.1", "libz-01234567.so.1"),
        ("libz-89abcdef.so.1", "libz-89abcdef-01234567.so.1"),
    ],
)
def test_a_name_carries_the_start_of_the_digest_once(name: str, expected: str) -> None:
    assert hashed_name(name, "0123456789abcdef") == expected
