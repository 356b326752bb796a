"""An install that is interrupted at any of its steps: the next one works, and nothing stays behind.

`CRATEWHEEL_TEST_FAULTS=200` tries so many steps for each signal; unless it is given, a few that are spread evenly.
"""

from __future__ import annotations

import base64
import csv
import dataclasses
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.points import STATUSES, Ended, run
from integration.conftest import ROOT, Cratewheel

pytestmark = [pytest.mark.cargo, pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")]

STEPS = int(os.environ.get("CRATEWHEEL_TEST_FAULTS", "6"))
COMMAND = (sys.executable, "-m", "cratewheel")
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
        package = self.root / "python" / "lightly"
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").write_text("from lightly._native import answer\n", encoding="utf-8")
        for name in (f"data/share/deep/er/{version}", "data/share/both", f"platlib/extra_{version}.py"):
            path = self.root / f"data-{version}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"VERSION = {version}\n", encoding="utf-8")

    def develop(self, what: str = "", point: int = 0, changed: Path | None = None) -> Ended:
        return run(
            [*COMMAND, "develop"], cwd=self.root, environ=self.environ, changed=changed or self.environment, what=what,
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
        site = self.environment / SITE
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

    def uninstall(self) -> None:
        """Have pip remove the project, of which nothing may stay."""
        pip = (sys.executable, "-m", "pip", "--python", self.environment / "bin" / "python")
        done = subprocess.run([*pip, "uninstall", "--yes", "light-module"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert [name for name in self.files() if (self.environment / name).is_file()] == []


@pytest.fixture
def install(tmp_path: Path) -> Install:
    target = Path(os.environ.get("CRATEWHEEL_TEST_TARGET") or ROOT / "target" / "tests").absolute()
    own = target / "light" / os.environ.get("PYTEST_XDIST_WORKER", "alone")  # as the fixture of the integration tests
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


@pytest.mark.parametrize("what", ["SIGKILL", "SIGINT", "SIGTERM", "EACCES"])
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
        assert (ended.status, "Traceback" in ended.stderr) == (STATUSES[what], False), (point, ended)
        if what != "SIGKILL":  # it had the time to clean up
            done = (install.environment / SITE / f"light_module-{version}.dist-info").exists()
            install.check(version if done else 3 - version)
        again = install.develop()
        assert again.status == 0, (point, again)
        install.check(version)
        version = 3 - version
    install.uninstall()
