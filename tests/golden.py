"""Expected values that are long: files beside the tests, one for each table of them.

With `UPDATE_GOLDEN=1` in the environment the tests write these files anew; read what changed before it is checked in.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

UPDATES = bool(os.environ.get("UPDATE_GOLDEN"))


def check_text(path: Path, found: str) -> None:
    """Assert that the text is the one in the file."""
    if UPDATES:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found, encoding="utf-8", newline="\n")
    assert found == path.read_text(encoding="utf-8"), f"{path.name}: set UPDATE_GOLDEN=1 to write it anew"


def check_json(path: Path, found: object) -> None:
    """Assert that the value is the one in the file; of a list or an object, each item has a line of its own."""
    if isinstance(found, dict):
        lines = [f"{json.dumps(key)}: {json.dumps(item, ensure_ascii=False)}" for key, item in found.items()]
        check_text(path, "{\n" + ",\n".join(lines) + "\n}\n")
    else:
        assert isinstance(found, list)
        check_text(path, "[\n" + ",\n".join(json.dumps(item, ensure_ascii=False) for item in found) + "\n]\n")
