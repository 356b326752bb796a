"""The files of a wheel for programs of WASI."""

from __future__ import annotations

from pathlib import Path

from cratewheel.archive.layout import FromFile, Generated
from cratewheel.bindings import wasi
from system_paths import native

PROGRAMS = [("to-run.wasm", Path("/t/to-run.wasm")), ("also.wasm", Path("/t/also.wasm"))]


def test_each_program_lies_beside_the_module_that_runs_it() -> None:
    found = wasi.entries(PROGRAMS, package="demo")
    assert [entry.path for entry in found] == [
        "demo/also.wasm",
        "demo/also.py",
        "demo/to-run.wasm",
        "demo/to_run.py",
    ]
    assert found[2].source == FromFile(path=native("/t/to-run.wasm"))
    launcher = found[3].source
    assert isinstance(launcher, Generated)
    assert b'with_name("to-run.wasm")' in launcher.data
    for entry in found:
        if entry.path.endswith(".py"):
            assert isinstance(entry.source, Generated)
            compile(entry.source.data, entry.path, "exec")


def test_every_program_is_an_entry_point_of_its_own_name() -> None:
    assert wasi.entry_points([name for name, _ in PROGRAMS], package="demo") == (
        "[console_scripts]\nalso = demo.also:main\nto-run = demo.to_run:main\n"
    )


def test_metadata_without_a_description_gets_the_requirement_too() -> None:
    assert wasi.with_requirement("Name: demo\nVersion: 1\n") == "Name: demo\nVersion: 1\nRequires-Dist: wasmtime>=11\n"
