from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from crate_graphs import BIN, app, crate, detected, graph
from cratewheel.bindings.verify import find_mismatches
from cratewheel.cargo.model import CargoMetadata
from cratewheel.cargo.run import Artifact, CompiledCrate, ScriptRun
from cratewheel.interpreter.model import Interpreter, StableKind, Version
from situations import LINUX

PLAIN = graph(app(), crate("pyo3", "0.29.0"), crate("pyo3-ffi", "0.29.0"))
ABI3 = graph(
    app(),
    crate("pyo3", "0.29.0"),
    crate("pyo3-ffi", "0.29.0"),
    features={"pyo3": ("default", "abi3", "abi3-py310"), "pyo3-ffi": ("abi3", "abi3-py310")},
)
RUST_CPYTHON = graph(
    app(), crate("cpython", "0.7.2"), crate("python3-sys", "0.7.2"), features={"python3-sys": ("python-3-11",)}
)
PROGRAM = graph(app(BIN), crate("serde"))
PY311 = LINUX.python("11")
ON_TARGET = "x86_64-unknown-linux-gnu/release"


def compiled(name: str, *features: str, folder: str = "debug") -> CompiledCrate:
    return CompiledCrate(package=name, features=frozenset(features), path=Path(f"/t/{folder}/deps/lib{name}.rlib"))


def script(name: str, *flags: str, folder: str = "debug") -> ScriptRun:
    return ScriptRun(package=name, flags=frozenset(flags), path=Path(f"/t/{folder}/build/{name}/out"))


def found(
    metadata: CargoMetadata,
    *parts: CompiledCrate | ScriptRun,
    stable_abi: tuple[StableKind, Version] | None = None,
    interpreter: Interpreter | None = PY311,
    target_folder: str | None = None,
    decided_from: CargoMetadata | None = None,
) -> tuple[str, ...]:
    """Return what contradicts the bindings of `decided_from`, in a build that reported these parts."""
    artifact = Artifact(
        path=Path("/t/libapp.so"),
        out_dirs={},
        crates=tuple(part for part in parts if isinstance(part, CompiledCrate)),
        script_runs=tuple(part for part in parts if isinstance(part, ScriptRun)),
    )
    return find_mismatches(
        artifact,
        metadata,
        detected(decided_from or metadata),
        stable_abi=stable_abi,
        interpreter=interpreter,
        target_folder=target_folder,
    )


def test_what_was_decided_is_no_contradiction() -> None:
    assert found(PLAIN, compiled("pyo3", "default", "macros"), compiled("pyo3-ffi")) == ()
    assert found(ABI3, compiled("pyo3", "abi3", "abi3-py310"), compiled("pyo3-ffi", "abi3"), compiled("serde")) == ()
    assert found(RUST_CPYTHON, compiled("cpython"), compiled("python3-sys", "python-3-11")) == ()
    assert found(PROGRAM, compiled("serde", "abi3")) == ()


def test_another_stable_abi_is_one() -> None:
    assert found(PLAIN, compiled("pyo3", "abi3", "abi3-py39"), compiled("pyo3-ffi")) == (
        "pyo3 should have none of the features that decide a tag, but has the features abi3, abi3-py39",
    )
    assert found(ABI3, compiled("pyo3", "default"), compiled("pyo3-ffi")) == (
        "pyo3 should have the features abi3, abi3-py310, but has none of the features that decide a tag",
    )


def test_features_of_pyo3_ffi_alone_count() -> None:
    assert found(PLAIN, compiled("pyo3"), compiled("pyo3-ffi", "abi3")) == (
        "pyo3 should have none of the features that decide a tag, but has the features abi3",
    )


def test_another_python_of_rust_cpython_is_one() -> None:
    assert found(RUST_CPYTHON, compiled("cpython"), compiled("python3-sys", "python-3-10")) == (
        "cpython should have the features python-3-11, but has the features python-3-10",
    )


def test_a_crate_that_is_not_there_is_one() -> None:
    assert found(PLAIN, compiled("pyo3-ffi")) == ("pyo3 was not compiled",)


def test_a_crate_that_should_not_be_there_is_one() -> None:
    metadata = graph(app(BIN), crate("pyo3"), edges={"app": (("pyo3", "dev"),)})

    assert found(metadata, compiled("pyo3"), decided_from=PROGRAM) == (
        "pyo3 was compiled, but the wheel is for any Python",
    )


def test_a_crate_for_build_scripts_alone_is_none() -> None:
    metadata = graph(app(BIN), crate("pyo3"), edges={"app": (("pyo3", "build"),)})

    assert found(metadata, compiled("pyo3"), decided_from=PROGRAM) == ()
    assert found(metadata, compiled("pyo3", folder=ON_TARGET), decided_from=PROGRAM, target_folder=ON_TARGET) == (
        "pyo3 was compiled, but the wheel is for any Python",
    )


class TestCompiledTwice:
    """For the target and for build scripts."""

    def test_with_a_target_the_paths_tell_which_is_which(self) -> None:
        parts = (compiled("pyo3", "abi3"), compiled("pyo3", folder=ON_TARGET))

        assert found(PLAIN, *parts, target_folder=ON_TARGET) == ()
        assert found(PLAIN, *reversed(parts), target_folder=ON_TARGET) == ()
        assert found(PLAIN, compiled("pyo3"), compiled("pyo3", "abi3", folder=ON_TARGET), target_folder=ON_TARGET) == (
            "pyo3 should have none of the features that decide a tag, but has the features abi3",
        )

    def test_without_one_either_may_be_it(self) -> None:
        assert found(PLAIN, compiled("pyo3", "abi3"), compiled("pyo3")) == ()
        assert len(found(PLAIN, compiled("pyo3", "abi3"), compiled("pyo3", "abi3", "abi3-py39"))) == 1

    def test_where_no_path_tells_either_may_be_it(self) -> None:
        assert found(PLAIN, compiled("pyo3", "abi3"), compiled("pyo3"), target_folder=ON_TARGET) == ()


VERSIONS = ("Py_3_8", "Py_3_9", "Py_3_10")
STABLE_310: tuple[StableKind, Version] = ("abi3", (3, 10))
STABLE_FREE: tuple[StableKind, Version] = ("abi3t", (3, 15))


@pytest.mark.parametrize(
    ("flags", "stable_abi", "python", "others"),
    [
        pytest.param((*VERSIONS, "Py_LIMITED_API"), STABLE_310, "11", None, id="abi3"),
        pytest.param(
            VERSIONS,
            STABLE_310,
            "11",
            ("the stable ABI of Python 3.10", "the whole API of Python 3.10"),
            id="abi3, without the limited API",
        ),
        pytest.param(
            (*VERSIONS, "Py_3_11", "Py_LIMITED_API"),
            STABLE_310,
            None,
            ("the stable ABI of Python 3.10", "the stable ABI of Python 3.11"),
            id="abi3, for a newer Python",
        ),
        pytest.param(("Py_3_15", "Py_LIMITED_API", "Py_GIL_DISABLED"), STABLE_FREE, "15", None, id="abi3t"),
        pytest.param(
            ("Py_3_15", "Py_LIMITED_API"),
            STABLE_FREE,
            "15",
            ("the stable ABI of Python 3.15 without a GIL", "the stable ABI of Python 3.15"),
            id="abi3t, with a GIL",
        ),
        pytest.param(VERSIONS, None, "10", None, id="one version"),
        pytest.param(
            VERSIONS,
            None,
            "11",
            ("the whole API of Python 3.11", "the whole API of Python 3.10"),
            id="another version",
        ),
        pytest.param(
            (*VERSIONS, "Py_GIL_DISABLED"),
            None,
            "10",
            ("the whole API of Python 3.10", "the whole API of Python 3.10 without a GIL"),
            id="one version, without a GIL",
        ),
        pytest.param((*VERSIONS, "Py_LIMITED_API"), None, "11", None, id="one version, by the stable ABI"),
        pytest.param((*VERSIONS, "Py_LIMITED_API"), None, "pp11", None, id="PyPy has none"),
        pytest.param(("some_other",), STABLE_310, "11", None, id="nothing is told"),
    ],
)
def test_the_flags_of_pyo3_s_build_script_must_fit(
    flags: tuple[str, ...],
    stable_abi: tuple[StableKind, Version] | None,
    python: str | None,
    others: tuple[str, str] | None,
) -> None:
    interpreter = LINUX.python(python) if python else None
    parts = (compiled("pyo3"), script("pyo3-ffi", *flags))
    expected = (f"pyo3 should have been compiled for {others[0]}, but was for {others[1]}",) if others else ()

    assert found(PLAIN, *parts, stable_abi=stable_abi, interpreter=interpreter) == expected


def test_an_old_pyo3_tells_by_itself() -> None:
    metadata = graph(app(), crate("pyo3", "0.15.2"))
    python = replace(PY311, version=(3, 9))

    assert found(metadata, compiled("pyo3"), script("pyo3", "Py_3_9"), interpreter=python) == ()
    assert len(found(metadata, compiled("pyo3"), script("pyo3", "Py_3_8"), interpreter=python)) == 1
