"""Dependency groups, and what is no group."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.errors import ConfigError
from cratewheel.project.dependency_groups import requirements

FILE = Path("pyproject.toml")


def names(groups: dict[str, object], *wanted: str) -> list[str]:
    return [str(requirement) for requirement in requirements(groups, wanted, FILE)]


def test_groups_are_found_by_any_spelling_and_bring_what_they_include() -> None:
    groups = {
        "Dev": ["a>1", {"include-group": "typed_checks"}],
        "typed-checks": ["b", "c; os_name == 'nt'"],
        "x": ["d"],
    }
    assert names(groups, "dev", "X") == ["a>1", "b", 'c; os_name == "nt"', "d"]
    assert names(groups) == []


def test_each_group_counts_once_however_often_it_is_included() -> None:
    groups: dict[str, object] = {f"g{at}": [{"include-group": f"g{at + 1}"}] * 3 for at in range(90)}
    assert names({**groups, "g90": ["a"]}, "g0", "g1") == ["a"]


BROKEN: dict[str, tuple[dict[str, object], str]] = {
    "a number": ({"dev": 1}, "dependency-groups.dev in pyproject.toml must be a list, found 1"),
    "a string": ({"dev": "a"}, "dependency-groups.dev in pyproject.toml must be a list, found 'a'"),
    "a table": ({"dev": {}}, "dependency-groups.dev in pyproject.toml must be a list, found an empty table"),
    "no requirement": ({"dev": ["a b c"]}, "dependency-groups.dev in pyproject.toml has 'a b c', which is not a"),
    "nothing": ({"dev": [""]}, "dependency-groups.dev in pyproject.toml has '', which is not a requirement"),
    "many digits": ({"dev": ["a>1." + "9" * 5001]}, "dependency-groups.dev in pyproject.toml has 'a>1.999"),
    "brackets": ({"dev": ["a;" + "(" * 3000]}, "dependency-groups.dev in pyproject.toml has 'a;(((("),
    "an entry that is a number": ({"dev": [1]}, "dependency-groups.dev in pyproject.toml has an entry that is neither"),
    "an include of a number": ({"dev": [{"include-group": 1}]}, "dependency-groups.dev in pyproject.toml has an entry"),
    "an include and more": (
        {"dev": [{"include-group": "dev", "x": 1}]},
        "dependency-groups.dev in pyproject.toml has an entry that is neither a requirement nor an include: a table",
    ),
    "itself": (
        {"dev": [{"include-group": "b"}], "b": [{"include-group": "DEV"}]},
        "the dependency group `dev` in pyproject.toml includes itself: dev → b → dev",
    ),
    "none": ({"dev": [{"include-group": "no"}]}, "there is no dependency group `no` in pyproject.toml"),
    "two of a name": ({"dev": [], "Dev": []}, "dev and Dev in pyproject.toml are one dependency group"),
    "a long chain": (
        {"dev": [{"include-group": "g0"}], **{f"g{at}": [{"include-group": f"g{at + 1}"}] for at in range(3000)}},
        "more than 100 dependency groups in pyproject.toml are nested",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_group_is_an_error_that_names_it(name: str) -> None:
    groups, message = BROKEN[name]
    with pytest.raises(ConfigError) as caught:
        names(groups, "dev")
    assert caught.value.message.startswith(message)
