"""Which files have changed though cargo cannot see it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from cratewheel.builder.other_copies import SourceFile, is_unseen


@pytest.mark.parametrize(
    ("text", "time", "unseen"),
    [
        ("one", 5, False),  # the same file
        ("two", 4, True),  # older than it was, as another version that was unpacked
        ("two", 6, True),
        ("one", 4, False),
        ("three", 5, True),  # the same time, and another size
        ("two", 10, True),
        ("two", 11, False),  # cargo sees that it is younger than what was compiled
    ],
)
def test_other_content_with_a_time_before_the_build_is_not_seen_by_cargo(
    tmp_path: Path, text: str, time: int, unseen: bool
) -> None:
    path = tmp_path / "lib.rs"
    path.write_text(text, encoding="utf-8")
    os.utime(path, (time, time))
    before = SourceFile(time=5 * 10**9, size=3, content=hashlib.sha256(b"one").hexdigest())
    assert is_unseen(path, before, 10 * 10**9) == unseen


def test_a_file_that_is_gone_is_seen_by_cargo(tmp_path: Path) -> None:
    assert not is_unseen(tmp_path / "gone.rs", SourceFile(time=5, size=3, content=""), 10)
