"""Pythons that are described by files."""

from __future__ import annotations

import json
import os
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import pytest

from cratewheel.errors import ConfigError, InterpreterError
from cratewheel.interpreter import from_files as described
from cratewheel.interpreter.model import Interpreter
from cratewheel.targets.triples import Target, parse

ARM = parse("aarch64-unknown-linux-gnu")
SYSCONFIG = {
    "VERSION": "3.12",
    "ABIFLAGS": "",
    "EXT_SUFFIX": ".cpython-312-aarch64-linux-gnu.so",
    "SOABI": "cpython-312-aarch64-linux-gnu",
    "Py_GIL_DISABLED": 0,
    "Py_DEBUG": 0,
    "CC": "aarch64-linux-gnu-gcc",
}


def written(folder: Path, values: Mapping[str, object], name: str = "_sysconfigdata__aarch64-linux-gnu.py") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"# system configuration generated\nbuild_time_vars = {values!r}\n", encoding="utf-8")
    return path


def cpython312(source: Path, **changes: object) -> Interpreter:
    values: dict[str, object] = {
        "implementation": "cpython",
        "implementation_name": "cpython",
        "version": (3, 12),
        "ext_suffix": ".cpython-312-aarch64-linux-gnu.so",
        "soabi": "cpython-312-aarch64-linux-gnu",
        "system": "linux",
        "source": str(source),
    }
    return Interpreter(**{**values, **changes})  # type: ignore[arg-type]


def from_lib_dir(folder: Path, target: Target = ARM, **environ: str) -> Interpreter | None:
    return described.from_environment({"PYO3_CROSS_LIB_DIR": str(folder), **environ}, target=target)


@pytest.mark.parametrize("below", [".", "python3.12", "lib/python3.12", "usr/lib/python3.12/config"])
def test_sysconfigdata_is_found_where_a_sysroot_keeps_it(tmp_path: Path, below: str) -> None:
    if below.startswith("usr"):
        tmp_path = tmp_path / "usr" / "lib"
        below = "python3.12"
    path = written(tmp_path / below, SYSCONFIG)
    assert from_lib_dir(tmp_path) == cpython312(path)


def test_a_free_threaded_python_and_a_pypy(tmp_path: Path) -> None:
    free = {**SYSCONFIG, "VERSION": "3.14", "ABIFLAGS": "t", "Py_GIL_DISABLED": 1}
    free["EXT_SUFFIX"] = ".cpython-314t-aarch64-linux-gnu.so"
    found = from_lib_dir(written(tmp_path / "free", free).parent)
    assert found is not None
    assert (found.display, found.abi_tag, found.gil_disabled) == ("CPython 3.14t", "cp314t", True)
    pypy = {"VERSION": "3.10", "SOABI": "pypy310-pp73", "EXT_SUFFIX": ".pypy310-pp73-aarch64-linux-gnu.so"}
    found = from_lib_dir(written(tmp_path / "pypy", pypy, "_sysconfigdata.py").parent)
    assert found is not None
    assert (found.display, found.python_tag, found.abi_tag) == ("PyPy 3.10", "pp310", "pypy310_pp73")


def test_of_several_the_variables_choose(tmp_path: Path) -> None:
    old = {**SYSCONFIG, "VERSION": "3.11", "EXT_SUFFIX": ".cpython-311-aarch64-linux-gnu.so"}
    written(tmp_path / "python3.11", old)
    path = written(tmp_path / "python3.12", SYSCONFIG)
    assert from_lib_dir(tmp_path, PYO3_CROSS_PYTHON_VERSION="3.12") == cpython312(path)
    with pytest.raises(InterpreterError) as caught:
        from_lib_dir(tmp_path)
    assert caught.value.message == f"{tmp_path} describes 2 Pythons"
    other = written(tmp_path / "python3.12", SYSCONFIG, "_sysconfigdata_mine.py")
    variables = {"PYO3_CROSS_PYTHON_VERSION": "3.12", "_PYTHON_SYSCONFIGDATA_NAME": "_sysconfigdata_mine"}
    assert from_lib_dir(tmp_path, ARM, **variables) == cpython312(other)


def test_of_several_the_one_for_the_processor_counts(tmp_path: Path) -> None:
    written(tmp_path, SYSCONFIG, "_sysconfigdata__x86_64-linux-gnu.py")
    path = written(tmp_path, SYSCONFIG)
    assert from_lib_dir(tmp_path) == cpython312(path)


def test_one_file_under_two_names_is_one_python(tmp_path: Path) -> None:
    path = written(tmp_path, SYSCONFIG)
    (tmp_path / "_sysconfigdata__linux_aarch64-linux-gnu.py").symlink_to(path.name)
    assert from_lib_dir(tmp_path) == cpython312(path)


def test_the_folder_of_a_free_threaded_python_has_its_own_name(tmp_path: Path) -> None:
    both = {**SYSCONFIG, "VERSION": "3.14", "EXT_SUFFIX": ".cpython-314-aarch64-linux-gnu.so"}
    free = {**both, "ABIFLAGS": "t", "Py_GIL_DISABLED": 1, "EXT_SUFFIX": ".cpython-314t-aarch64-linux-gnu.so"}
    written(tmp_path / "python3.14", both)
    written(tmp_path / "python3.14t", free, "_sysconfigdata_t_linux_aarch64-linux-gnu.py")
    names = {}
    for version in ("3.14", "3.14t"):
        found = from_lib_dir(tmp_path, PYO3_CROSS_PYTHON_VERSION=version)
        assert found is not None
        names[version] = (found.display, found.ext_suffix)
    assert names == {
        "3.14": ("CPython 3.14", ".cpython-314-aarch64-linux-gnu.so"),
        "3.14t": ("CPython 3.14t", ".cpython-314t-aarch64-linux-gnu.so"),
    }


@pytest.mark.parametrize(
    "below", ["build/lib.linux-aarch64-3.12", "Python.framework/Versions/3.12/lib/python3.12", "usr/local/lib"]
)
def test_where_build_trees_frameworks_and_system_roots_keep_it(tmp_path: Path, below: str) -> None:
    path = written(tmp_path / below, SYSCONFIG)
    assert from_lib_dir(tmp_path) == cpython312(path)


def test_a_link_of_a_system_root_is_not_followed_to_this_machine(tmp_path: Path) -> None:
    written(tmp_path / "host" / "lib", SYSCONFIG)
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "lib").symlink_to(tmp_path / "host" / "lib")
    with pytest.raises(InterpreterError, match="there is no _sysconfigdata"):
        from_lib_dir(tmp_path / "root")


def test_another_version_than_the_variable_asks_for(tmp_path: Path) -> None:
    path = written(tmp_path, SYSCONFIG)
    with pytest.raises(InterpreterError) as caught:
        from_lib_dir(tmp_path, PYO3_CROSS_PYTHON_VERSION="3.11")
    assert caught.value.message == f"PYO3_CROSS_PYTHON_VERSION is 3.11, but {path} describes CPython 3.12"
    path = written(tmp_path / "x" / "python3.12", SYSCONFIG)
    with pytest.raises(InterpreterError) as caught:
        from_lib_dir(tmp_path / "x", PYO3_CROSS_PYTHON_VERSION="3.11")
    assert caught.value.notes == (f"there is {path}",)


def test_windows_keeps_import_libraries_in_that_folder(tmp_path: Path) -> None:
    windows = parse("x86_64-pc-windows-gnu")
    (tmp_path / "python3.lib").touch()
    assert from_lib_dir(tmp_path, windows) is None
    with pytest.raises(InterpreterError, match="which is not a folder"):
        from_lib_dir(tmp_path / "absent", windows)
    details = {
        "schema_version": "1.0",
        "platform": "win-amd64",
        "language": {"version": "3.15"},
        "implementation": {"name": "cpython"},
        "suffixes": {"extensions": [".cp315-win_amd64.pyd", ".pyd"]},
    }
    (tmp_path / "build-details.json").write_text(json.dumps(details), encoding="utf-8")
    found = from_lib_dir(tmp_path, windows)
    assert found is not None
    assert (found.display, found.ext_suffix, found.system) == ("CPython 3.15", ".cp315-win_amd64.pyd", "windows")


def test_sysconfigdata_is_read_and_not_run(tmp_path: Path) -> None:
    path = written(tmp_path, SYSCONFIG)
    witness = tmp_path / "ran"
    path.write_text(f"open({str(witness)!r}, 'w')\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    assert from_lib_dir(tmp_path) == cpython312(path)
    path.write_text(f"build_time_vars = dict(a=open({str(witness)!r}, 'w'))\n", encoding="utf-8")
    with pytest.raises(InterpreterError) as caught:
        from_lib_dir(tmp_path)
    assert caught.value.message == f"{path} has no `build_time_vars = {{…}}`, which a sysconfigdata file needs"
    assert not witness.exists()


def test_of_a_table_with_code_in_it_the_literals_count(tmp_path: Path) -> None:
    witness = tmp_path / "ran"
    path = written(tmp_path, {})
    values = "".join(f"{key!r}: {value!r}, " for key, value in SYSCONFIG.items())
    path.write_text(
        f"build_time_vars = {{{values} 'CC': open({str(witness)!r}, 'w'), open({str(witness)!r}, 'w'): 1, "
        f"'A': [x for x in [open({str(witness)!r}, 'w')]], **{{'VERSION': '3.1'}}}}\n"
        f"import os; os.system({f'touch {witness}'!r})\n",
        encoding="utf-8",
    )
    assert from_lib_dir(tmp_path) == cpython312(path)
    assert not witness.exists()


def test_strings_that_no_newer_python_likes_are_no_ado(tmp_path: Path) -> None:
    path = written(tmp_path, SYSCONFIG)
    path.write_text(path.read_text(encoding="utf-8") + r"x = '\d'" + "\n", encoding="utf-8")
    assert from_lib_dir(tmp_path) == cpython312(path)


PYPY_SOURCE = """\
import _imp, os, sys, struct
so_ext = _imp.extension_suffixes()[0]
pydot = '%d.%d' % sys.version_info[:2]
build_time_vars = {
    'ABIFLAGS': '',
    'SOABI': '-'.join(so_ext.split('.')[1].split('-')[:2]),
    'MULTIARCH': sys.implementation._multiarch,
    'EXT_SUFFIX': so_ext,
    'VERSION': pydot,
    'Py_DEBUG': 0,
    'SIZEOF_VOID_P': struct.calcsize('P'),
}
build_time_vars['LDLIBRARY'] = 'libpypy3.11-c.so'
"""


def test_the_file_of_pypy_asks_the_running_pypy_so_the_modules_beside_it_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "pypy3.11-v8.0.0-aarch64" / "lib" / "pypy3.11"
    folder.mkdir(parents=True)
    path = folder / "_sysconfigdata.py"
    path.write_text(PYPY_SOURCE, encoding="utf-8")
    found = from_lib_dir(tmp_path)
    assert found is not None
    assert (found.display, found.abi_tag, found.source) == ("PyPy 3.11", "pypy311_pp73", str(path))
    (folder / "_lzma_cffi.pypy311-pp80-aarch64-linux-gnu.so").touch()
    found = from_lib_dir(tmp_path)
    assert found is not None
    assert (found.python_tag, found.abi_tag) == ("pp311", "pypy311_pp80")
    assert found.ext_suffix == ".pypy311-pp80-aarch64-linux-gnu.so"


MACHINES = {
    "x86_64-linux-gnu": "x86_64-unknown-linux-gnu",
    "x86_64-pc-linux-musl": "x86_64-unknown-linux-musl",
    "i386-linux-gnu": "i686-unknown-linux-gnu",
    "arm-linux-gnueabihf": "armv7-unknown-linux-gnueabihf",
    "armv7l-unknown-linux-gnueabihf": "arm-unknown-linux-gnueabihf",
    "aarch64-linux-gnu": "aarch64-unknown-linux-gnu",
    "powerpc64le-linux-gnu": "powerpc64le-unknown-linux-gnu",
    "s390x-linux-gnu": "s390x-unknown-linux-gnu",
    "riscv64-linux-gnu": "riscv64gc-unknown-linux-gnu",
    "x86_64-apple-darwin13.4.0": "aarch64-apple-darwin",
    "darwin": "universal2-apple-darwin",
    "aarch64-linux-android": "aarch64-linux-android",
    "arm64-iphoneos": "aarch64-apple-ios",
    "amd64-portbld-freebsd14.1": "x86_64-unknown-freebsd",
    "wasm32-emscripten": "wasm32-unknown-emscripten",
    "i386-pc-solaris2.11": "x86_64-unknown-illumos",
}


@pytest.mark.parametrize("machine", MACHINES)
def test_the_machine_of_a_described_python_must_be_the_target(tmp_path: Path, machine: str) -> None:
    values = {"VERSION": "3.12", "EXT_SUFFIX": ".so", "HOST_GNU_TYPE": machine}
    path = written(tmp_path, values)
    assert from_lib_dir(tmp_path, parse(MACHINES[machine])) is not None
    other = "s390x-unknown-linux-gnu" if machine != "s390x-linux-gnu" else "aarch64-unknown-linux-gnu"
    with pytest.raises(InterpreterError) as caught:
        from_lib_dir(tmp_path, parse(other))
    assert caught.value.message == (f"{path} describes a Python for another machine than {other}: it has {machine}")


@pytest.mark.parametrize(
    ("triple", "changes", "reason"),
    [
        ("x86_64-unknown-linux-gnu", {}, ".cpython-312-aarch64-linux-gnu.so"),
        ("aarch64-unknown-linux-musl", {}, ".cpython-312-aarch64-linux-gnu.so"),
        ("aarch64-apple-darwin", {}, ".cpython-312-aarch64-linux-gnu.so"),
        ("aarch64-unknown-linux-gnu", {"SIZEOF_VOID_P": 4}, "pointers of 32 bits"),
        (
            "aarch64-unknown-linux-gnu",
            {"EXT_SUFFIX": ".cpython-312-aarch64-linux-musl.so"},
            ".cpython-312-aarch64-linux-musl.so",
        ),
    ],
)
def test_what_contradicts_the_target_is_an_error(
    tmp_path: Path, triple: str, changes: dict[str, object], reason: str
) -> None:
    path = written(tmp_path, {**SYSCONFIG, **changes})
    with pytest.raises(InterpreterError) as caught:
        from_lib_dir(tmp_path, parse(triple))
    assert caught.value.message == f"{path} describes a Python for another machine than {triple}: it has {reason}"


def test_a_musl_python_before_3_11_spells_itself_glibc(tmp_path: Path) -> None:
    old = {**SYSCONFIG, "VERSION": "3.10", "EXT_SUFFIX": ".cpython-310-aarch64-linux-gnu.so"}
    written(tmp_path, old)
    found = from_lib_dir(tmp_path, parse("aarch64-unknown-linux-musl"))
    assert found is not None
    assert found.ext_suffix == ".cpython-310-aarch64-linux-gnu.so"


@pytest.mark.parametrize("changes", [{"EXT_SUFFIX": "/../../evil.so"}, {"EXT_SUFFIX": ".so\n"}, {"ABIFLAGS": "../t"}])
def test_what_would_leave_the_file_name_is_an_error(tmp_path: Path, changes: dict[str, object]) -> None:
    path = written(tmp_path, {**SYSCONFIG, **changes})
    with pytest.raises(InterpreterError) as caught:
        from_lib_dir(tmp_path)
    (said,) = changes.values()
    assert caught.value.message == f"{path} says {said!r}, which is not a known ABI or suffix"


def test_a_described_python_that_is_too_old(tmp_path: Path) -> None:
    path = written(tmp_path, {**SYSCONFIG, "VERSION": "3.6"})
    with pytest.raises(InterpreterError) as caught:
        from_lib_dir(tmp_path)
    assert caught.value.message == f"{path} describes Python 3.6; the oldest supported version is 3.7"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no sysconfigdata")
def test_this_python_describes_itself_as_it_answers() -> None:
    config = sysconfig.get_config_vars()
    libc = "musl" if "musl" in config["EXT_SUFFIX"] else "gnu"
    target = parse(f"{os.uname().machine}-unknown-linux-{libc}" if sys.platform == "linux" else "aarch64-apple-darwin")
    found = from_lib_dir(Path(sysconfig.get_path("stdlib")), target)
    assert found is not None
    said = (found.version, found.ext_suffix, found.abiflags, found.gil_disabled, found.debug)
    assert said == (
        sys.version_info[:2],
        config["EXT_SUFFIX"],
        config["ABIFLAGS"],
        bool(config.get("Py_GIL_DISABLED")),
        bool(config["Py_DEBUG"]),
    )


@pytest.mark.parametrize("text", ["build_time_vars = {", "\0", "(" * 5000, "build_time_vars = {'VERSION': 'x'}", ""])
def test_a_broken_sysconfigdata_is_an_error_with_its_place(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, {})
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InterpreterError) as caught:
        from_lib_dir(tmp_path)
    assert str(path) in caught.value.message


def test_a_folder_without_a_python(tmp_path: Path) -> None:
    with pytest.raises(InterpreterError) as caught:
        from_lib_dir(tmp_path, PYO3_CROSS_PYTHON_VERSION="3.12")
    assert caught.value.message == (
        f"there is no _sysconfigdata*.py and no build-details.json of Python 3.12 in {tmp_path}"
    )
    with pytest.raises(InterpreterError, match="which is not a folder"):
        from_lib_dir(tmp_path / "absent")


def test_build_details_come_first(tmp_path: Path) -> None:
    written(tmp_path / "python3.12", SYSCONFIG)
    details = {
        "schema_version": "1.0",
        "base_prefix": "/usr",
        "platform": "linux-aarch64",
        "language": {"version": "3.14"},
        "implementation": {"name": "cpython", "version": {"major": 3, "minor": 14}},
        "abi": {"flags": ["t"], "extension_suffix": ".cpython-314t-aarch64-linux-gnu.so"},
    }
    path = tmp_path / "python3.14" / "build-details.json"
    path.parent.mkdir()
    path.write_text(json.dumps(details), encoding="utf-8")
    found = from_lib_dir(tmp_path)
    assert found == cpython312(
        path,
        version=(3, 14),
        abiflags="t",
        ext_suffix=".cpython-314t-aarch64-linux-gnu.so",
        soabi="cpython-314t-aarch64-linux-gnu",
        gil_disabled=True,
    )


def test_build_details_as_cpython_3_15_writes_them_and_debian_names_them(tmp_path: Path) -> None:
    details = {
        "schema_version": "1.0",
        "base_prefix": "/usr",
        "platform": "linux-aarch64",
        "language": {"version": "3.15"},
        "implementation": {"name": "cpython", "cache_tag": "cpython-315d"},
        "abi": {"flags": ["d"]},
        "suffixes": {"extensions": [".cpython-315d-aarch64-linux-gnu.so", ".abi3.so", ".so"]},
    }
    folder = tmp_path / "python3.15"
    path = folder / "build-details.d.aarch64-linux-gnu.json"
    folder.mkdir()
    path.write_text(json.dumps(details), encoding="utf-8")
    other = folder / "build-details.d.x86_64-linux-gnu.json"
    other.write_text(json.dumps({**details, "platform": "linux-x86_64"}), encoding="utf-8")
    assert from_lib_dir(tmp_path) == cpython312(
        path,
        version=(3, 15),
        abiflags="d",
        debug=True,
        ext_suffix=".cpython-315d-aarch64-linux-gnu.so",
        soabi="cpython-315d-aarch64-linux-gnu",
    )
    with pytest.raises(InterpreterError, match=r"another machine than riscv64gc-unknown-linux-gnu: it has linux-"):
        described.from_build_details(path, target=parse("riscv64gc-unknown-linux-gnu"))


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{",
        "{}",
        "[" * 20000,
        '{"suffixes": 1}',
        '{"language": {"version": "x"}, "implementation": {"name": "cpython"}}',
    ],
)
def test_broken_build_details(tmp_path: Path, text: str) -> None:
    path = tmp_path / "build-details.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InterpreterError) as caught:
        from_lib_dir(tmp_path)
    assert caught.value.message.startswith(str(path))


@pytest.mark.parametrize(
    ("text", "display", "suffix"),
    [
        ("version=3.12\n", "CPython 3.12", ".cpython-312-aarch64-linux-gnu.so"),
        ("implementation=PyPy\nversion=3.10\n", "PyPy 3.10", ".pypy310-pp73-aarch64-linux-gnu.so"),
        ("version=3.14\nbuild_flags=Py_GIL_DISABLED\n", "CPython 3.14t", ".cpython-314t-aarch64-linux-gnu.so"),
        (
            "implementation=CPython\nversion=3.14\ntarget_abi=CPython-free_threaded-3.14\n",
            "CPython 3.14t",
            ".cpython-314t-aarch64-linux-gnu.so",
        ),
        ("implementation=PyPy\nversion=3.11\nabi_tag=pp80\n", "PyPy 3.11 (pp80)", ".pypy311-pp80-aarch64-linux-gnu.so"),
        ("version = 3.12 \n\npointer_width=64\n", "CPython 3.12", ".cpython-312-aarch64-linux-gnu.so"),
        ("version=3.12\next_suffix=.mine.so\n", "CPython 3.12", ".mine.so"),
    ],
)
def test_the_configuration_file_of_pyo3(tmp_path: Path, text: str, display: str, suffix: str) -> None:
    path = tmp_path / "pyo3.txt"
    path.write_text(text, encoding="utf-8")
    environ = {"PYO3_CONFIG_FILE": str(path), "PYO3_CROSS_LIB_DIR": "/not/looked/at"}
    found = described.from_environment(environ, target=ARM)
    assert found is not None
    assert (found.display, found.ext_suffix, found.source) == (display, suffix, str(path))


def test_a_configuration_file_that_says_too_little(tmp_path: Path) -> None:
    path = tmp_path / "pyo3.txt"
    path.write_text("implementation=CPython\n", encoding="utf-8")
    with pytest.raises(InterpreterError, match="does not specify its Python version"):
        described.from_environment({"PYO3_CONFIG_FILE": str(path)}, target=ARM)
    path.write_text("version=3.12\n", encoding="utf-8")
    with pytest.raises(InterpreterError, match="does not specify the suffix of extension modules"):
        described.from_environment({"PYO3_CONFIG_FILE": str(path)}, target=parse("x86_64-unknown-illumos"))
    path.write_text("version=3.12\npointer_width=32\n", encoding="utf-8")
    with pytest.raises(InterpreterError, match="pointers of 32 bits"):
        described.from_environment({"PYO3_CONFIG_FILE": str(path)}, target=ARM)
    path.write_text("version=3.12\nimplementation=RustPython\n", encoding="utf-8")
    with pytest.raises(InterpreterError, match="describes RustPython, which is not supported"):
        described.from_environment({"PYO3_CONFIG_FILE": str(path)}, target=ARM)
    with pytest.raises(ConfigError, match="cannot be read"):
        described.from_environment({"PYO3_CONFIG_FILE": str(tmp_path / "absent")}, target=ARM)


def test_no_variable_describes_nothing() -> None:
    assert described.from_environment({}, target=ARM) is None
