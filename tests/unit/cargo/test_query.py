"""What cargo and rustc say, as values: asked of the real ones, and of answers that cannot be had here."""

from __future__ import annotations

import pytest

from cratewheel.cargo import query
from cratewheel.cargo.query import Rustc
from cratewheel.errors import ProcessError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "release: 1.97.0-nightly\nhost: x86_64-apple\n",
            Rustc(version=(1, 97, 0), host="x86_64-apple"),
        ),
        ("release: 1.97\nhost: x86_64-apple\n", None),
        ("release: 1.97.0\n", None),
        ("", None),
    ],
)
def test_what_rustc_says_of_itself(text: str, expected: Rustc | None) -> None:
    if expected is not None:
        assert query.parse_rustc(text) == expected
        return
    with pytest.raises(ProcessError) as caught:
        query.parse_rustc(text)
    assert caught.value.message == "`rustc -vV` did not print its release and host"
    assert caught.value.notes == tuple(text.splitlines())
