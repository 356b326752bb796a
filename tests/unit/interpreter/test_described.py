"""Pythons that are described by files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from cratewheel.errors import ConfigError, InterpreterError
from cratewheel.interpreter import described
from cratewheel.interpreter.model import Interpreter
from cratewheel.tags.target import parse

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


def from_lib_dir(folder: Path, **environ: str) -> Interpreter | None:
    return described.from_environment({"PYO3_CROSS_LIB_DIR": str(folder), **environ}, target=ARM)


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
    assert from_lib_dir(tmp_path, **variables) == cpython312(other)


def test_of_several_the_one_for_the_processor_counts(tmp_path: Path) -> None:
    written(tmp_path, SYSCONFIG, "_sysconfigdata__x86_64-linux-gnu.py")
    path = written(tmp_path, SYSCONFIG)
    assert from_lib_dir(tmp_path) == cpython312(path)


def test_one_file_under_two_names_is_one_python(tmp_path: Path) -> None:
    path = written(tmp_path, SYSCONFIG)
    (tmp_path / "_sysconfigdata__linux_aarch64-linux-gnu.py").symlink_to(path.name)
    assert from_lib_dir(tmp_path) == cpython312(path)


def test_sysconfigdata_is_read_and_not_run(tmp_path: Path) -> None:
    path = written(tmp_path, SYSCONFIG)
    witness = tmp_path / "ran"
    path.write_text(f"open({str(witness)!r}, 'w')\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    assert from_lib_dir(tmp_path) == cpython312(path)
    path.write_text(f"build_time_vars = dict(a=open({str(witness)!r}, 'w'))\n", encoding="utf-8")
    with pytest.raises(InterpreterError) as caught:
        from_lib_dir(tmp_path)
    assert caught.value.message == f"{path} has no `build_time_vars = {{…}}`, as the sysconfigdata of a Python has"
    assert not witness.exists()


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


@pytest.mark.parametrize(
    "text", ["[]", "{", "{}", '{"language": {"version": "x"}, "implementation": {"name": "cpython"}}']
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
    with pytest.raises(InterpreterError, match="does not say which Python it is of"):
        described.from_environment({"PYO3_CONFIG_FILE": str(path)}, target=ARM)
    path.write_text("version=3.12\n", encoding="utf-8")
    with pytest.raises(InterpreterError, match="does not say how extension modules are named"):
        described.from_environment({"PYO3_CONFIG_FILE": str(path)}, target=parse("x86_64-unknown-illumos"))
    with pytest.raises(ConfigError, match="cannot be read"):
        described.from_environment({"PYO3_CONFIG_FILE": str(tmp_path / "absent")}, target=ARM)


def test_no_variable_describes_nothing() -> None:
    assert described.from_environment({}, target=ARM) is None
