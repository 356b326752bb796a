"""What a plan refuses of programs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cratewheel.errors import ConfigError
from cratewheel.plan.decide import decide
from situations import PROGRAM, situation


def test_a_program_and_an_entry_point_cannot_have_one_name() -> None:
    facts = situation(cargo=PROGRAM)
    metadata = replace(facts.project.sources.metadata, scripts=("other", "App"))
    sources = replace(facts.project.sources, metadata=metadata)
    with pytest.raises(ConfigError) as caught:
        decide(replace(facts, project=replace(facts.project, sources=sources)))
    assert caught.value.message == "app would be installed twice: as a program of the crate, and as an entry point"
    assert [build.binary for wheel in decide(facts).wheels for build in wheel.builds] == ["app"]
