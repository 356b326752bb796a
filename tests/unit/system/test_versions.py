from __future__ import annotations

from collections.abc import Callable

import pytest
from packaging.markers import InvalidMarker
from packaging.requirements import InvalidRequirement
from packaging.specifiers import InvalidSpecifier
from packaging.version import InvalidVersion

from cratewheel.system import versions

LONG = "9" * (versions.MAX_DIGITS + 1)
TOO_LONG = "a number has more than 600 digits"


def test_what_is_valid_comes_back() -> None:
    assert str(versions.parse_version("1.0-alpha1")) == "1.0a1"
    assert versions.parse_specifiers(">=3.8").contains("3.9")
    assert str(versions.parse_requirement("a[x]>=1; os_name == 'nt'")) == 'a[x]>=1; os_name == "nt"'
    assert versions.parse_marker("os_name == 'nt'").evaluate({"os_name": "nt"})
    assert str(versions.parse_version("1." + LONG[1:])) == "1." + LONG[1:]


@pytest.mark.parametrize(
    ("parse", "text", "error"),
    [
        (versions.parse_version, "1.{}", InvalidVersion),
        (versions.parse_version, "1.0+a.{}", InvalidVersion),
        (versions.parse_version, "{}!1", InvalidVersion),
        (versions.parse_version, "1.0rc{}", InvalidVersion),
        (versions.parse_specifiers, ">=1,==1.{}", InvalidSpecifier),
        (versions.parse_specifiers, "===1.{}", InvalidSpecifier),
        (versions.parse_requirement, "a==1.{}", InvalidRequirement),
        (versions.parse_requirement, "a; python_version > '3.{}'", InvalidRequirement),
        (versions.parse_marker, "'3.{}' <= python_version", InvalidMarker),
    ],
)
def test_numbers_of_too_many_digits_are_invalid(
    parse: Callable[[str], object], text: str, error: type[ValueError]
) -> None:
    with pytest.raises(error, match="^" + TOO_LONG):
        parse(text.format(LONG))
    with pytest.raises(error, match="^" + TOO_LONG):
        parse(text.format("٣" * len(LONG)))  # digits to Python as well


@pytest.mark.parametrize("depth", [5000, 50_000])
def test_parentheses_that_are_nested_too_deep_are_invalid(depth: int) -> None:
    text = f"{'(' * depth}os_name == 'nt'{')' * depth}"
    with pytest.raises(InvalidRequirement):
        versions.parse_requirement(f"a; {text}")
    with pytest.raises(InvalidMarker):
        versions.parse_marker(text)


@pytest.mark.parametrize("text", ["", "a", "1..2"])
def test_what_is_no_version_is_invalid(text: str) -> None:
    with pytest.raises(InvalidVersion):
        versions.parse_version(text)
