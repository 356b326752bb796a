"""What a wheel will hold, before anything is compiled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cratewheel.cargo.model import CargoMetadata
from cratewheel.commands.list_files import list_wheel
from cratewheel.planning.decide import decide
from cratewheel.project.inputs import Inputs
from sessions import in_folder
from situations import CFFI, LINUX, PROGRAM, UNIFFI, WINDOWS, Machine, from_elsewhere, modules, pyo3, situation

INFO = ["METADATA", "RECORD", "WHEEL", "sboms/app.cyclonedx.json"]


def facts(root: Path, words: str = "", **more: Any) -> Inputs:
    inputs = in_folder(situation(words, **more), root)
    return replace(inputs, metadata=replace(inputs.metadata, text="Name: app\n"))


def listed(inputs: Inputs) -> tuple[list[str], tuple[str, ...]]:
    plan = decide(inputs)
    entries, unknown = list_wheel(inputs, plan, plan.wheels[0], skips=lambda _: False, tracked=())
    return [entry.path for entry in entries], unknown


def info(*more: str) -> list[str]:
    return [f"app-0.1.0.dist-info/{name}" for name in sorted([*INFO, *more])]


@pytest.mark.parametrize(
    ("cargo", "machine", "expected"),
    [
        (pyo3(), LINUX, ["app/__init__.py", "app/app.cpython-312-x86_64-linux-gnu.so"]),
        (pyo3(), WINDOWS, ["app/__init__.py", "app/app.cp312-win_amd64.pyd"]),
        (CFFI, LINUX, ["app/__init__.py", "app/ffi.py", "app/libapp.so"]),
        (PROGRAM, LINUX, ["app-0.1.0.data/scripts/app"]),
        (PROGRAM, WINDOWS, ["app-0.1.0.data/scripts/app.exe"]),
    ],
)
def test_what_is_compiled_is_listed_by_its_name(
    tmp_path: Path, cargo: CargoMetadata, machine: Machine, expected: list[str]
) -> None:
    found, unknown = listed(facts(tmp_path, cargo=cargo, machine=machine, pythons=("12",)))
    assert [path for path in found if ".dist-info/" not in path] == expected
    assert [path for path in found if ".dist-info/" in path] == info()
    assert unknown == ()


def test_files_of_the_project_are_listed_and_what_is_not_known_is_said(tmp_path: Path) -> None:
    for name in ("app/__init__.py", "app/out.txt", "app/data.txt", "own.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    tool = {
        "include": [{"path": "*.bin", "from": "out-dir", "to": "app/"}, {"path": "x", "from": "out-dir", "to": "y"}],
        "exclude": ["app/out.txt"],
        "sbom": {"rust": False, "include": ["own.json"]},
    }
    layout = modules("app._lib", mixed=True)
    found, unknown = listed(
        facts(tmp_path, "--include-debuginfo", cargo=pyo3(), pythons=("12",), tool=tool, module=layout)
    )
    assert found == [
        "app/__init__.py",
        "app/_lib.cpython-312-x86_64-linux-gnu.so",
        "app/data.txt",
        *(f"app-0.1.0.dist-info/{name}" for name in ("METADATA", "RECORD", "WHEEL", "sboms/own.json")),
    ]
    assert unknown == (
        "what build scripts write as '*.bin'",
        "what build scripts write as 'x'",
        "debug information and import libraries, where the linker writes them",
    )


def test_uniffi_generates_modules_that_nobody_knows_yet(tmp_path: Path) -> None:
    found, unknown = listed(facts(tmp_path, cargo=UNIFFI))
    assert [path for path in found if ".dist-info/" not in path] == ["app/__init__.py", "app/libapp.so"]
    assert unknown == ("the modules that uniffi generates",)


def test_what_git_tracks_though_it_is_ignored_is_listed_as_it_is_packed(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    for name in ("__init__.py", "made.py", "other.py"):
        (tmp_path / "app" / name).touch()
    (tmp_path / ".ignore").write_text("made.py\nother.py\n", encoding="utf-8")
    inputs = facts(tmp_path, cargo=pyo3(), pythons=("12",), module=modules("app._lib", mixed=True))
    plan = decide(inputs)
    made = str(tmp_path / "app" / "made.py")
    entries, _ = list_wheel(inputs, plan, plan.wheels[0], skips=lambda _: False, tracked=(made,))
    assert [entry.path for entry in entries if entry.path.endswith(".py")] == ["app/__init__.py", "app/made.py"]


def test_programs_for_wasi_are_listed_with_what_starts_them(tmp_path: Path) -> None:
    inputs = from_elsewhere("wasm32-wasip1", cargo=PROGRAM)
    moved = facts(tmp_path, cargo=PROGRAM)
    found, _ = listed(replace(inputs, project=moved.project, modules=moved.modules, metadata=moved.metadata))
    assert found == ["app/app.py", "app/app.wasm", *info("entry_points.txt")]
