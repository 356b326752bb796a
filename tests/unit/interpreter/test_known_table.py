"""The table of interpreters, for systems that are not here."""

from __future__ import annotations

import pytest

from cratewheel.interpreter.known_table import known
from cratewheel.interpreter.model import Interpreter
from cratewheel.targets.triples import parse


def suffixes(triple: str) -> dict[str, str]:
    """Return the suffix of each interpreter, by the name that people know it by."""
    table = known(parse(triple))
    found = {one.display: one.ext_suffix for one in table}
    assert len(found) == len(table), "two interpreters have one name"
    return found


GIL = ("3.7m", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15")
FREE = ("3.13t", "3.14t", "3.15t")
PYPY = ("3.8 pp73", "3.9 pp73", "3.10 pp73", "3.11 pp73", "3.11 pp80", "3.12 pp80")


def cpython(pattern: str, *versions: str) -> dict[str, str]:
    return {f"CPython {one.replace('m', '')}": pattern.format(one.replace(".", "")) for one in versions}


def pypy(pattern: str) -> dict[str, str]:
    found = {}
    for one in PYPY:
        version, abi = one.split()
        name = f"PyPy {version}" + (f" ({abi})" if abi != "pp73" else "")
        found[name] = pattern.format(f"pypy{version.replace('.', '')}-{abi}")
    return found


def graalpy(machine: str) -> dict[str, str]:
    releases = {"3.10": "240", "3.11": "242", "3.12": "250", "3.13": "253"}
    return {f"GraalPy {v}": f".graalpy{r}-{v.replace('.', '')}-native-{machine}.so" for v, r in releases.items()}


WHOLE = {
    "x86_64-unknown-linux-gnu": {
        **cpython(".cpython-{}-x86_64-linux-gnu.so", *GIL, *FREE),
        **pypy(".{}-x86_64-linux-gnu.so"),
        **graalpy("x86_64-linux"),
    },
    "aarch64-unknown-linux-gnu": {
        **cpython(".cpython-{}-aarch64-linux-gnu.so", *GIL, *FREE),
        **pypy(".{}-aarch64-linux-gnu.so"),
        **graalpy("aarch64-linux"),
    },
    "armv7-unknown-linux-gnueabihf": {
        **cpython(".cpython-{}-arm-linux-gnueabihf.so", *GIL, *FREE),
        **pypy(".{}-arm-linux-gnu.so"),
    },
    "aarch64-unknown-linux-musl": {
        **cpython(".cpython-{}-aarch64-linux-gnu.so", "3.7m", "3.8", "3.9", "3.10"),
        **cpython(".cpython-{}-aarch64-linux-musl.so", "3.11", "3.12", "3.13", "3.14", "3.15", *FREE),
    },
    "universal2-apple-darwin": {
        **cpython(".cpython-{}-darwin.so", *GIL, *FREE),
        **pypy(".{}-darwin.so"),
    },
    "x86_64-pc-windows-msvc": {
        "CPython 3.7": ".pyd",
        **cpython(".cp{}-win_amd64.pyd", *GIL[1:], *FREE),
        **pypy(".{}-win_amd64.pyd"),
    },
    "i686-pc-windows-msvc": {"CPython 3.7": ".pyd", **cpython(".cp{}-win32.pyd", *GIL[1:], *FREE)},
    "aarch64-pc-windows-msvc": {"CPython 3.7": ".pyd", **cpython(".cp{}-win_arm64.pyd", *GIL[1:], *FREE)},
    "x86_64-unknown-freebsd": {"CPython 3.7": ".so", **cpython(".cpython-{}.so", *GIL[1:], *FREE)},
    "wasm32-unknown-emscripten": cpython(".cpython-{}-wasm32-emscripten.so", *GIL[1:]),
    "aarch64-linux-android": cpython(".cpython-{}-aarch64-linux-android.so", "3.13", "3.14", "3.15"),
    "aarch64-apple-ios": cpython(".cpython-{}-iphoneos.so", "3.13", "3.14", "3.15"),
    "x86_64-apple-ios": cpython(".cpython-{}-iphonesimulator.so", "3.13", "3.14", "3.15"),
    "x86_64-unknown-illumos": {},
    "armv7-linux-androideabi": {},
    "wasm32-wasip1": {},
}


@pytest.mark.parametrize("triple", WHOLE)
def test_the_whole_table_of_a_system(triple: str) -> None:
    assert suffixes(triple) == WHOLE[triple]


# Some interpreters of the other systems
SOME = {
    "x86_64-unknown-linux-gnux32": {"CPython 3.12": ".cpython-312-x86_64-linux-gnux32.so"},
    "i686-unknown-linux-gnu": {
        "CPython 3.12": ".cpython-312-i386-linux-gnu.so",
        "PyPy 3.9": ".pypy39-pp73-x86-linux-gnu.so",
    },
    "powerpc64le-unknown-linux-gnu": {
        "CPython 3.12": ".cpython-312-powerpc64le-linux-gnu.so",
        "PyPy 3.9": ".pypy39-pp73-ppc_64-linux-gnu.so",
    },
    "armv7-unknown-linux-musleabihf": {
        "CPython 3.10": ".cpython-310-arm-linux-gnueabihf.so",
        "CPython 3.11": ".cpython-311-arm-linux-musleabihf.so",
    },
    "mips64el-unknown-linux-gnuabi64": {"CPython 3.12": ".cpython-312-mips64el-linux-gnuabi64.so"},
    "mips64-unknown-linux-muslabi64": {"CPython 3.12": ".cpython-312-mips64-linux-musl.so"},
    "riscv64gc-unknown-linux-gnu": {"CPython 3.14t": ".cpython-314t-riscv64-linux-gnu.so"},
    "loongarch64-unknown-linux-gnu": {"CPython 3.14": ".cpython-314-loongarch64-linux-gnu.so"},
    "s390x-unknown-linux-gnu": {"PyPy 3.12 (pp80)": ".pypy312-pp80-s390x-linux-gnu.so"},
    "aarch64-apple-darwin": {"GraalPy 3.11": ".graalpy242-311-native-aarch64-darwin.so"},
    "i686-pc-windows-gnu": {"CPython 3.12": ".cp312-win32.pyd"},
    "x86_64-unknown-netbsd": {"CPython 3.12": ".so"},
    "x86_64-unknown-openbsd": {"CPython 3.8": ".cpython-38.so", "CPython 3.12": ".cpython-312.so"},
    "i686-unknown-hurd-gnu": {"CPython 3.13": ".cpython-313-i386-gnu.so"},
    "x86_64-pc-cygwin": {"CPython 3.9": ".cpython-39-x86_64-cygwin.dll"},
    "aarch64-apple-ios-sim": {"CPython 3.14": ".cpython-314-iphonesimulator.so"},
    "x86_64-linux-android": {"CPython 3.13": ".cpython-313-x86_64-linux-android.so"},
}


@pytest.mark.parametrize("triple", SOME)
def test_the_suffix_of_each_system(triple: str) -> None:
    table = suffixes(triple)
    assert {name: table.get(name) for name in SOME[triple]} == SOME[triple]


@pytest.mark.parametrize(
    ("triple", "absent"),
    [
        ("x86_64-unknown-linux-gnux32", ("PyPy", "GraalPy")),
        ("i686-unknown-linux-gnu", ("GraalPy",)),
        ("aarch64-unknown-linux-gnu_ilp32", ("CPython", "PyPy", "GraalPy")),
        ("x86_64-unknown-freebsd", ("PyPy", "GraalPy")),
    ],
)
def test_what_there_is_not_is_not_in_the_table(triple: str, absent: tuple[str, ...]) -> None:
    assert [name for name in suffixes(triple) if name.startswith(absent)] == []


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
    pypys = [one for one in known(parse("x86_64-pc-windows-msvc")) if one.implementation == "pypy"]
    assert [one.abi_tag for one in pypys] == [
        "pypy38_pp73",
        "pypy39_pp73",
        "pypy310_pp73",
        "pypy311_pp73",
        "pypy311_pp80",
        "pypy312_pp80",
    ]
    assert len({one.identity for one in pypys}) == 6, "each ABI gets a wheel"
    graalpys = [one for one in known(parse("x86_64-unknown-linux-gnu")) if one.implementation == "graalpy"]
    assert [one.abi_tag for one in graalpys] == [
        "graalpy240_310_native",
        "graalpy242_311_native",
        "graalpy250_312_native",
        "graalpy253_313_native",
    ]
