"""What ignores the request to end is killed, wherever it stands in the family of a build; and a hang is told."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from cratewheel.system import signals as interrupts
from faults import interruption
from faults.interruption import COMMAND, Ended, HangError, Stop, run
from integration.conftest import AMBIENT, AMBIENT_PREFIXES, CHEAPER

pytestmark = [
    pytest.mark.cargo,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="what is left running is found in /proc"),
]

MANIFEST = '[package]\nname = "deaf"\nversion = "1.0.0"\nedition = "2021"\n'
PYPROJECT = (
    '[build-system]\nrequires = ["cratewheel"]\nbuild-backend = "cratewheel"\n\n'
    '[project]\nname = "deaf"\nversion = "1.0.0"\n\n[tool.cratewheel]\nbindings = "bin"\n'
)
# The trap that ignores a signal stays with what the shell starts.
BUILD_SCRIPT = """
fn main() {
    let folder = std::env::var("FOLDER").unwrap();
    let script = std::env::var("SCRIPT").unwrap();
    let mut child = std::process::Command::new("sh").arg("-c").arg(script).current_dir(folder).spawn().unwrap();
    child.wait().unwrap();
}
"""
SLEEP = "touch started; sleep 600"
# one program after the other, which nobody finds by its environment
STARTER = "touch started; i=0; while [ $i -lt 200 ]; do env -i sleep 600 & i=$((i + 1)); done; wait"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "deaf"
    (root / "src").mkdir(parents=True)
    (root / "Cargo.toml").write_text(MANIFEST, encoding="utf-8")
    (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (root / "build.rs").write_text(BUILD_SCRIPT, encoding="utf-8")
    (root / "src" / "main.rs").write_text("fn main() {}\n", encoding="utf-8")
    return root


def environ_of(folder: Path, **more: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in AMBIENT and not name.startswith(AMBIENT_PREFIXES)
    }
    return {
        **kept,
        **CHEAPER,
        "NO_COLOR": "1",
        "CARGO_TARGET_DIR": str(folder / "target"),
        "FOLDER": str(folder),
        **more,
    }


def built(root: Path, script: str, *stops: Stop) -> Ended:
    """Build, and send signals once the script of the build script has begun."""
    folder = root.parent
    return run(
        [*COMMAND, "build", "--no-sdist", "--out", folder / "out"],
        cwd=root, environ=environ_of(folder, SCRIPT=script), folder=folder / "said", stops=stops,
        begun=folder / "started",
    )  # fmt: skip


def belonging(folder: Path) -> list[str]:
    """Return the command lines of the processes that know our folder, in whichever session they are."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            if f"FOLDER={folder}".encode() in (path / "environ").read_bytes().split(b"\0"):
                found.append((path / "cmdline").read_text(encoding="utf-8").replace("\0", " "))
    return found


@pytest.mark.parametrize(
    ("script", "stop"),
    [
        pytest.param(f"trap '' TERM; {SLEEP}", Stop(after=0, number=signal.SIGTERM), id="child"),
        pytest.param(
            f"trap '' TERM; ({SLEEP}; sleep 601); sleep 602", Stop(after=0, number=signal.SIGTERM), id="deeper"
        ),
        pytest.param(
            f"trap '' INT TERM; {SLEEP}", Stop(after=0, number=signal.SIGINT, group=True), id="orphan-of-Ctrl-C"
        ),
        pytest.param(f"trap '' TERM; setsid sh -c '{SLEEP}'", Stop(after=0, number=signal.SIGTERM), id="session"),
        pytest.param(STARTER, Stop(after=0, number=signal.SIGINT), id="started-in-that-moment"),
    ],
)
def test_what_a_build_script_has_started_is_killed_in_the_end(script: str, stop: Stop, root: Path) -> None:
    ended = built(root, script, stop)
    assert ended.status == 128 + stop.number, ended
    assert (belonging(root.parent), ended.running) == ([], ())
    assert not (root.parent / "out").exists()


def test_a_second_signal_does_not_wait(root: Path) -> None:
    stop = Stop(after=0, number=signal.SIGTERM)
    ended = built(root, f"trap '' TERM; {SLEEP}", stop, replace(stop, after=interrupts.REPEAT_AFTER + 0.5))
    assert ended.status == 143
    assert belonging(root.parent) == []


def test_a_program_that_hangs_is_reported_with_its_stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interruption, "PATIENCE", 0.5)
    code = "import threading\ndef wait_for_ever(): threading.Event().wait()\nwait_for_ever()"
    with pytest.raises(HangError, match="in wait_for_ever"):
        run([sys.executable, "-c", code], cwd=tmp_path, environ=environ_of(tmp_path), folder=tmp_path / "said")
