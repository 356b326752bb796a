"""Compares Pythons with the target: which one those of macOS, iOS and Windows are for, and the C library on Linux.

Those systems run Pythons of several processors side by side, and a module must be for the one of its Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cratewheel.errors import UsageError
from cratewheel.interpreter.known_table import MUSL_SPELLED_SINCE
from cratewheel.interpreter.model import Interpreter
from cratewheel.targets.triples import Target

_WINDOWS_WORDS = {"x86": "i686", "x86_64": "x86_64", "aarch64": "aarch64"}
_IOS_ARCHES = {"arm64": "aarch64", "x86_64": "x86_64"}


def chosen_target(interpreters: Iterable[Interpreter], host: Target) -> str | None:
    """Return the triple that these Pythons need, or None for that of `host`.

    A Python for several processors, as universal2 is, leaves the choice to the others. Raises `UsageError` when they
    need different targets.
    """
    named = {one: triple for one in interpreters if (triple := _triple(one, host)) is not None}
    triples = tuple(dict.fromkeys(named.values()))
    if len(triples) > 1:
        raise UsageError(
            "the Pythons are for different targets",
            notes=tuple(f"{one.executable} is for {triple}" for one, triple in named.items()),
            hint="run one build for each, or name the target: --target",
        )
    return triples[0] if triples and triples[0] != host.triple else None


def other_c_library(interpreter: Interpreter, target: Target) -> str | None:
    """Return the C library of a CPython on Linux if the target has another, by its modules' names.

    Before 3.11 a Python for musl could have the name of glibc there.
    """
    if interpreter.implementation != "cpython":
        return None
    if "-linux-musl" in interpreter.ext_suffix and target.is_glibc:
        return "musl"
    spelled = interpreter.version >= MUSL_SPELLED_SINCE
    return "glibc" if spelled and "-linux-gnu" in interpreter.ext_suffix and target.is_musl else None


def _triple(interpreter: Interpreter, host: Target) -> str | None:
    """Return the triple that one Python needs, None if it says nothing of that.

    >>> from cratewheel.targets.triples import parse
    >>> python = Interpreter(implementation="cpython", implementation_name="cpython", version=(3, 13), system="ios",
    ...     ext_suffix=".cpython-313-iphonesimulator.so", platform="ios_13_0_arm64_iphonesimulator")
    >>> _triple(python, parse("aarch64-apple-darwin"))
    'aarch64-apple-ios-sim'
    """
    # PEP 730: an environment for cross builds runs on macOS, and answers as a Python on iOS would
    ios = re.fullmatch(r"ios_\d+_\d+_(arm64|x86_64)_(iphoneos|iphonesimulator)", interpreter.platform or "")
    if ios and host.os == "macos":
        simulator = "-sim" if ios[2] == "iphonesimulator" and ios[1] == "arm64" else ""
        return f"{_IOS_ARCHES[ios[1]]}-apple-ios{simulator}"
    if interpreter.arch is None or host.os not in ("macos", "windows"):
        return None
    if interpreter.arch == host.arch:
        return host.triple
    if host.os == "macos":
        return f"{interpreter.arch}-apple-darwin"
    # rustc has no GNU target for ARM but LLVM's
    env = "gnullvm" if (interpreter.arch, host.env) == ("aarch64", "gnu") else host.env
    return f"{_WINDOWS_WORDS[interpreter.arch]}-pc-windows-{env}"
