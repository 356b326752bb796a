"""The values of an inspection as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from compiled_files import elf, wheel
from cratewheel.commands.inspect.examine import examine

FIELDS = [
    "format", "file", "kind", "packed", "size", "sha256", "name", "version", "summary", "licence", "requires_python",
    "requires", "generator", "tags", "pythons", "systems", "forced_by", "files", "compiled", "crates", "record",
    "problems",
]  # fmt: skip
COMPILED = [
    "path", "format", "arch", "role", "size", "policy", "forced_by", "minimum_os", "libraries", "sections",
    "symbols_by_crate", "symbols", "stripped", "imported", "exported",
]  # fmt: skip


def test_the_fields_of_the_json_are_those_of_the_documentation(tmp_path: Path) -> None:
    path = wheel(tmp_path, {"demo/demo.so": elf()})
    found = json.loads(json.dumps(examine(path).as_json()))
    assert list(found) == FIELDS
    assert list(found["compiled"][0]) == COMPILED
    page = (Path(__file__).parents[4] / "docs" / "how-to" / "inspect-a-wheel.md").read_text(encoding="utf-8")
    assert [name for name in (*FIELDS, *COMPILED) if f"`{name}`" not in page] == []
