"""Which members a workspace keeps, and ways between folders."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from cratewheel.cargo.edits import filter_members, relative_path


@pytest.mark.parametrize(
    ("member", "folder", "kept"),
    [
        ("py", "py", True),
        ("./py/", "py", True),
        ("a/../py", "py", True),
        ("py", "py/sub", False),
        ("crates/*", "crates/a", True),
        ("crates/*", "crates", False),
        ("crates/*", "crates/a/b", False),
        ("crates/**", "crates/a/b", True),
        ("crates/**", "crates", True),
        ("**/b", "b", True),
        ("**/b", "a/x/b", True),
        ("**/b", "a/x/c", False),
        ("a/**/b/**/c", "a/b/b/c", True),
        ("a/**/b/**/c", "a/c/b", False),
        ("cr?te", "crate", True),
        ("cr[a-z]te", "crate", True),
        ("Crates/*", "crates/a", False),
        (".", ".", True),
    ],
)
def test_a_member_stands_for_a_folder(member: str, folder: str, kept: bool) -> None:
    assert filter_members([member], [folder]) == ((member,) if kept else ())


def test_many_depths_take_no_longer_than_others() -> None:
    assert filter_members(["/".join(["**", "a"] * 40)], ["/".join(["a"] * 200) + "/b"]) == ()


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("/w", "/w", "."),
        ("/w", "/w/a", "a"),
        ("/w/a", "/w", ".."),
        ("/w/a/b", "/w/c", "../../c"),
        ("/w/./a", "/w/a", "."),
    ],
)
def test_the_way_between_folders(start: str, end: str, expected: str) -> None:
    assert relative_path(PurePosixPath(start), PurePosixPath(end)) == expected
