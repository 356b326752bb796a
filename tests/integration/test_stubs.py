"""Type stubs of real modules, and the places in real files where pyo3 describes them."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import cratewheel
from cratewheel.audit.introspection import read_descriptions
from cratewheel.bindings.cbindgen import VERSION, CbindgenPolicy, ensure_cbindgen
from cratewheel.errors import AuditError, ConfigError, MissingToolError
from cratewheel.events import CallbackReporter
from pyo3_stubs import write_stubs

C = r"""
#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT
#endif
struct chunk { unsigned length; char text[32]; };
EXPORT const struct chunk PYO3_INTROSPECTION_1_7 = {27, "{\"type\":\"x\",\"name\":\"first\"}"};
EXPORT const struct chunk PYO3_INTROSPECTION_1_8 = {2, "{}"};
EXPORT const int other = 7;
EXPORT int function(void) { return other; }
"""
TARGETS = ("x86_64-linux-gnu", "s390x-linux-gnu", "x86-linux-gnu", "aarch64-macos", "x86_64-windows-gnu")


@pytest.mark.parametrize("target", TARGETS)
def test_descriptions_are_found_in_the_files_of_every_system(target: str, tmp_path: Path) -> None:
    pytest.importorskip("ziglang", reason="ziglang, which compiles for other systems, is not installed")
    (tmp_path / "library.c").write_text(C)
    command = [
        sys.executable,
        "-m",
        "ziglang",
        "cc",
        "-target",
        target,
        "-shared",
        "-nostdlib",
        "-o",
        "library",
        "library.c",
    ]
    if "windows" in target:
        command.insert(-1, "-Wl,--no-entry")
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    found = sorted(read_descriptions(tmp_path / "library"), key=len)
    assert found == [{}, {"type": "x", "name": "first"}]


def test_a_description_that_is_longer_than_its_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "library.c").write_text(C.replace("{2,", "{4000000000u,"))
    subprocess.run(["cc", "-shared", "-nostdlib", "-o", "library", "library.c"], cwd=tmp_path, check=True)
    with pytest.raises(AuditError, match="a description of PyO3 is longer than the file"):
        read_descriptions(tmp_path / "library")


FAKE_CARGO = """#!/bin/sh
echo "$@" >> "$LOG"
[ -z "$REFUSE" ] || { echo "no network" >&2; exit 101; }
while [ "$1" != --root ]; do shift; done
mkdir -p "$2/bin" && echo cbindgen > "$2/bin/cbindgen"
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment with a cargo that installs an empty cbindgen, and with no other."""
    (tmp_path / "bin").mkdir()
    cargo = tmp_path / "bin" / "cargo"
    cargo.write_text(FAKE_CARGO)
    cargo.chmod(0o755)
    for name in ("mkdir", "sh"):
        (tmp_path / "bin" / name).symlink_to(f"/bin/{name}")
    return {"PATH": str(tmp_path / "bin"), "LOG": str(tmp_path / "log"), "HOME": str(tmp_path), "RUSTFLAGS": "-Z odd"}


def ensure(environ: dict[str, str], tmp_path: Path, **policy: bool) -> Path:
    return ensure_cbindgen(CbindgenPolicy(**policy), environ, CallbackReporter(), cwd=tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="the cargo of this test is a shell script")
def test_cbindgen_is_installed_once_for_each_user(environ: dict[str, str], tmp_path: Path) -> None:
    first = ensure(environ, tmp_path)
    assert first == tmp_path / ".cache" / "cratewheel" / f"cbindgen-{VERSION}" / "bin" / "cbindgen"
    assert ensure(environ, tmp_path) == first
    root = first.parent.parent
    assert (tmp_path / "log").read_text().splitlines() == [
        f"install --locked --quiet --debug --root {root} cbindgen@{VERSION}"
    ]


@pytest.mark.skipif(os.name == "nt", reason="the cargo of this test is a shell script")
@pytest.mark.parametrize(
    ("policy", "variables", "why"),
    [
        ({"offline": True}, {}, "cargo may not ask the network for it"),
        ({"install": False}, {}, "the key `install-cbindgen` forbids that cargo installs it"),
        ({}, {"REFUSE": "1"}, "cargo could not install it"),
    ],
)
def test_where_cbindgen_cannot_be_had_the_error_names_the_other_ways(
    environ: dict[str, str], tmp_path: Path, policy: dict[str, bool], variables: dict[str, str], why: str
) -> None:
    with pytest.raises(MissingToolError) as caught:
        ensure({**environ, **variables}, tmp_path, **policy)
    assert caught.value.message == (f"no program cbindgen was found to make the C declarations for cffi, and {why}")
    assert caught.value.hint is not None
    assert "cargo install cbindgen" in caught.value.hint


MODULE = r'{"type":"module","id":"1","name":"_native","members":["2"],"incomplete":false}'
FUNCTION = r'{"type":"function","id":"2","name":"add","arguments":{},"returns":{"type":"name","id":"int"}}'
STUB = '# Made by cratewheel from what pyo3 describes of the module.\n__all__ = ["add"]\n\ndef add() -> int: ...\n'


def write_project(folder: Path, *, described: bool = True) -> Path:
    """Write a mixed project whose extension describes itself as pyo3's do, and return its folder."""
    write_stubs(folder)
    project = folder / "app"
    (project / "src").mkdir(parents=True)
    (project / "python" / "app").mkdir(parents=True)
    (project / "python" / "app" / "__init__.py").write_text("")
    (project / "Cargo.toml").write_text(
        '[package]\nname = "app"\nversion = "1.0.0"\nedition = "2021"\n[lib]\ncrate-type = ["cdylib"]\n'
        '[dependencies]\npyo3 = { path = "../pyo3" }\n'
    )
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["cratewheel"]\nbuild-backend = "cratewheel"\n'
        '[project]\nname = "app"\nversion = "1.0"\n'
        '[tool.cratewheel]\nmodule-name = "app._native"\npython-source = "python"\ngenerate-stubs = true\n'
    )
    chunks = [
        f"#[no_mangle] pub static PYO3_INTROSPECTION_1_{at}: (u32, [u8; {len(text)}]) = "
        f"({len(text)}, *b{quoted(text)});"
        for at, text in enumerate((MODULE, FUNCTION) if described else ())
    ]
    init = '#[no_mangle] pub extern "C" fn PyInit__native() -> usize { 0 }'
    lines = ["#![allow(improper_ctypes_definitions)]", init, *chunks]
    (project / "src" / "lib.rs").write_text("\n".join(lines))
    return project


def quoted(text: str) -> str:
    escaped = text.replace('"', '\\"')
    return f'"{escaped}"'


def build(project: Path) -> zipfile.ZipFile:
    (wheel,) = cratewheel.build(project, sdist=False, compatibility="linux", interpreter=[sys.executable]).wheels
    return zipfile.ZipFile(wheel.path)


@pytest.mark.cargo
def test_a_wheel_gets_stubs_beside_its_module(tmp_path: Path) -> None:
    with build(write_project(tmp_path)) as wheel:
        assert [name for name in wheel.namelist() if name.endswith(".pyi")] == ["app/_native.pyi"]
        assert wheel.read("app/_native.pyi").decode() == STUB


@pytest.mark.cargo
def test_a_stub_that_somebody_wrote_stays_and_ours_gives_way_to_the_next(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    stub = project / "python" / "app" / "_native.pyi"
    stub.write_text(STUB.splitlines()[0] + "\nold = 1\n")
    with build(project) as wheel:
        assert wheel.read("app/_native.pyi").decode() == STUB
    stub.write_text("def add() -> int: ...  # mine\n")
    warnings: list[str] = []
    result = cratewheel.build(project, sdist=False, compatibility="linux", interpreter=[sys.executable])
    warnings += result.warnings
    with zipfile.ZipFile(result.wheels[0].path) as wheel:
        assert wheel.read("app/_native.pyi").decode() == "def add() -> int: ...  # mine\n"
    assert warnings == ["app/_native.pyi is the project's own, and no stub is generated in its place"]


@pytest.mark.cargo
def test_develop_puts_the_stubs_into_the_project(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    for _ in range(2):
        cratewheel.develop(project, python=python)
        assert (project / "python" / "app" / "_native.pyi").read_text() == STUB
    assert sorted(path.name for path in (project / "python" / "app").iterdir()) == ["__init__.py", "_native.pyi"]


@pytest.mark.cargo
def test_a_module_that_describes_nothing_is_an_error_that_names_the_feature(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        build(write_project(tmp_path, described=False))
    assert caught.value.message == ("no type stubs can be made for app._native: the compiled module describes nothing")
    assert caught.value.hint is not None
    assert "`experimental-inspect`" in caught.value.hint


@pytest.mark.cargo
def test_bindings_that_describe_nothing_are_refused_before_compiling(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    (project / "Cargo.toml").write_text(
        '[package]\nname = "app"\nversion = "1.0.0"\nedition = "2021"\n[lib]\ncrate-type = ["cdylib"]\n'
    )
    with pytest.raises(ConfigError, match="type stubs are generated for pyo3 modules, and the bindings are cffi"):
        build(project)
    assert not (project / "target" / "debug").exists()


@pytest.mark.cargo
def test_the_command_writes_stubs_and_compares_them(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    command = [sys.executable, "-m", "cratewheel", "generate-stubs", "-i", sys.executable, "--out", "../typings"]
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    stub = tmp_path / "typings" / "app" / "_native.pyi"
    assert stub.read_text() == STUB
    subprocess.run([*command, "--check"], cwd=project, check=True, capture_output=True)
    stub.write_text(STUB.replace("add() -> int", "add() -> str"))
    done = subprocess.run([*command, "--check"], cwd=project, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "-def add() -> str: ..." in done.stderr
    assert stub.read_text() != STUB
