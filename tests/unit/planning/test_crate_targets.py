"""Which targets of a crate a wheel has, and what is said of the others."""

from __future__ import annotations

import pytest

from crate_graphs import BIN
from cratewheel.cargo.model import CargoMetadata
from cratewheel.errors import ConfigError
from cratewheel.planning.decide import decide
from situations import plain, program, situation
from system_paths import native

OFF = "it requires the feature more, which is off"


def built(cargo: CargoMetadata, **facts: object) -> list[str | None]:
    (wheel,) = decide(situation(cargo=cargo, **facts)).wheels  # type: ignore[arg-type]  # of `situation`
    return [build.binary for build in wheel.builds]


def test_every_program_is_built_whose_features_are_on() -> None:
    targets = (BIN, program("plain"), program("extra", "more"))
    assert built(plain(*targets)) == ["app", "plain"]
    assert built(plain(*targets, on=("more",))) == ["app", "plain", "extra"]


def test_targets_choose_among_the_programs() -> None:
    cargo = plain(BIN, program("one"), program("two"))
    tool = {"targets": [{"name": "two"}, {"name": "one", "kind": "bin"}]}
    assert built(cargo, tool=tool) == ["one", "two"]
    with pytest.raises(ConfigError) as caught:
        decide(situation(cargo=cargo, tool={"targets": [{"name": "three"}]}))
    assert caught.value.message == (
        native("/work/app/Cargo.toml")
        + " has no binary that tool.maturin.targets in pyproject.toml selects for the bin bindings"
    )


def test_a_program_whose_features_are_off_is_named() -> None:
    cargo = plain(BIN, program("extra", "more"))
    (warning,) = decide(situation(cargo=cargo)).warnings
    without = "`targets` below [tool.cratewheel] chooses programs, without this warning"
    assert warning == f"the program extra is not packed: {OFF}; {without}"
    assert decide(situation(cargo=plain(BIN, program("extra", "more"), on=("more",)))).warnings == ()


def test_a_crate_whose_only_program_has_features_off_says_which() -> None:
    with pytest.raises(ConfigError) as caught:
        decide(situation(cargo=plain(program("one", "more", "most"), program("two", "most"))))
    manifest = native("/work/app/Cargo.toml")
    assert caught.value.message == f"the program one in {manifest} requires the features more, most, which are off"
    assert caught.value.notes == ("two requires the feature most, which is off",)
    assert caught.value.hint == "build with `--features more,most`, or set `features` in pyproject.toml"


def test_a_selection_that_chooses_nothing_is_named() -> None:
    cargo = plain(BIN, program("extra", "more"))
    tool = {"targets": [{"name": "app"}, {"name": "extra"}, {"name": "gone", "kind": "bin"}]}
    manifest = native("/work/app/Cargo.toml")
    assert decide(situation(cargo=cargo, tool=tool)).warnings == (
        f"tool.maturin.targets in pyproject.toml has 'extra', which is not packed: {OFF}",
        f"tool.maturin.targets in pyproject.toml has 'gone', which is no program of {manifest}: it is not packed",
    )
