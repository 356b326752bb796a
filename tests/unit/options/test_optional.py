"""Whether Rust may be left out."""

from __future__ import annotations

from typing import Any

import pytest

from cratewheel.options.model import Options
from cratewheel.options.optional import is_optional
from cratewheel.options.values import ArtifactSettings, OptionalRust

WHEEL = OptionalRust(when=("no-cargo",))
ARTIFACTS = (ArtifactSettings(), ArtifactSettings(optional=True))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, False),
        ({"artifacts": ARTIFACTS[:1]}, False),
        ({"artifacts": ARTIFACTS}, True),
        ({"optional": WHEEL}, True),
        ({"optional": WHEEL, "require_rust": True}, False),
        ({"artifacts": ARTIFACTS, "pgo": True}, False),
    ],
)
def test_rust_is_optional_where_the_project_says_so_and_the_command_does_not_refuse(
    given: dict[str, Any], expected: bool
) -> None:
    assert is_optional(Options(**given)) == expected
