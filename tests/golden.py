"""Expected values that are long: files beside the tests, one for each table of them.

With `UPDATE_GOLDEN=1` in the environment the tests write these files again; read what changed before it is checked in.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

WIDTH = 120
UPDATES = bool(os.environ.get("UPDATE_GOLDEN"))


def check_text(path: Path, found: str) -> None:
    """Assert that the text is the one in the file."""
    if UPDATES:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found, encoding="utf-8", newline="\n")
    assert found == path.read_text(encoding="utf-8"), f"{path.name}: set UPDATE_GOLDEN=1 to write it again"


def check_json(path: Path, found: object) -> None:
    """Assert that the value is the one in the file; each item of a long list or object has a line of its own."""
    check_text(path, f"{_lines(found, '')}\n")


def _lines(value: object, indent: str) -> str:
    short = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(short) <= WIDTH or not value or not isinstance(value, dict | list | tuple):
        return short
    inner = f"{indent} "
    if isinstance(value, dict):
        lines = [f"{inner}{json.dumps(key)}: {_lines(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    return "[\n" + ",\n".join(f"{inner}{_lines(item, inner)}" for item in value) + f"\n{indent}]"
