"""Names with wildcards as regular expressions."""

from __future__ import annotations

import itertools
import re

import pytest

from cratewheel.system.files.wildcards import NEVER, Chunks, character_class, name_regex, path_regex


@pytest.mark.parametrize(
    ("chunks", "name", "fits"),
    [
        (("abc",), "abc", True),
        (("abc",), "abcd", False),
        (("a", "c"), "abbc", True),
        (("a", "c"), "ac", True),
        (("a", "c"), "a/c", False),
        (("", ""), "", True),
        (("", "b", ""), "abc", True),
        (("", "ab", "b"), "abab", True),
        (("", "ab", "ab"), "ab", False),
        (("a", "", "b"), "axb", True),
    ],
)
def test_anything_may_stand_between_chunks(chunks: Chunks, name: str, fits: bool) -> None:
    assert (re.fullmatch(name_regex(chunks, itertools.count()), name) is not None) is fits


A, B, ANYTHING = ("a",), ("b",), ("", "")


@pytest.mark.parametrize(
    ("parts", "path", "fits"),
    [
        ((A, B), "a/b", True),
        ((A, B), "a/x/b", False),
        ((A, None, B), "a/b", True),
        ((A, None, B), "a/x/y/b", True),
        ((A, None, B), "ab", False),
        ((None, B), "b", True),
        ((None, B), "x/b", True),
        ((None, B), "xb", False),
        ((A, None), "a/x/y", True),
        ((A, None), "a", False),
        ((A, None), "a/", False),
        ((None, A, None, B), "x/a/y/b", True),
        ((None, A, None, B), "x/b/y/a", False),
        ((A, None, None, B), "a/b", True),
        ((ANYTHING, B), "x/b", True),
        ((ANYTHING, B), "x/y/b", False),
    ],
)
def test_any_number_of_folders_may_stand_for_none(parts: tuple[Chunks | None, ...], path: str, fits: bool) -> None:
    assert (re.fullmatch(path_regex(parts, itertools.count()), path) is not None) is fits


def test_a_class_never_matches_the_end_of_a_name() -> None:
    everything = character_class([("\0", "\U0010ffff")], negated=False)
    assert [re.fullmatch(everything, one) is not None for one in ("a", "\n", "/")] == [True, True, False]
    assert re.fullmatch(character_class([("a", "b")], negated=True), "/") is None
    assert re.fullmatch(character_class([("a", "a"), ("-", "-"), ("]", "]")], negated=False), "-") is not None


def test_a_class_of_nothing_matches_nothing_and_its_contrary_everything() -> None:
    assert character_class([("b", "a")], negated=False) == NEVER
    assert re.fullmatch(character_class([("b", "a")], negated=True), "x") is not None
    assert character_class([], classes=["digit", "lower"], negated=False) == "(?!/)[0-9a-z]"


def test_a_hostile_pattern_takes_no_longer_than_its_size() -> None:
    regex = name_regex(("", *["a"] * 40, "b"), itertools.count())
    assert re.fullmatch(regex, "a" * 3000) is None
