"""Wheels of files that something else compiled."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from integration.test_artifacts import FULL, PYPROJECT, names, workspace

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters, Run

pytestmark = pytest.mark.cargo


def without_cargo(run: Cratewheel, python: Path) -> dict[str, str]:
    """Return variables for a machine that has the interpreter, and no cargo or rustc."""
    folder = run.folder / "bin"
    folder.mkdir(exist_ok=True)
    if not (folder / "python3").exists():
        (folder / "python3").symlink_to(python)
    return {"PATH": f"{folder}:/usr/bin:/bin", "HOME": str(run.folder)}


def compiled(run: Cratewheel, root: Path, python: Path, *words: str) -> tuple[Run, Path]:
    """Return the build of a crate, and the folder of what cargo made."""
    target = run.folder / "target"
    done = run("build", "--no-sdist", "-i", python, *words, cwd=root, env={"CARGO_TARGET_DIR": str(target)})
    done.ok()
    return done, target / "debug"


def pack(run: Cratewheel, root: Path, python: Path, *words: str | Path, **env: str) -> Run:
    flags = [word for value in words for word in ("--prebuilt", str(value))]
    return run("build", "-i", python, *flags, cwd=root, env=env)


@pytest.mark.parametrize("features", ["", 'features = ["stable"]\n'], ids=["one Python", "abi3"])
def test_a_prebuilt_module_makes_the_wheel_that_compiling_makes(
    run_light: Cratewheel, interpreters: Interpreters, features: str
) -> None:
    root, python = run_light.copy("light-module"), interpreters["3.12"]
    with (root / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(f"[tool.cratewheel]\n{features}sbom = {{ rust = false }}\n")
    done, made = compiled(run_light, root, python)
    library = shutil.copy(made / "liblight_module.so", run_light.folder / "built-elsewhere.so")
    here = pack(run_light, root, python, library)
    assert (here.wheel.name, here.wheel.read_bytes()) == (done.wheel.name, done.wheel.read_bytes())
    assert "Compiling" not in here.stderr
    away = pack(run_light, root, python, library, **without_cargo(run_light, python))
    assert (away.wheel.name, away.wheel.read_bytes()) == (done.wheel.name, done.wheel.read_bytes())


def test_prebuilt_files_of_several_artifacts_are_told_apart(run_light: Cratewheel, interpreters: Interpreters) -> None:
    root, python = workspace(run_light, FULL.format("", "")), interpreters["3.12"]
    done, made = compiled(run_light, root, python)
    files = (
        f"px._native={made / 'liblight_module.so'}",
        f"second={made / 'libsecond.so'}",
        made / "light-tool",
        f"light={made / 'liblight.so'}",
    )
    here = pack(run_light, root, python, *files)
    assert here.wheel.read_bytes() == done.wheel.read_bytes()
    away = pack(run_light, root, python, *files, **without_cargo(run_light, python))
    assert away.wheel.name == done.wheel.name
    assert names(away.wheel) == [name for name in names(done.wheel) if "/sboms/" not in name]
    assert "the wheel has no SBOM of its crates, as there is no cargo to tell them" in away.stderr


def test_a_program_is_no_library_and_the_error_names_the_file_as_given(
    run_light: Cratewheel, interpreters: Interpreters
) -> None:
    root, python = workspace(run_light, FULL.format("", "")), interpreters["3.12"]
    _, made = compiled(run_light, root, python)
    tool, library = made / "light-tool", made / "liblight.so"
    wrong = pack(run_light, root, python, f"light={tool}")
    assert f"error: the prebuilt file {tool} is a program, and light is a library" in wrong.stderr
    assert "name the file that cargo makes of it, liblight.so" in wrong.stderr
    other = pack(run_light, root, python, f"light-tool={library}")
    assert f"error: the prebuilt file {library} is a library, and light-tool is a program" in other.stderr
    text = root / "text.so"
    text.write_text("no library\n", "utf-8")
    none = pack(run_light, root, python, f"light={text}")
    assert f"error: {text}: this is not a compiled library or program" in none.stderr
    cut = root / "cut.so"
    cut.write_bytes(library.read_bytes()[:4000])
    short = pack(run_light, root, python, f"light={cut}")
    assert f"error: {cut}: the ELF file is damaged: it ends before what a program loads of it" in short.stderr
    assert (wrong.wheels, other.wheels, none.wheels, short.wheels) == ((), (), (), ())


def test_a_table_may_name_the_file_and_the_rest_is_compiled(run_light: Cratewheel, interpreters: Interpreters) -> None:
    root, python = workspace(run_light, FULL.format("", "")), interpreters["3.12"]
    done, made = compiled(run_light, root, python)
    shutil.copy(made / "liblight.so", root / "light.bin")
    text = (root / "pyproject.toml").read_text("utf-8")
    (root / "pyproject.toml").write_text(
        text.replace('path = "px/c"', 'path = "px/c"\nprebuilt = "light.bin"'), "utf-8"
    )
    shown = run_light("build", "--dry-run", "-i", python, cwd=root).ok().stdout
    assert f"  takes   {root / 'light.bin'}" in shown
    assert "clib/Cargo.toml" not in shown
    run, _ = compiled(run_light, root, python)
    assert run.wheel.read_bytes() == done.wheel.read_bytes()


def test_a_prebuilt_program_gets_its_name_back(run_light: Cratewheel, interpreters: Interpreters) -> None:
    root = run_light.copy("bin-mixed")
    done = run_light("build", "--no-sdist", cwd=root, env={"CARGO_TARGET_DIR": str(run_light.folder / "target")})
    program = shutil.copy(run_light.folder / "target/debug/bin-mixed", run_light.folder / "anything")
    run = pack(run_light, root, interpreters.this, program)
    assert run.wheel.read_bytes() == done.wheel.read_bytes()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("missing.so", "the prebuilt file {root}/missing.so of light_module does not exist"),
        ("Cargo.toml", "is not a file that a system could run or load"),
        ("other={made}/liblight_module.so", "the prebuilt file {root}/other={made}/liblight_module.so of light_module"),
    ],
)
def test_a_file_that_is_not_it_is_refused(
    run_light: Cratewheel, interpreters: Interpreters, value: str, message: str
) -> None:
    root, python = run_light.copy("light-module"), interpreters["3.12"]
    made = run_light.folder / "made"
    run = pack(run_light, root, python, value.format(made=made))
    assert run.status != 0
    assert message.format(root=root, made=made) in run.stderr or "Cargo.toml" in value
    assert "Traceback" not in run.stderr
    assert run.wheels == ()


def test_a_library_of_another_module_python_or_machine_is_refused(
    run_light: Cratewheel, interpreters: Interpreters
) -> None:
    root, python = workspace(run_light, ""), interpreters["3.12"]
    (root / "pyproject.toml").write_text(PYPROJECT.partition("[tool")[0], "utf-8")
    _, made = compiled(run_light, root, python)
    env = {**run_light.environ, "CARGO_TARGET_DIR": str(run_light.folder / "target")}
    subprocess.run(("cargo", "build", "-p", "clib"), cwd=root, check=True, env=env, timeout=300)
    plain = pack(run_light, root, python, made / "liblight.so")
    assert "does not export PyInit_light_module" in plain.stderr
    named = shutil.copy(made / "liblight_module.so", run_light.folder / "light_module.cpython-311-x86_64-linux-gnu.so")
    other = pack(run_light, root, python, named)
    assert "light_module.cpython-311-x86_64-linux-gnu.so is called as a module for cp311 is" in other.stderr
    data = bytearray((made / "liblight_module.so").read_bytes())
    data[18:20] = (183).to_bytes(2, "little")  # e_machine: aarch64
    (run_light.folder / "arm.so").write_bytes(data)
    foreign = pack(run_light, root, python, run_light.folder / "arm.so")
    assert "aarch64" in foreign.stderr
    assert [run.status for run in (plain, other, foreign)] == [1, 1, 1]
    several = run_light("build", "-i", "3.11", "3.12", "--prebuilt", named, cwd=root)
    assert "a prebuilt module is for one Python, and 2 wheels would have it" in several.stderr
    assert several.stdout == ""
