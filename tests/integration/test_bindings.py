"""Bindings with the real programs they need: cargo, cffi, cbindgen, and stand-ins for uniffi-bindgen."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cratewheel.bindings import cffi, uniffi
from cratewheel.bindings.cbindgen import CbindgenPolicy
from cratewheel.bindings.place import library_name
from cratewheel.errors import ConfigError, MissingToolError, ProcessError
from cratewheel.interpreter.model import Interpreter
from cratewheel.system.command import Command, capture
from cratewheel.system.files import project_roots
from cratewheel.ui import Ui
from places import PURE, SimpleModulePlace, lay_out

ROOT = Path(__file__).parents[2]
CRATES = ROOT / "tests" / "crates"
THIS = Path(sys.executable)
POSIX = pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")


def silent() -> Ui:
    return Ui(out=io.StringIO(), err=io.StringIO(), quiet=True)


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def python(executable: Path, *, in_virtualenv: bool = False) -> Interpreter:
    return Interpreter(
        implementation="cpython",
        implementation_name="cpython",
        version=(3, 11),
        ext_suffix=".so",
        system="linux",
        executable=executable,
        in_virtualenv=in_virtualenv,
    )


def ffi_source(text: str, scratch: Path, *, running: Path | None, chosen: Interpreter | None = None) -> str:
    return cffi.ffi_source(
        text, interpreter=chosen, running=running, scratch=scratch, environ=os.environ, reporter=silent()
    )


def test_cffi_turns_declarations_into_a_module(tmp_path: Path) -> None:
    text = ffi_source("/* größe */ typedef struct { int x; } Point; int add(int, int);", tmp_path, running=THIS)

    assert text.startswith("# auto-generated file\nimport _cffi_backend\n")
    assert "23add'" in text


def test_cffi_says_what_it_does_not_understand(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cffi cannot parse the C declarations") as caught:
        ffi_source("#include <stdint.h>\nint add(int, int);", tmp_path, running=THIS)

    assert any("#include" in note for note in caught.value.notes)


def test_a_module_of_the_project_does_not_pass_for_cffi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cffi.py").write_text("raise SystemExit('this is not cffi')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    assert "_cffi_backend" in ffi_source("int add(int, int);", tmp_path / "scratch", running=THIS)


@POSIX
def test_the_chosen_python_helps_when_ours_has_no_cffi(tmp_path: Path) -> None:
    bare = script(tmp_path / "bare", f'exec "{THIS}" -I -S "$@"')

    assert "_cffi_backend" in ffi_source("int add(int, int);", tmp_path, running=bare, chosen=python(THIS))


@POSIX
def test_no_python_with_cffi_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    bare = script(tmp_path / "bare", f'exec "{THIS}" -I -S "$@"')

    with pytest.raises(
        MissingToolError, match=f"cffi is not installed for {bare}, but is needed to generate the bindings"
    ) as caught:
        ffi_source("int add(int, int);", tmp_path, running=bare, chosen=python(bare))
    assert caught.value.hint == f"install it: {bare} -m pip install cffi, or build in a virtual environment"


@POSIX
def test_cffi_is_installed_into_a_virtual_environment(tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    shell = f"""
if [ "$*" = "-m pip install cffi" ]; then touch "{installed}"; exit 0; fi
if [ -e "{installed}" ]; then exec "{THIS}" "$@"; fi
exec "{THIS}" -I -S "$@"
"""
    venv = python(script(tmp_path / "venv", shell), in_virtualenv=True)

    assert "_cffi_backend" in ffi_source("int add(int, int);", tmp_path, running=None, chosen=venv)
    assert installed.exists()


@POSIX
def test_what_pip_says_is_told_when_cffi_cannot_be_installed(tmp_path: Path) -> None:
    shell = f'if [ "$2" = pip ]; then echo no such thing >&2; exit 1; fi\nexec "{THIS}" -I -S "$@"'
    venv = python(script(tmp_path / "venv", shell), in_virtualenv=True)

    with pytest.raises(MissingToolError, match="cffi is not installed") as caught:
        ffi_source("int add(int, int);", tmp_path, running=None, chosen=venv)
    assert caught.value.notes == ("no such thing",)


SIZED_ENUM = """
#[repr(u8)]
pub enum Color { Red, Green }
#[no_mangle]
pub extern "C" fn next_color(color: Color) -> Color {
    match color { Color::Red => Color::Green, Color::Green => Color::Red }
}
"""
DISTRIBUTED_CBINDGEN = Path(shutil.which("cbindgen") or "/usr/bin/cbindgen")
NEWEST_CBINDGEN = ROOT / ".tools" / "bin" / "cbindgen"  # .ci/run installs it


@POSIX
def test_what_cbindgen_refuses_is_told(tmp_path: Path) -> None:
    script(tmp_path / "cbindgen", "echo ERROR: a strange crate >&2; exit 1")

    with pytest.raises(ConfigError, match=f"cbindgen cannot make C declarations for {tmp_path}") as caught:
        cffi.read_declarations(
            target_directory=tmp_path / "target",
            crate=tmp_path,
            workspace=tmp_path,
            cwd=tmp_path,
            roots=project_roots(tmp_path),
            scratch=tmp_path / "scratch",
            environ={"PATH": str(tmp_path)},
            reporter=silent(),
            policy=CbindgenPolicy(install=False),
        )
    assert caught.value.notes == ("ERROR: a strange crate",)


@pytest.mark.cargo
@pytest.mark.skipif(shutil.which("cbindgen") is None, reason="cbindgen is not installed")
def test_cbindgen_reads_a_crate(tmp_path: Path) -> None:
    crate = tmp_path / "crate"
    shutil.copytree(CRATES / "cffi-pure", crate, ignore=shutil.ignore_patterns("target"))
    (crate / "cbindgen.toml").write_text('language = "C++"\ninclude_guard = "X_H"\n', encoding="utf-8")
    text = cffi.read_declarations(
        target_directory=tmp_path / "target",
        crate=crate,
        workspace=crate,
        cwd=crate,
        roots=project_roots(crate),
        scratch=tmp_path / "scratch",
        environ=os.environ,
        reporter=silent(),
        policy=CbindgenPolicy(install=False),
    )

    assert "int32_t add(int32_t left, int32_t right);" in text
    assert "#" not in text


@pytest.mark.cargo
@pytest.mark.parametrize("cbindgen", [DISTRIBUTED_CBINDGEN, NEWEST_CBINDGEN], ids=["distribution", "cargo install"])
def test_enums_with_a_size_are_read_whatever_cbindgen_writes_around_them(tmp_path: Path, cbindgen: Path) -> None:
    if not cbindgen.is_file():
        pytest.skip(f"there is no {cbindgen}")
    crate = tmp_path / "crate"
    shutil.copytree(CRATES / "cffi-pure", crate, ignore=shutil.ignore_patterns("target"))
    with (crate / "src" / "lib.rs").open("a", encoding="utf-8") as source:
        source.write(SIZED_ENUM)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "cbindgen").symlink_to(cbindgen)
    text = cffi.read_declarations(
        target_directory=tmp_path / "target",
        crate=crate,
        workspace=crate,
        cwd=crate,
        roots=project_roots(crate),
        scratch=tmp_path / "scratch",
        environ={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
        reporter=silent(),
        policy=CbindgenPolicy(install=False),
    )
    made = ffi_source(text, tmp_path / "scratch", running=THIS)
    namespace: dict[str, Any] = {}
    exec(made, namespace)  # what an import of ffi.py does
    ffi = namespace["ffi"]
    assert ffi.sizeof("Color") == 1
    assert (ffi.typeof("Color").kind, ffi.sizeof("int32_t")) == ("primitive", 4)


@pytest.mark.cargo
def test_a_library_of_cffi_imports(tmp_path: Path) -> None:
    # a target directory of its own: `header.h` has but one place in it
    environ = {**os.environ, "CARGO_TARGET_DIR": str(tmp_path / "target")}
    crate = tmp_path / "crate"
    shutil.copytree(CRATES / "cffi-pure", crate, ignore=shutil.ignore_patterns("target"))
    subprocess.run(["cargo", "build", "--quiet", "--lib"], cwd=crate, env=environ, check=True)
    target_os = {"darwin": "macos", "win32": "windows"}.get(sys.platform, "linux")
    place = SimpleModulePlace(
        extension_name="cffi_pure", extension_dir=PURE.extension_dir.with_name("cffi_pure"), mixed=False
    )
    library = tmp_path / "target" / "debug" / library_name("cffi_pure", target_os)
    text = cffi.read_declarations(
        target_directory=tmp_path / "target",
        crate=crate,
        workspace=crate,
        cwd=crate,
        roots=project_roots(crate),
        scratch=tmp_path / "scratch",
        environ=environ,
        reporter=silent(),
        policy=CbindgenPolicy(install=False),
    )
    source = ffi_source(text, tmp_path / "scratch", running=THIS)
    lay_out(cffi.entries(place, library, ffi_source=source, target_os=target_os), tmp_path / "site")

    use = "from cffi_pure import ffi, lib; p = lib.midpoint((0, 2), (4, 6)); print(p.x, p.y, lib.add(40, 2))"
    done = capture(Command(argv=(str(THIS), "-c", use), cwd=tmp_path / "site"), os.environ)
    assert (done.stdout, done.stderr) == ("2 4 42\n", "")


@POSIX
def test_what_uniffi_bindgen_writes_is_found(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "stale.py").touch()
    program = script(tmp_path / "uniffi-bindgen", f'touch "{out}/b.py" "{out}/a.py" "{out}/note.txt"')

    assert uniffi.generate(Command(argv=(str(program),)), out, os.environ, silent()) == (out / "a.py", out / "b.py")


@POSIX
def test_a_failing_uniffi_bindgen_is_told(tmp_path: Path) -> None:
    program = script(tmp_path / "uniffi-bindgen", "echo wrong version >&2; exit 1")

    with pytest.raises(ProcessError, match="uniffi-bindgen` failed") as caught:
        uniffi.generate(Command(argv=(str(program),)), tmp_path / "out", os.environ, silent())
    assert caught.value.notes == ("wrong version",)


@POSIX
def test_a_uniffi_bindgen_that_writes_nothing_is_told(tmp_path: Path) -> None:
    program = script(tmp_path / "uniffi-bindgen", "exit 0")

    with pytest.raises(ProcessError, match="made no Python module"):
        uniffi.generate(Command(argv=(str(program),)), tmp_path / "out", os.environ, silent())


def test_a_missing_uniffi_bindgen_has_a_way_out(tmp_path: Path) -> None:
    command = Command(argv=("uniffi-bindgen",))

    with pytest.raises(MissingToolError, match="uniffi-bindgen was not found") as caught:
        uniffi.generate(command, tmp_path / "out", {"PATH": str(tmp_path)}, silent())
    assert caught.value.hint is not None
    assert "uniffi::uniffi_bindgen_main()" in caught.value.hint
