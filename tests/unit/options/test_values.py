"""What structured values say of themselves."""

from __future__ import annotations

import pytest

from cratewheel.options.values import Feature, Origin


@pytest.mark.parametrize(
    ("origin", "text"),
    [
        (Origin(kind="flag", name="--strip"), "--strip"),
        (Origin(kind="cargo", name="build.target of cargo's configuration"), "build.target of cargo's configuration"),
        (Origin(kind="variable", name="CRATEWHEEL_STRIP"), "the variable CRATEWHEEL_STRIP"),
        (Origin(kind="key", name="tool.maturin.strip"), "tool.maturin.strip in pyproject.toml"),
        (Origin(kind="default"), "default"),
    ],
)
def test_an_origin_reads_as_a_user_would_say_it(origin: Origin, text: str) -> None:
    assert str(origin) == text


@pytest.mark.parametrize(
    ("feature", "conditional"),
    [
        (Feature(name="a"), False),
        (Feature(name="a", python_version=">=3.11"), True),
        (Feature(name="a", python_implementation="pypy"), True),
    ],
)
def test_a_feature_with_a_condition_depends_on_the_interpreter(feature: Feature, conditional: bool) -> None:
    assert feature.conditional is conditional
