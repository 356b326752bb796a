"""The Python versions that exist for each system, with their tags.

How an extension module's name ends is fixed for each release and system, so that a wheel can be made for a Python that
is not here. Sources: CPython's configure.ac and Misc/platform_triplet.c (SOABI, EXT_SUFFIX), PEP 730 (iOS), PEP 738
(Android), PEP 3149, and the releases of PyPy and GraalPy. NetBSD's packages and Cygwin's have suffixes of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cratewheel.interpreter.model import OLDEST, Implementation, Interpreter, Version, parse_spec
from cratewheel.targets.triples import Target

SOURCE = "the table of known interpreters"

NEWEST: Version = (3, 15)
OLDEST_FREE_THREADED: Version = (3, 13)
_MOBILE_SINCE: Version = (3, 13)  # PEP 730 and 738
_FREE_THREADED_SYSTEMS = frozenset({"linux", "macos", "windows", "freebsd", "netbsd", "openbsd"})
# The ABIs of PyPy's releases by language. PyPy 8.0 broke the ABI of PyPy 7.3, which has lasted since 2019, and both are
# in use for Python 3.11: a wheel for one cannot be installed by the other, so the table has both.
_PYPY: dict[Version, tuple[str, ...]] = {
    (3, 8): ("pp73",),
    (3, 9): ("pp73",),
    (3, 10): ("pp73",),
    (3, 11): ("pp73", "pp80"),
    (3, 12): ("pp80",),
}
# The ABI of GraalPy's releases by language: that of the release which began it (24.0, 24.2, 25.0, 25.3), as GraalPy
# keeps it in those that follow
_GRAALPY: dict[Version, str] = {(3, 10): "240", (3, 11): "242", (3, 12): "250", (3, 13): "253"}

# Rust's word for a processor → how Python's suffixes spell it (Debian's multiarch words)
_ARCHES = {"armv5te": "arm", "armv6": "arm", "armv7": "arm", "x86": "i386"}
_PYPY_ARCHES = {"powerpc64le": "ppc_64", "powerpc64": "ppc_64", "x86": "x86"}
# The systems whose suffixes are made the same way for all versions
_SUFFIXES = {
    "cygwin": ".cpython-{number}-{arch}-cygwin.dll",
    "emscripten": ".cpython-{number}-wasm32-emscripten.so",
    "hurd": ".cpython-{number}-{arch}-gnu.so",
    "macos": ".cpython-{number}-darwin.so",
    "netbsd": ".so",
    "openbsd": ".cpython-{number}.so",
}
_WINDOWS = {"x86": "win32", "x86_64": "win_amd64", "aarch64": "win_arm64"}
_ANDROID = frozenset({"aarch64", "x86_64"})  # PEP 738 leaves the 32-bit ones out
_LIBRARIES = {"muslabi64": "musl"}  # where Python's word for a C library is not Rust's
MUSL_SPELLED_SINCE: Version = (3, 11)


def known(target: Target) -> tuple[Interpreter, ...]:
    """Return every interpreter of the table for `target`: CPython first, sorted by version; none has an executable.

    >>> from cratewheel.targets.triples import parse
    >>> [one.ext_suffix for one in known(parse("x86_64-apple-darwin")) if one.version == (3, 13)]
    ['.cpython-313-darwin.so', '.cpython-313t-darwin.so', '.graalpy253-313-native-x86_64-darwin.so']
    """
    return (*_cpython(target), *_pypy(target), *_graalpy(target))


def named(table: tuple[Interpreter, ...], word: str) -> tuple[Interpreter, ...]:
    """Return the interpreters of `table` with the ABI tag or the version in `word`; none for another word.

    A version whose ABI changed has several. The patch release is ignored, as wheels do not depend on it.
    """
    tag = word.strip().lower().replace("-", "_")
    # `pypy311_pp80` and `pp311-pypy311_pp80` are the one ABI of a version that has two
    exact = tuple(one for one in table if one.abi_tag in (tag, tag.partition("_")[2]))
    if exact:
        return exact
    spec = parse_spec(word)
    if spec is None or spec.version is None:
        return ()
    return tuple(one for one in table if replace(spec, patch=None).matches(one))


def _cpython(target: Target) -> Iterator[Interpreter]:
    for flags in ("", "t") if target.os in _FREE_THREADED_SYSTEMS else ("",):
        for version in _versions(OLDEST_FREE_THREADED if flags else OLDEST, NEWEST):
            suffix = _cpython_suffix(target, version, flags or ("m" if version < (3, 8) else ""))
            if suffix is not None:
                yield _interpreter(target, "cpython", version, suffix, flags=flags)


def _cpython_suffix(target: Target, version: Version, flags: str) -> str | None:
    number = f"{version[0]}{version[1]}{flags}"
    arch = _ARCHES.get(target.arch, target.arch)
    match target.os:
        case "emscripten" | "openbsd" if version < (3, 8):
            return None
        case system if system in _SUFFIXES:
            return _SUFFIXES[system].format(number=number, arch=arch)
        case "linux" if target.pointer_width == 64 or target.arch != "aarch64":
            return f".cpython-{number}-{arch}-linux-{_library(target, version)}.so"
        case "windows":
            return f".cp{number}-{_WINDOWS[target.arch]}.pyd" if version >= (3, 8) else ".pyd"
        case "freebsd":
            return f".cpython-{number}.so" if version >= (3, 8) else ".so"
        case "android" if version >= _MOBILE_SINCE and target.arch in _ANDROID:
            return f".cpython-{number}-{arch}-linux-android.so"
        case "ios" if version >= _MOBILE_SINCE:
            simulator = target.arch == "x86_64" or target.env == "sim"
            return f".cpython-{number}-{'iphonesimulator' if simulator else 'iphoneos'}.so"
        case _:
            return None


def _library(target: Target, version: Version) -> str:
    """Return the name of the C library in CPython's suffix; before 3.11, musl builds use the name of glibc."""
    library = _LIBRARIES.get(target.env, target.env) or "gnu"
    return library if version >= MUSL_SPELLED_SINCE else library.replace("musl", "gnu")


def _pypy(target: Target) -> Iterator[Interpreter]:
    for version, abis in _PYPY.items():
        for abi in abis:
            words = f"pypy{version[0]}{version[1]}-{abi}"
            match target.os:
                case "linux" if target.is_glibc:
                    arch = _PYPY_ARCHES.get(target.arch, _ARCHES.get(target.arch, target.arch))
                    suffix = f".{words}-{arch}-linux-gnu.so"
                case "macos":
                    suffix = f".{words}-darwin.so"
                case "windows" if target.arch == "x86_64":
                    suffix = f".{words}-win_amd64.pyd"
                case _:
                    return
            yield _interpreter(target, "pypy", version, suffix)


def _graalpy(target: Target) -> Iterator[Interpreter]:
    if target.arch not in ("x86_64", "aarch64") or not (target.is_glibc or target.os == "macos"):
        return
    system = "linux" if target.os == "linux" else "darwin"
    for version, release in _GRAALPY.items():
        number = f"{version[0]}{version[1]}"
        suffix = f".graalpy{release}-{number}-native-{target.arch}-{system}.so"
        yield _interpreter(target, "graalpy", version, suffix)


def _interpreter(
    target: Target, kind: Implementation, version: Version, suffix: str, *, flags: str = ""
) -> Interpreter:
    words = suffix.strip(".").split(".")
    return Interpreter(
        implementation=kind,
        implementation_name=kind,
        version=version,
        abiflags=flags or ("m" if kind == "cpython" and version < (3, 8) else ""),
        ext_suffix=suffix,
        soabi=words[0] if len(words) > 1 else None,
        platform=None,
        system=target.python_os,
        pointer_width=target.pointer_width,
        gil_disabled="t" in flags,
        source=SOURCE,
    )


def _versions(oldest: Version, newest: Version) -> Iterator[Version]:
    return ((3, minor) for minor in range(oldest[1], newest[1] + 1))
