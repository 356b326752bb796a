"""What we write as YAML is read back as it was, by the rules of YAML 1.1 and 1.2."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cratewheel.commands import yaml

TEXTS = st.one_of(
    st.text(max_size=20),
    st.text(alphabet="aeynfox017.:-+_ #'\"\n\t{}[],&*!|>%@`~$\\=?", max_size=8),
    st.sampled_from(["yes", "No", "1e3", "0x1f", "1:30", "2026-01-01", "null", "~", ".5", "1_000", "=", "<<", "3.10"]),
)
KEYS = st.from_regex(r"[a-z]{3}-[a-z]{2}", fullmatch=True)
VALUES = st.recursive(
    st.one_of(TEXTS, st.booleans(), st.integers(min_value=-9, max_value=99999)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)


@pytest.mark.parametrize("version", [(1, 1), (1, 2)], ids=["1.1", "1.2"])
@given(value=st.dictionaries(KEYS, VALUES, min_size=1, max_size=3))
def test_what_is_written_is_read_back(version: tuple[int, int], value: dict[str, Any]) -> None:
    ruamel = pytest.importorskip("ruamel.yaml")
    reader = ruamel.YAML(typ="safe", pure=True)
    reader.version = version
    text = yaml.render(value)
    assert reader.load(text) == value
    assert [line for line in text.splitlines() if line != line.rstrip(" ")] == [] or "\\n" in str(value)
