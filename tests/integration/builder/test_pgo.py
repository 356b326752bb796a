"""Profile-guided builds with a real rustc, from the instrumented wheel to the optimised one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cratewheel.builder.pgo import find_profdata
from cratewheel.cargo.query import Rustc, read_rustc
from cratewheel.errors import MissingToolError

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters, Run

TRAIN = """\
import os, sys
import light_module
from pathlib import Path

assert sum(light_module.answer() for _ in range(1000)) == 42000
assert light_module.__file__.startswith(sys.prefix), light_module.__file__
assert os.environ["VIRTUAL_ENV"] == sys.prefix and os.environ["UV_PYTHON"].startswith(sys.prefix)
print("trained in", Path.cwd().name)
"""
PROFDATA = """#!/bin/sh
echo "{version}"
"""
pytestmark = pytest.mark.skipif(os.name == "nt", reason="the tools of these tests are shell scripts")


def tool(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def find(folder: Path, *, llvm: int | None = 22) -> Path:
    """Return what is found with the programs in `folder/bin` and a toolchain in `folder/rust`."""
    rustc = tool(folder / "bin" / "rustc", f"#!/bin/sh\necho {folder / 'rust'}\n")
    described = Rustc(version=(1, 95, 0), host="x86_64-unknown-linux-gnu", llvm=llvm)
    return find_profdata(described, {"PATH": str(folder / "bin"), "RUSTC": str(rustc)}, folder)


def test_rustups_llvm_profdata_comes_before_those_on_path(tmp_path: Path) -> None:
    of_path = tool(tmp_path / "bin" / "llvm-profdata", PROFDATA.format(version="LLVM version 22.1.8"))
    assert find(tmp_path) == of_path
    versioned = tool(tmp_path / "bin" / "llvm-profdata-22", PROFDATA.format(version="Debian LLVM version 22.1.8"))
    assert find(tmp_path) == versioned
    of_rustup = tool(
        tmp_path / "rust/lib/rustlib/x86_64-unknown-linux-gnu/bin/llvm-profdata",
        PROFDATA.format(version="  LLVM version 22.1.2-rust-1.95.0-stable"),
    )
    assert find(tmp_path) == of_rustup


def test_an_llvm_profdata_of_another_llvm_is_not_taken(tmp_path: Path) -> None:
    old = tool(tmp_path / "bin" / "llvm-profdata", PROFDATA.format(version="Debian LLVM version 14.0.6"))
    with pytest.raises(MissingToolError) as caught:
        find(tmp_path)
    assert caught.value.notes == (f"{old} is of LLVM 14, and rustc has LLVM 22",)
    assert find(tmp_path, llvm=None) == old
    tool(old, PROFDATA.format(version="who knows"))
    assert find(tmp_path) == old


def test_an_old_llvm_profdata_tells_its_version_by_a_subcommand_only(tmp_path: Path) -> None:
    usage = 'echo "llvm-profdata: Unknown command!" >&2; exit 1'
    text = f'#!/bin/sh\n[ "$1" = merge ] || {{ {usage}; }}\necho "Debian LLVM version 14.0.6"\n'
    old = tool(tmp_path / "bin" / "llvm-profdata", text)
    with pytest.raises(MissingToolError) as caught:
        find(tmp_path)
    assert caught.value.notes == (f"{old} is of LLVM 14, and rustc has LLVM 22",)


@pytest.fixture
def run_light(run_light: Cratewheel, tmp_path: Path) -> Cratewheel:
    """The command, which finds uv: without it, each training run has an environment with pip, which takes seconds."""
    beside = Path(sys.executable).with_name("uv")
    uv = beside if beside.exists() else shutil.which("uv")
    if uv is not None:
        (tmp_path / "with-uv").mkdir()
        (tmp_path / "with-uv" / "uv").symlink_to(uv)
        run_light.environ["PATH"] = f"{tmp_path / 'with-uv'}{os.pathsep}{run_light.environ['PATH']}"
    return run_light


@pytest.fixture
def profdata() -> Path:
    """The llvm-profdata of this machine's rustc."""
    try:
        return find_profdata(read_rustc(os.environ, Path.cwd()), os.environ, Path.cwd())
    except MissingToolError as error:
        pytest.skip(f"{error.message}: {error.hint}")


def make_project(run: Cratewheel, command: str, *, train: str = TRAIN, extra: str = "") -> Path:
    project = run.copy("light-module")
    (project / "train.py").write_text(train)
    with (project / "pyproject.toml").open("a") as file:
        file.write(f"\n[tool.maturin]\npgo-command = '{command}'\n{extra}")
    return project


def phases(run: Run) -> list[str]:
    return re.findall(r"Profile phase (\d) of 3", run.stderr)


def answer(wheel: Path, python: Path, folder: Path) -> str:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    code = "import light_module; print(light_module.answer())"
    return subprocess.run([python, "-c", code], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def test_a_wheel_is_optimised_with_the_profile_of_its_own_run(
    run_light: Cratewheel, interpreters: Interpreters, profdata: Path, tmp_path: Path
) -> None:
    project = make_project(run_light, 'python train.py && test -z "$PYTHONHOME"')
    flags = ("build", "--pgo", "-i", interpreters.this, "--no-sdist", "--target-dir", "my target")
    done = run_light(*flags, cwd=project, env={"PYTHONHOME": None}).ok()
    assert phases(done) == ["1", "2", "3"]
    assert "trained in light-module\n" in done.stderr
    assert answer(done.wheel, interpreters.this, tmp_path / "unpacked") == "42"
    (profile,) = project.glob("my target/cratewheel/pgo/training/*/*")
    assert (profile.name, profile.stat().st_size > 0) == ("merged.profdata", True)
    assert not list(project.rglob("*.profraw"))
    shown = subprocess.run(
        [profdata, "show", "--function=answer", "--counts", profile], check=True, capture_output=True, text=True
    )
    assert "Maximum function count: 1000\n" in shown.stdout
    again = run_light(*flags, "-v", cwd=project, env={"RUSTFLAGS": "-C debuginfo=1"}).ok()
    assert again.wheel.name == done.wheel.name
    assert f"-C debuginfo=1 -C 'profile-use={profile}'" in again.stderr


@pytest.mark.usefixtures("profdata")
def test_an_editable_install_is_optimised_too(
    run_light: Cratewheel, interpreters: Interpreters, tmp_path: Path
) -> None:
    project = make_project(run_light, "python train.py")
    subprocess.run([interpreters.this, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    done = run_light("develop", "--pgo", cwd=project, env={"VIRTUAL_ENV": str(tmp_path / "venv")}).ok()
    assert phases(done) == ["1", "2", "3"]
    python = tmp_path / "venv" / "bin" / "python"
    code = "import light_module; print(light_module.answer())"
    assert subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout == "42\n"


@pytest.mark.usefixtures("profdata")
def test_the_build_backend_reads_the_variable(run_light: Cratewheel, tmp_path: Path) -> None:
    project = make_project(run_light, "python train.py")
    (tmp_path / "wheels").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", f"import cratewheel; print(cratewheel.build_wheel({str(tmp_path / 'wheels')!r}))"],
        cwd=project,
        env={**run_light.environ, "MATURIN_PGO": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.findall(r"Profile phase (\d) of 3", done.stderr) == ["1", "2", "3"]
    assert [path.name for path in (tmp_path / "wheels").iterdir()] == done.stdout.split()


@pytest.mark.usefixtures("profdata")
@pytest.mark.parametrize("with_uv", [True, False], ids=["uv", "pip"])
def test_the_training_run_has_what_it_needs(
    run_light: Cratewheel, interpreters: Interpreters, tmp_path: Path, *, with_uv: bool
) -> None:
    if with_uv and shutil.which("uv", path=run_light.environ["PATH"]) is None:
        pytest.skip("uv is not installed")
    wheel = tmp_path / "helper-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("helper.py", "")
        archive.writestr("helper-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: helper\nVersion: 1\n")
        archive.writestr("helper-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("helper-1.dist-info/RECORD", "helper.py,,\n")
    groups = f'[dependency-groups]\nbench = ["helper @ {wheel.as_uri()}", "absent; python_version < \'3\'"]\n'
    extra = f'pgo-dependency-group = "bench"\n{groups}'
    project = make_project(run_light, "python train.py", train=f"import helper\n{TRAIN}", extra=extra)
    (tmp_path / "bin").mkdir()
    for name in ("cargo", "rustc", "sh", "cc", "ld", "git", "uname"):
        program = shutil.which(name)
        if program is not None:
            (tmp_path / "bin" / name).symlink_to(program)
    env = {} if with_uv else {"PATH": str(tmp_path / "bin")}
    done = run_light("build", "--pgo", "-i", interpreters.this, "--no-sdist", cwd=project, env=env).ok()
    assert f"  Installing helper @ {wheel.as_uri()}\n" in done.stderr
    assert "trained in" in done.stderr


@pytest.mark.usefixtures("profdata")
def test_zig_links_an_instrumented_wheel(run_light: Cratewheel, interpreters: Interpreters) -> None:
    pytest.importorskip("ziglang", reason="ziglang is not installed")
    project = make_project(run_light, "python train.py")
    done = run_light("build", "--pgo", "--zig", "-i", interpreters.this, "--no-sdist", cwd=project).ok()
    assert (phases(done), "manylinux_2_17" in done.wheel.name) == (["1", "2", "3"], True)


@pytest.mark.usefixtures("profdata")
def test_programs_are_profiled(run_light: Cratewheel, interpreters: Interpreters) -> None:
    project = run_light.copy("bin-two")
    with (project / "pyproject.toml").open("a") as file:
        file.write('\n[tool.maturin]\npgo-command = "bin-two && bin-two-more"\n')
    done = run_light("build", "--pgo", "-i", interpreters.this, "--no-sdist", cwd=project)
    assert (phases(done.ok()), len(done.wheels)) == (["1", "2", "3"], 1)


@pytest.mark.usefixtures("profdata")
def test_each_interpreter_trains_its_own_wheel(run_light: Cratewheel, interpreters: Interpreters) -> None:
    versions = interpreters.cpythons[-2:]
    project = make_project(run_light, "python train.py")
    chosen = [interpreters[version] for version in versions]
    done = run_light("build", "--pgo", "-i", *chosen, "--no-sdist", "--target-dir", "target", cwd=project).ok()
    assert (len(done.wheels), done.stderr.count("trained in")) == (len(versions), len(versions))
    assert len(list(project.glob("target/cratewheel/pgo/training/*/merged.profdata"))) == len(versions)


@pytest.mark.usefixtures("profdata")
@pytest.mark.parametrize(
    ("command", "message", "hint"),
    [
        (
            "echo out; echo err >&2; exit 3",
            "error: `echo out; echo err >&2; exit 3` failed (status 3), so there is no profile",
            "fix what it says above, or choose another `pgo-command`",
        ),
        (
            "true",
            "error: `true` left no profile: no compiled code of the project ran",
            "let it import the module of the environment that it runs in",
        ),
    ],
    ids=["fails", "uses nothing"],
)
def test_a_training_run_that_gives_no_profile_ends_the_build(
    run_light: Cratewheel, interpreters: Interpreters, command: str, message: str, hint: str
) -> None:
    project = make_project(run_light, command)
    done = run_light("build", "--pgo", "--quiet", "-i", interpreters.this, "--no-sdist", cwd=project)
    assert (done.status, done.wheels) == (1, ())
    assert message in done.stderr
    assert hint in done.stderr
    if "out" in command:
        assert sorted(done.stderr.splitlines()[:2]) == ["err", "out"]


def test_without_a_command_nothing_is_compiled(run_light: Cratewheel, interpreters: Interpreters) -> None:
    done = run_light("build", "--pgo", "-i", interpreters.this, crate="light-module")
    assert done.status == 1
    assert "error: --pgo needs `pgo-command`" in done.stderr
    assert "Compiling" not in done.stderr
