"""`packaging` is the oracle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from cratewheel.versions import RequiresPython, comparable, normal, numbers

releases = st.lists(st.integers(0, 14), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
words = st.sampled_from(["", "rc1", "a0", ".dev3", ".post1", "+local", "b02"])
versions = st.builds(lambda release, word: release + word, releases, words)
plain_clauses = st.builds("{}{}{}".format, st.sampled_from([">=", "<=", "==", "!=", ">", "<"]), st.just(""), releases)
clauses = st.one_of(
    plain_clauses,
    releases.map("=={}.*".format),
    releases.map("!={}.*".format),
    st.builds("~={}.{}".format, st.integers(0, 4), releases),
    releases.map("==={}".format),
    versions.map(">= {} ".format).filter(lambda clause: "+" not in clause),
)


@given(st.lists(clauses, max_size=3).map(",".join), versions)
def test_requires_python_admits_what_packaging_admits(text: str, python: str) -> None:
    assert RequiresPython(text=text).admits(python) is SpecifierSet(text).contains(python, prereleases=True)


@given(st.lists(plain_clauses, min_size=1, max_size=4).map(",".join), releases)
def test_comparisons_of_numbers_are_those_of_packaging(text: str, python: str) -> None:
    assert RequiresPython(text=text).admits(python) is SpecifierSet(text).contains(python)


@given(versions)
def test_a_normal_form_is_that_of_packaging(version: str) -> None:
    assert normal(version) == str(Version(version))


@given(releases, releases)
def test_numbers_compare_as_versions_do(one: str, other: str) -> None:
    first, second = (comparable(numbers(version) or ()) for version in (one, other))
    assert (first < second) is (Version(one) < Version(other))
    assert (first == second) is (Version(one) == Version(other))


@pytest.mark.parametrize("text", ["1.", ".1", "", "1..2", " 1", "1\n", "\u0661", "1" * 5000, "v1", "1!2"])
def test_what_is_not_numbers_alone_is_left_to_packaging(text: str) -> None:
    assert numbers(text) is None
