"""What is kept between builds: nothing secret, nothing that others wrote, and nothing in the project."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import wheels

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters

pytestmark = [pytest.mark.cargo, pytest.mark.skipif(os.name != "posix", reason="modes and owners of POSIX")]

NOBODY = 65534
SECRETS = {
    name: f"planted-{number}-secret"
    for number, name in enumerate(
        (
            "CARGO_REGISTRY_TOKEN", "CARGO_REGISTRIES_MINE_TOKEN", "MATURIN_PASSWORD", "MATURIN_PYPI_TOKEN",
            "MATURIN_USERNAME", "CRATEWHEEL_PASSWORD", "CARGO_HTTP_PROXY", "UV_PUBLISH_TOKEN", "PIP_INDEX_URL",
        )
    )
}  # fmt: skip


@pytest.fixture
def cache(run_light: Cratewheel, tmp_path: Path) -> Path:
    """The cache folder of the runs of the test, which is not there yet."""
    run_light.environ["XDG_CACHE_HOME"] = str(tmp_path / "xdg")
    return tmp_path / "xdg" / "cratewheel"


def files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_kept_is_ours_alone_and_holds_no_secret(
    run_light: Cratewheel, interpreters: Interpreters, cache: Path, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    environ = {**SECRETS, "CARGO_TARGET_DIR": str(target)}
    secret = "planted-in-the-command-line"
    words = ("build", "-i", interpreters.this, "--config", f'http.user-agent="{secret}"')
    run_light(*words, crate="light-module", env=environ).ok()
    packed = target / "cratewheel" / "packed"
    kept = {*files(cache), *files(packed)}
    assert {path.name for path in kept} == {"interpreters.json", *(path.name for path in packed.iterdir())}
    assert {mode(path) for path in kept} == {0o600}
    assert {mode(path) for path in (cache, packed)} == {0o700}
    found = [
        (path, word)
        for path in (*files(cache), *files(target / "cratewheel"))
        for word in (*SECRETS.values(), secret)
        if word.encode() in path.read_bytes()
    ]
    assert found == []


def planted(cache: Path, python: Path) -> Path:
    """Change the version in the stored answer of an interpreter, and return the file."""
    file = cache / "interpreters.json"
    store = json.loads(file.read_bytes())
    store["interpreters"][os.path.realpath(python)]["answer"]["ext_suffix"] = ".cpython-39-x86_64-linux-gnu.so"
    store["interpreters"][os.path.realpath(python)]["answer"]["version"] = [3, 9, 1]
    file.write_text(json.dumps(store), encoding="utf-8")
    return file


@pytest.mark.parametrize("change", ["folder", "file", "link", "owner"])
def test_what_others_can_have_planted_is_not_believed(
    run_light: Cratewheel, interpreters: Interpreters, cache: Path, change: str
) -> None:
    words = ("build", "--no-sdist", "-i", interpreters.this)
    project = run_light.copy("light-module")
    python = "cp{}{}".format(*sys.version_info)
    run_light(*words, cwd=project).ok()
    file = planted(cache, interpreters.this)
    if change == "owner" and os.geteuid():
        pytest.skip("only root can give a folder away")
    match change:
        case "folder":
            cache.chmod(0o777)
        case "file":
            file.chmod(0o666)
        case "link":
            file.symlink_to(file.rename(file.with_name("elsewhere")))
        case "owner":
            os.chown(cache, NOBODY, NOBODY)
    run = run_light(*words, cwd=project).ok()
    assert wheels.tags(run.wheel).startswith(f"{python}-{python}-")
    assert run.stderr.count(" is not used: it ") == 1
    assert f"warning: {cache if change in ('folder', 'owner') else file} is not used: it " in run.stderr


def test_nobody_waits_for_a_pipe(run_light: Cratewheel, interpreters: Interpreters, cache: Path) -> None:
    cache.mkdir(parents=True, mode=0o700)
    os.mkfifo(cache / "interpreters.json")
    run = run_light("build", "--no-sdist", "-i", interpreters.this, crate="light-module", timeout=120).ok()
    assert "warning" not in run.stderr
    assert (cache / "interpreters.json").is_file()


@pytest.mark.parametrize("home", [".", "home", "~", "src/../home"])
def test_a_relative_home_puts_nothing_into_the_project(
    run_light: Cratewheel, interpreters: Interpreters, home: str
) -> None:
    project = run_light.copy("light-module")
    before = sorted(files(project))
    own = Path.home()
    environ = {"XDG_CACHE_HOME": home, "LOCALAPPDATA": home, "HOME": home}
    tools = {name: os.environ.get(name, str(own / f".{name[:-5].lower()}")) for name in ("CARGO_HOME", "RUSTUP_HOME")}
    run_light("build", "-i", interpreters.this, cwd=project, env={**environ, **tools}).ok()
    assert sorted(files(project)) == before


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="root mounts the folder read-only on Linux")
@pytest.mark.parametrize("place", ["", "target"])
def test_cargo_does_not_compile_where_others_can_write(
    run_light: Cratewheel, interpreters: Interpreters, cache: Path, tmp_path: Path, place: str
) -> None:
    mount, project = tmp_path / "mount", run_light.copy("light-module")
    mount.mkdir()
    (cache / "target").mkdir(parents=True)
    (cache / place).chmod(0o777)
    if subprocess.run(["mount", "--bind", project, mount], capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", mount], check=True)
        run = run_light("build", "-i", interpreters.this, cwd=mount, env={"CARGO_TARGET_DIR": None})
    finally:
        subprocess.run(["umount", mount], check=True)
    assert (run.status, run.wheels) == (1, ())
    assert (
        f"error: {mount} cannot be written, and cargo cannot compile in the cache: {(cache / place)} can be written by "
        "other users\n help: use another folder with --target-dir, or remove that one\n"
    ) in run.stderr
