from __future__ import annotations

import pytest
from packaging.requirements import InvalidRequirement

from cratewheel.project.metadata.requirements import normalise, normalise_specifier


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("foo", "foo"),
        ("Foo.Bar_Baz [Ex_A]", "Foo.Bar_Baz[Ex_A]"),
        ("foo (>=1)", "foo>=1"),
        ("foo;python_version<'3.9'", 'foo; python_version < "3.9"'),
        ("foo ; '3.8' <= python_version", 'foo; "3.8" <= python_version'),
    ],
)
def test_a_requirement_is_written_as_packaging_writes_it(requirement: str, expected: str) -> None:
    assert normalise(requirement) == expected


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("foo>=1", 'foo>=1; extra == "x"'),
        ("foo; os_name == 'nt'", 'foo; os_name == "nt" and extra == "x"'),
        (
            "foo; os_name == 'nt' or os_name == 'posix'",
            'foo; (os_name == "nt" or os_name == "posix") and extra == "x"',
        ),
    ],
)
def test_a_requirement_of_an_extra_is_needed_with_it_only(requirement: str, expected: str) -> None:
    assert normalise(requirement, extra="x") == expected
    assert normalise(expected) == expected


@pytest.mark.parametrize("text", ["foo bar", "", "foo>=", "foo; python_versio < '3'", "foo[", "https://example.com"])
def test_what_is_no_requirement_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequirement):
        normalise(text)


@pytest.mark.parametrize(
    ("text", "expected"), [(">=3.9,!=3.9.0 , < 4", ">=3.9, !=3.9.0, <4"), ("<4,>=3.9,", "<4, >=3.9"), (" ", None)]
)
def test_a_version_specifier_keeps_its_order(text: str, expected: str | None) -> None:
    assert normalise_specifier(text) == expected
