"""What is read from a [project] table; the rules themselves are tested in test_metadata.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cratewheel.errors import ConfigError
from cratewheel.project.metadata.checked import CheckedTable, check_table

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
ANSWER = CheckedTable(
    version="2.5",
    keywords=("one", "two"),
    import_names=("demo",),
    import_namespaces=None,
    scripts=(("demo", "demo:main"),),
    gui_scripts=(("window", "demo:window"),),
    requires_dist=("Foo_Bar>=1.0,>=2", 'other; extra == "an-extra"'),
    provides_extra=("an-extra",),
    warnings=(),
)
PYPROJECT = Path("/project/pyproject.toml")


def test_a_table_is_read_in_its_normal_form() -> None:
    assert check_table(TABLE, PYPROJECT) == ANSWER


def test_a_wrong_table_is_refused_with_its_key() -> None:
    with pytest.raises(ConfigError, match="keywords"):
        check_table({**TABLE, "keywords": "one"}, PYPROJECT)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("version", "1.{}", "project.version in /project/pyproject.toml has a number of more than 600 digits"),
        (
            "requires-python",
            ">=3.{}",
            "project.requires-python in /project/pyproject.toml has a number of more than 600",
        ),
        ("dependencies", ["a==1.{}"], "project.dependencies in /project/pyproject.toml has 'a==1.9999"),
        (
            "optional-dependencies",
            {"x": ["a; python_version > '3.{}'"]},
            "project.optional-dependencies.x in /project/pyproject.toml has ",
        ),
    ],
)
def test_numbers_of_thousands_of_digits_are_refused(key: str, value: Any, said: str) -> None:
    long = json.loads(json.dumps(value).replace("{}", "9" * 5001))
    with pytest.raises(ConfigError) as caught:
        check_table({**TABLE, key: long}, PYPROJECT)
    assert caught.value.message.replace(str(PYPROJECT), "/project/pyproject.toml").startswith(said)
