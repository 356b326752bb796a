"""The table of interpreters, for systems that are not here."""

from __future__ import annotations

import io
import os
import sys
import sysconfig
from pathlib import Path

import pytest

from cratewheel.interpreter.discover import probe
from cratewheel.interpreter.known import known
from cratewheel.interpreter.model import Interpreter
from cratewheel.tags.target import parse
from cratewheel.ui import Ui


def suffixes(triple: str, *names: str) -> dict[str, str]:
    """Return the suffix of each of the interpreters of these names, as people know them."""
    table = {one.display: one.ext_suffix for one in known(parse(triple))}
    return {name: table[name] for name in names if name in table}


EXPECTED = {
    "x86_64-unknown-linux-gnu": {
        "CPython 3.7": ".cpython-37m-x86_64-linux-gnu.so",
        "CPython 3.8": ".cpython-38-x86_64-linux-gnu.so",
        "CPython 3.15": ".cpython-315-x86_64-linux-gnu.so",
        "CPython 3.14t": ".cpython-314t-x86_64-linux-gnu.so",
        "PyPy 3.11": ".pypy311-pp73-x86_64-linux-gnu.so",
        "GraalPy 3.12": ".graalpy250-312-native-x86_64-linux.so",
    },
    "x86_64-unknown-linux-musl": {
        "CPython 3.10": ".cpython-310-x86_64-linux-gnu.so",
        "CPython 3.11": ".cpython-311-x86_64-linux-musl.so",
    },
    "armv7-unknown-linux-gnueabihf": {
        "CPython 3.12": ".cpython-312-arm-linux-gnueabihf.so",
        "PyPy 3.10": ".pypy310-pp73-arm-linux-gnu.so",
    },
    "i686-unknown-linux-gnu": {
        "CPython 3.12": ".cpython-312-i386-linux-gnu.so",
        "PyPy 3.9": ".pypy39-pp73-x86-linux-gnu.so",
    },
    "powerpc64le-unknown-linux-gnu": {
        "CPython 3.12": ".cpython-312-powerpc64le-linux-gnu.so",
        "PyPy 3.9": ".pypy39-pp73-ppc_64-linux-gnu.so",
    },
    "aarch64-apple-darwin": {
        "CPython 3.13t": ".cpython-313t-darwin.so",
        "PyPy 3.11": ".pypy311-pp73-darwin.so",
        "GraalPy 3.11": ".graalpy242-311-native-aarch64-darwin.so",
    },
    "universal2-apple-darwin": {"CPython 3.12": ".cpython-312-darwin.so"},
    "x86_64-pc-windows-msvc": {
        "CPython 3.7": ".pyd",
        "CPython 3.12": ".cp312-win_amd64.pyd",
        "CPython 3.14t": ".cp314t-win_amd64.pyd",
        "PyPy 3.10": ".pypy310-pp73-win_amd64.pyd",
    },
    "i686-pc-windows-gnu": {"CPython 3.12": ".cp312-win32.pyd"},
    "aarch64-pc-windows-msvc": {"CPython 3.12": ".cp312-win_arm64.pyd"},
    "x86_64-unknown-freebsd": {"CPython 3.7": ".so", "CPython 3.12": ".cpython-312.so"},
    "x86_64-unknown-netbsd": {"CPython 3.12": ".so"},
    "x86_64-unknown-openbsd": {"CPython 3.12": ".cpython-312.so"},
    "wasm32-unknown-emscripten": {"CPython 3.12": ".cpython-312-wasm32-emscripten.so"},
    "aarch64-linux-android": {"CPython 3.13": ".cpython-313-aarch64-linux-android.so"},
    "aarch64-apple-ios": {"CPython 3.13": ".cpython-313-iphoneos.so"},
    "aarch64-apple-ios-sim": {"CPython 3.14": ".cpython-314-iphonesimulator.so"},
}  # fmt: skip


@pytest.mark.parametrize("triple", EXPECTED)
def test_the_suffix_of_each_system(triple: str) -> None:
    assert suffixes(triple, *EXPECTED[triple]) == EXPECTED[triple]


@pytest.mark.parametrize(
    ("triple", "absent"),
    [
        ("x86_64-unknown-linux-musl", ("PyPy", "GraalPy")),
        ("i686-pc-windows-msvc", ("PyPy", "GraalPy")),
        ("wasm32-unknown-emscripten", ("PyPy", "GraalPy", "CPython 3.14t")),
        ("aarch64-linux-android", ("PyPy", "CPython 3.12", "CPython 3.14t")),
        ("x86_64-unknown-illumos", ("CPython", "PyPy", "GraalPy")),
    ],
)
def test_what_there_is_not_is_not_in_the_table(triple: str, absent: tuple[str, ...]) -> None:
    names = [one.display for one in known(parse(triple))]
    assert [name for name in names if name.startswith(absent)] == []


def test_an_interpreter_of_the_table_says_what_tags_need() -> None:
    (free,) = [one for one in known(parse("aarch64-unknown-linux-gnu")) if one.display == "CPython 3.14t"]
    assert free == Interpreter(
        implementation="cpython",
        implementation_name="cpython",
        version=(3, 14),
        abiflags="t",
        ext_suffix=".cpython-314t-aarch64-linux-gnu.so",
        soabi="cpython-314t-aarch64-linux-gnu",
        system="linux",
        gil_disabled=True,
        source="the table of known interpreters",
    )
    assert (free.python_tag, free.abi_tag) == ("cp314", "cp314t")
    pypy = [one for one in known(parse("x86_64-pc-windows-msvc")) if one.implementation == "pypy"]
    assert [one.abi_tag for one in pypy] == ["pypy38_pp73", "pypy39_pp73", "pypy310_pp73", "pypy311_pp73"]
    graalpy = [one for one in known(parse("x86_64-unknown-linux-gnu")) if one.implementation == "graalpy"]
    assert [one.abi_tag for one in graalpy] == [
        "graalpy240_310_native",
        "graalpy242_311_native",
        "graalpy250_312_native",
        "graalpy270_313_native",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="the interpreters are those of a Linux machine")
def test_the_table_agrees_with_the_interpreters_of_this_machine() -> None:
    machine = os.uname().machine
    table = {one.display: one for one in known(parse(f"{machine}-unknown-linux-gnu"))}
    programs = [
        Path(sys.executable),
        *Path.home().glob(".pyenv/versions/3.[89]*/bin/python3"),
        *Path.home().glob(".pyenv/versions/3.1?.*/bin/python3"),
        Path("/usr/bin/pypy3"),
    ]
    checked = []
    for program in programs:
        found = (
            probe(program, dict(os.environ), ui=Ui(out=io.StringIO(), err=io.StringIO())) if program.exists() else None
        )
        if isinstance(found, Interpreter) and found.display in table:
            one = table[found.display]
            same = ("ext_suffix", "abiflags", "pointer_width", "gil_disabled", "system", "python_tag", "abi_tag")
            assert {name: getattr(one, name) for name in same} == {name: getattr(found, name) for name in same}
            checked.append(found.display)
    assert f"CPython {sysconfig.get_python_version()}" in checked
