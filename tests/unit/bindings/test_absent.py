from __future__ import annotations

from typing import Any

import pytest

from crate_graphs import CDYLIB, HOME, RLIB, app, crate, detected, graph
from cratewheel.cargo.model import CargoMetadata, CrateTarget, Dependency
from cratewheel.errors import ConfigError

MANIFEST = HOME / "Cargo.toml"


def pyo3(**fields: Any) -> Dependency:
    return Dependency(**{"name": "pyo3", "requirement": "*", "kind": "normal", **fields})


def without(
    *dependencies: Dependency, features: dict[str, tuple[str, ...]] | None = None, targets: tuple[CrateTarget, ...] = ()
) -> CargoMetadata:
    """Return a crate that names these dependencies and is built without them."""
    return graph(app(*targets or (CDYLIB,), dependencies=dependencies, features=features))


OPTIONAL = "pyo3 is an optional dependency of app that no feature of this build enables"


@pytest.mark.parametrize(
    ("metadata", "reason", "feature"),
    [
        pytest.param(
            without(pyo3(optional=True), features={"pyo3": ("dep:pyo3",)}), OPTIONAL, "pyo3", id="its own feature"
        ),
        pytest.param(
            without(pyo3(optional=True), features={"python": ("dep:pyo3",)}), OPTIONAL, "python", id="another feature"
        ),
        pytest.param(
            without(pyo3(optional=True, rename="py"), features={"py": ("dep:py",), "ext": ("py/extension-module",)}),
            OPTIONAL,
            "ext",
            id="renamed",
        ),
        pytest.param(
            without(pyo3(optional=True), features={"default": ("pyo3",), "pyo3": ("dep:pyo3",)}),
            OPTIONAL,
            "pyo3",
            id="on by default",
        ),
    ],
)
def test_the_feature_that_turns_pyo3_on_is_named(metadata: CargoMetadata, reason: str, feature: str) -> None:
    with pytest.raises(ConfigError) as caught:
        detected(metadata, requested="pyo3")

    assert caught.value.message == f"the bindings pyo3 were requested, but {reason}"
    assert caught.value.hint is not None
    assert f"`--features {feature}`" in caught.value.hint


def test_one_of_a_dependency_is_named_with_its_crate() -> None:
    helper = crate("helper", dependencies=(pyo3(optional=True),), features={"python": ("dep:pyo3",)})
    root = app(dependencies=(Dependency(name="helper", requirement="*", kind="normal", rename="own"),))

    with pytest.raises(ConfigError) as caught:
        detected(graph(root, helper), requested="pyo3")

    assert caught.value.message.endswith(
        "pyo3 is an optional dependency of helper that no feature of this build enables"
    )
    assert caught.value.hint is not None
    assert "`--features own/python`" in caught.value.hint


@pytest.mark.parametrize(
    ("dependency", "reason"),
    [
        (pyo3(kind="dev"), "pyo3 is in [dev-dependencies], which are for tests only"),
        (pyo3(kind="build"), "pyo3 is in [build-dependencies], which are for the build script only"),
        (pyo3(target="cfg(windows)"), "pyo3 is a dependency for cfg(windows) only"),
    ],
)
def test_what_is_for_something_else_is_told(dependency: Dependency, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        detected(without(dependency), requested="pyo3")

    assert caught.value.message == f"the bindings pyo3 were requested, but {reason}"
    assert caught.value.hint == f"move it to [dependencies] in {MANIFEST}"


def test_rust_cpython_has_the_same_reasons() -> None:
    metadata = without(pyo3(name="cpython", optional=True), features={"python": ("dep:cpython",)})

    with pytest.raises(ConfigError, match="cpython is an optional dependency of app"):
        detected(metadata, requested="rust-cpython")


def test_a_library_that_is_taken_for_cffi_is_told_of_what_it_could_be() -> None:
    metadata = without(pyo3(optional=True), features={"python": ("dep:pyo3",)})

    (warning,) = detected(metadata).warnings
    assert detected(metadata).kind == "cffi"
    assert warning == (
        f"the bindings are cffi, as {OPTIONAL}: `--features python` does, and `--bindings cffi` says that cffi is meant"
    )
    assert detected(metadata, requested="cffi").warnings == ()
    assert detected(without(pyo3(kind="dev"))).warnings == ()
    assert detected(without()).warnings == ()


def test_a_crate_with_nothing_to_ship_is_told_of_what_is_off() -> None:
    metadata = without(pyo3(optional=True), features={"python": ("dep:pyo3",)}, targets=(RLIB,))

    with pytest.raises(ConfigError, match="has nothing to build a wheel from") as caught:
        detected(metadata)

    assert caught.value.notes == (OPTIONAL,)
    assert caught.value.hint is not None
    assert "`--features python`" in caught.value.hint
