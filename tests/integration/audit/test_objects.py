"""Which crates bring a symbol into a file, with objects that a compiler made."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cratewheel.audit.objects import find_users
from watchdog import within


@pytest.fixture
def libraries(tmp_path: Path) -> dict[str, Path]:
    """Two static libraries of C objects, made by cc and ar."""
    made = {}
    for name, text in (
        ("first", "int open_it(void); int shared(void); int one(void) { return open_it() + shared(); }"),
        ("second", "int shared(void); int open_it(void) { return shared(); }"),
    ):
        (tmp_path / f"{name}.c").write_text(text, encoding="utf-8")
        (tmp_path / f"{name}.rmeta").write_text("odd", encoding="utf-8")  # metadata beside the objects, as rustc has
        subprocess.run(["cc", "-c", f"{name}.c", "-o", f"{name}.o"], cwd=tmp_path, check=True)
        subprocess.run(["ar", "rcD", f"lib{name}.rlib", f"{name}.rmeta", f"{name}.o"], cwd=tmp_path, check=True)
        made[name] = tmp_path / f"lib{name}.rlib"
    return made


def test_the_libraries_that_take_a_symbol_from_elsewhere(libraries: dict[str, Path]) -> None:
    assert find_users(("shared", "open_it", "one", "unknown"), libraries) == {
        "shared": ("first", "second"),
        "open_it": ("first",),
    }


def test_what_cannot_be_read_says_nothing(libraries: dict[str, Path], tmp_path: Path) -> None:
    whole = libraries["second"].read_bytes()
    (tmp_path / "empty.rlib").write_bytes(b"")
    (tmp_path / "text.rlib").write_bytes(b"not an archive")
    found = dict(libraries)
    found |= {"absent": tmp_path / "absent", "empty": tmp_path / "empty.rlib", "text": tmp_path / "text.rlib"}
    for cut in range(0, len(whole), 97):
        path = tmp_path / f"cut{cut}.rlib"
        path.write_bytes(whole[:cut])
        found[f"cut{cut}"] = path
    assert find_users(("open_it",), found) == {"open_it": ("first",)}


def test_a_changed_archive_says_something_or_nothing(libraries: dict[str, Path], tmp_path: Path) -> None:
    data, path = libraries["second"].read_bytes(), tmp_path / "changed.rlib"
    random.seed(0)
    for at in random.sample(range(len(data)), 600):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :])
        within(60, lambda: find_users(("shared",), {"it": path}))

    @given(st.lists(st.tuples(st.integers(0, len(data) - 8), st.binary(min_size=1, max_size=8)), max_size=6))
    @settings(max_examples=150, deadline=None)
    def tried(changes: list[tuple[int, bytes]]) -> None:
        changed = bytearray(data)
        for place, word in changes:
            changed[place : place + len(word)] = word
        path.write_bytes(bytes(changed))
        within(60, lambda: find_users(("shared",), {"it": path}))

    tried()
