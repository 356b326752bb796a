"""The Pythons that macOS has: frameworks of python.org, Homebrew, pyenv and Xcode, from their recorded answers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cratewheel.interpreter import candidates
from cratewheel.interpreter.candidates import SYSTEM_FOLDERS
from cratewheel.interpreter.own_target import chosen_target
from cratewheel.interpreter.probe import describe
from cratewheel.targets.triples import parse

if TYPE_CHECKING:
    from unit.interpreter.conftest import Machine

PROBES = Path(__file__).parent / "probes"
ARM, INTEL = "aarch64-apple-darwin", "x86_64-apple-darwin"
posix = pytest.mark.skipif(os.name == "nt", reason="the folders are those of Unix")


@pytest.mark.parametrize(
    ("name", "tag", "suffix", "on_arm", "on_intel"),
    [
        ("3.13-macos-python-org", "cp313-cp313", ".cpython-313-darwin.so", None, None),
        ("3.13t-macos-python-org", "cp313-cp313t", ".cpython-313t-darwin.so", None, None),
        ("3.13-macos-homebrew", "cp313-cp313", ".cpython-313-darwin.so", None, ARM),
        ("3.13-macos-homebrew-intel", "cp313-cp313", ".cpython-313-darwin.so", INTEL, None),
        ("3.12-macos-pyenv-framework", "cp312-cp312", ".cpython-312-darwin.so", None, ARM),
        ("3.9-macos-xcode", "cp39-cp39", ".cpython-39-darwin.so", None, None),
    ],
)
def test_each_build_of_python_has_its_tag_and_target(
    name: str, tag: str, suffix: str, on_arm: str | None, on_intel: str | None
) -> None:
    answer = json.loads((PROBES / f"cpython-{name}.json").read_text(encoding="utf-8"))
    python = describe(answer, executable=Path(answer["executable"]))
    assert (f"{python.python_tag}-{python.abi_tag}", python.extension_suffix()) == (tag, suffix)
    assert python.platform is None  # the tag has the deployment target of the wheel, not that of Python
    assert (chosen_target([python], parse(ARM)), chosen_target([python], parse(INTEL))) == (on_arm, on_intel)


@posix
def test_the_frameworks_of_python_org_are_found_once_each(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    frameworks = machine.root / "Library" / "Frameworks"
    for framework, name in (("Python", "python3.13"), ("PythonT", "python3.13t")):
        versions = frameworks / f"{framework}.framework" / "Versions"
        machine.python(
            f"Library/Frameworks/{framework}.framework/Versions/3.13/bin/{name}",
            f"cpython-{name.removeprefix('python')}-macos-python-org",
            "python3",
        )
        (versions / "Current").symlink_to("3.13")
        for other in (f"{name}-intel64", f"{name}-config", "pip3.13"):
            (versions / "3.13" / "bin" / other).write_text("", encoding="utf-8")
            (versions / "3.13" / "bin" / other).chmod(0o755)
    folders = tuple(machine.root / folder.relative_to("/") for folder in SYSTEM_FOLDERS_OF_MACOS)
    monkeypatch.setattr(candidates, "SYSTEM_FOLDERS", folders)
    found = candidates.candidates(machine.environ, cwd=machine.cwd, windows=False)
    assert [(one.path.name, one.version) for one in found] == [("python3.13", (3, 13)), ("python3.13t", (3, 13))]


SYSTEM_FOLDERS_OF_MACOS = tuple(folder for folder in SYSTEM_FOLDERS if "Frameworks" in folder.parts)


@posix
def test_homebrew_s_links_into_a_framework_are_one_python(machine: Machine) -> None:
    cellar = "opt/homebrew/Cellar/python@3.13/3.13.1/Frameworks/Python.framework/Versions/3.13/bin"
    python = machine.python(f"{cellar}/python3.13", "cpython-3.13-macos-homebrew", "python3")
    for folder in ("opt/homebrew/bin", "opt/homebrew/opt/python@3.13/bin", "opt/homebrew/opt/python@3.13/libexec/bin"):
        (machine.root / folder).mkdir(parents=True)
        for name in ("python3.13", "python3", "python"):
            (machine.root / folder / name).symlink_to(python)
    machine.on_path("opt/homebrew/opt/python@3.13/libexec/bin", "opt/homebrew/bin", "opt/homebrew/opt/python@3.13/bin")
    found = candidates.candidates(machine.environ, cwd=machine.cwd, windows=False)
    assert [one.path.relative_to(machine.root).as_posix() for one in found] == [
        "opt/homebrew/opt/python@3.13/libexec/bin/python3.13"
    ]


@posix
def test_a_framework_build_of_pyenv_is_found_by_its_links(machine: Machine) -> None:
    version = "home/.pyenv/versions/3.12.4"
    machine.python(
        f"{version}/Python.framework/Versions/3.12/bin/python3.12", "cpython-3.12-macos-pyenv-framework", "python3"
    )
    (machine.root / version / "Python.framework/Versions/Current").symlink_to("3.12")
    (machine.root / version / "bin").symlink_to("Python.framework/Versions/Current/bin")
    found = candidates.candidates(machine.environ, cwd=machine.cwd, windows=False)
    assert [(one.path.relative_to(machine.home).as_posix(), one.source) for one in found] == [
        (".pyenv/versions/3.12.4/bin/python3.12", "pyenv")
    ]
