"""What pyproject-metadata said of a table is kept, and only of that table."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cratewheel.errors import ConfigError
from cratewheel.metadata.checked import Checked, checked

TABLE: dict[str, Any] = {
    "name": "demo",
    "version": "0",
    "keywords": ["one", "two"],
    "scripts": {"demo": "demo:main"},
    "gui-scripts": {"window": "demo:window"},
    "import-names": ["demo"],
    "dependencies": ["Foo_Bar >=2, >=1.0"],
    "optional-dependencies": {"An_Extra": ["other"]},
}
ANSWER = Checked(
    version="2.5",
    keywords=("one", "two"),
    import_names=("demo",),
    import_namespaces=None,
    scripts=(("demo", "demo:main"),),
    gui_scripts=(("window", "demo:window"),),
    requires_dist=("foo-bar>=1.0,>=2", "other ; extra == 'an-extra'"),
    provides_extra=("an-extra",),
    warnings=(),
)
PYPROJECT = Path("/project/pyproject.toml")

# in a new process: whether the library was imported to answer
ASK = """
import json, sys
from pathlib import Path
from cratewheel.metadata.checked import checked
answer = checked(json.loads(sys.argv[1]), Path("/project/pyproject.toml"), Path(sys.argv[2]))
print(json.dumps([answer.version, "pyproject_metadata" in sys.modules]))
"""


def asked(table: dict[str, Any], memory: Path) -> tuple[str, bool]:
    done = subprocess.run(
        [sys.executable, "-c", ASK, json.dumps(table), memory], capture_output=True, text=True, check=True
    )
    version, imported = json.loads(done.stdout)
    return version, imported


def test_the_answer_is_the_same_with_a_memory_and_without(tmp_path: Path) -> None:
    assert [checked(TABLE, PYPROJECT), *(checked(TABLE, PYPROJECT, tmp_path) for _ in range(2))] == [ANSWER] * 3


def test_the_library_is_asked_once_for_a_table(tmp_path: Path) -> None:
    assert [asked(TABLE, tmp_path) for _ in range(2)] == [("2.5", True), ("2.5", False)]
    other = {**TABLE, "import-names": []}
    assert [asked(other, tmp_path) for _ in range(2)] == [("2.5", True), ("2.5", False)]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": ""}', '{"key": "…", "checked": {}}', "[" * 200_000])
def test_a_damaged_memory_is_none(tmp_path: Path, text: str) -> None:
    checked(TABLE, PYPROJECT, tmp_path)
    (place,) = tmp_path.iterdir()
    place.write_text(text.replace("…", json.loads(place.read_text())["key"].replace('"', '\\"')), encoding="utf-8")
    assert checked(TABLE, PYPROJECT, tmp_path) == ANSWER
    assert json.loads(place.read_text())["checked"]["keywords"] == ["one", "two"]


def test_a_memory_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert checked(TABLE, PYPROJECT, file / "below") == ANSWER


def test_a_wrong_table_is_wrong_each_time(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ConfigError, match="keywords"):
            checked({**TABLE, "keywords": "one"}, PYPROJECT, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_table_with_what_json_has_not_is_asked_for_each_time(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        checked({**TABLE, "description": object()}, PYPROJECT, tmp_path)
