"""Licence expressions of crates, and the way by which a crate gets into a build."""

from __future__ import annotations

import pytest

from crate_graphs import CRATES_IO, app, crate, graph
from cratewheel.cargo.licences import NotALicenceError, canonical, expression_of, is_allowed, near, path_to, terms

MIT = frozenset({"MIT"})


@pytest.mark.parametrize(
    ("expression", "allowed", "expected"),
    [
        ("MIT", {"MIT"}, True),
        ("MIT", {"Apache-2.0"}, False),
        ("MIT/Apache-2.0", {"Apache-2.0"}, True),
        ("MIT OR GPL-3.0-only", {"MIT"}, True),
        ("MIT AND GPL-3.0-only", {"MIT"}, False),
        ("MIT AND ISC", {"MIT", "ISC"}, True),
        ("MIT OR ISC AND GPL-3.0-only", {"ISC"}, False),  # AND binds more tightly
        ("MIT OR ISC AND GPL-3.0-only", {"MIT"}, True),
        ("(MIT OR ISC) AND GPL-3.0-only", {"MIT"}, False),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", {"MIT", "Unicode-3.0"}, True),
        ("((MIT))", {"MIT"}, True),
        ("Apache-2.0 WITH LLVM-exception", {"Apache-2.0"}, False),
        ("Apache-2.0 WITH LLVM-exception", {"Apache-2.0 WITH LLVM-exception"}, True),
        ("Apache-2.0 WITH LLVM-exception OR MIT", {"MIT"}, True),
        ("Apache-2.0", {"Apache-2.0 WITH LLVM-exception"}, False),
        ("Apache-2.0+", {"Apache-2.0"}, True),
        ("LicenseRef-Ours", {"LicenseRef-Ours"}, True),
    ],
)
def test_what_is_allowed(expression: str, allowed: set[str], expected: bool) -> None:
    assert is_allowed(canonical(expression), allowed) is expected


def test_an_expression_gets_its_usual_spelling() -> None:
    assert canonical("mit / apache-2.0") == "MIT OR Apache-2.0"
    assert canonical("apache-2.0 with llvm-exception") == "Apache-2.0 WITH LLVM-exception"
    with pytest.raises(NotALicenceError):
        canonical("see LICENSE")


def test_the_project_may_say_the_licence_of_a_crate() -> None:
    ring = crate("ring", licence=None)
    assert expression_of(ring, {}) is None
    assert expression_of(ring, {"ring": "ISC"}) == "ISC"
    assert expression_of(crate("odd", licence="see LICENSE"), {}) is None
    assert expression_of(crate("old", licence="MIT/ISC"), {}) == "MIT OR ISC"


def test_the_single_licences_of_an_expression() -> None:
    assert terms("(MIT OR ISC) AND Apache-2.0 WITH LLVM-exception AND MIT") == (
        "MIT", "ISC", "Apache-2.0 WITH LLVM-exception",
    )  # fmt: skip


def test_a_licence_that_was_meant_is_suggested() -> None:
    assert near("Apache 2.0") == "did you mean `Apache-2.0`?"
    assert near("BSD-3") == "did you mean `BSD-3-Clause`?"
    assert near("proprietary of ACME") is None


def test_the_way_to_a_crate_is_the_shortest_over_what_is_linked() -> None:
    metadata = graph(
        app(),
        *(crate(name, source=CRATES_IO) for name in ("a", "b", "c", "host")),
        edges={
            "app": (("host", "normal"), ("a", "normal"), ("c", "build")),
            "a": (("b", "normal"),),
            "b": (("c", "normal"),),
            "host": (("c", "normal"),),
        },
    )
    assert path_to(metadata, "c", ("a", "b", "c")) == ("app", "a", "b", "c")
    assert path_to(metadata, "c", ("a", "b", "c", "host")) == ("app", "host", "c")
    assert path_to(metadata, "c", ("c",)) == ()
