"""A disk that is full, dies or becomes read-only at any write: nothing half is left, and the next run is right.

Each write of a run below the project's folder is counted, and a few that are spread over them fail, once or from there
on. `CRATEWHEEL_TEST_FAULTS=200` tries so many for each command.
"""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cratewheel.system.files.temporary import is_temporary
from faults.failing_writes import WATCHDOG, Ended, Fault, compile_library, run
from faults.interruption import COMMAND
from fork_server import SERVER
from integration.conftest import AMBIENT, AMBIENT_PREFIXES, CHEAPER

pytestmark = [
    pytest.mark.cargo,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a library of glibc's functions is preloaded"),
]

POINTS = int(os.environ.get("CRATEWHEEL_TEST_FAULTS", "3"))
ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EMFILE)
MANIFEST = '[package]\nname = "faulty"\nversion = "1.0.0"\nedition = "2021"\n'
PYPROJECT = (
    '[build-system]\nrequires = ["cratewheel"]\nbuild-backend = "cratewheel"\n\n'
    '[project]\nname = "faulty"\nversion = "1.0.0"\n\n[tool.cratewheel]\nbindings = "bin"\n'
)
COMMANDS = {
    "build": ("build", "--out", "out"),
    "sdist": ("sdist", "--out", "out"),
    "develop": ("develop", "-i", "environment/bin/python"),
    "clean": ("clean",),
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A crate with a program, a Python package in it and an environment; all writes of ours lie below `folder`."""

    root: Path
    folder: Path
    library: Path
    environ: dict[str, str]
    name: str

    def run(self, fault: Fault = Fault()) -> Ended:  # noqa: B008  # it is frozen
        argv = [*COMMAND, *COMMANDS[self.name]]
        return run(argv, cwd=self.root, environ=self.environ, library=self.library, changed=self.folder, fault=fault)

    def run_undisturbed(self, name: str = "", *, where: object = None) -> None:
        """Run the command, or another, with nothing preloaded; it must succeed."""
        done = SERVER.run(COMMANDS[name or self.name], cwd=self.root, env=self.environ, timeout=WATCHDOG)
        assert done.returncode == 0, (where, done.stderr)

    def prepare(self) -> None:
        """Have something to do for the command."""
        if self.name == "clean":
            self.run_undisturbed("build")

    def files(self) -> dict[str, str]:
        """Return what the command makes under final names, each with its hash."""
        found = {}
        for folder in (self.root / "out", self.root / "environment"):
            for path in sorted(folder.rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts and not is_temporary(path.name):
                    found[str(path.relative_to(self.root))] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found

    def left_over(self) -> list[str]:
        """Return unfinished files and folders."""
        return sorted(str(path) for path in self.folder.rglob("*") if is_temporary(path.name))


@pytest.fixture(scope="module", params=COMMANDS)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler for the library that fails")
    folder = tmp_path_factory.mktemp(request.param)
    changed = folder / "changed"
    root = changed / "faulty"
    package = root / "python" / "faulty"
    package.mkdir(parents=True)
    (root / "src").mkdir()
    (root / "Cargo.toml").write_text(MANIFEST, encoding="utf-8")
    (root / "src" / "main.rs").write_text("fn main() {}\n", encoding="utf-8")
    (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    for name in ("__init__", "a", "b"):
        (package / f"{name}.py").write_text(f"NAME = {name!r}\n", encoding="utf-8")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", root / "environment"], check=True)
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in AMBIENT and not name.startswith(AMBIENT_PREFIXES)
    }
    places = {"CARGO_TARGET_DIR": changed / "target", "XDG_CACHE_HOME": changed / "cache", "TMPDIR": changed / "tmp"}
    (changed / "tmp").mkdir()
    environ = kept | CHEAPER | {name: str(path) for name, path in places.items()} | {"NO_COLOR": "1"}
    return Project(root=root, folder=changed, library=compile_library(folder), environ=environ, name=request.param)


def spread(count: int) -> list[int]:
    """Return at most `POINTS` numbers from 1 to `count`."""
    return sorted({round(1 + number * (count - 1) / max(POINTS - 1, 1)) for number in range(min(POINTS, count))})


def test_a_write_that_fails_leaves_nothing_half_and_the_next_run_is_right(project: Project) -> None:
    chance = random.Random(f"writes {project.name}")
    project.prepare()
    project.run_undisturbed()
    project.prepare()
    whole = project.run()
    assert whole.status == 0, whole
    expected = project.files()
    assert len(whole.writes) >= 4
    for point in spread(len(whole.writes)):
        error = chance.choice(ERRORS)
        fault = Fault(error=error, point=point, always=chance.random() < 0.5)
        project.prepare()
        before, left_before = project.files(), set(project.left_over())
        failed = project.run(fault)
        where = (fault, errno.errorcode[error], failed)
        assert failed.status in (0, 1), where
        assert "Traceback" not in failed.stderr, where
        assert "internal error" not in failed.stderr, where
        if failed.status:
            assert "error: " in failed.stderr, where
        found = project.files()
        if project.name != "clean":
            assert set(found.items()) <= {*expected.items(), *before.items()}, where
        if failed.status == 0 and project.name != "clean":
            assert found == expected, where
        project.run_undisturbed(where=where)
        assert project.files() == expected, where
        # what was left by a disk on which nothing can be removed is for `clean`
        left = set(project.left_over()) - left_before
        assert not left or fault.always or failed.writes[point - 1].startswith(("unlink", "rmdir")), (where, left)


@pytest.mark.long
def test_no_file_that_lands_needs_a_renaming_between_file_systems(project: Project) -> None:
    project.prepare()
    project.run_undisturbed()
    project.prepare()
    whole = project.run()
    expected = project.files()
    points = [number for number, write in enumerate(whole.writes, 1) if write.startswith("rename")]
    for point in points:
        project.prepare()
        left_before = set(project.left_over())
        failed = project.run(Fault(error=errno.EXDEV, point=point))
        where = (whole.writes[point - 1], failed)
        assert failed.status == 0 or "Invalid cross-device link" in failed.stderr, where
        assert "internal error" not in failed.stderr, where
        assert set(project.left_over()) <= left_before, where
        project.run_undisturbed(where=where)
        assert project.files() == expected, where


@pytest.mark.parametrize("project", ["build"], indirect=True)
def test_a_slow_disk_changes_nothing(project: Project) -> None:
    project.run_undisturbed()
    expected = project.files()
    assert project.run(Fault(slow=True)).status == 0
    assert project.files() == expected
