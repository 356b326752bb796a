"""Which projects of setuptools get our commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from setuptools import Distribution
from setuptools.errors import ModuleError

from cratewheel.plugins.setuptools import finalize_distribution, has_crates

TOOL: dict[str, Any] = {"cratewheel": {}}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"tool": TOOL, "build-system": {"build-backend": "setuptools.build_meta"}}, True),
        ({"tool": TOOL, "build-system": {"requires": ["setuptools"]}}, True),
        ({"tool": TOOL}, True),
        ({"tool": TOOL, "build-system": {"build-backend": "own", "backend-path": ["."]}}, True),
        ({"tool": TOOL, "build-system": {"build-backend": "cratewheel"}}, False),
        ({"tool": TOOL, "build-system": {"build-backend": "maturin"}}, False),
        ({"tool": {"setuptools": {}}, "build-system": {"build-backend": "setuptools.build_meta"}}, False),
        ({"tool": {"cratewheel": 1}}, False),
        ({"tool": 1}, False),
        ({"tool": TOOL, "build-system": 1}, False),
        ({}, False),
    ],
)
def test_a_project_gets_our_commands_for_its_table_if_setuptools_builds_it(
    document: dict[str, Any], expected: bool
) -> None:
    assert has_crates(document) is expected


@pytest.mark.parametrize(
    "text", [None, "", '[project]\nname = "cratewheel-user"\n', "cratewheel = [", b"\xff cratewheel"],
    ids=["no file", "empty", "no table", "no TOML", "no UTF-8"],
)  # fmt: skip
def test_other_distributions_are_left_alone(tmp_path: Path, text: str | bytes | None) -> None:
    if text is not None:
        (tmp_path / "pyproject.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    dist = Distribution({"src_root": str(tmp_path)})
    before = dict(dist.cmdclass)
    finalize_distribution(dist)
    assert dist.cmdclass == before
    assert not dist.has_ext_modules()


def test_a_distribution_with_crates_gets_the_commands_once(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.cratewheel]\n")
    dist = Distribution({"src_root": str(tmp_path)})
    finalize_distribution(dist)
    classes = dict(dist.cmdclass)
    assert {"bdist_wheel", "build", "build_cratewheel", "install_scripts", "sdist"} <= classes.keys()
    assert classes["build"].sub_commands[-1] == ("build_cratewheel", None)
    finalize_distribution(dist)
    assert dist.cmdclass == classes
    assert dist.has_ext_modules()


def test_a_setuptools_without_bdist_wheel_is_left_to_its_own_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = Distribution.get_command_class

    def without(self: Distribution, command: str) -> Any:
        if command == "bdist_wheel":
            raise ModuleError(f"invalid command {command!r}")
        return find(self, command)

    monkeypatch.setattr(Distribution, "get_command_class", without)
    (tmp_path / "pyproject.toml").write_text("[tool.cratewheel]\n")
    dist = Distribution({"src_root": str(tmp_path)})
    finalize_distribution(dist)
    assert {"build", "build_cratewheel", "sdist"} <= dist.cmdclass.keys()
    assert "bdist_wheel" not in dist.cmdclass
