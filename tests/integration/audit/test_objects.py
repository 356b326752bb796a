"""Which crates bring a symbol into a file."""

from __future__ import annotations

import random
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cratewheel.audit.objects import users
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
    assert users(("shared", "open_it", "one", "unknown"), libraries) == {
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
    assert users(("open_it",), found) == {"open_it": ("first",)}


def archive(*members: bytes, size: str | None = None) -> bytes:
    """Return an archive; each member says that it is `size` long, or what it is."""
    parts = [b"!<arch>\n"]
    for member in members:
        written = (size if size is not None else str(len(member))).encode()
        parts += [b"x.o/".ljust(48) + written.ljust(10) + b"`\n", member, b"\n" * (len(member) % 2)]
    return b"".join(parts)


def elf(*, symbols: int, name: bytes, width: int = 64, sections: int = 3) -> bytes:
    """Return an object whose symbols all have the same name, with a table of symbols in each section but the first."""
    table, names = 64 + 64 * 3, struct.pack("<IBBHQQ", 1, 0x10, 0, 0, 0, 0) * symbols
    header = struct.pack("<40xQ10xHHH", 64, width, sections, 0)
    strings = table + len(names)
    row = struct.pack("<IIQQQQIIQQ", 0, 2, 0, 0, table, len(names), 2, 0, 8, 24)
    last = struct.pack("<IIQQQQIIQQ", 0, 3, 0, 0, strings, len(name) + 2, 0, 0, 1, 0)
    return b"\x7fELF\2\1" + header[6:] + bytes(64) + row + last + names + b"\0" + name + b"\0"


def found_in(path: Path, data: bytes, *wanted: str) -> list[str]:
    path.write_bytes(data)
    return sorted(within(60, lambda: users(wanted, {"it": path})))


def test_an_object_made_here_is_read(tmp_path: Path) -> None:
    assert found_in(tmp_path / "a.rlib", archive(b"odd", elf(symbols=2, name=b"open_it")), "open_it") == ["open_it"]


@pytest.mark.parametrize("size", ["-60", "-1", "+60", "6_0", "0x10", "", "none", "1e3", "-000000060"[:10]])
def test_a_member_of_no_size_ends_an_archive(tmp_path: Path, size: str) -> None:
    assert found_in(tmp_path / "a.rlib", archive(elf(symbols=1, name=b"open_it"), size=size), "open_it") == []


UNKIND = {
    "one long name": archive(elf(symbols=100_000, name=b"a" * 2_000_000)),
    "rows in one place": archive(*[elf(symbols=0, name=b"a", width=0, sections=65_535)] * 5_000),
    "a table in each row": archive(elf(symbols=20_000, name=b"a", width=64, sections=65_535) + bytes(4_000_000)),
    "empty members": archive(*[b""] * 100_000),
}


@pytest.mark.parametrize("data", UNKIND.values(), ids=UNKIND)
def test_an_unkind_archive_takes_linear_time(tmp_path: Path, data: bytes) -> None:
    found_in(tmp_path / "a.rlib", data, "open_it")


def test_a_changed_archive_says_something_or_nothing(libraries: dict[str, Path], tmp_path: Path) -> None:
    data, path = libraries["second"].read_bytes(), tmp_path / "changed.rlib"
    random.seed(0)
    for at in random.sample(range(len(data)), 600):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :])
        within(60, lambda: users(("shared",), {"it": path}))

    @given(st.lists(st.tuples(st.integers(0, len(data) - 8), st.binary(min_size=1, max_size=8)), max_size=6))
    @settings(max_examples=150, deadline=None)
    def tried(changes: list[tuple[int, bytes]]) -> None:
        changed = bytearray(data)
        for place, word in changes:
            changed[place : place + len(word)] = word
        path.write_bytes(bytes(changed))
        within(60, lambda: users(("shared",), {"it": path}))

    tried()


def test_a_place_beyond_what_memory_can_have_says_nothing(tmp_path: Path) -> None:
    data = bytearray(elf(symbols=1, name=b"open_it"))
    data[64 + 64 + 24 : 64 + 64 + 32] = struct.pack("<Q", 1 << 63)  # where the second section is said to begin
    assert found_in(tmp_path / "a.rlib", archive(bytes(data)), "open_it") == []
    data = bytearray(elf(symbols=1, name=b"open_it"))
    data[64 + 128 + 24 : 64 + 128 + 32] = struct.pack("<Q", 1 << 63)
    assert found_in(tmp_path / "a.rlib", archive(bytes(data)), "open_it") == []
