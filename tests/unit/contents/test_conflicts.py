"""Two files for one place of an sdist."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.archive.layout import Entry, FromFile, Generated
from cratewheel.contents.conflicts import Displaced, check_conflicts
from cratewheel.errors import ConfigError


def test_the_same_bytes_are_no_conflict(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(b"same")
    displaced = [
        Displaced(path=str(tmp_path / "two"), by=str(tmp_path / "one"), place="LICENSE"),
        Displaced(path=str(tmp_path / "two"), by="generated", place="PKG-INFO"),
    ]
    entries = [
        Entry(path="LICENSE", source=FromFile(path=str(tmp_path / "one"))),
        Entry(path="PKG-INFO", source=Generated(data=b"same")),
    ]
    check_conflicts(displaced, entries)


@pytest.mark.parametrize(
    ("place", "hint"),
    [
        (
            "LICENSE",
            "rename one of them, or exclude one with `exclude`; see the documentation of sdists for files that move",
        ),
        (
            "pyproject.toml",
            'exclude {path}: `exclude = ["/pyproject.toml"]` in [package] of the Cargo.toml beside it',
        ),
    ],
)
def test_other_bytes_are_told_with_both_files(tmp_path: Path, place: str, hint: str) -> None:
    path = tmp_path / "two"
    path.write_bytes(b"other")
    with pytest.raises(ConfigError) as caught:
        check_conflicts(
            [Displaced(path=str(path), by="/one", place=place)], [Entry(path=place, source=Generated(data=b"same"))]
        )
    assert caught.value.message == f"two files have the same path in the sdist, /one and {path}: {place}"
    assert caught.value.hint == hint.replace("{path}", str(path))
