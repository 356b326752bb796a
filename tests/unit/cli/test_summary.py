"""The closing line."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.cli.summary import summary
from cratewheel.events import BuiltArchive
from cratewheel.ui import format_duration


def wheel(size: int) -> BuiltArchive:
    return BuiltArchive(kind="wheel", path=Path("a.whl"), sha256="", size=size)


SDIST = BuiltArchive(kind="sdist", path=Path("a.tar.gz"), sha256="", size=2048)


@pytest.mark.parametrize(
    ("archives", "expected"),
    [
        ([], "nothing (0 bytes) in 47 s"),
        ([wheel(10)], "1 wheel (10 bytes) in 47 s"),
        ([SDIST], "1 sdist (2.0 kB) in 47 s"),
        ([SDIST, wheel(1_000_000), wheel(100_000)], "2 wheels and 1 sdist (1.1 MB) in 47 s"),
    ],
)
def test_archives_are_counted(archives: list[BuiltArchive], expected: str) -> None:
    assert summary(archives, 47.2) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.04, "0.0 s"), (3.14, "3.1 s"), (9.97, "10 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s")],
)
def test_a_time_is_as_exact_as_people_say_it(seconds: float, expected: str) -> None:
    assert format_duration(seconds) == expected
