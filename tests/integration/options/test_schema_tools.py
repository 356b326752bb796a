"""The schema in the tools that editors use: taplo and tombi."""

from __future__ import annotations

import importlib.resources
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = """\
[project]
name = "demo"

[tool.maturin]
bindings = "pyo3"
include = ["a", { path = "b/**", format = ["sdist", "wheel"] }]
features = ["fast", { feature = "new", python-version = ">=3.12" }]
strip = true

[tool.maturin.target.x86_64-apple-darwin]
macos-deployment-target = "11.0"

[[tool.cratewheel.generate-ci.github.linux.target]]
arch = "aarch64"
"""
BAD = ("bindings = 'pyo4'", "strip = 'yes'", "unknown = 1", "include = 3", "generate-ci.github.pytest = 'no'")


def program(name: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: pip install {name}")
    return found


def write_schema(folder: Path) -> Path:
    """Write the schema of a whole pyproject.toml, as SchemaStore puts those of tools into its own."""
    partial = json.loads(importlib.resources.files("cratewheel.options").joinpath("schema.json").read_text("utf-8"))
    definitions = partial.pop("definitions")
    for name in ("$schema", "$id"):
        partial.pop(name)
    tool = {"type": "object", "properties": {"cratewheel": partial, "maturin": partial}}
    path = folder / "whole.json"
    whole = {"type": "object", "additionalProperties": True, "definitions": definitions, "properties": {"tool": tool}}
    path.write_text(json.dumps({"$schema": "http://json-schema.org/draft-07/schema#", **whole}), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["taplo", "tombi"])
def test_right_keys_pass_and_wrong_ones_are_told(tmp_path: Path, name: str) -> None:
    schema = write_schema(tmp_path)
    settings = f'[schema]\nenabled = true\n[[schemas]]\npath = "{schema.name}"\ninclude = ["*.toml"]\n'
    (tmp_path / "tombi.toml").write_text(settings, encoding="utf-8")
    words = {"taplo": ("lint", "--schema", schema.as_uri()), "tombi": ("lint", "--offline")}[name]

    def lint(text: str) -> int:
        (tmp_path / "a.toml").write_text(text, encoding="utf-8")
        command = [program(name), *words, "a.toml"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode

    assert lint(GOOD) == 0
    for line in BAD:
        assert lint(f"[tool.cratewheel]\n{line}\n") != 0, line
