"""The right to compile in a build directory."""

from __future__ import annotations

from pathlib import Path

from cratewheel.builder.scheduling import BuildDirectory, CompileSlot, Scheduler
from cratewheel.events import CallbackReporter


def test_one_wheel_compiles_at_once_with_nothing_to_tell_cargo(tmp_path: Path) -> None:
    directory = BuildDirectory(
        path=tmp_path / "target",
        own=False,
        lock=tmp_path / "target" / "lock",
        plain=tmp_path / "target",
        folders=("release",),
        packages=frozenset(),
        local=frozenset(),
        common=frozenset(),
    )
    with Scheduler().acquire(directory, CallbackReporter()) as slot:
        assert slot == CompileSlot(variables=(), descriptors=(), on_message=None)
    with Scheduler().acquire(directory, CallbackReporter()):
        pass  # it was given back
