"""The launcher of a program that is installed beside its libraries: found and run wherever installers put the two."""

from __future__ import annotations

import signal
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from cratewheel.repair import launcher

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the program of these tests is a shell script")

PROGRAM = '#!/bin/sh\necho "$$ {name}"\nfor word; do echo "<$word>"; done\n[ "$1" = kill ] && kill -9 $$\nexit 7\n'
UV: list[str | Path] = [sys.executable, "-m", "uv"]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel with a program, a shell script as it happens, and its launcher."""
    return packed(tmp_path_factory.mktemp("wheel"), "1")


def packed(folder: Path, version: str) -> Path:
    path = folder / f"demo-{version}-py3-none-any.whl"
    info = f"demo-{version}.dist-info"
    files = {
        "demo.scripts/demo": PROGRAM.format(name=version).encode(),
        f"demo-{version}.data/scripts/demo": launcher.script("demo", folder="demo.scripts", libs="demo.libs"),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: demo\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: false\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD")).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o100755 if "scripts" in name else 0o100644) << 16
            archive.writestr(entry, data)
    return path


@pytest.fixture(scope="session")
def env(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("env") / "env"
    subprocess.run([*UV, "venv", "-q", "--python", sys.executable, folder], check=True)
    return folder


@pytest.fixture(scope="session")
def in_env(env: Path, wheel: Path) -> Path:
    subprocess.run([*UV, "pip", "install", "-q", "--offline", "--python", env / "bin/python", wheel], check=True)
    return env / "bin/demo"


def run(program: Path, *words: str, **environ: str) -> tuple[int, list[str]]:
    """Return the exit status, and what the program printed but for its process number."""
    done = subprocess.run([program, *words], env=environ, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout.partition(" ")[2].splitlines()


def test_words_and_exit_status_are_those_of_the_program(in_env: Path) -> None:
    assert run(in_env, "a b", "", "*") == (7, ["1", "<a b>", "<>", "<*>"])


def test_the_launcher_becomes_the_program(in_env: Path) -> None:
    with subprocess.Popen([in_env, "kill"], stdout=subprocess.PIPE, text=True) as child:
        out, _ = child.communicate()
    assert out == f"{child.pid} 1\n<kill>\n"
    assert child.returncode == -signal.SIGKILL


def test_a_link_to_the_launcher_starts_the_program(in_env: Path, tmp_path: Path) -> None:
    (tmp_path / "demo").symlink_to(in_env)
    assert run(tmp_path / "demo") == (7, ["1"])


def test_a_copy_of_the_launcher_starts_the_program_of_its_environment(in_env: Path, tmp_path: Path) -> None:
    copy = tmp_path / "a/b/demo"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(in_env.read_bytes())
    copy.chmod(0o755)
    assert run(copy) == (7, ["1"])


@pytest.mark.parametrize("option", ["--target", "--prefix"])
def test_an_installation_elsewhere_is_preferred_to_the_environment_s_own(
    option: str, env: Path, in_env: Path, tmp_path: Path
) -> None:
    assert in_env.exists()
    other = packed(tmp_path, "2")
    python = ("--python", env / "bin/python")
    subprocess.run([*UV, "pip", "install", "-q", "--offline", *python, option, tmp_path / "place", other], check=True)
    assert run(tmp_path / "place/bin/demo") == (7, ["2"])


def test_pip_for_the_user_alone(wheel: Path, tmp_path: Path) -> None:
    python = Path(sys.base_prefix) / "bin" / f"python{sysconfig.get_python_version()}"
    options = ["--user", "--no-index", "--no-warn-script-location", "--disable-pip-version-check"]
    environ = {"PYTHONUSERBASE": str(tmp_path / "user"), "PIP_BREAK_SYSTEM_PACKAGES": "1", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [python, "-m", "pip", "install", "-q", *options, wheel],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"{python} has no pip that installs: {done.stderr}")
    assert run(tmp_path / "user/bin/demo", **environ) == (7, ["1"])
    # the variable is for the installation; the user who starts the program need not have it
    assert run(tmp_path / "user/bin/demo") == (7, ["1"])


def test_a_program_that_is_gone_is_told(env: Path, tmp_path: Path) -> None:
    script = tmp_path / "demo"
    script.write_bytes(launcher.script("gone", folder="demo.scripts", libs="demo.libs"))
    done = subprocess.run([env / "bin/python", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{script}: the program demo.scripts/gone is missing from its installation\n"


@pytest.mark.parametrize("version", ["3.8", "3.13"])
def test_other_pythons_run_it(version: str, tmp_path: Path) -> None:
    pythons = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    if not pythons:
        pytest.skip(f"there is no Python {version}")
    script, program = tmp_path / "bin/demo", tmp_path / "demo.scripts/demo"
    for path, data in ((script, launcher.script("demo", folder="demo.scripts", libs="demo.libs")),
                       (program, PROGRAM.format(name="x").encode())):  # fmt: skip
        path.parent.mkdir()
        path.write_bytes(data)
        path.chmod(0o755)
    done = subprocess.run([pythons[0], script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.partition(" ")[2], done.stderr) == (7, "x\n", "")
