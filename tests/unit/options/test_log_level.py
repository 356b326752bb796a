"""How much RUST_LOG makes the command line say."""

from __future__ import annotations

import pytest

from cratewheel.errors import UsageError
from cratewheel.options.log_level import log_level


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("", 0), ("warn", 0), ("INFO", 1), ("debug", 2), ("trace", 3), ("hyper=trace", 0), ("trace,cratewheel=off", 0),
        ("cratewheel", 3), ("maturin=debug", 2), ("maturin::build_context=info , warn", 1), ("debug/pattern", 2),
    ],
)  # fmt: skip
def test_levels_are_those_of_programs_in_rust(text: str, level: int) -> None:
    assert log_level({"RUST_LOG": text}) == level


def test_a_level_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(UsageError) as caught:
        log_level({"RUST_LOG": "info,cratewheel=debgu"})
    assert caught.value.message == "RUST_LOG has the level 'debgu', which does not exist"
    assert caught.value.hint == "did you mean `debug`?"
