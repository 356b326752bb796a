from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from cffi_declarations import declarations
from cratewheel.archive.layout import Entry, FromFile, Generated
from cratewheel.bindings import cffi
from cratewheel.errors import ConfigError
from cratewheel.system.command import Command
from places import MIXED, PURE
from system_paths import native

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ARTIFACT = Path("/target/release/libdemo.so")


def paths(entries: tuple[Entry, ...]) -> list[str]:
    return [entry.path for entry in entries]


def test_a_pure_project_is_the_package_of_the_library() -> None:
    found = cffi.entries(PURE, ARTIFACT, ffi_source="ffi = None\n", target_os="linux")

    assert paths(found) == ["demo/__init__.py", "demo/ffi.py", "demo/libdemo.so"]
    assert found[1].source == Generated(data=b"ffi = None\n")
    assert found[2].source == FromFile(path=str(ARTIFACT), executable=True)


def test_a_mixed_project_has_that_package_inside_its_own() -> None:
    found = cffi.entries(MIXED, ARTIFACT, ffi_source="", target_os="macos", stub=FromFile(path="/work/_native.pyi"))

    assert paths(found) == [
        "pkg/inner/_native/__init__.py",
        "pkg/inner/_native/ffi.py",
        "pkg/inner/_native/lib_native.dylib",
    ]


def test_a_stub_comes_with_its_mark() -> None:
    found = cffi.entries(PURE, ARTIFACT, ffi_source="", target_os="windows", stub=FromFile(path="/work/demo.pyi"))

    assert paths(found)[2:] == ["demo/demo.dll", "demo/__init__.pyi", "demo/py.typed"]


def test_the_package_opens_the_library_beside_it() -> None:
    init = cffi.entries(PURE, ARTIFACT, ffi_source="", target_os="linux")[0].source

    assert isinstance(init, Generated)
    assert b"ffi.dlopen(os.path.join(os.path.dirname(__file__), 'libdemo.so'))" in init.data


@pytest.mark.parametrize(
    ("requires", "expected"),
    [
        pytest.param((), True, id="nothing"),
        pytest.param(("cffi",), False, id="bare"),
        pytest.param(("requests", "CFFI >= 1.16, < 3"), False, id="another case, with versions"),
        pytest.param(('cffi; implementation_name == "cpython"',), False, id="for some Pythons"),
        pytest.param(('cffi; extra == "fast"',), True, id="for an extra alone"),
        pytest.param(("cffi-extras",), True, id="another project"),
    ],
)
def test_a_wheel_that_nobody_gives_cffi_to_is_noticed(requires: tuple[str, ...], expected: bool) -> None:
    assert cffi.is_cffi_missing(requires) is expected


def test_the_crate_s_cbindgen_settings_are_kept_where_cffi_can_live_with_them() -> None:
    own = {
        "language": "C++",
        "include_guard": "DEMO_H",
        "pragma_once": True,
        "autogen_warning": "/* made by a machine */",
        "defines": {"feature = x": "X"},
        "export": {"prefix": "demo_", "exclude": ["Secret"]},
    }

    assert tomllib.loads(cffi.cbindgen_settings(own)) == {
        "language": "C",
        "cpp_compat": False,
        "pragma_once": False,
        "no_includes": True,
        "includes": [],
        "sys_includes": [],
        "defines": {},
        "autogen_warning": "/* made by a machine */",
        "export": {"prefix": "demo_", "exclude": ["Secret"]},
    }


def test_cbindgen_reads_the_lock_of_the_workspace(tmp_path: Path) -> None:
    crate, config, cwd = tmp_path / "crate", tmp_path / "cbindgen.toml", tmp_path / "elsewhere"
    program = tmp_path / "cbindgen"
    bare = (str(program), "--quiet", "--config", str(config))

    assert cffi.cbindgen_command(program, crate=crate, workspace=tmp_path, config=config, cwd=cwd) == Command(
        argv=(*bare, str(crate)), cwd=cwd
    )
    lock = tmp_path / "Cargo.lock"
    lock.touch()
    assert cffi.cbindgen_command(program, crate=crate, workspace=tmp_path, config=config, cwd=cwd) == Command(
        argv=(*bare, "--lockfile", str(lock), str(crate)), cwd=cwd
    )


def test_the_header_of_the_build_script_is_used(tmp_path: Path) -> None:
    header = tmp_path / "target" / "header.h"
    header.parent.mkdir()
    header.write_text("int add(int, int);\n", encoding="utf-8")

    assert declarations(tmp_path, {}) == (
        "int add(int, int);\n",
        f"       Using the header written by the build script: {header}\n",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="a folder cannot be opened there, which is another error")
def test_a_header_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    header = tmp_path / "target" / "header.h"
    header.parent.mkdir()
    header.write_bytes(b"int \xff;\n")
    with pytest.raises(ConfigError) as caught:
        declarations(tmp_path, {})
    assert caught.value.message == f"{header} is not UTF-8: invalid start byte at byte 4"


@pytest.mark.parametrize(
    ("python", "place", "program"),
    [(Path("/v/python"), native(" for /v/python"), native("/v/python")), (None, "", "python")],
)
def test_without_cffi_the_error_names_the_python_that_needs_it(python: Path | None, place: str, program: str) -> None:
    error = cffi._cffi_missing_error(python, notes=("a note",))
    assert (error.message, error.notes, error.hint) == (
        f"cffi is not installed{place}, but is needed to generate the bindings",
        ("a note",),
        f"install it: {program} -m pip install cffi, or build in a virtual environment",
    )


@pytest.mark.parametrize("shared", [True, False])
def test_the_header_in_the_folder_of_the_build_script_comes_first(tmp_path: Path, shared: bool) -> None:
    target, out_dir = tmp_path / "target", tmp_path / "target/debug/build/app-1/out"
    out_dir.mkdir(parents=True)
    assert cffi.find_header(target, out_dir, is_shared=shared) is None
    (target / "header.h").touch()
    assert cffi.find_header(target, out_dir, is_shared=shared) == target / "header.h"
    assert cffi.find_header(target, None, is_shared=shared) == (None if shared else target / "header.h")
    (out_dir / "header.h").touch()
    assert cffi.find_header(target, out_dir, is_shared=shared) == out_dir / "header.h"


def test_a_header_that_another_crate_wrote_later_is_not_used(tmp_path: Path) -> None:
    header, output = tmp_path / "header.h", tmp_path / "build/root-output"
    (tmp_path / "build/out").mkdir(parents=True)
    for path, time in ((header, 2), (output, 1)):
        path.touch()
        os.utime(path, (time, time))
    assert cffi.find_header(tmp_path, tmp_path / "build/out", is_shared=False) == header
    with pytest.raises(ConfigError, match="is of another crate of the workspace") as caught:
        cffi.find_header(tmp_path, tmp_path / "build/out", is_shared=True)
    assert caught.value.hint == "let each build.rs write header.h to its OUT_DIR"
    os.utime(output, (2, 2))
    assert cffi.find_header(tmp_path, tmp_path / "build/out", is_shared=True) == header
