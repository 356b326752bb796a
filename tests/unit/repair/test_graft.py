"""The repair for each system, and for those that have none."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from cratewheel.errors import UnsupportedError
from cratewheel.events import CallbackReporter
from cratewheel.repair.graft import libraries_folder, repair
from cratewheel.repair.model import Repair, Subject
from cratewheel.targets.triples import parse


@pytest.mark.parametrize(
    ("system", "folder"), [("linux", "demo.libs"), ("macos", "demo.dylibs"), ("windows", "demo.libs")]
)
def test_each_system_has_its_folder(system: str, folder: str) -> None:
    assert libraries_folder("demo", system) == folder


def test_a_system_without_a_repair_says_what_is_needed(tmp_path: Path) -> None:
    surroundings = Repair(
        target=parse("x86_64-unknown-freebsd"),
        native=True,
        dist="demo",
        search=(),
        exclude=(),
        scratch=tmp_path,
        environ={},
        reporter=CallbackReporter(),
    )
    subject = Subject(path=Path("/t/x.so"), folder=PurePosixPath("demo"), needs=("libz.so.6", "libm.so.5"))
    with pytest.raises(UnsupportedError) as caught:
        repair([subject], surroundings)
    assert caught.value.message == "libraries cannot be added to wheels for freebsd"
    assert caught.value.notes == ("x.so needs libz.so.6", "x.so needs libm.so.5")
