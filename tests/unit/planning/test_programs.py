"""What a plan refuses of programs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cratewheel.errors import ConfigError
from cratewheel.planning.decide import decide
from cratewheel.project.inputs import Inputs
from situations import plain, situation
from situations import program as named


def facts_with(*scripts: str, program: str = "app") -> Inputs:
    facts = situation(cargo=plain(named(program)))
    return replace(facts, metadata=replace(facts.metadata, scripts=scripts))


def test_a_program_and_an_entry_point_cannot_have_one_name() -> None:
    with pytest.raises(ConfigError) as caught:
        decide(facts_with("other", "App"))
    assert caught.value.message == (
        "two commands would be installed as App: the program 'app', and the entry point 'App'"
    )
    assert [build.binary for wheel in decide(facts_with("other")).wheels for build in wheel.builds] == ["app"]


@pytest.mark.parametrize("name", ["python3", "activate", "nul"])
def test_a_program_cannot_replace_one_of_the_environment(name: str) -> None:
    with pytest.raises(ConfigError, match=f"^'{name}' cannot be the name of a command: "):
        decide(facts_with(program=name))
