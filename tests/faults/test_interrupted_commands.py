"""Signals at any moment of `clean` and `upload`: they end at once, and the next run does the rest.

The moments are random and the same each time. `CRATEWHEEL_TEST_FAULTS=200` tries so many for each command and signal.
"""

from __future__ import annotations

import importlib.util
import os
import random
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

import uploads
from faults.interruption import COMMAND, Ended, Stop, run
from faults.test_deaf_programs import MANIFEST, PYPROJECT, environ_of

pytestmark = [
    pytest.mark.cargo,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="what is left running is found in /proc"),
]

MOMENTS = int(os.environ.get("CRATEWHEEL_TEST_FAULTS", "2"))
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
WARNING = "warning: interrupted; no unfinished file was kept\n"


def check(ended: Ended, number: signal.Signals, stops: Sequence[Stop]) -> None:
    """Fail unless it has ended as the signal asks, or had come to its end by then."""
    assert ended.running == (), (stops, ended)
    if ended.status in (0, -number) or "init_import_site" in ended.stderr:
        return
    assert ended.status == 128 + number, (stops, ended)
    assert "Traceback" not in ended.stderr, (stops, ended)
    assert ended.stderr == "" or ended.stderr.endswith(WARNING), (stops, ended)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a project that was built once: its target directory, cache and wheel."""
    folder = tmp_path_factory.mktemp("clean")
    root = folder / "deaf"
    (root / "src").mkdir(parents=True)
    (root / "Cargo.toml").write_text(MANIFEST, encoding="utf-8")
    (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (root / "src" / "main.rs").write_text("fn main() {}\n", encoding="utf-8")
    build(folder)
    shutil.copytree(folder / "target", folder / "whole", symlinks=True)
    return folder


def environ(folder: Path) -> dict[str, str]:
    return environ_of(folder, XDG_CACHE_HOME=str(folder / "cache"))


def build(folder: Path) -> bytes:
    """Build the project and return the wheel."""
    argv: list[str | Path] = [*COMMAND, "build", "--no-sdist", "--out", folder / "out"]
    subprocess.run(argv, cwd=folder / "deaf", env=environ(folder), check=True, capture_output=True)
    (wheel,) = (folder / "out").iterdir()
    return wheel.read_bytes()


def clean(folder: Path, *stops: Stop) -> Ended:
    argv = (*COMMAND, "clean")
    return run(argv, cwd=folder / "deaf", environ=environ(folder), folder=folder / "said", stops=stops)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_clean_that_is_interrupted_is_done_by_the_next(built: Path, number: signal.Signals) -> None:
    chance = random.Random(f"clean {number.name}")
    target = built / "target"

    def restore() -> None:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(built / "whole", target, symlinks=True)

    restore()
    whole = clean(built)
    assert whole.status == 0, whole.stderr
    expected = files(target)
    for _ in range(MOMENTS):
        restore()
        stops = [Stop(after=chance.uniform(0, whole.seconds), number=number, group=chance.random() < 0.3)]
        check(clean(built, *stops), number, stops)
        again = clean(built)
        assert again.status == 0, (stops, again)
        assert files(target) == expected, stops
    before = {path.read_bytes() for path in (built / "out").iterdir()}
    assert {build(built)} == before


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_an_upload_that_is_interrupted_is_done_by_the_next(tmp_path: Path, number: signal.Signals) -> None:
    if importlib.util.find_spec("urllib3") is None:
        pytest.skip("the extra `publish` is not installed")
    chance = random.Random(f"upload {number.name}")
    archives = [
        *(uploads.wheel(tmp_path / "dist", tag=f"cp31{minor}-cp31{minor}-win32") for minor in range(3)),
        uploads.sdist(tmp_path / "dist"),
    ]
    whole = {path.name: path.read_bytes() for path in archives}
    variables = environ_of(
        tmp_path, MATURIN_PYPI_TOKEN="pypi-x", PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring"
    )

    def upload(url: str, *stops: Stop) -> Ended:
        argv: list[str | Path] = [*COMMAND, "upload", "--repository-url", url, *archives]
        return run(argv, cwd=tmp_path, environ=variables, folder=tmp_path / "said", stops=stops)

    with uploads.serving() as server:
        long = upload(server.url).seconds
        for _ in range(MOMENTS):
            stops = [Stop(after=chance.uniform(0, long), number=number, group=chance.random() < 0.3)]
            ended = upload(server.url, *stops)
            check(ended, number, stops)
            server.received.clear()
            again = upload(server.url)
            assert again.status == 0, (stops, again)
            assert {one.file: one.content for one in server.uploads[-len(whole) :]} == whole, stops
