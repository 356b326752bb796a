"""The JSON schema of our tables: as the model has it, and of one mind with what reads them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from cratewheel.errors import CratewheelError
from cratewheel.options.resolve import resolve
from cratewheel.options.values import ToolTables

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
SCHEMA = Path(str(files("cratewheel.options") / "schema.json"))


def check(*words: str | Path) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("check_jsonschema")
    return subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *map(str, words)], capture_output=True, text=True, check=False
    )


def test_the_schema_is_one_of_draft_7() -> None:
    done = check("--check-metaschema", SCHEMA)
    assert (done.returncode, json.loads(SCHEMA.read_text(encoding="utf-8"))["$schema"]) == (
        0,
        "http://json-schema.org/draft-07/schema#",
    )


def pyprojects() -> Iterator[tuple[str, str]]:
    """Yield the name and text of each pyproject.toml at hand."""
    for folder in ("tests/crates", "examples"):
        for path in sorted((ROOT / folder).glob("*/pyproject.toml")):
            yield path.parent.name, path.read_text(encoding="utf-8")


def accepted(table: dict[str, Any], tool: str = "maturin") -> bool:
    """Return whether we take a table, without a word about its keys."""
    given: dict[str, dict[str, Any]] = {"maturin": {}, "cratewheel": {}} | {tool: table}
    try:
        _, warnings = resolve({}, environ={}, tools=ToolTables(path=Path("pyproject.toml"), **given))
    except CratewheelError:
        return False
    return not warnings


def valid(folder: Path, tables: dict[str, dict[str, Any]]) -> dict[str, bool]:
    """Return for each table whether it fits the schema, as check-jsonschema says."""
    for name, table in tables.items():
        (folder / f"{name}.json").write_text(json.dumps(table), encoding="utf-8")
    done = check("--schemafile", SCHEMA, "-o", "json", *(folder / f"{name}.json" for name in tables))
    report = json.loads(done.stdout)
    assert report.get("parse_errors", []) == []
    wrong = {Path(error["filename"]).stem for error in report.get("errors", [])}
    return {name: name not in wrong for name in tables}


def test_tables_of_the_projects_here_fit_the_schema_if_we_read_them_without_a_word(tmp_path: Path) -> None:
    tables: dict[str, dict[str, Any]] = {}
    for name, text in pyprojects():
        tool = tomllib.loads(text).get("tool", {})
        tables |= {f"{name}-{key}": tool[key] for key in ("maturin", "cratewheel") if key in tool}
    assert len(tables) > 3
    assert valid(tmp_path, tables) == {name: accepted(table) for name, table in tables.items()}


LINUX = {"targets": ["x86_64"], "runner": "ubuntu-24.04"}
TABLES: dict[str, dict[str, Any]] = {
    "empty": {},
    "unknown": {"strp": True},
    "switch": {"strip": True},
    "switch-text": {"strip": "yes"},
    "choice": {"bindings": "pyo3"},
    "choice-wrong": {"bindings": "pyo4"},
    "alias": {"manylinux": "2014"},
    "aliases": {"compatibility": ["2014", "musllinux_1_2"]},
    "words-number": {"compatibility": 3},
    "list": {"python-packages": ["a", "b"]},
    "list-text": {"python-packages": "a"},
    "features": {"features": ["a", {"feature": "b", "python-version": ">=3.9"}]},
    "features-without": {"features": [{"python-version": ">=3.9"}]},
    "include": {"include": ["a", {"path": "b", "format": "sdist"}, {"path": "c", "format": ["sdist", "wheel"]}]},
    "include-format": {"include": [{"path": "b", "format": "egg"}]},
    "include-out-dir": {"include": [{"path": "a", "from": "out-dir", "to": "px", "crate-name": "x"}]},
    "include-out-dir-without": {"include": [{"path": "a", "from": "out-dir"}]},
    "include-out-dir-other": {"include": [{"path": "a", "from": "x", "to": "px"}]},
    "include-out-dir-outside": {"include": [{"path": "a", "from": "out-dir", "to": "a/../../x"}]},
    "include-out-dir-absolute": {"include": [{"path": "a", "from": "out-dir", "to": "/x"}]},
    "include-out-dir-dots": {"include": [{"path": "a", "from": "out-dir", "to": "..x/x.."}]},
    "include-key": {"include": [{"path": "a", "form": "x"}]},
    "exclude": {"exclude": ["a", {"path": "b", "format": "wheel"}]},
    "exclude-number": {"exclude": [3]},
    "targets": {"targets": [{"name": "a", "kind": "bin", "what": 3}]},
    "targets-kind": {"targets": [{"name": "a", "kind": "exe"}]},
    "targets-without": {"targets": [{"kind": "bin"}]},
    "target": {"target": {"x86_64-apple-darwin": {"macos-deployment-target": "11.0"}}},
    "target-number": {"target": {"x86_64-apple-darwin": {"macos-deployment-target": 11}}},
    "sbom": {"sbom": {"rust": False, "include": ["a.json"]}},
    "sbom-key": {"sbom": {"rusty": False}},
    "ci": {"generate-ci": {"github": {"pytest": True, "args": "--locked", "linux": LINUX, "macos": {}}}},
    "ci-target": {"generate-ci": {"github": {"linux": {"target": [{"arch": "x86_64", "runner": "big"}]}}}},
    "ci-arch": {"generate-ci": {"github": {"linux": {"target": [{"runner": "big"}]}}}},
    "ci-both": {"generate-ci": {"github": {"linux": {"target": [{"arch": "x86"}], "targets": ["x86"]}}}},
    "ci-none": {"generate-ci": {"github": {"linux": {"targets": []}}}},
    "ci-text": {"generate-ci": {"github": {"linux": {"runner": 3}}}},
    "ci-switch": {"generate-ci": {"gitlab": {"pytest": "yes"}}},
    "ci-no-table": {"generate-ci": {"github": True}},
}


def test_the_schema_and_what_reads_the_tables_agree(tmp_path: Path) -> None:
    assert valid(tmp_path, TABLES) == {name: accepted(table) for name, table in TABLES.items()}


@pytest.mark.parametrize("tool", ["maturin", "cratewheel"])
def test_both_tables_take_the_same_values(tool: str) -> None:
    names = {name for name, table in TABLES.items() if accepted(table, tool)}
    assert names == {name for name, table in TABLES.items() if accepted(table)}
