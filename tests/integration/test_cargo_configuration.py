"""Which of cargo's configuration a build reads: each cargo and rustc starts in the folder where the command runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from integration.conftest import Cratewheel

pytestmark = [pytest.mark.cargo, pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")]

PYPROJECT = """
[build-system]
requires = ["cratewheel"]
build-backend = "cratewheel"

[project]
name = "probe"
version = "1.0"

[tool.cratewheel]
bindings = "bin"
manifest-path = "{}"
"""
MANIFEST = '[package]\nname = "probe"\nversion = "1.0.0"\nedition = "2021"\n\n[workspace]\n'
PROGRAM = 'fn main() { println!("{}", option_env!("WHERE").unwrap_or("nowhere")); }\n'
BESIDE = Path("project"), "../rust/Cargo.toml"  # the folder of pyproject.toml, and where the crate is from there
BELOW = Path(), "rust/Cargo.toml"
UNIFFI = """
[lib]
crate-type = ["cdylib"]
[[bin]]
name = "uniffi-bindgen"
path = "bindgen.rs"
[dependencies]
uniffi = { path = "uniffi" }
"""
BINDGEN = """
fn main() {
    let words: Vec<String> = std::env::args().collect();
    let at = words.iter().position(|word| word == "--out-dir").unwrap();
    let text = format!("# {}, {}\\n", env!("WHERE"), std::env::current_dir().unwrap().display());
    std::fs::write(format!("{}/probe.py", words[at + 1]), text).unwrap();
}
"""
SHIM = """#!/bin/sh
# what cargo itself starts for a crate starts where cargo wants it
[ -n "$CARGO_MANIFEST_DIR" ] || echo "{name}|$PWD" >> "{log}"
exec "{program}" "$@"
"""


def lay_out(top: Path, place: tuple[Path, str]) -> Path:
    """Write a project whose program prints the variable WHERE of its build, and return the folder of pyproject.toml.

    Each folder has a configuration that says its name.
    """
    project = top / place[0]
    for folder in (project / "sub", top / "rust" / "src", top / "elsewhere"):
        folder.mkdir(parents=True)
    (project / "pyproject.toml").write_text(PYPROJECT.format(place[1]), encoding="utf-8")
    (top / "rust" / "Cargo.toml").write_text(MANIFEST, encoding="utf-8")
    (top / "rust" / "src" / "main.rs").write_text(PROGRAM, encoding="utf-8")
    for folder, name in ((project, "project"), (top / "rust", "rust"), (top / "elsewhere", "elsewhere")):
        configure(folder, name)
    return project


def configure(folder: Path, name: str) -> None:
    """Write a configuration of cargo that sets WHERE."""
    (folder / ".cargo").mkdir()
    (folder / ".cargo" / "config.toml").write_text(f'[env]\nWHERE = "{name}"\n', encoding="utf-8")


def printed(wheel: Path, folder: Path) -> str:
    """Return what the program in a wheel prints."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("scripts/probe"))
        program = Path(archive.extract(name, folder))
    program.chmod(0o755)
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout.strip()


def starts(run_light: Cratewheel, tmp_path: Path, *words: str | Path, cwd: Path) -> set[tuple[str, Path]]:
    """Run a command, and return which of cargo and rustc started in which folder."""
    log, shims = tmp_path / "log", tmp_path / "shims"
    shims.mkdir()
    for name in ("cargo", "rustc"):
        program = shutil.which(name)
        (shims / name).write_text(SHIM.format(name=name, log=log, program=program), encoding="utf-8")
        (shims / name).chmod(0o755)
    run_light(*words, cwd=cwd, env={"PATH": f"{shims}{os.pathsep}{run_light.environ['PATH']}"}).ok()
    found = (line.partition("|") for line in log.read_text().splitlines())
    return {(name, Path(folder)) for name, _, folder in found}


@pytest.mark.parametrize("place", [BESIDE, BELOW], ids=["beside", "below"])
@pytest.mark.parametrize(
    ("folder", "words", "expected"),
    [
        ("{project}", (), "project"),
        ("{project}/sub", ("-m", "{rust}/Cargo.toml"), "project"),
        ("{project}/elsewhere", ("-m", "{rust}/Cargo.toml"), "elsewhere"),
        ("{rust}", (), "rust"),
        ("{project}", ("--sdist",), "project"),
    ],
    ids=["root", "subfolder", "elsewhere", "crate", "sdist"],
)
def test_the_configuration_of_the_folder_where_the_command_runs_counts(
    run_light: Cratewheel, tmp_path: Path, place: tuple[Path, str], folder: str, words: tuple[str, ...], expected: str
) -> None:
    project, rust = lay_out(tmp_path / "top", place), tmp_path / "top" / "rust"
    if not (project / "elsewhere").exists():
        (tmp_path / "top" / "elsewhere").rename(project / "elsewhere")
    cwd = Path(folder.format(project=project, rust=rust))
    run = run_light("build", *(word.format(rust=rust) for word in words), cwd=cwd).ok()

    assert printed(run.wheel, tmp_path) == expected
    unread = [line for line in run.stderr.splitlines() if "has no effect" in line]
    text = "warning: {} has no effect: cargo and rustup only read files in {} and its parents"
    elsewhere = [folder for folder in (rust, project) if cwd != rust and folder not in (cwd, *cwd.parents)]
    files = [folder / ".cargo" / "config.toml" for folder in elsewhere]
    assert unread == [text.format(file, cwd) for file in files]


@pytest.mark.parametrize(
    "words",
    [
        ("build",),
        ("build", "--sdist"),
        ("build", "--explain"),
        ("sdist",),
        ("list-files",),
        ("list-files", "--sdist"),
        ("develop", "--skip-install", "-i", sys.executable),
        ("clean", "--dry-run"),
        ("doctor",),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_every_cargo_and_rustc_starts_where_the_command_runs(
    run_light: Cratewheel, tmp_path: Path, words: tuple[str, ...]
) -> None:
    project = lay_out(tmp_path / "top", BESIDE)

    assert starts(run_light, tmp_path, *words, cwd=project) <= {("cargo", project), ("rustc", project)}


def test_in_a_workspace_too(run_light: Cratewheel, tmp_path: Path) -> None:
    top, cwd = run_light.copy("light-module"), tmp_path / "cwd"
    cwd.mkdir()
    with (top / "Cargo.toml").open("a", encoding="utf-8") as manifest:
        manifest.write('\n[workspace]\nmembers = ["other"]\n')
    (top / "other" / "src").mkdir(parents=True)
    (top / "other" / "src" / "lib.rs").touch()
    (top / "other" / "Cargo.toml").write_text('[package]\nname = "other"\n', encoding="utf-8")

    assert starts(
        run_light, tmp_path, "build", "--dry-run", "-i", sys.executable, "-m", top / "Cargo.toml", cwd=cwd
    ) == {("cargo", cwd), ("rustc", cwd)}


def test_a_bindgen_is_compiled_there_and_runs_where_it_finds_the_crate(run_light: Cratewheel, tmp_path: Path) -> None:
    project, crate = lay_out(tmp_path / "top", BESIDE), tmp_path / "top" / "rust"
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    (project / "pyproject.toml").write_text(text.replace('bindings = "bin"\n', ""), encoding="utf-8")
    (crate / "Cargo.toml").write_text(MANIFEST + UNIFFI, encoding="utf-8")
    (crate / "src" / "main.rs").rename(crate / "src" / "lib.rs")
    (crate / "src" / "lib.rs").write_text("", encoding="utf-8")
    (crate / "bindgen.rs").write_text(BINDGEN, encoding="utf-8")
    (crate / "uniffi" / "src").mkdir(parents=True)
    (crate / "uniffi" / "src" / "lib.rs").touch()
    (crate / "uniffi" / "Cargo.toml").write_text('[package]\nname = "uniffi"\n', encoding="utf-8")

    assert starts(run_light, tmp_path, "build", cwd=project) == {("cargo", project), ("rustc", project)}
    (wheel,) = (tmp_path / "out").rglob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("probe/probe.py").decode() == f"# project, {crate}\n"


def test_a_hook_and_the_rebuild_on_import_read_the_configuration_of_the_project(
    run_light: Cratewheel, tmp_path: Path
) -> None:
    crate = run_light.copy("light-module")
    project = tmp_path / "project"
    (project / "light_module").mkdir(parents=True)
    (project / "light_module" / "__init__.py").write_text("from .light_module import *\n", encoding="utf-8")
    text = (crate / "pyproject.toml").read_text(encoding="utf-8")
    (project / "pyproject.toml").write_text(
        f'{text}\n[tool.cratewheel]\nmanifest-path = "../light-module/Cargo.toml"\neditable-rebuild = true\n',
        encoding="utf-8",
    )
    (crate / "pyproject.toml").unlink()
    source = crate / "src" / "lib.rs"
    code = source.read_text(encoding="utf-8").replace(" 42\n", " if cfg!(seen) { 1 } else { 0 }\n")
    source.write_text(code, encoding="utf-8")
    (project / ".cargo").mkdir()
    (project / ".cargo" / "config.toml").write_text('build.rustflags = ["--cfg", "seen"]\n', encoding="utf-8")
    hook = f"import cratewheel; print(cratewheel.build_editable({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-c", hook], cwd=project, env=run_light.environ, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    program = f"import site; site.addsitedir({str(site)!r}); import light_module; print(light_module.answer())"

    def answer() -> str:
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, cwd=tmp_path, env=run_light.environ, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert answer() == "1"
    source.write_text(code.replace("{ 1 }", "{ 2 }"), encoding="utf-8")
    os.utime(source, (time.time() + 5, time.time() + 5))
    assert answer() == "2"


HOST = next(
    line.removeprefix("host: ")
    for line in subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=False).stdout.splitlines()
    if line.startswith("host: ")
)


def plan(run_light: Cratewheel, cwd: Path, *words: str, env: dict[str, str] | None = None) -> list[tuple[str, str]]:
    """Return the target of each plan that a build in `cwd` would follow, and what it gives cargo by --target."""
    run = run_light("build", "--dry-run", "--message-format", "json", *words, cwd=cwd, env=env).ok()
    plans = [json.loads(line) for line in run.stdout.splitlines()]
    commands = [command for plan in plans for wheel in plan["wheels"] for command in wheel["commands"]]
    return [
        (plan["target"], command[command.index("--target") + 1]) for plan, command in zip(plans, commands, strict=True)
    ]


@pytest.mark.parametrize(
    ("settings", "words", "expected"),
    [
        ('target = "aarch64-unknown-linux-musl"', (), ["aarch64-unknown-linux-musl"]),
        ('target = ["aarch64-apple-darwin", "{host}"]', (), ["aarch64-apple-darwin", HOST]),
        ('target = "host-tuple"', (), [HOST]),
        ('target = "aarch64-apple-darwin"', ("--target", "host-tuple"), [HOST]),
        ('target = "aarch64-apple-darwin"', ("--config", 'build.target="{host}"'), [HOST]),
        ('target = "aarch64-apple-darwin"', ("--config", "{project}/own.toml"), [HOST]),
    ],
)
def test_cargo_s_configuration_names_the_target(
    run_light: Cratewheel, tmp_path: Path, settings: str, words: tuple[str, ...], expected: list[str]
) -> None:
    project = lay_out(tmp_path / "top", BESIDE)
    config = f"[build]\n{settings.replace('{host}', HOST)}\n"
    (project / ".cargo" / "config.toml").write_text(config, encoding="utf-8")
    (project / "own.toml").write_text(f'build.target = "{HOST}"\n', encoding="utf-8")
    words = tuple(word.format(host=HOST, project=project) for word in words)

    assert plan(run_light, project, *words) == [(triple, triple) for triple in expected]


def test_a_wheel_for_the_target_of_the_configuration_is_what_was_compiled(
    run_light: Cratewheel, tmp_path: Path
) -> None:
    project = lay_out(tmp_path / "top", BESIDE)
    with (project / ".cargo" / "config.toml").open("a", encoding="utf-8") as file:
        file.write(f'[build]\ntarget = "{HOST}"\n')
    target = tmp_path / "target"
    run = run_light("build", "--explain", cwd=project, env={"CARGO_TARGET_DIR": str(target)}).ok()

    assert printed(run.wheel, tmp_path) == "project"
    assert (target / HOST / "debug" / "probe").is_file()
    assert not (target / "debug" / "probe").exists()
    assert f"target from build.target of cargo's configuration, in {project}/.cargo/config.toml" in run.stderr


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("own.json", "wheels cannot be built for own.json, a custom target specification"),
        (
            "x86_64-unknown-none",
            "wheels cannot be built for x86_64-unknown-none: its operating system is not supported",
        ),
    ],
)
def test_a_target_that_no_wheel_can_be_for_is_an_error_that_names_the_file(
    run_light: Cratewheel, tmp_path: Path, target: str, message: str
) -> None:
    project = lay_out(tmp_path / "top", BESIDE)
    config = project / ".cargo" / "config.toml"
    config.write_text(f'build.target = "{target}"\n', encoding="utf-8")
    run = run_light("build", cwd=project)

    assert run.status == 1
    assert message in run.stderr
    assert f"the target is from build.target of cargo's configuration, in {config}" in run.stderr


def test_an_installation_is_for_this_machine_where_the_configuration_names_several(
    run_light: Cratewheel, tmp_path: Path
) -> None:
    project = lay_out(tmp_path / "top", BESIDE)
    config = project / ".cargo" / "config.toml"
    config.write_text(f'build.target = ["aarch64-apple-darwin", "{HOST}"]\n', encoding="utf-8")
    run_light("develop", "--skip-install", "-i", sys.executable, cwd=project).ok()
    config.write_text('build.target = ["aarch64-apple-darwin", "x86_64-apple-darwin"]\n', encoding="utf-8")
    run = run_light("develop", "--skip-install", "-i", sys.executable, cwd=project)

    assert run.status == 1
    assert "one target can be installed, and 2 are named by build.target of cargo's configuration" in run.stderr


@pytest.mark.skipif(shutil.which("cbindgen") is None, reason="cbindgen is not installed")
def test_what_cbindgen_asks_cargo_is_asked_there_too(run_light: Cratewheel, tmp_path: Path) -> None:
    project, crate = lay_out(tmp_path / "top", BESIDE), tmp_path / "top" / "rust"
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    (project / "pyproject.toml").write_text(text.replace('"bin"', '"cffi"'), encoding="utf-8")
    (crate / "Cargo.toml").write_text(f'{MANIFEST}[lib]\ncrate-type = ["cdylib"]\n', encoding="utf-8")
    code = '#[no_mangle]\npub extern "C" fn one() -> u32 {\n    1\n}\n'
    (crate / "src" / "main.rs").rename(crate / "src" / "lib.rs")
    (crate / "src" / "lib.rs").write_text(code, encoding="utf-8")

    assert starts(run_light, tmp_path, "build", cwd=project) == {("cargo", project), ("rustc", project)}
