"""Machines that lack what others have: a new Python, tools, locks and links, folders to write to, /proc."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters

ROOT = Path(__file__).parents[2]
LIMITED = ROOT / "tests" / "faults" / "limited.c"
NFD = "cafe\N{COMBINING ACUTE ACCENT}.py"
linux = pytest.mark.skipif(sys.platform != "linux", reason="preloads a library, or mounts")
RUST = "install Rust: https://rustup.rs, or your system's packages rustc and cargo"


@pytest.mark.parametrize("version", ["3.7", "3.8", "3.9", "pypy3.9"])
def test_a_python_that_is_too_old_says_so(interpreters: Interpreters, version: str) -> None:
    python = interpreters[version]
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [python, "-m", "cratewheel", "build"], env=environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: cratewheel needs Python 3.10 or newer, and ")
    assert done.stderr.count("\n") == 1
    hook = "import cratewheel; cratewheel.build_wheel"
    done = subprocess.run([python, "-c", hook], env=environ, capture_output=True, text=True, check=False)
    assert "ImportError: cratewheel needs Python 3.10 or newer, and " in done.stderr


@pytest.mark.parametrize(
    ("words", "status", "error", "hint"),
    [
        (["build"], 1, "the Rust compiler (rustc) was not found", RUST),
        (["develop"], 1, "no environment to install into: ", "create one with "),
        (["sdist"], 1, "cargo was not found", RUST),
        (["list-files"], 1, "cargo was not found", RUST),
        (["clean"], 1, "cargo was not found", RUST),
        (["build-extension", "--out", "x"], 1, "the Rust compiler (rustc) was not found", RUST),
        (["generate-ci", "github"], 1, "the Rust compiler (rustc) was not found", RUST),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_each_command_names_what_a_bare_machine_lacks(
    run_light: Cratewheel, words: list[str], status: int, error: str, hint: str
) -> None:
    project = run_light.copy("light-module")
    done = subprocess.run(
        [sys.executable, "-m", "cratewheel", *words],
        cwd=project, env=bare(run_light, project.parent), capture_output=True, text=True, check=False,
    )  # fmt: skip
    first, *_, last = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (status, "")
    assert first.startswith(f"error: {error}")
    assert last.startswith(f" help: {hint}")


@pytest.mark.parametrize(
    "words", [["metadata"], ["list-python"], ["completions", "bash"], ["new", "-b", "pyo3", "made"]]
)
def test_commands_that_need_no_tools_run_on_a_bare_machine(run_light: Cratewheel, words: list[str]) -> None:
    project = run_light.copy("light-module")
    done = subprocess.run(
        [sys.executable, "-m", "cratewheel", *words],
        cwd=project, env=bare(run_light, project.parent), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, "error" in done.stderr) == (0, False)


# of the standard library, which a Python is built without where the development files of libraries are missing
LEFT_OUT = ("_bz2", "_ctypes", "_hashlib", "_lzma", "_ssl", "readline")
WITHOUT = (
    f"import sys; sys.modules.update(dict.fromkeys({LEFT_OUT})); from cratewheel.__main__ import program; program()"
)


@pytest.mark.skipif(sys.platform == "win32", reason="its Pythons have them all")
def test_a_python_that_was_built_without_some_modules(run_light: Cratewheel, tmp_path: Path) -> None:
    project, out = run_light.copy("light-module"), tmp_path / "out"

    def run(*words: str | Path) -> str:
        argv = [sys.executable, "-c", WITHOUT, *words]
        done = subprocess.run(argv, cwd=project, env=run_light.environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    archives = [Path(line) for line in run("build", "-i", sys.executable, "--out", out).splitlines()]
    assert [path.suffix for path in archives] == [".gz", ".whl"]
    assert all(path.name in run("inspect", path) for path in archives)
    assert "pyproject.toml" in run("list-files")
    run("doctor")


def bare(run: Cratewheel, folder: Path) -> dict[str, str]:
    """Return the environment of a machine that has nothing but this Python, and no home folder."""
    path = folder / "empty"
    path.mkdir(exist_ok=True)
    kept = ("PYTHONPATH", "SYSTEMROOT", "PATHEXT")  # Windows does not start a program without the second
    return {"PATH": str(path), **{name: run.environ[name] for name in kept if name in run.environ}}


@linux
def test_a_file_system_without_locks_links_and_fsync(run_light: Cratewheel, tmp_path: Path) -> None:
    library = tmp_path / "limited.so"
    try:
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, LIMITED], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no C compiler")
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=False)
    own = {
        "LD_PRELOAD": str(library),
        "CARGO_INCREMENTAL": "0",  # rustc refuses to without locks, and says so
        "CARGO_TARGET_DIR": str(tmp_path / "target"),
        "VIRTUAL_ENV": str(environment),
    }
    project = run_light.copy("light-module")
    assert run_light("build", "-i", sys.executable, cwd=project, env=own).ok().wheel.is_file()
    for _ in range(2):
        run_light("develop", cwd=project, env=own).ok()
        subprocess.run([environment / "bin" / "python", "-c", "import light_module"], check=True)
    assert [path for path in environment.rglob(".*") if "cratewheel" in path.name] == []


@linux
def test_a_root_that_is_read_only_and_one_writable_folder(run_light: Cratewheel, tmp_path: Path) -> None:
    project = run_light.copy("light-module")
    run_light("build", "-i", sys.executable, cwd=project).ok()  # with all that cargo downloads
    script = (
        'mount --bind "$1" "$1" && mount -o remount,bind,ro / && cd "$2" && '
        f'"{sys.executable}" -m cratewheel build -i "{sys.executable}" -o "$1/out" --target-dir "$1/target"'
    )
    writable = tmp_path / "writable"
    (writable / "tmp").mkdir(parents=True)
    done = mounted(script, run_light.environ | {"TMPDIR": str(writable / "tmp")}, writable, project)
    assert done.returncode == 0, done.stderr
    assert sorted(path.suffix for path in (writable / "out").iterdir()) == [".gz", ".whl"]
    assert list((writable / "tmp").iterdir()) == []


@linux
def test_no_proc(run_light: Cratewheel) -> None:
    project = run_light.copy("light-module")
    script = (
        'mount -t tmpfs none /proc && cd "$1" && '
        f'"{sys.executable}" -m cratewheel list-python && "{sys.executable}" -m cratewheel build'
    )
    done = mounted(script, run_light.environ, project)
    assert "CPython" in done.stdout
    if "/proc/self/exe" in done.stderr:  # rustup cannot do without
        assert done.stderr.endswith(" help: rustup needs /proc: `mount -t proc proc /proc`\n")


@linux
@pytest.mark.parametrize("device", ["true", "mknod -m 666 /dev/null c 1 3"])
def test_no_null_device(run_light: Cratewheel, device: str) -> None:
    project = run_light.copy("light-module")
    script = (
        f'mount -t tmpfs -o nodev none /dev && {device} && cd "$1" && '
        f'"{sys.executable}" -m cratewheel metadata && "{sys.executable}" -m cratewheel build'
    )
    done = mounted(script, run_light.environ, project)
    assert done.returncode == 1
    assert "Name: light-module\n" in done.stdout
    reason = "No such file or directory" if device == "true" else "Permission denied"
    assert done.stderr == f"error: /dev/null cannot be opened: {reason}\n help: mount /dev\n"


def mounted(script: str, environ: dict[str, str], *arguments: Path) -> subprocess.CompletedProcess[str]:
    """Run a script of the shell with mounts of its own, or skip the test where that is not allowed."""
    if subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
    ).returncode:
        pytest.skip("mounts need root")
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", *arguments],
        env=environ, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the names are one file there")
def test_names_that_are_one_file_elsewhere_are_a_warning_of_the_sdist(run_light: Cratewheel) -> None:
    project = run_light.copy("light-module")
    for name in ("Notes.txt", "notes.txt", "src/code.rs", "src/Code.rs"):
        (project / name).write_text("", encoding="utf-8")
    run = run_light("sdist", cwd=project).ok()
    assert "warning: src/Code.rs and src/code.rs are one file on Windows and macOS\n" in run.stderr
