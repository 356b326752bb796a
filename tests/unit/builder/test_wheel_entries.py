"""What a wheel is laid out from: the project's files, and placeholders for what would have been compiled."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crate_graphs import HOME
from cratewheel.archive.layout import Entry, FromFile
from cratewheel.builder.wheel_entries import (
    CompiledParts,
    ProjectFiles,
    WheelFiles,
    rebuild_command,
    wheel_files,
)
from cratewheel.cargo.model import CargoMetadata
from cratewheel.commands.list_files import placeholders
from cratewheel.options.values import Origin
from cratewheel.planning.decide import decide
from cratewheel.project.inputs import Inputs
from situations import CFFI, PROGRAM, UNIFFI, from_elsewhere, modules, pyo3, situation

SOURCE = HOME / "python"
OWN = Entry(path="app/__init__.py", source=FromFile(path=str(SOURCE / "app/__init__.py")), why="Python package")
GENERATED = Entry(path="app/made.txt", source=FromFile(path="/out/made.txt"), why="include from OUT_DIR")
HEADER = Entry(path="app-0.1.0.data/headers/app.h", source=FromFile(path="/work/app.h"), why="data folder")


def mixed(words: str = "", cargo: CargoMetadata | None = None, **options: Any) -> Inputs:
    """Return the facts of a project with a package `app`, in which its module `app._native` lies."""
    facts = situation(words, cargo=cargo or pyo3("0.28.3"), pythons=("12",), module=modules("app._native", mixed=True))
    layout = replace(facts.modules, package_dir=SOURCE / "app")
    return replace(facts, modules=layout, options=replace(facts.options, **options))


def files_of(inputs: Inputs, *installed: Entry, **parts: Any) -> WheelFiles:
    plan = decide(inputs)
    (wheel,) = plan.wheels
    compiled = [CompiledParts(file=file, **parts) for file in placeholders(inputs, plan, wheel)]
    return wheel_files(inputs, plan, wheel, ProjectFiles(installed=installed), compiled)


def paths(entries: tuple[Entry, ...]) -> list[str]:
    return [entry.path for entry in entries]


MODULE = "app/_native.cpython-312-x86_64-linux-gnu.so"


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (
            situation(cargo=pyo3("0.28.3"), pythons=("12",)),
            ["app/__init__.py", "app/app.cpython-312-x86_64-linux-gnu.so"],
        ),
        (situation(cargo=CFFI, pythons=("12",)), ["app/__init__.py", "app/ffi.py", "app/libapp.so"]),
        (situation(cargo=UNIFFI), ["app/__init__.py", "app/libapp.so"]),
        (situation(cargo=PROGRAM), ["app-0.1.0.data/scripts/app"]),
        (from_elsewhere("x86_64-pc-windows-msvc", cargo=PROGRAM), ["app-0.1.0.data/scripts/app.exe"]),
        (from_elsewhere("wasm32-wasip1", cargo=PROGRAM), ["app/app.wasm", "app/app.py"]),
    ],
    ids=["pyo3", "cffi", "uniffi", "bin", "bin-windows", "bin-wasi"],
)
def test_each_kind_of_bindings_has_its_files(inputs: Inputs, expected: list[str]) -> None:
    found = files_of(inputs)
    assert paths(found.entries) == expected
    assert (found.in_project, found.warnings) == ((), ())


def test_the_projects_files_come_first_and_nothing_goes_into_the_project() -> None:
    found = files_of(mixed(), OWN, HEADER)
    assert paths(found.entries) == ["app/__init__.py", "app-0.1.0.data/headers/app.h", MODULE]
    assert found.in_project == ()


def test_what_the_linker_wrote_beside_the_module_is_shipped() -> None:
    debug = Entry(path="app/app.dwp", source=FromFile(path="/stage/app.dwp"), why="debug information")
    found = files_of(mixed(), companions=(debug,))
    assert paths(found.entries) == [MODULE, "app/app.dwp"]


def test_an_editable_install_leads_to_the_compiled_files_outside_of_the_project() -> None:
    found = files_of(mixed(editable=True, editable_mode="redirect"), OWN, HEADER)
    assert paths(found.entries) == [
        "app-0.1.0.data/headers/app.h",
        "app.pth",
        "_app_editable.pth",
        "_app_editable.start",
        "_app_editable/__init__.py",
        f"_app_editable/{MODULE}",
    ]
    assert found.in_project == ()


def test_in_place_the_compiled_files_are_for_the_project_and_not_installed() -> None:
    found = files_of(mixed(editable=True, editable_mode="inplace"), OWN, HEADER)
    assert paths(found.entries) == ["app-0.1.0.data/headers/app.h", "app.pth"]
    assert paths(found.in_project) == [MODULE]
    assert not SOURCE.exists(), "files are laid out for a project, and nothing is written to it"


def test_programs_are_installed_however_the_install_is_editable() -> None:
    found = files_of(mixed(cargo=PROGRAM, editable=True, editable_mode="inplace"), OWN)
    assert paths(found.entries) == ["app-0.1.0.data/scripts/app", "app.pth"]
    assert found.in_project == ()


def test_a_project_without_python_files_is_installed_whole() -> None:
    facts = situation(cargo=pyo3("0.28.3"), pythons=("12",))
    options = replace(facts.options, editable=True, editable_mode="inplace")
    found = files_of(replace(facts, options=options))
    assert paths(found.entries) == ["app/__init__.py", "app/app.cpython-312-x86_64-linux-gnu.so"]
    assert found.in_project == ()


def test_the_rebuild_command_repeats_the_build_without_its_secrets() -> None:
    words = "--release --locked -F extra --config build.jobs=2 --config registries.own.token='\"hidden\"'"
    inputs = mixed(words)
    (wheel,) = decide(inputs).wheels
    command, warnings = rebuild_command(inputs, wheel)
    assert command == (
        *(sys.executable, "-m", "cratewheel", "rebuild", "--manifest-path", str(HOME / "Cargo.toml")),
        *("--interpreter", str(Path("/pythons/cpython3.12/bin/python")), "--release", "--features", "extra"),
        *("--target-dir", str(inputs.cargo.target_directory), "--locked", "--config", "build.jobs=2"),
    )
    assert [warning.hint for warning in warnings] == ["set it in cargo's configuration file"]
    assert "hidden" not in warnings[0].text


def test_a_build_without_secrets_has_no_warning() -> None:
    inputs = mixed()
    (wheel,) = decide(inputs).wheels
    _, warnings = rebuild_command(inputs, wheel)
    assert warnings == ()


def test_the_rebuild_command_compiles_for_the_same_target() -> None:
    inputs = replace(mixed("--target x86_64-unknown-linux-gnu"), cargo_target="x86_64-unknown-linux-gnu")
    target = ("--target", "x86_64-unknown-linux-gnu")
    assert rebuild_command(inputs, decide(inputs).wheels[0])[0][8:10] == target
    configured = Origin(kind="cargo", name="build.target of cargo's configuration")
    inputs = replace(inputs, options=replace(inputs.options, origins={"target": configured}))
    assert "--target" not in rebuild_command(inputs, decide(inputs).wheels[0])[0]


def test_a_file_from_elsewhere_that_belongs_to_a_package_goes_where_the_module_goes(tmp_path: Path) -> None:
    package = tmp_path / "app"
    package.mkdir()
    (package / "__init__.py").touch()
    facts = mixed(editable=True, editable_mode="inplace")
    facts = replace(facts, modules=replace(facts.modules, python_source=tmp_path, package_dir=package))
    found = files_of(facts, GENERATED)
    assert paths(found.in_project) == [MODULE, "app/made.txt"]
    assert paths(found.entries) == ["app.pth"]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["__init__.py", "app"]


def test_the_rebuild_command_says_every_switch() -> None:
    words = (
        "--profile dist --features a,b --no-default-features --all-features --offline --frozen --strip -Z x "
        "--cargo-extra-args=--keep-going --rustc-extra-args='--cfg q'"
    )
    inputs = mixed(words)
    command, warnings = rebuild_command(inputs, decide(inputs).wheels[0])
    assert command[8:] == (
        *("--profile", "dist", "--features", "a", "--features", "b"),
        *("--target-dir", str(inputs.cargo.target_directory)),
        *("--all-features", "--no-default-features", "--offline", "--frozen", "--strip", "-Z", "x"),
        *("--cargo-extra-args=--keep-going", "--rustc-extra-args=--cfg q"),
    )
    assert warnings == ()
