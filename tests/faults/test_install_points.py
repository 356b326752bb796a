"""An install that is interrupted at any of its steps: the next one works, and nothing stays behind.

`CRATEWHEEL_TEST_FAULTS=200` tries so many steps for each signal; unless it is given, a few that are spread evenly.
"""

from __future__ import annotations

import base64
import csv
import dataclasses
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.points import STATUSES, Ended, run, start
from integration.conftest import ROOT, Cratewheel

pytestmark = [pytest.mark.cargo, pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")]

STEPS = int(os.environ.get("CRATEWHEEL_TEST_FAULTS", "4"))
SITE = Path("lib", f"python3.{sys.version_info[1]}", "site-packages")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Install:
    """A project that there are two versions of, which share no file but those of the module, and an environment."""

    root: Path
    environment: Path
    environ: dict[str, str]
    bare: frozenset[str]

    def write(self, version: int, keys: str = "") -> None:
        """Have the project be of this version."""
        text = (
            '[build-system]\nrequires = ["cratewheel"]\nbuild-backend = "cratewheel"\n'
            f'[project]\nname = "light-module"\nversion = "{version}"\n'
            f'scripts = {{ light-{version} = "lightly:main" }}\n'
            '[tool.cratewheel]\nmodule-name = "lightly._native"\npython-source = "python"\n'
            f'data = "data-{version}"\n{keys}'
        )
        (self.root / "pyproject.toml").write_text(text, encoding="utf-8")
        self.package.mkdir(parents=True, exist_ok=True)
        (self.package / "__init__.py").write_text("from lightly._native import answer\n", encoding="utf-8")
        for name in (f"data/share/deep/er/{version}", "data/share/both", f"platlib/extra_{version}.py"):
            path = self.root / f"data-{version}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"VERSION = {version}\n", encoding="utf-8")

    @property
    def site(self) -> Path:
        return self.environment / SITE

    @property
    def package(self) -> Path:
        return self.root / "python" / "lightly"

    def develop(self, what: str = "", point: int = 0, changed: Path | None = None) -> Ended:
        return run(
            ["develop"], cwd=self.root, environ=self.environ, changed=changed or self.environment, what=what,
            point=point,
        )  # fmt: skip

    def files(self) -> frozenset[str]:
        """Return all files and folders that were not in the environment from the start."""
        found = {path.relative_to(self.environment).as_posix() for path in self.environment.rglob("*")}
        return frozenset(name for name in found if "__pycache__" not in name) - self.bare

    def check(self, version: int) -> None:
        """Fail unless the environment has the version, whole, and nothing else."""
        code = f"import lightly, extra_{version} as extra; print(lightly.answer(), extra.VERSION)"
        python = self.environment / "bin" / "python"
        done = subprocess.run([python, "-B", "-c", code], capture_output=True, text=True, check=False)
        assert (done.stdout, done.stderr) == (f"42 {version}\n", "")
        site = self.site
        record = site / f"light_module-{version}.dist-info" / "RECORD"
        listed = set()
        with record.open(encoding="utf-8", newline="") as lines:
            for name, digest, size in csv.reader(lines):
                path = Path(os.path.normpath(site / name))
                listed.add(path.relative_to(self.environment).as_posix())
                if path != record:
                    data = path.read_bytes()
                    sha256 = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
                    assert (digest, size) == (f"sha256={sha256}", str(len(data)))
        folders = {parent.as_posix() for name in listed for parent in Path(name).parents} - {"."}
        assert self.files() == (listed | folders) - self.bare

    def uninstall(self) -> int:
        """Have pip remove the project, and return its status."""
        pip = (sys.executable, "-m", "pip", "--python", self.environment / "bin" / "python")
        words = ("uninstall", "--quiet", "--yes", "light-module")
        return subprocess.run([*pip, *words], capture_output=True, check=False).returncode


@pytest.fixture
def install(tmp_path: Path) -> Install:
    target = Path(os.environ.get("CRATEWHEEL_TEST_TARGET") or ROOT / "target" / "tests").absolute()
    own = target / "light" / f"installs-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    own.mkdir(parents=True, exist_ok=True)
    command = Cratewheel(cargo_target=own, folder=tmp_path)
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    return Install(
        root=command.copy("light-module"),
        environment=environment,
        environ=command.environ | {"VIRTUAL_ENV": str(environment)},
        bare=frozenset(path.relative_to(environment).as_posix() for path in environment.rglob("*")),
    )


def spread(count: int) -> Iterator[int]:
    """Yield at most `STEPS` numbers from 1 to `count`."""
    yield from sorted({round(1 + number * (count - 1) / max(STEPS - 1, 1)) for number in range(min(STEPS, count))})


@pytest.mark.parametrize(
    "what", ["SIGKILL", "SIGTERM", *(pytest.param(what, marks=pytest.mark.long) for what in ("SIGINT", "EACCES"))]
)
def test_an_install_that_ends_at_any_step_is_whole_after_the_next(install: Install, what: str) -> None:
    install.write(1)
    assert install.develop().status == 0
    install.write(2)
    steps = install.develop()
    assert steps.status == 0
    install.check(2)
    assert len([step for step in steps.changes if step.startswith(("os.rename", "os.remove"))]) >= 27
    version = 1
    for point in spread(len(steps.changes)):
        install.write(version)
        ended = install.develop(what, point)
        # some errors are of no consequence: a folder that is there already, or could have been removed
        expected = ended.status if what == "EACCES" and ended.status == 0 else STATUSES[what]
        assert (ended.status, "Traceback" in ended.stderr) == (expected, False), (point, ended)
        if what in ("SIGINT", "SIGTERM"):  # it had the time to clean up
            done = (install.site / f"light_module-{version}.dist-info").exists()
            install.check(version if done else 3 - version)
        again = install.develop()
        assert again.status == 0, (point, again)
        install.check(version)
        version = 3 - version
    assert install.uninstall() == 0
    assert [name for name in install.files() if (install.environment / name).is_file()] == []


def moves(ended: Ended) -> list[int]:
    """Return the numbers of the steps in which files were moved or removed."""
    return [number for number, step in enumerate(ended.changes, 1) if step.startswith(("os.rename", "os.remove"))]


@pytest.mark.long
def test_what_pip_does_between_an_interrupted_install_and_the_next_does_not_disturb(install: Install) -> None:
    install.write(1)
    assert install.develop().status == 0
    install.write(2)
    steps = moves(install.develop())
    for number in spread(len(steps)):
        install.write(1)
        assert install.develop().status == 0
        install.write(2)
        assert install.develop("SIGKILL", steps[number - 1]).status == STATUSES["SIGKILL"]
        install.uninstall()  # whether it can or not
        again = install.develop()
        assert again.status == 0, (number, again)
        install.check(2)


def test_a_module_in_place_is_whole_after_an_interrupted_install(install: Install) -> None:
    install.write(1, 'editable-mode = "inplace"\n')
    assert install.develop().status == 0
    source = install.package.parent
    whole = sorted(path.relative_to(source).as_posix() for path in source.rglob("*") if "__pycache__" not in path.parts)
    assert len(whole) == 3  # the package, its own module, and the compiled one
    steps = install.develop(changed=source)
    for point in spread(len(steps.changes)):
        assert install.develop("SIGKILL", point, source).status == STATUSES["SIGKILL"]
        assert install.develop().status == 0
        install.check(1)
        found = (path.relative_to(source) for path in source.rglob("*") if "__pycache__" not in path.parts)
        assert sorted(path.as_posix() for path in found) == whole


def test_a_module_that_was_being_replaced_on_import_is_whole_after_the_next_install(install: Install) -> None:
    install.write(1)
    assert install.develop().status == 0
    finder = install.site / "_light_module_editable"
    words: list[str | Path] = ["rebuild", "--into", finder, "-i", install.environment / "bin" / "python"]

    def rebuild(what: str = "", point: int = 0) -> Ended:
        changed = install.environment
        return run(words, cwd=install.root, environ=install.environ, changed=changed, what=what, point=point)

    steps = rebuild()
    assert steps.status == 0
    install.check(1)
    for point in spread(len(steps.changes)):
        assert rebuild("SIGKILL", point).status == STATUSES["SIGKILL"]
        again = rebuild() if point % 2 else install.develop()
        assert again.status == 0, (point, again)
        install.check(1)


def test_two_installs_at_once_wait_for_each_other(install: Install) -> None:
    install.write(1)
    assert install.develop().status == 0
    install.write(2)
    steps = moves(install.develop())
    with start(
        ["develop"],
        cwd=install.root,
        environ=install.environ,
        changed=install.environment,
        what="SIGSTOP",
        point=steps[9],
    ) as first:
        os.waitid(os.P_PID, first.child.pid, os.WSTOPPED | os.WNOWAIT)
        with start(["develop"], cwd=install.root, environ=install.environ, changed=install.environment) as second:
            assert second.child.stderr is not None
            said = ""
            while "another install" not in said:  # cargo may wait for others, too
                said = second.child.stderr.readline()
                assert said, "it did not wait"
            first.child.send_signal(signal.SIGCONT)
            assert first.wait().status == 0
            assert second.wait().status == 0
    assert said == f"    Blocking waiting for another install into {install.site}\n"
    install.check(2)


def test_the_journal_of_another_project_is_left_alone(install: Install) -> None:
    install.write(1)
    for name in ("light_module_more", "light", "other"):
        journal = install.site / f".{name}.cratewheel-17-0123abcd.journal"
        journal.write_text('["new", ["light_module-1.dist-info/RECORD"], {}]\n', encoding="utf-8")
    assert install.develop().status == 0
    assert len(list(install.site.glob(".*.journal"))) == 3  # those above
    for journal in install.site.glob(".*.journal"):
        journal.unlink()
    install.check(1)


def test_a_damaged_journal_does_not_stop_an_install(install: Install) -> None:
    install.write(1)
    journal = install.site / ".light_module.cratewheel-17-0123abcd.journal"
    journal.write_bytes(b"\0\xff\n")
    run = install.develop()
    assert run.status == 0
    assert f"warning: {journal} was damaged and has been removed" in run.stderr
    install.check(1)


def test_a_hostile_journal_is_refused_and_nothing_of_it_done(install: Install) -> None:
    install.write(1)
    victim = install.environment.parent / "victim"
    victim.write_text("precious", encoding="utf-8")
    size, time = victim.stat().st_size, victim.stat().st_mtime_ns
    journal = install.site / ".light_module.cratewheel-17-0123abcd.journal"
    lines = (["new", [str(victim)], {}], ["commit", [], {"before": [], "new": [[size, time]]}])
    journal.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    run = install.develop()
    assert (run.status, "Building" in run.stderr) == (1, False)
    assert f"error: {journal} tells of {victim}, which is outside of {install.environment}" in run.stderr
    assert victim.read_text(encoding="utf-8") == "precious"
