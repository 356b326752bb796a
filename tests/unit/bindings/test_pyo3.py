from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from cratewheel.archive.layout import Entry, FromFile, Generated
from cratewheel.bindings.pyo3 import entries, init_functions, missing_init_warning, unused_init_warning
from places import MIXED, PURE, lay_out

ARTIFACT = Path("/target/release/libdemo.so")
FILE = "demo.cpython-311-x86_64-linux-gnu.so"


def test_a_mixed_project_gets_the_module_alone() -> None:
    assert entries(MIXED, ARTIFACT, "_native.abi3.so", stub=FromFile(path="/work/_native.pyi")) == (
        Entry(
            path="pkg/inner/_native.abi3.so",
            source=FromFile(path=str(ARTIFACT), executable=True),
            why="the compiled extension module",
        ),
    )


def test_a_pure_project_gets_a_package_around_the_module() -> None:
    init, module = entries(PURE, ARTIFACT, FILE)

    assert isinstance(init.source, Generated)
    assert (str(init.path), str(module.path)) == ("demo/__init__.py", f"demo/{FILE}")
    assert module.source == FromFile(path=str(ARTIFACT), executable=True)


def test_a_stub_comes_with_its_mark() -> None:
    stub = FromFile(path="/work/demo.pyi")

    assert [(entry.path, entry.source) for entry in entries(PURE, ARTIFACT, FILE, stub=stub)[2:]] == [
        ("demo/__init__.pyi", stub),
        ("demo/py.typed", Generated(data=b"")),
    ]


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        pytest.param(
            '"""Docs."""\n__all__ = ["one", "_two"]\none = 1\n_two = 2\nthree = 3\n',
            ({"one", "_two", "demo"}, "Docs.", ["one", "_two"]),
            id="with __all__",
        ),
        pytest.param("one = 1\n_two = 2\n", ({"one", "demo"}, None, None), id="without __all__"),
        pytest.param(
            '"""Docs."""\n__all__ = ["demo"]\ndef demo(): "not the module"\n',
            ({"demo"}, "Docs.", ["demo"]),
            id="with a function named like the module",
        ),
    ],
)
def test_the_package_is_what_its_module_is(
    module: str,
    expected: tuple[set[str], str | None, list[str] | None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = tmp_path / "module.py"
    source.write_text(module, encoding="utf-8")
    lay_out(entries(PURE, source, "demo.py"), tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    try:
        package = importlib.import_module("demo")
    finally:
        sys.modules.pop("demo", None)
        sys.modules.pop("demo.demo", None)

    names = {name for name in vars(package) if not name.startswith("__")}
    assert (names, package.__doc__, getattr(package, "__all__", None)) == expected


@pytest.mark.parametrize("exported", ["PyInit_demo", "PyModExport_demo", "_PyInit_demo"])
def test_a_module_that_python_can_initialise_is_not_warned_of(exported: str) -> None:
    assert missing_init_warning(("other", exported), "demo") is None


def test_a_module_without_its_function_is_warned_of() -> None:
    assert missing_init_warning(("answer",), "demo") == (
        "the compiled library does not export PyInit_demo or PyModExport_demo, so Python cannot import it as demo; "
        "check the name of the #[pymodule]"
    )


def test_the_warning_names_the_function_of_another_name() -> None:
    warning = missing_init_warning(("PyInit_dmeo", "answer"), "demo")

    assert warning is not None
    assert "; it exports PyInit_dmeo; check" in warning


def test_names_beyond_ascii_follow_pep_489() -> None:
    name = "größe"
    code = name.encode("punycode").decode().replace("-", "_")

    assert init_functions(name) == (f"PyInitU_{code}", f"PyModExportU_{code}")
    assert missing_init_warning((f"PyInitU_{code}",), name) is None


def test_an_extension_module_that_is_loaded_as_another_library_is_warned_of() -> None:
    assert unused_init_warning(("answer", "PyInitialise"), "cffi") is None
    assert unused_init_warning(("_PyModExport_b", "PyInit_a"), "uniffi") == (
        "the compiled library exports PyInit_a, PyModExport_b, as an extension module does, which the uniffi bindings "
        "do not use"
    )
