"""Windows as the machine that builds: its Python under wine, with Linux' cargo, rustc and git as `cargo.exe` and so on.

`prepare.sh FOLDER wine` gets the parts. What `--target` names is built there and here, and must be the same.
"""

from __future__ import annotations

import importlib.metadata
import io
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cross.linux_programs import HERE, HOST, Server
from cross.test_targets import CARGO_TOML, CODE, PYPROJECT, SOURCE
from cross.windows_python import environment, windows
from git_projects import git

ROOT = Path(__file__).parents[2]
PARTS = Path(os.environ.get("CRATEWHEEL_CROSS") or ROOT / ".cross").absolute()
PYTHON = PARTS / "windows" / "cp311" / "python.exe"

pytestmark = [
    pytest.mark.cargo,
    pytest.mark.cross,
    pytest.mark.skipif(
        sys.platform != "linux"
        or platform.machine() != "x86_64"
        or shutil.which("wine") is None
        or not (PARTS / "windows" / "site").is_dir(),
        reason="tests/cross/prepare.sh got no Windows Python",
    ),
    pytest.mark.xdist_group("wine"),  # one folder of wine's
]

MAIN = "import sys; sys.path.insert(0, {folder!r}); from linux_programs import ask; sys.exit(ask({program!r}))\n"


def pip_here() -> Path:
    """Return the folder of pip beside these tests.

    `find_spec` would make setuptools take its distutils away again, with a warning.
    """
    return Path(str(importlib.metadata.distribution("pip").locate_file("pip")))


def write_shim(folder: Path, program: str) -> None:
    """Write `program.exe`, which has the server run `program`: pip's launcher, and a Python program behind it."""
    launcher = (pip_here() / "_vendor" / "distlib" / "t64.exe").read_bytes()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("__main__.py", MAIN.format(folder=windows(Path(__file__).parent), program=program))
    shebang = f'#!"{windows(PYTHON)}"\r\n'.encode()
    (folder / f"{program}.exe").write_bytes(launcher + shebang + content.getvalue())


class Windows:
    """cratewheel on Windows."""

    def __init__(self, folder: Path) -> None:
        self.programs = folder / "programs"
        self.programs.mkdir()
        for program in ("cargo", "rustc", "git", "cc"):
            write_shim(self.programs, program)
        self.server = Server(os.environ, PARTS / "wine")

    def run(self, *words: str, cwd: Path) -> str:
        """Run cratewheel and return what it printed; it must end well."""
        return self.python("-m", "cratewheel", *words, cwd=cwd)

    def python(self, *words: str, cwd: Path) -> str:
        """Run Python and return what it printed; it must end well."""
        return self.start(PYTHON, *words, cwd=cwd)

    def start(self, program: Path, *words: str, cwd: Path) -> str:
        """Run a program and return what it printed; it must end well."""
        environ = {
            **environment(PARTS, os.environ),
            "WINEPATH": windows(self.programs),
            "LINUX_PROGRAMS": str(self.server.port),
            "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER": "cc",  # which it would not guess
        }
        command = ["wine", str(program), *words]
        done = subprocess.run(command, cwd=cwd, env=environ, input=b"", capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout.decode()


@pytest.fixture(scope="module", name="over_there")
def over_there_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    found = Windows(tmp_path_factory.mktemp("windows"))
    yield found
    found.server.shutdown()
    found.server.server_close()


def here(*words: str, cwd: Path) -> None:
    command = [sys.executable, "-m", "cratewheel", *words]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(name="project")
def project_fixture(tmp_path: Path) -> Path:
    """A module of Python and Rust in git, with names that are sorted otherwise on Windows, and an executable file."""
    project = tmp_path / "project"
    shutil.copytree(ROOT / "tests" / "crates" / "light-module", project)
    for name in ("__init__.py", "B.py", "a.py", "ä.txt", "sub/x.py", "sub-1.txt", "Sub2/__init__.py"):
        path = project / "python" / "light_module" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"# {name}\n".encode())
    scripts = project / "light_module.data" / "scripts"
    scripts.mkdir(parents=True)
    (scripts / "run.sh").write_bytes(b"#!/bin/sh\n")
    (scripts / "run.sh").chmod(0o755)
    with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write('\n[tool.cratewheel]\npython-source = "python"\nmodule-name = "light_module.light_module"\n')
    git(project, "init", "-q")
    git(project, "add", "--all")
    git(project, "commit", "-q", "-m", "first")
    return project


@pytest.mark.parametrize("generator", ["cargo", "git"])
def test_a_source_distribution_has_the_same_bytes(over_there: Windows, project: Path, generator: str) -> None:
    with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(f'sdist-generator = "{generator}"\n')
    here("sdist", "-o", "here", cwd=project)
    over_there.run("sdist", "-o", "there", cwd=project)
    (first,), (second,) = ((project / name).iterdir() for name in ("here", "there"))
    with tarfile.open(first) as archive:
        modes = {member.name.partition("/")[2]: member.mode for member in archive}
    assert modes["light_module.data/scripts/run.sh"] == 0o755
    assert (second.name, second.read_bytes()) == (first.name, first.read_bytes())


def test_a_wheel_has_the_same_bytes(over_there: Windows, project: Path) -> None:
    words = ("build", "--no-sdist", "--target", HERE, "-i", "3.11", "--compatibility", "linux", "-o")
    here(*words, "here", cwd=project)
    over_there.run(*words, "there", cwd=project)
    (first,), (second,) = ((project / name).iterdir() for name in ("here", "there"))
    assert (second.name, second.read_bytes()) == (first.name, first.read_bytes())


HOLDING = "import sys, time; file = open(sys.argv[1], 'w'); file.write('x'); file.flush(); time.sleep(60)"
COMMON = f"""
import os, subprocess, sys, time
from pathlib import Path
from cratewheel.system.command import Command, capture

HOLDING, QUIET = {HOLDING!r}, dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)

def is_held(path):
    try:
        Path(path).unlink()
    except PermissionError:
        return True
    except FileNotFoundError:
        pass
    return False

def wait_for(path):
    while not (Path(path).is_file() and Path(path).stat().st_size):
        time.sleep(0.1)
"""
# what it starts: a program that starts another, which holds a file open as only running programs do there
CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLDING!r}, sys.argv[1]])"


def test_what_cratewheel_has_started_ends_when_it_is_killed(over_there: Windows, tmp_path: Path) -> None:
    parent = f"""{COMMON}
capture(Command(argv=(sys.executable, "-c", {CHILD!r}, "held")), os.environ)
"""
    code = f"""{COMMON}
parent = subprocess.Popen([sys.executable, "-c", {parent!r}], **QUIET)
wait_for("held")
assert is_held("held")
parent.kill()  # TerminateProcess
parent.wait()
for _ in range(100):
    if not is_held("held"):
        break
    time.sleep(0.1)
print(os.path.exists("held"))
"""
    assert over_there.python("-c", code, cwd=tmp_path) == "False\r\n"


@pytest.mark.long
def test_a_program_is_ended_with_what_it_started_and_a_server_stays(over_there: Windows, tmp_path: Path) -> None:
    code = f"""{COMMON}
done = capture(Command(argv=(sys.executable, "-c", {CHILD!r}, "held")), os.environ, timeout=8)
words = "[sys.executable, '-c', *sys.argv[1:]], stdin=-3, stdout=-3, stderr=-3"
server = f"import subprocess, sys; subprocess.Popen({{words}})"
own = capture(Command(argv=(sys.executable, "-c", server, HOLDING, "server")), os.environ)
wait_for("server")
print(done.status, is_held("held"), own.status, is_held("server"))
"""
    assert over_there.python("-c", code, cwd=tmp_path) == "124 False 0 True\r\n"


# a program of ours that has started another, which holds the file of its first argument; Ctrl-Break comes from itself
INTERRUPTED = f"""{COMMON}
import signal, threading
from cratewheel.system.signals import Handlers, TerminatedError

def press():
    wait_for(sys.argv[1])
    signal.raise_signal(signal.SIGBREAK)

if sys.argv[2] == "break":
    threading.Thread(target=press).start()
try:
    with Handlers():
        capture(Command(argv=(sys.executable, "-c", HOLDING, sys.argv[1])), os.environ)
except TerminatedError as error:
    os._exit(error.exit_status)
"""


@pytest.mark.long
def test_ctrl_c_and_ctrl_break_end_what_runs(tmp_path: Path) -> None:
    code = f"""{COMMON}
import ctypes
statuses = []
for key in ("c", "break"):
    child = subprocess.Popen([sys.executable, "-c", {INTERRUPTED!r}, key, key], **QUIET)
    wait_for(key)
    if key == "c":
        ctypes.windll.kernel32.SetConsoleCtrlHandler(None, 1)  # not for this process
        assert ctypes.windll.kernel32.GenerateConsoleCtrlEvent(0, 0)
    statuses += [child.wait(), is_held(key)]
Path("said").write_text(str(statuses))
"""
    on_terminal("-c", code, cwd=tmp_path)
    assert (tmp_path / "said").read_text() == "[130, False, 149, False]"


def on_terminal(*words: str, cwd: Path) -> None:
    """Run Windows' Python on a terminal: wine has a console only there."""
    import pty  # not on Windows

    ours, theirs = pty.openpty()
    with subprocess.Popen(
        ["wine", str(PYTHON), *words], cwd=cwd, env=environment(PARTS, os.environ), stdin=theirs, stdout=theirs,
        stderr=theirs, start_new_session=True,
    ) as child:  # fmt: skip
        os.close(theirs)
        with suppress(OSError):  # at its end
            while os.read(ours, 1 << 16):
                pass
        assert child.wait() == 0
    os.close(ours)


NETWORK = r"\\server\cratewheel"


@pytest.mark.long
@pytest.mark.parametrize("form", ["network", "long", "long network"])
def test_a_project_of_the_network_or_by_a_long_path(
    over_there: Windows, project: Path, tmp_path: Path, form: str
) -> None:
    share = PARTS / "wine" / "dosdevices" / "unc" / "server" / "cratewheel"  # where wine has the network
    share.parent.mkdir(parents=True, exist_ok=True)
    share.unlink(missing_ok=True)
    share.symlink_to(tmp_path)
    root = {
        "network": rf"{NETWORK}\project",
        "long": rf"\\?\{windows(project)}",
        "long network": rf"\\?\UNC{NETWORK[1:]}\project",
    }[form]
    here("sdist", "-o", "here", cwd=project)
    assert over_there.run("sdist", "-m", rf"{root}\Cargo.toml", "-o", rf"{root}\there", cwd=project).startswith(root)
    # wine starts no program in a folder of the network, so that git does not tell modes there
    assert content(project / "there") == content(project / "here")


def content(folder: Path) -> dict[str, bytes]:
    """Return what the files of the one sdist in a folder hold, by name."""
    (sdist,) = folder.iterdir()
    with tarfile.open(sdist) as archive:
        members = {member.name: archive.extractfile(member) for member in archive}
        return {name: stream.read() for name, stream in members.items() if stream is not None}


def test_names_of_devices_are_no_projects(over_there: Windows, tmp_path: Path) -> None:
    code = """
import sys
from cratewheel.cli import main
for path in ("NUL", "nul/con", "con.py", "a/aux/demo", "demo."):
    print(main(["new", path, "-b", "pyo3"]), flush=True)
"""
    assert over_there.python("-c", code, cwd=tmp_path) == "2\r\n" * 5
    assert list(tmp_path.iterdir()) == []


# -- a whole build for Windows, on Windows: `prepare.sh FOLDER windows wine`

RUST = PARTS / "rust" / "usr"


def rust_for_windows() -> dict[str, str] | None:
    """Return the variables by which a cargo compiles for Windows: rustup's, or one with a library of our own."""
    if (RUST / "lib" / "rustlib" / HOST / "lib").is_dir():
        cargo = subprocess.run(["rustup", "which", "cargo"], capture_output=True, text=True, check=False).stdout.strip()
        return {
            "RUSTC": str(RUST / "bin" / "rustc"),
            "PATH": f"{Path(cargo).parent}:{RUST / 'bin'}:{os.environ['PATH']}" if cargo else os.environ["PATH"],
            "LD_LIBRARY_PATH": str(RUST / "lib" / "x86_64-linux-gnu"),
        }
    asked = ["rustc", "--print", "target-libdir", "--target", HOST]
    folder = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return {} if folder and Path(folder).is_dir() else None


@pytest.fixture(scope="module", name="compiling")
def compiling_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    variables = rust_for_windows()
    made = PYTHON.with_name("bcryptprimitives.dll")
    if variables is None or shutil.which("x86_64-w64-mingw32-gcc") is None or not made.is_file():
        pytest.skip("tests/cross/prepare.sh got no standard library for Windows, or no linker")
    found = Windows(tmp_path_factory.mktemp("windows"))
    found.server.environ |= {**variables, "CARGO_TARGET_DIR": str(ROOT / "target" / "tests" / "wine")}
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture(name="pyo3_project")
def pyo3_project_fixture(tmp_path: Path) -> Path:
    folder = tmp_path / "over there"
    (folder / "src").mkdir(parents=True)
    (folder / "Cargo.toml").write_text(CARGO_TOML, encoding="utf-8")
    (folder / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (folder / "src" / "lib.rs").write_text(SOURCE, encoding="utf-8")
    return folder


def test_a_wheel_is_built_and_imported(compiling: Windows, pyo3_project: Path) -> None:
    said = compiling.run("build", "--no-sdist", "-o", "out", cwd=pyo3_project)
    (wheel,) = (pyo3_project / "out").iterdir()
    assert wheel.name == "over_there-1.0.0-cp39-abi3-win_amd64.whl"
    assert said.splitlines() == [windows(wheel)]
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(pyo3_project / "site")
    code = f"import sys; sys.path.insert(0, {windows(pyo3_project / 'site')!r}); {CODE}"
    assert compiling.python("-c", code, cwd=pyo3_project) == "42\r\n"


def make_environment(folder: Path) -> Path:
    """Make a virtual environment of Windows' Python, with pip; return its Python.

    The embeddable one has no `venv`. Its compiled modules lie beside `python.exe`.
    """
    scripts, site = folder / "Scripts", folder / "Lib" / "site-packages"
    scripts.mkdir(parents=True)
    site.mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text(f"home = {windows(PYTHON.parent)}\nversion = 3.11.9\n", encoding="utf-8")
    for file in PYTHON.parent.iterdir():
        if file.suffix in (".exe", ".dll", ".pyd", ".zip"):
            shutil.copy(file, scripts)
    shutil.copytree(pip_here(), site / "pip")
    return scripts / "python.exe"


def test_a_project_is_installed_for_development_and_by_pip(compiling: Windows, pyo3_project: Path) -> None:
    environment_python = make_environment(pyo3_project / ".venv")
    with (pyo3_project / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write('[project.scripts]\nover-there = "over_there:show"\n[tool.cratewheel]\npython-source = "python"\n')
    package = pyo3_project / "python" / "over_there" / "__init__.py"
    package.parent.mkdir(parents=True)
    package.write_text("from .over_there import add\n\ndef show():\n    print(add(40, 2))\n", encoding="utf-8")
    scripts = environment_python.parent
    for words in (
        ("-m", "cratewheel", "develop"),
        ("-m", "cratewheel", "develop"),  # over the files of the first
        ("-m", "pip", "install", "--no-build-isolation", "--no-deps", "--no-index", "."),
        ("-m", "pip", "install", "--no-build-isolation", "--no-deps", "--no-index", "--editable", "."),
    ):
        compiling.start(environment_python, *words, cwd=pyo3_project)
        assert compiling.start(environment_python, "-c", CODE, cwd=scripts) == "42\r\n"
        assert compiling.start(scripts / "over-there.exe", cwd=scripts) == "42\r\n"


def test_a_module_is_replaced_while_a_program_uses_it(compiling: Windows, pyo3_project: Path) -> None:
    python = make_environment(pyo3_project / ".venv")
    scripts, site = python.parent, pyo3_project / ".venv" / "Lib" / "site-packages"
    compiling.start(python, "-m", "cratewheel", "develop", cwd=pyo3_project)
    code = "import over_there, sys; print('here', flush=True); sys.stdin.read(); print(over_there.add(40, 2))"
    with subprocess.Popen(
        ["wine", str(python), "-c", code],
        cwd=scripts,
        env=environment(PARTS, os.environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as user:
        assert user.stdout is not None
        assert user.stdout.readline() == b"here\r\n"
        source = pyo3_project / "src" / "lib.rs"
        source.write_text(SOURCE.replace("left + right", "left + right + 1"), encoding="utf-8")
        compiling.start(python, "-m", "cratewheel", "develop", cwd=pyo3_project)
        assert compiling.start(python, "-c", CODE, cwd=scripts) == "43\r\n"
        assert user.communicate(b"")[0] == b"42\r\n"
    compiling.start(python, "-m", "cratewheel", "develop", cwd=pyo3_project)
    assert [path for path in site.rglob(".*") if "cratewheel" in path.name] == []
