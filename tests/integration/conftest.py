"""What tests that start programs share: a cargo target directory, interpreters, the command, and the peer."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import pytest

from fork_server import SERVER

ROOT = Path(__file__).parents[2]
CRATES = ROOT / "tests" / "crates"
# What cargo says when it waits for another test's cargo
WAITING = re.compile(r"^(?:\[[^\]]*\] )? +Blocking waiting for file lock on .*\n", re.MULTILINE)
TIMEOUT = 900.0  # seconds for one command; a cold pyo3 under load takes a minute or two

# Variables of the caller that would change what is built.
AMBIENT = (
    "CARGO_BUILD_TARGET", "CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "CONDA_PREFIX", "VIRTUAL_ENV", "PYTHONHOME",
    "PYTHONPATH", "PYO3_CONFIG_FILE", "PYO3_PYTHON", "PYO3_CROSS", "PYO3_CROSS_LIB_DIR", "PYO3_CROSS_PYTHON_VERSION",
    "PYTHON_SYS_EXECUTABLE", "pythonLocation", "SOURCE_DATE_EPOCH", "FORCE_COLOR", "_PYTHON_HOST_PLATFORM",
    "ARCHFLAGS", "MACOSX_DEPLOYMENT_TARGET", "RUST_LOG", "PYTHONDONTWRITEBYTECODE",
)  # fmt: skip
AMBIENT_PREFIXES = ("CRATEWHEEL_", "MATURIN_")
# What most tests do not look at, and takes time to compile.
CHEAPER = {"CARGO_INCREMENTAL": "0", "CARGO_PROFILE_DEV_DEBUG": "0"}

PROBE = """
import platform, sys, sysconfig
name = {"cpython": "", "pypy": "pypy", "graalpy": "graalpy"}[sys.implementation.name]
threaded = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") == 1 else ""
print("%s%d.%d%s" % (name, sys.version_info[0], sys.version_info[1], threaded), sys.executable)
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run of cratewheel left. `project` is the folder it ran in, `out` where archives were to go.

    `stderr` is without what depends on the other tests: that cargo waited for one of theirs.
    """

    status: int
    stdout: str
    stderr: str
    project: Path
    out: Path
    wheels: tuple[Path, ...]
    sdists: tuple[Path, ...]

    def ok(self) -> Run:
        """Return this run if it succeeded; show what it said otherwise."""
        assert self.status == 0, f"exit status {self.status}\n{self.stdout}\n{self.stderr}"
        return self

    @property
    def wheel(self) -> Path:
        """The only wheel of a run that succeeded."""
        (wheel,) = self.ok().wheels
        return wheel


class Interpreters(dict[str, Path]):
    """The real interpreters of this machine: "3.11", "3.14t", "pypy3.9" → program. An absent one skips the test."""

    def __missing__(self, version: str) -> Path:
        pytest.skip(f"no Python {version} on this machine (there are: {', '.join(sorted(self)) or 'none'})")

    @property
    def this(self) -> Path:
        """The interpreter behind the one that runs the tests, which every machine has."""
        return self[f"{sys.version_info[0]}.{sys.version_info[1]}"]

    @property
    def cpythons(self) -> tuple[str, ...]:
        """The versions of CPython with a GIL, oldest first."""
        found = [version for version in self if version[0].isdigit() and not version.endswith("t")]
        return tuple(sorted(found, key=lambda version: tuple(map(int, version.split(".")))))


class Cratewheel:
    """The command, ready to run over a copy of a crate."""

    def __init__(self, *, cargo_target: Path, folder: Path) -> None:
        self.folder = folder
        self.copies: list[tuple[Path, Path]] = []
        self.changed = cargo_target / "changed"
        self.environ = {
            name: value
            for name, value in os.environ.items()
            if name not in AMBIENT and not name.startswith(AMBIENT_PREFIXES)
        } | {
            "CARGO_TARGET_DIR": str(cargo_target),
            "CARGO_TERM_COLOR": "never",
            "NO_COLOR": "1",
            **CHEAPER,
        }
        try:
            importlib.metadata.distribution("cratewheel")
        except importlib.metadata.PackageNotFoundError:
            self.environ["PYTHONPATH"] = str(ROOT / "src")

    def copy(self, crate: str | Path) -> Path:
        """Return a fresh copy of a crate of tests/crates/, or of the project at a path.

        Cargo takes all copies of a crate for the same package, and goes by times alone: where another copy was changed
        and compiled before, the files of this one are as young as that, so that they are compiled again.
        """
        self.settle()
        source = CRATES / crate if isinstance(crate, str) else crate
        destination = self.folder / source.name
        number = 1
        while destination.exists():
            number += 1
            destination = self.folder / str(number) / source.name
        shutil.copytree(source, destination, symlinks=True, ignore=shutil.ignore_patterns("target", "__pycache__"))
        with suppress(FileNotFoundError):
            changed = (self.changed / source.name).stat().st_mtime_ns
            for path in destination.rglob("*"):
                if path.is_file() and not path.is_symlink() and path.stat().st_mtime_ns < changed:
                    os.utime(path, ns=(changed, changed))
        self.copies.append((source, destination))
        return destination

    def settle(self) -> None:
        """Note of which crates a copy was changed; called when it will not be compiled again."""
        for source, copy in self.copies:
            if _rust_files(source) != _rust_files(copy):
                self.changed.mkdir(parents=True, exist_ok=True)
                (self.changed / source.name).touch()

    def __call__(
        self,
        *arguments: str | Path,
        crate: str | Path | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str | None] | None = None,
        timeout: float = TIMEOUT,
        default_out: bool = False,
    ) -> Run:
        """Run `python -m cratewheel` with `arguments` in `cwd`, or in a fresh copy of `crate`.

        `build` and `sdist` write to a folder of their own unless told where, or to their `default_out`; a variable of
        `env` that is None is unset.
        """
        project = cwd if cwd is not None else self.copy(crate) if crate is not None else self.folder
        words = [str(argument) for argument in arguments]
        out = _out_folder(words, project)
        if out is None:
            out = self.folder / "out" / str(len(list((self.folder / "out").glob("*"))))
            out.mkdir(parents=True)
            if words and words[0] in ("build", "b", "sdist") and not default_out:
                words[1:1] = ["--out", str(out)]
        environ = {name: value for name, value in (self.environ | dict(env or {})).items() if value is not None}
        done = SERVER.run(words, cwd=project, env=environ, timeout=timeout)
        return Run(
            status=done.returncode,
            stdout=done.stdout,
            stderr=WAITING.sub("", done.stderr),
            project=project,
            out=out,
            wheels=tuple(sorted(out.glob("*.whl"))),
            sdists=tuple(sorted(out.glob("*.tar.gz"))),
        )


@pytest.fixture(scope="session")
def cargo_target() -> Path:
    """The target directory that all tests compile in, in every test process and run; cargo itself locks it."""
    chosen = os.environ.get("CRATEWHEEL_TEST_TARGET")
    target = Path(chosen).absolute() if chosen else ROOT / "target" / "tests"
    target.mkdir(parents=True, exist_ok=True)
    return target


@pytest.fixture(scope="session")
def interpreters() -> Interpreters:
    """The interpreters of this machine, found without the code under test."""
    found = Interpreters()
    for program in _candidates():
        try:
            answer = subprocess.run(
                [program, "-I", "-c", PROBE],
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except OSError:
            continue
        version, _, executable = answer.stdout.strip().partition(" ")
        if answer.returncode == 0 and executable:
            found.setdefault(version, Path(executable))
    return found


@pytest.fixture
def run_cratewheel(cargo_target: Path, tmp_path: Path) -> Iterator[Cratewheel]:
    """The command: `run_cratewheel("build", "-i", "3.11", crate="pyo3-pure").wheel`."""
    command = Cratewheel(cargo_target=cargo_target, folder=tmp_path)
    yield command
    command.settle()


@pytest.fixture(scope="session")
def own_target(cargo_target: Path) -> Iterator[Path]:
    """A target directory for crates that share nothing: of this test process alone, so that no other is waited for."""
    base = cargo_target / "light" / os.environ.get("PYTEST_XDIST_WORKER", "alone")
    for number in itertools.count(1):  # one is taken where somebody else tests the same checkout
        target = base if number == 1 else base.with_name(f"{base.name}-{number}")
        target.mkdir(parents=True, exist_ok=True)
        with (target / "tests.lock").open("w") as lock:
            if not _taken(lock):
                yield target
                return


@pytest.fixture
def run_light(own_target: Path, tmp_path: Path) -> Iterator[Cratewheel]:
    """The command for crates without dependencies: as `run_cratewheel`, compiling in `own_target`."""
    command = Cratewheel(cargo_target=own_target, folder=tmp_path)
    yield command
    command.settle()


@pytest.fixture(scope="session")
def peer() -> Path:
    """The program of maturin, to compare with."""
    beside = Path(sys.executable).with_name("maturin.exe" if os.name == "nt" else "maturin")
    chosen = os.environ.get("CRATEWHEEL_TEST_PEER") or (str(beside) if beside.exists() else shutil.which("maturin"))
    if chosen is None:
        pytest.skip("maturin is not installed: `pip install --group test` brings it")
    return Path(chosen)


@pytest.fixture(scope="session")
def own_wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheels of this tree and of its drop-in for maturin."""
    folder = tmp_path_factory.mktemp("wheels")
    for source in (ROOT, ROOT / "compat" / "maturin"):
        subprocess.run(
            [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source],
            check=True,
            capture_output=True,
        )
    return folder


def pytest_unconfigure() -> None:
    """End the server that starts the command."""
    SERVER.close()


@pytest.hookimpl(tryfirst=True)  # xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have one worker do all that compiles in the common target directory: two would wait for each other."""
    for item in items:
        if "run_cratewheel" in getattr(item, "fixturenames", ()) and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group("pyo3"))


def _taken(lock: TextIO) -> bool:
    """Take a lock until its file is closed, and return whether another process has it already."""
    if os.name == "nt":
        return False
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _rust_files(project: Path) -> dict[str, bytes]:
    paths = (path for path in project.rglob("*.rs") if "target" not in path.parts and path.is_file())
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in paths}


def _candidates() -> Iterator[Path]:
    base = Path(getattr(sys, "_base_executable", sys.executable))
    yield base
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from sorted(pyenv.glob("*/bin/python"))
    names = [f"python3.{minor}{threaded}" for minor in range(8, 16) for threaded in ("", "t")]
    names += ["pypy3", *(f"pypy3.{minor}" for minor in range(9, 13))]
    for name in names:
        program = shutil.which(name)
        if program is not None and "shims" not in Path(program).parts:  # a shim starts what is found above
            yield Path(program)


def _out_folder(words: Sequence[str], project: Path) -> Path | None:
    for position, word in enumerate(words):
        if word in ("-o", "--out") and position + 1 < len(words):
            return project / words[position + 1]
        if word.startswith("--out="):
            return project / word.removeprefix("--out=")
    return None
