"""The facts of a wheel of the Python part: read without a program."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cratewheel.errors import ConfigError
from cratewheel.events import CallbackReporter
from cratewheel.options.values import ArtifactSettings, Include, Licenses
from cratewheel.project.pure import (
    check_python_part,
    left_out,
    pure_inputs,
    pure_options,
    read_python_part,
    without_rust,
)
from cratewheel.project.request import Request, read_project, resolve_options
from situations import modules, project, pyo3, situation

CARGO = """\
[package]
name = "demo-rs"
version = "1.0.0"
edition = "2021"
"""
CDYLIB = '[lib]\ncrate-type = ["cdylib"]\n'
PYPROJECT = """\
[build-system]
requires = ["cratewheel"]
build-backend = "cratewheel"
[project]
name = "demo"
version = "1.0.0"
[tool.cratewheel]
module-name = "demo._native"
"""


def request(root: Path, *, package: bool = True, tool: str = "", lib: str = CDYLIB, **flags: Any) -> Request:
    (root / "Cargo.toml").write_text(CARGO + lib)
    (root / "pyproject.toml").write_text(PYPROJECT + tool)
    if package:
        (root / "demo").mkdir()
        (root / "demo" / "__init__.py").touch()
    return Request(flags={"pure": True, **flags}, environ={}, cwd=root)


def test_the_inputs_name_no_crate_and_the_package_is_found(tmp_path: Path) -> None:
    asked, reporter = request(tmp_path), CallbackReporter()
    found = read_project(asked)
    options = resolve_options(asked, found, reporter)
    inputs = pure_inputs(asked, options, found, reporter)
    assert inputs.pure
    assert (inputs.artifacts, inputs.interpreters, inputs.target.triple) == ((), (), "any")
    assert inputs.modules.package_dir == tmp_path / "demo"
    assert (inputs.metadata.name, inputs.metadata.version) == ("demo", "1.0.0")
    assert inputs.cargo.target_directory == tmp_path / "target"


def test_the_target_directory_is_cargos(tmp_path: Path) -> None:
    asked, reporter = request(tmp_path), CallbackReporter()
    (tmp_path / ".cargo").mkdir()
    (tmp_path / ".cargo" / "config.toml").write_text('[build]\ntarget-dir = "elsewhere"\n')
    found = read_project(asked)
    options = resolve_options(asked, found, reporter)
    assert pure_inputs(asked, options, found, reporter).cargo.target_directory == tmp_path / "elsewhere"
    by_variable = replace(asked, environ={"CARGO_TARGET_DIR": str(tmp_path / "t")})
    assert pure_inputs(by_variable, options, found, reporter).cargo.target_directory == tmp_path / "t"


@pytest.mark.parametrize(
    ("tool", "flags", "origin"),
    [
        ("", {"pure": True}, "--pure"),
        ("optional = true\n", {"pure": False}, "tool.cratewheel.optional in pyproject.toml"),
        (
            "[[tool.cratewheel.artifacts]]\noptional = true\n", {"pure": False},
            "tool.cratewheel.artifacts in pyproject.toml",
        ),
    ],
)  # fmt: skip
def test_a_project_without_python_files_cannot_do_without_rust(
    tmp_path: Path, tool: str, flags: dict[str, Any], origin: str
) -> None:
    asked = request(tmp_path, package=False, tool=tool, **flags)
    found = read_project(asked)
    options = resolve_options(asked, found, CallbackReporter())
    with pytest.raises(ConfigError) as caught:
        check_python_part(options, found, read_python_part(options, found))
    name = "demo" if "artifacts" not in tool else "demo_rs"
    assert caught.value.message.startswith(f"{origin} needs a Python part, and the project has none: there is no ")
    assert name in caught.value.message


def test_a_program_needs_a_package_as_well(tmp_path: Path) -> None:
    asked = request(tmp_path, package=False, lib="")
    found = read_project(asked)
    options = resolve_options(asked, found, CallbackReporter())
    with pytest.raises(ConfigError, match="has none"):
        check_python_part(options, found, read_python_part(options, found))


def test_options_about_compiled_files_are_off() -> None:
    includes = (Include(path="a"), Include(path="b", from_out_dir=True, to="x", formats=("wheel",)))
    facts = situation("--generate-stubs --include-debuginfo", cargo=pyo3())
    options = replace(facts.options, include=includes, licenses=Licenses(include=True))
    found = pure_options(options)
    assert found.include == includes[:1]
    assert (found.generate_stubs, found.include_debuginfo, found.licenses) == (False, False, Licenses())


def test_what_was_asked_of_rust_is_dropped() -> None:
    found = without_rust(situation(cargo=pyo3(), pythons=("12",)))
    assert (found.artifacts, found.interpreters, found.only_programs) == ((), (), True)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "the module app._native"),
        ({"bindings": "bin"}, "the programs of app"),
        (
            {"artifacts": (
                ArtifactSettings(module="app.x"), ArtifactSettings(kind="bin", target="tool"),
                ArtifactSettings(crate="c", path="app/lib"), ArtifactSettings(crate="d"),
            )},
            "the module app.x, the program tool, the library c in app/lib, the artifact d",
        ),
        (
            {"include": (Include(path="*.h", from_out_dir=True, to="app", formats=("wheel",)),)},
            "the module app._native, what build scripts make for '*.h'",
        ),
    ],
)  # fmt: skip
def test_what_is_left_out_is_said(options: dict[str, Any], expected: str) -> None:
    facts = situation(cargo=pyo3(), module=modules("app._native", mixed=True))
    chosen = replace(facts.options, **{"bindings": "pyo3", **options})
    assert left_out(chosen, project(), facts.modules) == expected
