"""What the steps of a build are handed: where cargo compiles, and with what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cratewheel.builder.scheduling import BuildDirectory
from sessions import session
from situations import pyo3, situation


def test_a_build_for_one_interpreter_uses_the_directory_of_cargo() -> None:
    found = session(situation(cargo=pyo3(), pythons=("12",)))
    root = found.inputs.cargo.target_directory
    assert found.build_directory(found.plan.wheels[0]) == BuildDirectory(
        path=root,
        own=False,
        lock=root / "cratewheel" / "lock",
        plain=root,
        folders=("debug",),
        packages=frozenset({"app", "pyo3", "pyo3-ffi"}),
        local=frozenset({"app"}),
        common=frozenset({"pyo3"}),
    )


def test_each_of_several_interpreters_has_a_directory_with_a_lock_beside_it() -> None:
    found = session(situation(cargo=pyo3(), pythons=("11", "12")))
    directories = [found.build_directory(wheel) for wheel in found.plan.wheels]
    assert [(one.own, one.lock.name) for one in directories] == [(True, f"{one.path.name}.lock") for one in directories]
    assert len({one.path for one in directories}) == 2
    assert {one.plain for one in directories} == {found.inputs.cargo.target_directory}


def test_a_target_directory_that_was_asked_for_counts_more_than_that_of_cargo() -> None:
    inputs = situation(cargo=pyo3(), pythons=("12",))
    chosen = session(replace(inputs, options=replace(inputs.options, target_dir=Path("/elsewhere"))))
    assert (chosen.target_dir, chosen.scratch) == (Path("/elsewhere"), Path("/elsewhere/cratewheel"))
    assert (chosen.cargo_program, chosen.timestamp) == ("cargo", None)
    told = replace(chosen, environ={"CARGO": "cross", "SOURCE_DATE_EPOCH": "5"})
    assert (told.cargo_program, told.timestamp) == ("cross", 5)
