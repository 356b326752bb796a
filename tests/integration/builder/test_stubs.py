"""Type stubs in wheels, and in the project."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import cratewheel
from cratewheel.errors import ConfigError
from described import STUB, build, write_project


@pytest.mark.cargo
def test_a_wheel_gets_stubs_beside_its_module(tmp_path: Path) -> None:
    with build(write_project(tmp_path)) as wheel:
        assert [name for name in wheel.namelist() if name.endswith(".pyi")] == ["app/_native.pyi"]
        assert wheel.read("app/_native.pyi").decode() == STUB


@pytest.mark.cargo
def test_a_stub_that_somebody_wrote_stays_and_ours_gives_way_to_the_next(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    stub = project / "python" / "app" / "_native.pyi"
    stub.write_text(STUB.splitlines()[0] + "\nold = 1\n")
    with build(project) as wheel:
        assert wheel.read("app/_native.pyi").decode() == STUB
    stub.write_text("def add() -> int: ...  # mine\n")
    warnings: list[str] = []
    result = cratewheel.build(project, sdist=False, compatibility="linux", interpreter=[sys.executable])
    warnings += result.warnings
    with zipfile.ZipFile(result.wheels[0].path) as wheel:
        assert wheel.read("app/_native.pyi").decode() == "def add() -> int: ...  # mine\n"
    assert warnings == ["app/_native.pyi is the project's own stub; none is generated"]


@pytest.mark.cargo
def test_develop_puts_the_stubs_into_the_project(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    for _ in range(2):
        cratewheel.develop(project, python=python)
        assert (project / "python" / "app" / "_native.pyi").read_text() == STUB
    assert sorted(path.name for path in (project / "python" / "app").iterdir()) == ["__init__.py", "_native.pyi"]


@pytest.mark.cargo
def test_a_module_that_describes_nothing_is_an_error_that_names_the_feature(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        build(write_project(tmp_path, described=False))
    assert caught.value.message == ("no type stubs can be made for app._native: the compiled module describes nothing")
    assert caught.value.hint is not None
    assert "`experimental-inspect`" in caught.value.hint


@pytest.mark.cargo
def test_bindings_that_describe_nothing_are_refused_before_compiling(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    (project / "Cargo.toml").write_text(
        '[package]\nname = "app"\nversion = "1.0.0"\nedition = "2021"\n[lib]\ncrate-type = ["cdylib"]\n'
    )
    with pytest.raises(ConfigError, match="type stubs can be generated only for pyo3 modules; the bindings are cffi"):
        build(project)
    assert not (project / "target" / "debug").exists()
