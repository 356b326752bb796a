"""Files of archives, with bounds."""

from __future__ import annotations

import hashlib
import io

import pytest

from cratewheel.commands.inspect import reading
from cratewheel.commands.inspect.model import Member, Problem
from cratewheel.commands.inspect.reading import Budget, path_problem, read_member, reading_problems
from cratewheel.errors import InspectError


def read(data: bytes, *, wanted: bool = False, limit: int = 1 << 20) -> tuple[Member, bytes | None, list[bytes]]:
    compiled: list[bytes] = []
    member, content = read_member(
        io.BytesIO(data),
        "a",
        3,
        wanted=wanted,
        budget=Budget("x.whl", limit),
        on_compiled=lambda _, content: compiled.append(content),
    )
    return member, content, compiled


def test_a_file_has_its_size_and_hash() -> None:
    member, content, compiled = read(b"text")
    assert member == Member(path="a", packed=3, size=4, sha256=hashlib.sha256(b"text").hexdigest())
    assert (content, compiled) == (None, [])


def test_a_compiled_file_is_handed_on_and_a_wanted_one_is_kept() -> None:
    assert read(b"\x7fELFrest")[2] == [b"\x7fELFrest"]
    assert read(b"MZ", wanted=True)[1:] == (b"MZ", [])
    assert read(b"", wanted=True)[1] == b""


def test_more_than_the_limit_is_refused() -> None:
    with pytest.raises(InspectError, match=r"x\.whl unpacks to more than 0 MiB"):
        read(bytes(100), limit=99)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("a/../../b", "it leaves the archive"),
        ("..\\b", "it leaves the archive"),
        ("/etc/passwd", "it is absolute"),
        ("C:b", "it is absolute"),
        ("a\nb", "it has control characters"),
        ("a\\b", "it has a backslash, which Windows takes for a folder"),
        ("a/b..c", None),
    ],
)
def test_a_path_that_leaves_its_folder_or_no_system_can_have_is_a_problem(path: str, said: str | None) -> None:
    assert path_problem(path) == said


def test_a_file_that_is_there_twice() -> None:
    assert reading_problems(["a", "b", "a"], Budget("x.whl")) == (
        Problem(level="error", code="path", path="a", text="it is there twice"),
    )


def test_what_is_too_large_is_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGEST_KEPT", 5)
    budget, compiled = Budget("x.whl"), []
    read_member(
        io.BytesIO(b"\x7fELFrest"),
        "a.so",
        3,
        wanted=False,
        budget=budget,
        on_compiled=lambda path, _: compiled.append(path),
    )
    assert compiled == []
    assert reading_problems(["a.so"], budget) == (
        Problem(level="note", code="unreadable", path="a.so", text="it is too large to look into"),
    )
