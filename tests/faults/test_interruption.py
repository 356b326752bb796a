"""Signals at any moment: a build, an install, an sdist and a hook end at once, leave nothing, and work the next time.

The moments are random and the same each time. `CRATEWHEEL_TEST_FAULTS=200` tries so many for each command and signal.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cratewheel.system.files.temporary import is_temporary
from faults.interruption import COMMAND, HEEDED, PATIENCE, Ended, Stop, run
from fork_server import SERVER
from integration.conftest import AMBIENT, AMBIENT_PREFIXES, CHEAPER, CRATES, Interpreters

pytestmark = [
    pytest.mark.cargo,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="what is left running is found in /proc"),
]

MOMENTS = int(os.environ.get("CRATEWHEEL_TEST_FAULTS", "3"))
SECOND = 0.3  # the part of the runs that get a second signal, while they clean up
# what is in a traceback only while our handlers are there: the work of a hook, and what only the command line imports
TOO_LATE = re.compile(
    r"(?m)in _wheel$|from cratewheel import cli$|cratewheel/(?!system/|__init__|__main__|backend|errors|events|live|ui)"
)
WARNING = "warning: interrupted; no unfinished file was kept\n"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A copy of the light crate, a Python package in it, and a virtual environment to install it into."""

    root: Path
    folder: Path
    environ: dict[str, str]
    name: str
    words: tuple[str, ...]

    def run(self, *stops: Stop) -> Ended:
        argv = (sys.executable, *self.words) if self.words[0] == "-c" else (*COMMAND, *self.words)
        return run(argv, cwd=self.root, environ=self.environ, folder=self.folder / "said", stops=stops)

    def run_undisturbed(self) -> subprocess.CompletedProcess[str]:
        """Run it where it only has to succeed."""
        return SERVER.run(self.words, cwd=self.root, env=self.environ, timeout=PATIENCE)

    def change(self) -> None:
        """Have cargo compile again."""
        (self.root / "src" / "lib.rs").touch()

    def files(self) -> dict[str, str]:
        """Return what the command has made, by path, each with its hash; nothing of ours that only lies in the way."""
        found = {}
        for folder in (self.folder / "out", self.folder / "site"):
            for path in sorted(folder.rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts and not is_temporary(path.name):
                    found[str(path.relative_to(self.folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found

    def left_over(self) -> list[str]:
        """Return unfinished files and folders."""
        marks = (".tmp", ".old", ".unfinished")
        return sorted(
            str(path.relative_to(self.folder))
            for path in self.folder.rglob("*")
            if path.name.endswith(marks) or path.name.startswith("stage-")
        )


@pytest.fixture(scope="module", params=["build", "develop", pytest.param("sdist", marks=pytest.mark.long), "hook"])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp(request.param)
    root = folder / "light-module"
    shutil.copytree(CRATES / "light-module", root)
    package = root / "light_module"
    package.mkdir()
    (package / "__init__.py").write_text("from .light_module import *\n", encoding="utf-8")
    for number in range(40):
        (package / f"part{number}.py").write_text(f"PART = {number}\n" * 50, encoding="utf-8")
    environ = (
        {
            name: value
            for name, value in os.environ.items()
            if name not in AMBIENT and not name.startswith(AMBIENT_PREFIXES)
        }
        | {"CARGO_TARGET_DIR": str(folder / "target"), "XDG_CACHE_HOME": str(folder / "cache"), "NO_COLOR": "1"}
        | CHEAPER
    )
    out = str(folder / "out")
    words: dict[str, tuple[str, ...]] = {
        "build": ("build", "--out", out, *_interpreters(request.getfixturevalue("interpreters"))),
        "develop": ("develop", "-i", str(folder / "environment" / "bin" / "python")),
        "sdist": ("sdist", "--out", out),
        "hook": ("-c", f"import cratewheel\ncratewheel.build_wheel({out!r})"),
    }
    if request.param == "develop":
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "environment"], check=True)
        (site,) = (folder / "environment" / "lib").glob("*/site-packages")
        (folder / "site").symlink_to(site)
    return Project(root=root, folder=folder, environ=environ, name=request.param, words=words[request.param])


@pytest.fixture(scope="module")
def whole(project: Project) -> tuple[dict[str, str], float]:
    """What the command makes, and how many seconds it takes if cargo compiles again."""
    first = project.run_undisturbed()
    assert first.returncode == 0, first.stderr
    project.change()
    again = project.run()
    assert again.status == 0, again.stderr
    return project.files(), again.seconds


@pytest.fixture(scope="module")
def interpreters() -> Interpreters:
    from integration import conftest

    found: Interpreters = conftest.interpreters.__wrapped__()  # type: ignore[attr-defined]
    return found


def _interpreters(found: Interpreters) -> Iterator[str]:
    for version in dict.fromkeys((f"{sys.version_info[0]}.{sys.version_info[1]}", *found.cpythons[-2:])):
        yield from ("-i", str(found[version]))


@pytest.mark.parametrize(
    "number",
    [signal.SIGINT, signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.long)],
    ids=lambda number: number.name,
)
def test_a_signal_at_any_moment_ends_it_and_leaves_nothing(
    project: Project, whole: tuple[dict[str, str], float], number: signal.Signals
) -> None:
    chance = random.Random(f"{project.name} {number.name}")
    expected, long = whole
    for _ in range(MOMENTS // (2 if number == signal.SIGHUP else 1)):  # it is handled as SIGTERM is
        if chance.random() < 0.5:
            project.change()
        after = chance.uniform(0, long)
        stops = [Stop(after=after, number=number, group=chance.random() < 0.3)]
        if chance.random() < SECOND:
            stops.append(Stop(after=after + chance.uniform(0, 0.1), number=number))
        ended = project.run(*stops)
        _check(ended, number, stops)
        assert project.left_over() == [], (stops, ended)
        found = project.files()
        assert found == (expected if ended.status == 0 else {name: expected[name] for name in found}), (stops, ended)
        after_it = project.run_undisturbed()
        assert after_it.returncode == 0, (stops, ended, after_it)
        assert project.files() == expected, (stops, ended)


@pytest.mark.long
def test_a_kill_at_any_moment_leaves_nothing_that_the_next_run_does_not_put_right(
    project: Project, whole: tuple[dict[str, str], float]
) -> None:
    chance = random.Random(f"{project.name} SIGKILL")
    expected, long = whole
    for _ in range(MOMENTS):
        if chance.random() < 0.5:
            project.change()
        stop = Stop(after=chance.uniform(0, long), number=signal.SIGKILL)
        ended = project.run(stop)
        assert ended.running == (), (stop, ended)
        found = project.files()
        assert found == {name: expected[name] for name in found}, (stop, ended)
        after_it = project.run_undisturbed()
        assert after_it.returncode == 0, (stop, ended, after_it)
        assert project.files() == expected, (stop, ended)
    argv = [*COMMAND, "clean"]
    subprocess.run(argv, cwd=project.root, env=project.environ, check=True, capture_output=True)
    left = [path for path in project.left_over() if not path.startswith(("out/", "site/"))]
    assert left == []


@pytest.mark.parametrize("project", ["sdist"], indirect=True)
@pytest.mark.parametrize("number", HEEDED, ids=lambda number: number.name)
def test_a_signal_while_it_starts_ends_it_without_a_word(project: Project, number: signal.Signals) -> None:
    chance = random.Random(f"start {project.name} {number.name}")
    for _ in range(MOMENTS):
        stop = Stop(after=chance.uniform(0, 0.15), number=number)
        ended = project.run(stop)
        _check(ended, number, [stop])
        assert project.left_over() == [], (stop, ended)


def _check(ended: Ended, number: signal.Signals, stops: list[Stop]) -> None:
    assert ended.running == (), (stops, ended)
    if "init_import_site" in ended.stderr:
        return  # Python had not quite started
    if ended.status == -number:
        assert TOO_LATE.search(ended.stderr) is None, (stops, ended)  # the first of our modules was not there yet
    elif ended.status != 0:  # it had come to its end by then
        assert ended.status == 128 + number, (stops, ended)
        assert "Traceback" not in ended.stderr, (stops, ended)
        assert ended.stderr == "" or ended.stderr.endswith(WARNING), (stops, ended)  # it was still importing, or warns
