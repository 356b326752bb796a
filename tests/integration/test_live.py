"""What several wheels at once show on a terminal, read by a terminal emulator."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pyte
import pytest

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters

pytestmark = [pytest.mark.cargo, pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals on Windows")]

ROW = re.compile(r" +cp3\d+t? (\w+) +(?:(\d+)/(\d+) +)?\d+ s(?:  \S.*)?")


@dataclass
class Seen:
    """A terminal: the last screen, and every row that was ever on it."""

    screen: pyte.HistoryScreen
    rows: set[str] = field(default_factory=set)
    status: int | None = None

    @property
    def lines(self) -> list[str]:
        before = ["".join(line[at].data for at in sorted(line)).rstrip() for line in self.screen.history.top]
        return [line for line in (*before, *(line.rstrip() for line in self.screen.display)) if line]


@contextmanager
def running(command: Cratewheel, *words: str | Path, cwd: Path, columns: int) -> Iterator[tuple[int, int, Seen]]:
    """Start a build on a terminal; yield its process, the terminal, and what is seen."""
    seen = Seen(screen=pyte.HistoryScreen(columns, 30, history=1000))
    child, leader = os.forkpty()
    if child == 0:
        fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
        os.chdir(cwd)
        environ = {name: value for name, value in command.environ.items() if name not in ("NO_COLOR", "CI")}
        argv = [sys.executable, "-m", "cratewheel", "build", "--no-sdist", *map(str, words)]
        os.execve(sys.executable, argv, {**environ, "TERM": "xterm-256color"})
    try:
        yield child, leader, seen
        _, status = os.waitpid(child, 0)
        seen.status = os.waitstatus_to_exitcode(status)
    finally:
        os.close(leader)


def read(leader: int, seen: Seen, until: str | None = None) -> None:
    """Show what the program prints, up to its end or a row that contains `until`."""
    stream = pyte.ByteStream(seen.screen)
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # Linux reports the end of a terminal as an error
            return
        if not chunk:
            return
        stream.feed(chunk)
        rows = [line.rstrip() for line in seen.screen.display if ROW.fullmatch(line.rstrip())]
        seen.rows.update(rows)
        if until is not None and any(until in row for row in rows):
            return


def build(command: Cratewheel, *words: str | Path, cwd: Path, columns: int = 80) -> Seen:
    with running(command, *words, cwd=cwd, columns=columns) as (_, leader, seen):
        read(leader, seen)
    return seen


@pytest.fixture
def project(run_cratewheel: Cratewheel) -> Path:
    return run_cratewheel.copy("light-module")


@pytest.fixture(scope="module")
def pythons(interpreters: Interpreters) -> tuple[Path, Path]:
    if len(interpreters.cpythons) < 2:
        pytest.skip("it takes two interpreters")
    one, other = (interpreters[version] for version in interpreters.cpythons[-2:])
    return one, other


def append(project: Path, text: str) -> None:
    source = project / "src" / "lib.rs"
    source.write_text(source.read_text(encoding="utf-8") + text, encoding="utf-8")


@pytest.mark.parametrize("columns", [80, 120])
def test_two_wheels_have_a_row_each_and_leave_only_lines_about_results(
    run_cratewheel: Cratewheel, project: Path, pythons: tuple[Path, Path], columns: int
) -> None:
    append(project, "\nfn never_called() {}\n")
    seen = build(run_cratewheel, "-i", *pythons, cwd=project, columns=columns)
    assert seen.status == 0, seen.lines
    rows = [found for found in map(ROW.fullmatch, seen.rows) if found]
    assert {found[1] for found in rows} >= {"compiling"}
    assert all(int(found[2]) <= int(found[3]) for found in rows if found[2])
    assert max(map(len, seen.rows)) < columns
    lines = seen.lines
    assert [line for line in lines if ROW.fullmatch(line)] == []
    assert sum("warning: function `never_called` is never used" in line for line in lines) == 2
    assert sum(bool(re.search(r" (Packed|Fresh) \S*light_module", line)) for line in lines) == 2
    assert re.fullmatch(r" +Built 2 wheels \(.*\) in \S.*", lines[-1])
    assert sum("Building light-module 1.2.3 for CPython" in line for line in lines) == 1
    assert [line for line in lines if "Compiling" in line or "Blocking" in line] == []


def test_the_whole_output_of_a_compiler_that_fails_stays(
    run_cratewheel: Cratewheel, project: Path, pythons: tuple[Path, Path]
) -> None:
    append(project, "\nfn wrong() -> u8 { missing_name }\nfn also() -> u8 { other_name }\n")
    seen = build(run_cratewheel, "-i", *pythons, cwd=project)
    assert seen.status == 1
    text = "\n".join(seen.lines)
    assert "cannot find value `missing_name` in this scope" in text
    assert "cannot find value `other_name` in this scope" in text
    assert re.search(r"^error: cargo could not build the crate for CPython", text, re.MULTILINE)
    assert [line for line in seen.lines if ROW.fullmatch(line)] == []


def test_ctrl_c_leaves_a_clean_line(run_cratewheel: Cratewheel, project: Path, pythons: tuple[Path, Path]) -> None:
    append(project, "")
    (project / "build.rs").write_text(
        "fn main() { std::thread::sleep(std::time::Duration::from_secs(600)); }\n", encoding="utf-8"
    )
    with running(run_cratewheel, "-i", *pythons, cwd=project, columns=80) as (child, leader, seen):
        read(leader, seen, until="compiling")
        os.write(leader, b"\x03")
        read(leader, seen)
    assert seen.status in (130, -signal.SIGINT)
    assert [line for line in seen.lines if ROW.fullmatch(line)] == []
    assert seen.lines[-1].startswith("warning: interrupted")
    assert child


def test_one_wheel_leaves_the_terminal_to_cargo(
    run_cratewheel: Cratewheel, project: Path, pythons: tuple[Path, Path]
) -> None:
    seen = build(run_cratewheel, "-i", pythons[0], cwd=project)
    assert seen.status == 0
    assert seen.rows == set()
    assert any("Finished `dev` profile" in line for line in seen.lines)


def test_in_a_pipe_lines_have_labels_of_one_width(
    run_cratewheel: Cratewheel, project: Path, pythons: tuple[Path, Path]
) -> None:
    run = run_cratewheel("build", "--no-sdist", "-i", *pythons, cwd=project).ok()
    labels = [line for line in run.stderr.splitlines() if line.startswith("[")]
    assert {line.partition("]")[0] for line in labels} == {f"[{tag}" for tag in tags(pythons)}
    assert {line.index("] ") for line in labels} == {len(max(tags(pythons), key=len)) + 1}
    assert "\x1b" not in run.stderr
    assert re.fullmatch(r" +Built 2 wheels \(.*\) in \S.*", run.stderr.splitlines()[-1])


def tags(pythons: tuple[Path, Path]) -> list[str]:
    code = "import sys; print('cp%d%d' % sys.version_info[:2])"
    return [
        subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        for python in pythons
    ]
