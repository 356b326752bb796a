"""The Pythons that there are for a system: what is known of them without having one.

How an extension module's name ends is fixed for each release and system, so that a wheel can be made for a Python that
is not here. Sources: CPython's configure.ac (SOABI, EXT_SUFFIX), PEP 730 (iOS), PEP 738 (Android), PEP 3149, and the
releases of PyPy and GraalPy.
"""

from __future__ import annotations

from collections.abc import Iterator

from cratewheel.interpreter.model import OLDEST, Implementation, Interpreter, Version
from cratewheel.tags.target import Target

SOURCE = "the table of known interpreters"

NEWEST: Version = (3, 15)
OLDEST_FREE_THREADED: Version = (3, 13)
# The systems for which CPython's own releases name the interpreter: (PEP 730, 738) since 3.13
_MOBILE_SINCE: Version = (3, 13)
_PYPY = ((3, 8), (3, 11))
# PyPy 7.3 was its name for all of these languages; PyPy 8.0, of 3.11, changed its ABI word
_PYPY_ABI = "pp73"
# The language of each GraalPy release, with the release as it stands in the suffix
_GRAALPY = {(3, 10): "240", (3, 11): "242", (3, 12): "250", (3, 13): "270"}

# Rust's word for a processor → how Python's suffixes spell it (Debian's multiarch words)
_ARCHES = {
    "armv5te": "arm",
    "armv6": "arm",
    "armv7": "arm",
    "powerpc": "powerpc",
    "powerpc64": "powerpc64",
    "powerpc64le": "powerpc64le",
    "x86": "i386",
}
_PYPY_ARCHES = {"powerpc64le": "ppc_64", "powerpc64": "ppc_64", "x86": "x86"}
_WINDOWS = {"x86": "win32", "x86_64": "win_amd64", "aarch64": "win_arm64"}
_ANDROID = {"aarch64": "aarch64-linux-android", "x86_64": "x86_64-linux-android"}
_MUSL_SPELLED_SINCE: Version = (3, 11)


def known(target: Target) -> tuple[Interpreter, ...]:
    """Return every interpreter of the table for `target`, CPython first, each kind by version; none has an executable.

    >>> from cratewheel.tags.target import parse
    >>> [one.ext_suffix for one in known(parse("aarch64-unknown-linux-gnu")) if one.version == (3, 12)]
    ['.cpython-312-aarch64-linux-gnu.so', '.graalpy250-312-native-aarch64-linux.so']
    """
    return (*_cpython(target), *_pypy(target), *_graalpy(target))


def _cpython(target: Target) -> Iterator[Interpreter]:
    free_threaded = target.os in {"linux", "macos", "windows", "freebsd", "openbsd"}
    for flags in ("", "t") if free_threaded else ("",):
        for version in _versions(OLDEST_FREE_THREADED if flags else OLDEST, NEWEST):
            suffix = _cpython_suffix(target, version, flags or ("m" if version < (3, 8) else ""))
            if suffix is not None:
                yield _interpreter(target, "cpython", version, suffix, flags=flags)


def _cpython_suffix(target: Target, version: Version, flags: str) -> str | None:
    number = f"{version[0]}{version[1]}{flags}"
    match target.os:
        case "linux":
            return f".cpython-{number}-{_multiarch(target, version)}.so"
        case "macos":
            return f".cpython-{number}-darwin.so"
        case "windows":
            return f".cp{number}-{_WINDOWS[target.arch]}.pyd" if version >= (3, 8) else ".pyd"
        case "freebsd":
            return f".cpython-{number}.so" if version >= (3, 8) else ".so"
        case "netbsd":
            return ".so"
        case "openbsd":
            return f".cpython-{number}.so"
        case "emscripten":
            return f".cpython-{number}-wasm32-emscripten.so"
        case "android" if version >= _MOBILE_SINCE and target.arch in _ANDROID:
            return f".cpython-{number}-{_ANDROID[target.arch]}.so"
        case "ios" if version >= _MOBILE_SINCE:
            simulator = target.arch == "x86_64" or target.env == "sim"
            return f".cpython-{number}-{'iphonesimulator' if simulator else 'iphoneos'}.so"
        case _:
            return None


def _multiarch(target: Target, version: Version) -> str:
    env = target.env or "gnu"
    if target.arch == "mips64":
        env = "gnuabi64"
    elif version < _MUSL_SPELLED_SINCE:
        env = env.replace("musl", "gnu")
    return f"{_ARCHES.get(target.arch, target.arch)}-linux-{env}"


def _pypy(target: Target) -> Iterator[Interpreter]:
    for version in _versions(*_PYPY):
        words = f"pypy{version[0]}{version[1]}-{_PYPY_ABI}"
        match target.os:
            case "linux" if not target.is_musl:
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
