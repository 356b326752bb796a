from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cratewheel.errors import ConfigError
from cratewheel.project.metadata import dynamic
from cratewheel.project.metadata.dynamic import Provider, Resolved

PATH = Path("/p/pyproject.toml")
WHERE = f"tool.dynamic-metadata[0] in {PATH}"
ONE = Provider(name="one", settings={}, where=WHERE)
TWO = Provider(name="two", settings={}, where="two's entry")


def resolve(project: Mapping[str, Any], *fragments: object) -> Resolved:
    answers = dict(zip(("one", "two"), fragments, strict=False))
    return dynamic.resolve(project, (ONE, TWO)[: len(fragments)], lambda provider, _: answers[provider.name])


def test_an_entry_names_an_installed_or_a_local_provider_and_its_settings() -> None:
    value = [{"provider": "a.b", "x": 1}, {"provider": {"path": "scripts", "module": "c:D"}}]
    assert dynamic.read_providers(value, PATH) == (
        Provider(name="a.b", settings={"x": 1}, where=WHERE),
        Provider(name="c:D", settings={}, where=f"tool.dynamic-metadata[1] in {PATH}", path="scripts"),
    )


@pytest.mark.parametrize(
    ("value", "message", "hint"),
    [
        (
            {"version": {"provider": "a"}},
            f"tool.dynamic-metadata in {PATH} must be an array of tables, found a table",
            'write `[[tool.dynamic-metadata]]` with `provider = "…"` once for each provider',
        ),
        (
            [{"provider": "local", "provider-path": "scripts"}],
            f"{WHERE} has provider-path, which is of an older protocol",
            'write `provider = { path = "scripts", module = "local" }`',
        ),
        *(
            (
                [entry],
                f"provider of {WHERE} must be a name, or a table with `path` and `module`",
                'write `provider = "cratewheel.vcs"`, or `provider = { path = "scripts", module = "my_provider" }`',
            )
            for entry in (
                {},
                {"provider": ""},
                {"provider": 3},
                {"provider": {"path": "scripts"}},
                {"provider": {"path": "scripts", "module": "a", "other": "b"}},
            )
        ),
    ],
)
def test_an_invalid_entry_is_an_error_that_shows_a_valid_one(value: object, message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        dynamic.read_providers(value, PATH)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_providers_fill_fields_in_order_and_these_are_no_longer_dynamic() -> None:
    seen: list[Mapping[str, Any]] = []

    def call(provider: Provider, project: Mapping[str, Any]) -> object:
        seen.append(dict(project))
        return {"version": "1"} if provider is ONE else {"description": f"version {project['version']}"}

    found = dynamic.resolve({"name": "p", "dynamic": ["version", "description", "urls"]}, (ONE, TWO), call)
    assert found == Resolved(
        project={"name": "p", "dynamic": ["urls"], "version": "1", "description": "version 1"},
        providers={"version": ONE, "description": TWO},
    )
    assert [project["dynamic"] for project in seen] == [["version", "description", "urls"], ["description", "urls"]]


def test_a_later_provider_replaces_a_single_value_and_extends_others() -> None:
    project = {
        "dynamic": ["readme", "dependencies", "urls", "optional-dependencies", "entry-points", "authors"],
        "dependencies": ["static"],
        "urls": {"a": "1"},
        "optional-dependencies": {"x": ["one"]},
        "entry-points": {"g": {"a": "m:a"}},
        "authors": [{"name": "A"}],
    }
    found = resolve(
        project,
        {"readme": "a", "dependencies": ["b"], "urls": {"a": "1", "b": "2"}, "entry-points": {"g": {"b": "m:b"}}},
        {"readme": "b", "dependencies": ["c"], "optional-dependencies": {"x": ["two"], "y": []},
         "entry-points": {"h": {"c": "m:c"}}, "authors": [{"name": "B"}]},
    )  # fmt: skip
    assert found.project == {
        "dynamic": [],
        "readme": "b",
        "dependencies": ["static", "b", "c"],
        "urls": {"a": "1", "b": "2"},
        "optional-dependencies": {"x": ["one", "two"], "y": []},
        "entry-points": {"g": {"a": "m:a", "b": "m:b"}, "h": {"c": "m:c"}},
        "authors": [{"name": "A"}, {"name": "B"}],
    }
    assert project["dependencies"] == ["static"]


WHO = f"one, the provider of {WHERE},"


@pytest.mark.parametrize(
    ("project", "fragment", "message", "hint"),
    [
        ({}, ["version"], f"{WHO} returned an array instead of a table", None),
        ({}, {"versoin": "1"}, f"{WHO} fills versoin, which no provider can fill; did you mean `version`?", None),
        ({}, {"name": "p"}, f"{WHO} fills name, which no provider can fill", None),
        ({}, {"version": "1"}, f"{WHO} fills version, which `dynamic` does not list",
         'add "version" to `dynamic` in [project]'),
        ({"dynamic": ["version"]}, {"version": 1}, f"{WHO} returned 1 for version", "version must be a string"),
        ({"dynamic": ["keywords"]}, {"keywords": "a"}, f"{WHO} returned 'a' for keywords",
         "keywords must be a list of strings"),
        ({"dynamic": ["urls"]}, {"urls": {"a": 1}}, f"{WHO} returned a table for urls",
         "urls must be a table of strings"),
        ({"dynamic": ["authors"]}, {"authors": ["A"]}, f"{WHO} returned an array for authors",
         "authors must be a list of tables of strings"),
        ({"dynamic": ["entry-points"]}, {"entry-points": {"a": "b"}}, f"{WHO} returned a table for entry-points",
         "entry-points must be tables of strings by group"),
        ({"dynamic": ["optional-dependencies"]}, {"optional-dependencies": {"a": "b"}},
         f"{WHO} returned a table for optional-dependencies",
         "optional-dependencies must be lists of strings by extra"),
        ({"dynamic": ["readme"]}, {"readme": 1}, f"{WHO} returned 1 for readme",
         "readme must be a string or a table of strings"),
        ({"dynamic": ["version"], "version": "1"}, {"version": "1"},
         f"{WHO} fills version, which has a value in [project]",
         "remove one of the two; a provider needs `dynamic` to list version"),
        ({"dynamic": ["urls"], "urls": {"a": "1"}}, {"urls": {"a": "2"}}, f"{WHO} changes 'a' of urls",
         "a provider can only add to a field that has a value"),
    ],
)  # fmt: skip
def test_what_a_provider_may_not_return(
    project: Mapping[str, Any], fragment: object, message: str, hint: str | None
) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(project, fragment)
    assert caught.value.message == message
    assert caught.value.hint == hint or hint is None


def test_a_value_of_a_wrong_type_in_the_file_is_left_to_who_reads_the_table() -> None:
    assert resolve({"dynamic": ["urls"], "urls": 3}, {"urls": {"a": "b"}}).project["urls"] == 3
    assert resolve({"dynamic": "version"}, {"version": "1"}).project == {"dynamic": "version"}


def test_fields_that_nobody_fills() -> None:
    found = resolve({"dynamic": ["version", "urls", "dependencies", "nonsense", "keywords"]}, {"version": "1"})
    assert dynamic.unfilled(found.project, ["urls"]) == ("dependencies", "keywords")
