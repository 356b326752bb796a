"""Which files of earlier builds go from a project in which compiled modules are put."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.archive.layout import Entry, Generated
from cratewheel.contents.inplace import hiding_files, outdated, read_record, write_record
from cratewheel.system.files.json_cache import JsonCache

OLD = "pkg/_x.cpython-311-x86_64-linux-gnu.so"
STABLE = "pkg/_x.abi3.so"


def entry(place: str) -> Entry:
    return Entry(path=place, source=Generated(data=b""))


def put(root: Path, *places: str) -> dict[str, str]:
    for place in places:
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_bytes(b"compiled")
    state_file = JsonCache(root / "target" / "inplace", warn=pytest.fail)
    write_record(state_file, root, places)
    return read_record(state_file, root)


@pytest.mark.parametrize(
    ("old", "new", "gone"),
    [
        (OLD, STABLE, True),
        (STABLE, OLD, True),
        ("pkg/_x.so", STABLE, True),
        ("pkg/_x.cp311-win_amd64.pyd", "pkg/_x.pyd", True),
        (OLD, "pkg/_y.cpython-311-x86_64-linux-gnu.so", True),
        (OLD, "pkg/sub/_x.cpython-312-x86_64-linux-gnu.so", True),
        ("pkg/native/__init__.py", STABLE, True),
        (OLD, "pkg/_x.cpython-312-x86_64-linux-gnu.so", False),
        (OLD, OLD, False),
    ],
)
def test_what_was_put_there_goes_but_for_other_interpreters(tmp_path: Path, old: str, new: str, gone: bool) -> None:
    record = put(tmp_path, old)
    assert outdated(tmp_path, (entry(new),), record) == ((old,) if gone else ())


def test_what_is_not_ours_any_more_stays(tmp_path: Path) -> None:
    record = put(tmp_path, OLD, "pkg/_x.so")
    (tmp_path / OLD).write_bytes(b"somebody else's")
    (tmp_path / "pkg" / "_x.so").unlink()
    assert outdated(tmp_path, (entry(STABLE),), record) == ()
    assert list(hiding_files(tmp_path, (entry(STABLE),))) == [(tmp_path / OLD, tmp_path / STABLE)]


def test_a_file_that_python_tries_later_hides_nothing(tmp_path: Path) -> None:
    put(tmp_path, STABLE, "pkg/_x.so", "pkg/_xy.cpython-311-x86_64-linux-gnu.so")
    assert list(hiding_files(tmp_path, (entry(STABLE), entry("pkg/a.py")))) == []
    assert list(hiding_files(tmp_path, (entry("pkg/_x.so"),))) == [(tmp_path / STABLE, tmp_path / "pkg/_x.so")]


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', "{"])
def test_a_record_that_cannot_be_read_lists_nothing(tmp_path: Path, text: str) -> None:
    state_file = JsonCache(tmp_path / "memo", warn=pytest.fail)
    write_record(state_file, tmp_path, ())
    (record,) = (tmp_path / "memo").iterdir()
    record.write_text(text, encoding="utf-8")
    assert (read_record(state_file, tmp_path), read_record(state_file, tmp_path / "absent")) == ({}, {})
