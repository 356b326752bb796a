"""What the graph of crates says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crate_graphs import CDYLIB, Edge, app, crate, graph, target

SCRIPT = target("build-script-build", "custom-build", source="build.rs")


def test_the_closure_follows_edges_of_every_kind_and_ends_in_circles() -> None:
    edges: dict[str, tuple[Edge, ...]] = {
        "app": (("c", "normal"), ("b", "dev")),
        "b": (("a", "build"),),
        "a": (("app", "normal"),),
    }
    names = ("a", "b", "c", "apart")
    metadata = graph(app(CDYLIB), *map(crate, names), edges=edges)
    assert metadata.closure() == ("a", "app", "b", "c")


@pytest.mark.parametrize(
    ("kind", "script", "common"),
    [
        ("normal", False, {"other"}),
        ("dev", False, {"other", "middle"}),
        ("build", False, {"other", "middle"}),
        ("build", True, {"other"}),
    ],
)
def test_what_depends_on_a_crate_of_the_interpreter_is_not_the_same_for_all(
    kind: str, script: bool, common: set[str]
) -> None:
    middle = replace(crate("middle"), targets=(SCRIPT,) if script else ())
    edges: dict[str, tuple[Edge, ...]] = {
        "app": (("middle", "normal"), ("other", "normal")),
        "middle": (("pyo3-ffi", kind), ("middle", "normal")),  # type: ignore[dict-item]  # one of the kinds
    }
    metadata = graph(app(CDYLIB), middle, crate("other"), crate("pyo3-ffi"), edges=edges)
    assert metadata.without(frozenset({"pyo3-ffi"})) == common


def test_what_only_a_crate_of_the_interpreter_needs_is_common() -> None:
    edges: dict[str, tuple[Edge, ...]] = {"app": (("pyo3", "normal"),), "pyo3": (("libc", "normal"),)}
    metadata = graph(app(CDYLIB), crate("pyo3"), crate("libc"), edges=edges)
    assert metadata.without(frozenset({"pyo3"})) == {"libc"}


def test_a_library_may_be_a_procedural_macro() -> None:
    assert crate("m", targets=(SCRIPT, target("m", "proc-macro"))).is_proc_macro
    assert not crate("m", targets=(SCRIPT, CDYLIB)).is_proc_macro
