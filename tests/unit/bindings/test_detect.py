from __future__ import annotations

from pathlib import Path

import pytest

from crate_graphs import BIN, CDYLIB, HOME, RLIB, app, crate, detected, graph, target
from cratewheel.bindings.detect import (
    Bindings,
    StableAbi,
    features_for,
    stable_abi_for,
    uses_stable_abi,
)
from cratewheel.cargo.model import CrateTarget, Package
from cratewheel.errors import ConfigError
from cratewheel.interpreter.model import Interpreter, Supported
from cratewheel.options.values import Feature

PYO3 = crate("pyo3", "0.26.0")
FFI = crate(
    "pyo3-ffi",
    "0.26.0",
    metadata={
        "cpython": {"min-version": "3.7", "max-version": "3.14"},
        "pypy": {"min-version": "3.9", "max-version": "3.11"},
    },
)
CPYTHON = crate("cpython", "0.7.2")
UNIFFI = crate("uniffi", "0.28.3")
ABI3_PY38 = ("abi3", "abi3-py310", "abi3-py38", "abi3-py39")


def cpython(minor: int, *, free_threaded: bool = False) -> Interpreter:
    flags = "t" if free_threaded else ""
    return Interpreter(
        implementation="cpython",
        implementation_name="cpython",
        version=(3, minor),
        abiflags=flags,
        ext_suffix=f".cpython-3{minor}{flags}-x86_64-linux-gnu.so",
        system="linux",
        gil_disabled=free_threaded,
    )


PYPY = Interpreter(
    implementation="pypy",
    implementation_name="pypy",
    version=(3, 9),
    ext_suffix=".pypy39-pp73-x86_64-linux-gnu.so",
    system="linux",
)
FORK = Interpreter(
    implementation="cpython",
    implementation_name="pyston",
    version=(3, 11),
    ext_suffix=".pyston-23-x86_64-linux-gnu.so",
    system="linux",
)


@pytest.mark.parametrize(
    ("targets", "others", "kind", "name"),
    [
        pytest.param((CDYLIB,), (PYO3, FFI), "pyo3", "pyo3", id="pyo3"),
        pytest.param((CDYLIB, BIN), (PYO3, FFI), "pyo3", "pyo3", id="pyo3 beside a program"),
        pytest.param((RLIB,), (PYO3, FFI), "pyo3", "pyo3", id="pyo3 without a crate type"),
        pytest.param((CDYLIB,), (FFI,), "pyo3", "pyo3-ffi", id="pyo3-ffi alone"),
        pytest.param((BIN,), (PYO3, FFI), "bin", "pyo3", id="a program with pyo3"),
        pytest.param((RLIB, BIN), (PYO3, FFI), "bin", "pyo3", id="a program with a library and pyo3"),
        pytest.param((CDYLIB,), (CPYTHON,), "rust-cpython", "cpython", id="rust-cpython"),
        pytest.param((CDYLIB,), (PYO3, FFI, CPYTHON), "pyo3", "pyo3", id="pyo3 before rust-cpython"),
        pytest.param((CDYLIB,), (CPYTHON, UNIFFI), "rust-cpython", "cpython", id="rust-cpython before uniffi"),
        pytest.param((CDYLIB,), (UNIFFI,), "uniffi", None, id="uniffi"),
        pytest.param((CDYLIB, BIN), (UNIFFI,), "uniffi", None, id="uniffi with its own bindgen"),
        pytest.param((CDYLIB,), (), "cffi", None, id="cffi"),
        pytest.param((CDYLIB, BIN), (), "cffi", None, id="cffi beside a program"),
        pytest.param((BIN,), (), "bin", None, id="bin"),
        pytest.param((RLIB, BIN), (), "bin", None, id="bin with a library of its own"),
    ],
)
def test_bindings_are_found_from_dependencies_and_crate_types(
    targets: tuple[CrateTarget, ...], others: tuple[Package, ...], kind: str, name: str | None
) -> None:
    found = detected(graph(app(*targets), *others))

    assert (found.kind, found.crate) == (kind, name)


@pytest.mark.parametrize("kind", ["example", "test", "bench", "custom-build", "proc-macro"])
def test_targets_that_are_not_shipped_do_not_tell(kind: str) -> None:
    metadata = graph(app(target("other", kind, crate_types=("cdylib",)), BIN))

    assert detected(metadata).kind == "bin"


def test_the_version_and_features_of_pyo3_are_read() -> None:
    metadata = graph(app(), PYO3, FFI, features={"pyo3": ("default", "extension-module"), "pyo3-ffi": ("default",)})

    assert detected(metadata) == Bindings(
        kind="pyo3",
        crate="pyo3",
        version="0.26.0",
        features=("default", "extension-module"),
        stable_abi=(),
        extension_module=True,
        supported=Supported(
            cpython=((3, 7), (3, 14)),
            pypy=((3, 9), (3, 11)),
            graalpy=((3, 10), (3, 15)),
            free_threaded=True,
            free_threaded_minimum=(3, 14),
        ),
        warnings=(),
    )


def test_a_dependency_of_a_sibling_does_not_count() -> None:
    sibling = crate("sibling", source=None, folder=HOME / "sibling", targets=(CDYLIB,))
    metadata = graph(app(BIN), edges={"sibling": (("pyo3", "normal"),)}, siblings=(sibling, PYO3, FFI))

    assert detected(metadata).crate is None


def test_a_dependency_of_a_dependency_counts() -> None:
    metadata = graph(
        app(), crate("between"), PYO3, edges={"app": (("between", "normal"),), "between": (("pyo3", "normal"),)}
    )

    assert detected(metadata).kind == "pyo3"


@pytest.mark.parametrize(
    ("requested", "targets", "others", "kind", "name"),
    [
        pytest.param("pyo3", (CDYLIB,), (FFI,), "pyo3", "pyo3-ffi", id="the crate that is there decides"),
        pytest.param("pyo3-ffi", (CDYLIB,), (PYO3, FFI), "pyo3", "pyo3", id="pyo3 is preferred"),
        pytest.param("pyo3", (BIN,), (PYO3, FFI), "pyo3", "pyo3", id="pyo3 in a crate of programs"),
        pytest.param("rust-cpython", (CDYLIB,), (PYO3, CPYTHON), "rust-cpython", "cpython", id="rust-cpython"),
        pytest.param("cffi", (CDYLIB,), (PYO3,), "cffi", None, id="cffi although pyo3 is there"),
        pytest.param("uniffi", (CDYLIB,), (), "uniffi", None, id="uniffi"),
        pytest.param("bin", (CDYLIB, BIN), (), "bin", None, id="bin"),
        pytest.param("bin", (CDYLIB, BIN), (PYO3, FFI), "bin", "pyo3", id="bin remembers pyo3"),
    ],
)
def test_bindings_that_are_asked_for_win(
    requested: str, targets: tuple[CrateTarget, ...], others: tuple[Package, ...], kind: str, name: str | None
) -> None:
    found = detected(graph(app(*targets), *others), requested=requested)

    assert (found.kind, found.crate) == (kind, name)


@pytest.mark.parametrize(
    ("requested", "message"),
    [
        ("pyo3", f"the bindings pyo3 were requested, but {HOME / 'Cargo.toml'} does not depend on pyo3"),
        ("pyo3-ffi", f"the bindings pyo3-ffi were requested, but {HOME / 'Cargo.toml'} does not depend on pyo3"),
        (
            "rust-cpython",
            f"the bindings rust-cpython were requested, but {HOME / 'Cargo.toml'} does not depend on cpython",
        ),
        ("swig", "unknown bindings `swig`"),
    ],
)
def test_bindings_that_the_crate_does_not_have_are_refused(requested: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        detected(graph(app()), requested=requested)

    assert caught.value.message == message
    assert caught.value.hint


def test_a_crate_with_nothing_to_ship_is_refused() -> None:
    with pytest.raises(ConfigError, match="has nothing to build a wheel from") as caught:
        detected(graph(app(RLIB)))

    assert caught.value.hint is not None
    assert "--bindings" in caught.value.hint


def test_two_versions_of_pyo3_are_refused_by_name() -> None:
    metadata = graph(app(), PYO3, crate("pyo3", "0.25.1", name_id="pyo3 0.25.1"))

    with pytest.raises(ConfigError) as caught:
        detected(metadata)

    assert caught.value.message == "there are 2 versions of pyo3 among the dependencies: 0.25.1, 0.26.0"


def test_a_missing_extension_module_is_warned_of_where_pyo3_needs_it() -> None:
    old = graph(app(), crate("pyo3", "0.25.1"))
    new = graph(app(), PYO3)

    assert len(detected(old).warnings) == 1
    assert detected(old).warnings[0].startswith("the feature extension-module of pyo3 is not on")
    assert detected(new).warnings == ()


def test_a_missing_extension_module_is_warned_of_for_rust_cpython() -> None:
    assert detected(graph(app(), CPYTHON)).warnings[0].startswith("the feature extension-module of cpython is not on")
    assert detected(graph(app(), CPYTHON, features={"cpython": ("extension-module",)})).warnings == ()


def test_a_program_needs_no_extension_module() -> None:
    assert detected(graph(app(BIN), crate("pyo3", "0.25.1"))).warnings == ()


@pytest.mark.parametrize(
    ("ffi", "pyo3", "expected"),
    [
        pytest.param(ABI3_PY38, ABI3_PY38, (StableAbi(kind="abi3", minimum=(3, 8)),), id="the lowest counts"),
        pytest.param(("abi3", "abi3-py310"), (), (StableAbi(kind="abi3", minimum=(3, 10)),), id="two digits"),
        pytest.param(("abi3",), (), (StableAbi(kind="abi3", minimum=None),), id="no version"),
        pytest.param((), ("abi3-py39", "abi3"), (StableAbi(kind="abi3", minimum=(3, 9)),), id="only pyo3 knows"),
        pytest.param(("abi3",), ("abi3-py39",), (StableAbi(kind="abi3", minimum=None),), id="pyo3-ffi first"),
        pytest.param(("abi3t", "abi3t-py315"), (), (StableAbi(kind="abi3t", minimum=(3, 15)),), id="without a GIL"),
        pytest.param(("abi3t-py39",), (), (StableAbi(kind="abi3t", minimum=(3, 15)),), id="abi3t starts with 3.15"),
        pytest.param(
            ("abi3", "abi3-py38", "abi3t", "abi3t-py315"),
            (),
            (StableAbi(kind="abi3", minimum=(3, 8)), StableAbi(kind="abi3t", minimum=(3, 15))),
            id="both",
        ),
        pytest.param(("extension-module", "abi"), (), (), id="none"),
    ],
)
def test_the_stable_abi_is_read_from_features(
    ffi: tuple[str, ...], pyo3: tuple[str, ...], expected: tuple[StableAbi, ...]
) -> None:
    metadata = graph(app(), PYO3, FFI, features={"pyo3": pyo3, "pyo3-ffi": ffi})

    assert detected(metadata).stable_abi == expected


def test_a_stable_abi_feature_without_a_number_is_refused() -> None:
    with pytest.raises(ConfigError, match="the feature abi3-pyx of pyo3 does not name a Python version"):
        detected(graph(app(), PYO3, features={"pyo3": ("abi3-pyx",)}))


def test_a_program_has_no_stable_abi() -> None:
    assert detected(graph(app(BIN), PYO3, features={"pyo3": ABI3_PY38})).stable_abi == ()


def test_a_pinned_stable_abi_moves_the_oldest_and_newest_python() -> None:
    metadata = graph(app(), PYO3, FFI, features={"pyo3-ffi": ("abi3", "abi3-py310")})

    assert detected(metadata).supported.cpython == ((3, 10), (3, 15))


ABI3 = StableAbi(kind="abi3", minimum=(3, 8))
ABI3T = StableAbi(kind="abi3t", minimum=(3, 15))
BOTH = detected(
    graph(app(), PYO3, features={"pyo3": ("abi3", "abi3-py38", "abi3t", "abi3t-py315", "extension-module")})
)


@pytest.mark.parametrize(
    ("interpreter", "expected"),
    [
        pytest.param(cpython(7), None, id="3.7"),
        pytest.param(cpython(8), ABI3, id="3.8"),
        pytest.param(cpython(14), ABI3, id="3.14"),
        pytest.param(cpython(14, free_threaded=True), None, id="3.14t"),
        pytest.param(cpython(15), ABI3T, id="3.15"),
        pytest.param(cpython(15, free_threaded=True), ABI3T, id="3.15t"),
        pytest.param(PYPY, None, id="PyPy"),
        pytest.param(FORK, None, id="a fork of CPython"),
    ],
)
def test_each_interpreter_has_the_stable_abi_that_pyo3_would_give_it(
    interpreter: Interpreter, expected: StableAbi | None
) -> None:
    assert stable_abi_for(BOTH.stable_abi, interpreter) == expected


def test_an_unpinned_stable_abi_fits_every_cpython_with_a_gil() -> None:
    unpinned = StableAbi(kind="abi3", minimum=None)

    pythons = (cpython(7), cpython(15), cpython(14, free_threaded=True), PYPY)
    assert [python for python in pythons if uses_stable_abi(python, unpinned)] == [cpython(7), cpython(15)]


def test_stable_abi_tags_and_words() -> None:
    assert (ABI3.tags, ABI3T.tags) == (("abi3",), ("abi3", "abi3t"))
    assert str(BOTH) == "pyo3 0.26.0, abi3 from Python 3.8 on, abi3t from Python 3.15 on"
    assert str(detected(graph(app(BIN), PYO3))) == "bin with pyo3 0.26.0"
    assert str(detected(graph(app()))) == "cffi"


class TestConditionalFeatures:
    PINNED = Feature(name="pyo3/abi3-py310", python_version=">=3.10", python_implementation="cpython")

    def test_a_condition_that_is_no_specifier_is_refused(self) -> None:
        with pytest.raises(ConfigError, match=r"invalid python-version `3\.9\+`"):
            features_for((Feature(name="new", python_version="3.9+"),), PYPY)

    def test_each_interpreter_gets_those_that_it_meets(self) -> None:
        features = (
            Feature(name="always"),
            Feature(name="new", python_version=">=3.12"),
            Feature(name="pypy", python_implementation="PyPy"),
            self.PINNED,
        )

        assert features_for(features, cpython(11)) == ("always", "pyo3/abi3-py310")
        assert features_for(features, cpython(13)) == ("always", "new", "pyo3/abi3-py310")
        assert features_for(features, PYPY) == ("always", "pypy")


def test_the_path_of_the_manifest_is_told_when_nothing_is_found() -> None:
    with pytest.raises(ConfigError) as caught:
        detected(graph(app(RLIB)))

    assert caught.value.message.startswith(str(Path("/work/app/Cargo.toml")))
