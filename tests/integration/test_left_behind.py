"""What earlier and other builds leave or write in a project is content of no archive, and `clean` removes it."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import wheels

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters, Run

pytestmark = pytest.mark.cargo

WATCHDOG = 300.0  # seconds
AT_ONCE = 4
LEFT = (
    "dist/.light_module-1.2.3.tar.gz.999999999-0123abcd.tmp",
    "src/.lib.rs.999999999-0123abcd-2.old",
    "light_module/._native.so.999999999-0123abcd-0.tmp",
    ".stage.999999999-0123abcd.tmp/liblight_module.so.txt",
)
EARLIER = (
    "dist/light_module-1.2.2.tar.gz",
    "old/light_module-1.2.2-cp311-cp311-manylinux_2_34_x86_64.whl",
    "light_module/light_module-1.2.3-cp38-abi3-win_amd64.whl",
    "Light.Module-1.0.tar.gz",
)
USERS = ("dist/other-1.0.tar.gz", "light_module/data.tmp", "light_module/light_module-data.tar.gz", "src/keep.tmp")
MIXED = '\n[tool.cratewheel]\nmodule-name = "light_module.light_module"\ninclude = ["dist/*", "old/**/*"]\n'


def project(run_light: Cratewheel, *, more: str = "", git: bool = False) -> Path:
    """Return a copy of light-module with a Python package, and with files of each kind all over it."""
    root = run_light.copy("light-module")
    for name in ("light_module/__init__.py", *LEFT, *EARLIER, *USERS):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    with (root / "pyproject.toml").open("a") as file:
        file.write(MIXED + more)
    if git:
        subprocess.run(["git", "init", "-q"], cwd=root, check=True)
        subprocess.run(["git", "add", "--all", "--force"], cwd=root, check=True)
    return root


def members(sdist: Path) -> list[str]:
    with tarfile.open(sdist) as archive:
        return [name.partition("/")[2] for name in archive.getnames()]


SDIST = [
    "PKG-INFO", "Cargo.lock", "Cargo.toml", "dist/other-1.0.tar.gz", "light_module/__init__.py",
    "light_module/data.tmp", "light_module/light_module-data.tar.gz", "pyo3-ffi/Cargo.toml", "pyo3-ffi/src/lib.rs",
    "pyproject.toml", "src/keep.tmp", "src/lib.rs",
]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "git"),
    [("", False), ("", True), ('sdist-generator = "git"\n', True), ('sdist-generator = "git"\n', False)],
    ids=["cargo", "cargo in a repository", "git", "git without a repository"],
)
def test_an_sdist_has_neither_leftovers_nor_archives_of_the_project(
    more: str, git: bool, run_light: Cratewheel
) -> None:
    run = run_light("sdist", cwd=project(run_light, more=more, git=git)).ok()
    assert members(run.sdists[0]) == SDIST
    warned = [line.partition(" is skipped although")[0] for line in run.stderr.splitlines() if "is skipped" in line]
    assert warned == [f"warning: {run.project / name}" for name in EARLIER[:2]]


def test_a_wheel_has_neither_and_is_the_same_when_it_lies_in_its_own_package(
    run_light: Cratewheel, interpreters: Interpreters
) -> None:
    root = project(run_light)

    def built(out: str) -> tuple[list[str], Run]:
        run = run_light("build", "--no-sdist", "-i", interpreters.this, "--out", out, cwd=root).ok()
        return [name for name in wheels.names(Path(run.stdout.strip())) if not name.endswith((".so", ".pyd"))], run

    expected = ["dist/other-1.0.tar.gz", "light_module/__init__.py", "light_module/data.tmp"]
    expected += ["light_module/light_module-data.tar.gz"]
    for out in ("light_module", "light_module", "dist"):
        names, run = built(out)
        assert names == expected
        assert f"{root / EARLIER[0]} is skipped although include 'dist/*' matches it" in run.stderr


@pytest.mark.parametrize("git", [False, True], ids=["plain folder", "repository"])
def test_four_sdists_at_once_are_equal_though_they_are_written_where_they_read(
    git: bool, run_light: Cratewheel
) -> None:
    root = project(run_light, git=git)
    (root / "tmp").mkdir()
    for _ in range(3):
        running = [
            subprocess.Popen(
                [sys.executable, "-m", "cratewheel", "sdist", "--out", "dist"],
                cwd=root,
                env=run_light.environ | {"TMPDIR": str(root / "tmp")},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(AT_ONCE)
        ]
        answers = [(one.communicate(timeout=WATCHDOG), one.returncode) for one in running]
        assert [status for _, status in answers] == [0] * AT_ONCE, answers
    sdist = root / "dist" / "light_module-1.2.3.tar.gz"
    assert members(sdist) == SDIST
    alone = run_light("sdist", cwd=root).ok().sdists[0]
    assert hashlib.sha256(sdist.read_bytes()).digest() == hashlib.sha256(alone.read_bytes()).digest()


def test_clean_removes_what_killed_processes_left_and_nothing_of_the_users(
    run_light: Cratewheel, tmp_path: Path
) -> None:
    root = project(run_light)
    target, temporary = tmp_path / "target", tmp_path / "tmp"
    stage = target / "cratewheel" / ".stage.999999999-0123abcd.tmp"
    for folder in (stage, temporary / ".cratewheel.999999999-0123abcd.tmp"):
        folder.mkdir(parents=True)
        (folder / "file").touch()
    env = {"CARGO_TARGET_DIR": str(target), "TMPDIR": str(temporary)}
    shown = run_light("clean", "--stale", "--dry-run", cwd=root, env=env).ok()
    assert all((root / name).exists() for name in LEFT)
    assert all(f" Found {root / name} (temporary file" in shown.stderr for name in LEFT[:3])
    run_light("clean", "--stale", cwd=root, env=env).ok()
    assert not any((root / name).exists() for name in LEFT)
    assert list(temporary.iterdir()) == list((target / "cratewheel").iterdir()) == []
    assert all((root / name).exists() for name in (*EARLIER, *USERS))


def test_a_target_directory_that_git_does_not_ignore_stays_out(
    run_light: Cratewheel, interpreters: Interpreters
) -> None:
    root = run_light.copy("light-module")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    run_light("build", "--no-sdist", "-i", interpreters.this, "--target-dir", "built", cwd=root).ok()
    assert (root / "built" / "cratewheel" / "lock").exists()
    run = run_light("sdist", cwd=root).ok()
    assert members(run.sdists[0]) == [
        "PKG-INFO", "Cargo.lock", "Cargo.toml", "pyo3-ffi/Cargo.toml", "pyo3-ffi/src/lib.rs", "pyproject.toml",
        "src/lib.rs",
    ]  # fmt: skip
