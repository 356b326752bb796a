"""`packaging` is the oracle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from cratewheel.spdx import canonical

words = st.sampled_from(
    ["MIT", "Apache-2.0", "mit", "GPL-3.0+", "OR", "AND", "or", "WITH", "LLVM-exception", "(", ")", "x", ""]
)


@given(st.lists(words, max_size=6).map(" ".join))
def test_expressions_are_those_of_packaging(text: str) -> None:
    try:
        expected = str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        expected = None
    assert canonical(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "MIT",
        "Unlicense OR MIT",
        "MIT AND Unicode-3.0",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception OR MIT",
        "0BSD OR MIT OR Apache-2.0",
        "BSL-1.0",
        "Zlib",
        "MIT-0",
    ],
)
def test_the_usual_licences_are_in_normal_form(text: str) -> None:
    assert canonical(text) == str(canonicalize_license_expression(text)) == text
