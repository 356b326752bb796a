"""Names that Windows has for devices, or cannot write."""

from __future__ import annotations

import pytest

from cratewheel.system.files.reserved import first_problem, problem_on_windows


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(
            (name, f"{name} is a device there")
            for name in ("con", "PRN", "Aux", "nul", "COM1", "lpt9", "com²", "CONIN$")
        ),
        ("con.py", "con is a device there"),
        ("nul.tar.gz", "nul is a device there"),
        ("aux .txt", "aux is a device there"),
        ("lib.", "it ends with a dot"),
        ("lib ", "it ends with a space"),
        ("what?.txt", "it contains '?'"),
        ("a:b", "it contains ':'"),
        ("a\\b", r"it contains '\\'"),
        ("tab\there", r"it contains '\t'"),
        *(
            (name, None)
            for name in ("console", "com", "com10", "auxiliary.py", ".con", "a con", "null", ".git", "ä.txt")
        ),
    ],
)
def test_names_that_windows_cannot_have(name: str, expected: str | None) -> None:
    assert problem_on_windows(name) == expected


def test_the_first_part_of_a_path_with_a_problem_is_named() -> None:
    assert first_problem(["a", "b ", "con"]) == ("b ", "it ends with a space")
    assert first_problem(["a", "b"]) is None
    assert first_problem([]) is None
