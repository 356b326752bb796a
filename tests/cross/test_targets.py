"""Wheels for other systems, built here and run by what stands for those systems; `prepare.sh` gets the parts."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.tags import mac_platforms
from packaging.utils import parse_wheel_filename

from cratewheel.audit import binary

ROOT = Path(__file__).parents[2]
PARTS = Path(os.environ.get("CRATEWHEEL_CROSS") or ROOT / ".cross").absolute()
RUST = PARTS / "rust" / "usr"

pytestmark = [
    pytest.mark.cargo,
    pytest.mark.cross,
    pytest.mark.skipif(
        sys.platform != "linux" or platform.machine() != "x86_64" or not (RUST / "bin" / "rustc").is_file(),
        reason="tests/cross/prepare.sh was not run",
    ),
    pytest.mark.xdist_group("cross"),  # one target directory
]

CARGO_TOML = """\
[package]
name = "over-there"
version = "1.0.0"
edition = "2021"

[lib]
name = "over_there"
crate-type = ["cdylib"]

[dependencies]
pyo3 = { version = "=0.29.3", features = ["abi3-py39"] }
"""
PYPROJECT = """\
[build-system]
requires = ["cratewheel"]
build-backend = "cratewheel"

[project]
name = "over-there"
version = "1.0.0"
"""
SOURCE = """\
use pyo3::prelude::*;

#[pyfunction]
fn add(left: usize, right: usize) -> usize {
    left + right
}

#[pymodule]
fn over_there(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(add, module)?)
}
"""
CODE = "import over_there; print(over_there.add(40, 2))"


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cross") / "over-there"
    (folder / "src").mkdir(parents=True)
    (folder / "Cargo.toml").write_text(CARGO_TOML, encoding="utf-8")
    (folder / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (folder / "src" / "lib.rs").write_text(SOURCE, encoding="utf-8")
    return folder


def needs_std(triple: str) -> None:
    """Skip unless the standard library for `triple` was prepared."""
    if not (RUST / "lib" / "rustlib" / triple / "lib").is_dir():
        pytest.skip(f"tests/cross/prepare.sh made no standard library for {triple}")


def built(project: Path, out: Path, *words: str, env: Mapping[str, str] | None = None) -> Path:
    """Build one wheel with the prepared compiler and return it."""
    cargo = subprocess.run(["rustup", "which", "cargo"], capture_output=True, text=True, check=False).stdout.strip()
    environ = {
        **os.environ,
        "RUSTC": str(RUST / "bin" / "rustc"),
        "CARGO": cargo or shutil.which("cargo") or "cargo",
        "PATH": f"{Path(cargo).parent}:{os.environ['PATH']}" if cargo else os.environ["PATH"],
        "LD_LIBRARY_PATH": str(RUST / "lib" / "x86_64-linux-gnu"),
        "CARGO_TARGET_DIR": str(ROOT / "target" / "tests" / "cross"),
        "CARGO_PROFILE_RELEASE_STRIP": "false",  # this compiler has no tool for it
        **(env or {}),
    }
    command = [sys.executable, "-m", "cratewheel", "build", "--release", "--no-sdist", "-o", str(out), *words]
    done = subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    return Path(line)


def unpacked(wheel: Path, folder: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def answer(*command: str | Path, env: Mapping[str, str] | None = None) -> str:
    environ = {**os.environ, **(env or {})}
    done = subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("linker", ["gcc", pytest.param("zig", marks=pytest.mark.long)])
def test_arm64_linux_under_an_emulator(project: Path, tmp_path: Path, linker: str) -> None:
    needs_std("aarch64-unknown-linux-gnu")
    words, env = ["--target", "aarch64-unknown-linux-gnu"], {}
    if linker == "zig":
        words.append("--zig")
    else:
        env = {"CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER": "aarch64-linux-gnu-gcc"}
    wheel = built(project, tmp_path / "out", *words, env=env)
    if linker == "zig":
        assert wheel.name.endswith("-cp39-abi3-manylinux2014_aarch64.manylinux_2_17_aarch64.whl")
    arm = PARTS / "arm64"
    python = arm / "usr" / "bin" / "python3.11"
    if not python.is_file():
        pytest.skip("tests/cross/prepare.sh got no arm64 Python")
    site = unpacked(wheel, tmp_path / "site")
    emulator = RUST / "bin" / "qemu-aarch64-static"
    assert answer(emulator, "-L", arm, python, "-c", CODE, env={"PYTHONPATH": str(site)}) == "42"


@pytest.mark.long
def test_an_interpreter_that_sysconfigdata_describes(project: Path, tmp_path: Path) -> None:
    needs_std("aarch64-unknown-linux-gnu")
    library = PARTS / "arm64" / "usr" / "lib" / "python3.11"
    if not library.is_dir():
        pytest.skip("tests/cross/prepare.sh got no arm64 Python")
    env = {"PYO3_CROSS_LIB_DIR": str(library)}
    wheel = built(project, tmp_path, "--target", "aarch64-unknown-linux-gnu", "--zig", env=env)
    assert wheel.name.startswith("over_there-1.0.0-cp39-abi3-manylinux2014_aarch64.")


def test_musl(project: Path, tmp_path: Path) -> None:
    needs_std("x86_64-unknown-linux-musl")
    wheel = built(project, tmp_path / "out", "--target", "x86_64-unknown-linux-musl", "--zig")
    assert wheel.name == "over_there-1.0.0-cp39-abi3-musllinux_1_2_x86_64.whl"
    module = unpacked(wheel, tmp_path / "site") / "over_there" / "over_there.abi3.so"
    assert binary.read(module).needed == ("libc.so",)


def test_a_program_for_musl(tmp_path: Path) -> None:
    needs_std("x86_64-unknown-linux-musl")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.rs").write_text('fn main() { println!("over there"); }', encoding="utf-8")
    manifest = '[package]\nname = "there"\nversion = "1.0.0"\nedition = "2021"\n[workspace]\n'
    (tmp_path / "Cargo.toml").write_text(manifest, encoding="utf-8")
    wheel = built(tmp_path, tmp_path / "out", "-b", "bin", "--target", "x86_64-unknown-linux-musl", "--zig")
    assert wheel.name == "there-1.0.0-py3-none-musllinux_1_2_x86_64.whl"
    program = unpacked(wheel, tmp_path / "site") / "there-1.0.0.data" / "scripts" / "there"
    program.chmod(0o755)
    assert answer(program) == "over there"


@pytest.mark.parametrize(
    ("triple", "tags", "arches"),
    [
        ("aarch64-apple-darwin", "macosx_11_0_arm64", {"aarch64"}),
        ("x86_64-apple-darwin", "macosx_10_12_x86_64", {"x86_64"}),
        (
            "universal2-apple-darwin",
            "macosx_10_12_universal2.macosx_10_12_x86_64.macosx_11_0_arm64",
            {"aarch64", "x86_64"},
        ),
    ],
)
def test_macos(project: Path, tmp_path: Path, triple: str, tags: str, arches: set[str]) -> None:
    needs_std("aarch64-apple-darwin")
    needs_std("x86_64-apple-darwin")
    wheel = built(project, tmp_path / "out", "--target", triple, "--zig")
    assert wheel.name == f"over_there-1.0.0-cp39-abi3-{tags}.whl"
    module = binary.read(unpacked(wheel, tmp_path / "site") / "over_there" / "over_there.abi3.so")
    assert {part.arch for part in module.slices or (module,)} == arches
    assert set(module.needed) == {"/usr/lib/libSystem.B.dylib", "/usr/lib/libiconv.2.dylib"}
    assert "_PyInit_over_there" in module.exported
    platforms = {tag.platform for tag in parse_wheel_filename(wheel.name)[3]}
    for arch in arches:
        assert platforms & set(mac_platforms((12, 0), {"aarch64": "arm64"}.get(arch, arch)))


@pytest.mark.parametrize("linker", ["mingw", "zig"])
def test_windows_under_wine(project: Path, tmp_path: Path, linker: str) -> None:
    needs_std("x86_64-pc-windows-gnu")
    words = ["--zig"] if linker == "zig" else []
    wheel = built(project, tmp_path / "out", "--target", "x86_64-pc-windows-gnu", *words)
    assert wheel.name == "over_there-1.0.0-cp39-abi3-win_amd64.whl"
    site = unpacked(wheel, tmp_path / "site")
    module = binary.read(site / "over_there" / "over_there.pyd")
    assert module.exported == ("PyInit_over_there",)
    assert "python3.dll" in module.needed
    python = PARTS / "windows" / "cp311" / "python.exe"
    if not python.is_file() or shutil.which("wine") is None:
        pytest.skip("tests/cross/prepare.sh got no Windows Python")
    code = f"import sys; sys.path.insert(0, r'Z:{site}'); {CODE}"
    env = {"WINEDEBUG": "-all", "WINEPREFIX": str(PARTS / "wine")}
    assert answer("wine", python, "-c", code, env=env) == "42"


PYODIDE = """\
import { loadPyodide } from "pyodide";
import fs from "fs";
const python = await loadPyodide();
python.FS.writeFile("/wheel.zip", fs.readFileSync(process.argv[2]));
console.log(python.runPython(`
import importlib, sys, zipfile
zipfile.ZipFile("/wheel.zip").extractall("/site")
sys.path.insert(0, "/site")
importlib.invalidate_caches()
import over_there
over_there.add(40, 2)
`));
"""


def test_pyodide(project: Path, tmp_path: Path) -> None:
    needs_std("wasm32-unknown-emscripten")
    root, home = PARTS / "sid", PARTS / "pyodide"
    if not (root.is_dir() and (home / "node_modules").is_dir()) or os.geteuid() != 0:
        pytest.skip("tests/cross/prepare.sh got no Emscripten and Pyodide")
    # Emscripten lives in a root of its own, which sees this one's files
    emcc = tmp_path / "emcc"
    emcc.write_text(
        "#!/bin/sh\nunset LD_LIBRARY_PATH\nexec unshare --mount sh -c '"
        f'for place in /tmp "{ROOT}" "{PARTS}"; do mkdir -p "{root}$place"; '
        f'mount --bind "$place" "{root}$place"; done; '
        f'cd "$0"; exec chroot "{root}" env PATH=/usr/bin:/bin sh -c "cd \\"\\$0\\" && exec emcc \\"\\$@\\"" "$0" "$@"'
        '\' "$PWD" "$@"\n',
        encoding="utf-8",
    )
    emcc.chmod(0o755)
    env = {
        "CARGO_TARGET_WASM32_UNKNOWN_EMSCRIPTEN_LINKER": str(emcc),
        "PYEMSCRIPTEN_PLATFORM_VERSION": "2026_0",
        "RUSTC_BOOTSTRAP": "1",
    }
    wheel = built(project, tmp_path / "out", "--target", "wasm32-unknown-emscripten", env=env)
    assert wheel.name == "over_there-1.0.0-cp39-abi3-pyemscripten_2026_0_wasm32.whl"
    script = home / "answer.mjs"
    script.write_text(PYODIDE, encoding="utf-8")
    assert answer("node", script, wheel) == "42"


def test_two_targets_in_one_command(project: Path, tmp_path: Path) -> None:
    needs_std("aarch64-unknown-linux-gnu")
    host = "x86_64-unknown-linux-gnu"
    command = [sys.executable, "-m", "cratewheel", "build", "--dry-run", "--zig", "-o", str(tmp_path)]
    words = ["--target", "aarch64-unknown-linux-gnu", "--target", host]
    done = subprocess.run([*command, *words], cwd=project, capture_output=True, text=True, check=True)
    wheels = [line for line in done.stdout.splitlines() if line.startswith(("sdist", "wheel"))]
    assert wheels == [
        "sdist",
        "wheel cp39-abi3-manylinux2014_aarch64.manylinux_2_17_aarch64",
        "wheel cp39-abi3-manylinux2014_x86_64.manylinux_2_17_x86_64",
    ]


def test_wasi(tmp_path: Path) -> None:
    needs_std("wasm32-wasip1")
    project = tmp_path / "run-there"
    (project / "src").mkdir(parents=True)
    (project / "Cargo.toml").write_text('[package]\nname = "run-there"\nversion = "1.0.0"\n', encoding="utf-8")
    (project / "src" / "main.rs").write_text(
        'fn main() {\n    println!("{}", std::env::args().skip(1).collect::<Vec<_>>().join("+"));\n'
        "    std::process::exit(7);\n}\n",
        encoding="utf-8",
    )
    env = {"CARGO_TARGET_WASM32_WASIP1_LINKER": "wasm-ld"}
    wheel = built(project, tmp_path / "out", "--target", "wasm32-wasip1", env=env)
    assert wheel.name == "run_there-1.0.0-py3-none-any.whl"
    uv = [sys.executable, "-m", "uv"]
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(tmp_path / "env")], check=True)
    subprocess.run([*uv, "pip", "install", "--quiet", "--python", str(python), str(wheel)], check=True)
    command = [str(python.with_name("run-there")), "a", "b c"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("a+b c\n", 7)
