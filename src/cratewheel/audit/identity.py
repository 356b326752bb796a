"""Checks that a compiled file matches its wheel's tag: system, processor, calling convention and Python. Pure.

This is asked of every file of every wheel, whatever is asked for the audit: a tag can come from an interpreter's
answer, from a variable or from a flag, and the file from cargo's own configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cratewheel.audit import stable_abi
from cratewheel.audit.model import Binary, Format
from cratewheel.errors import AuditError
from cratewheel.targets.triples import Target
from cratewheel.targets.wheel_tags import WheelTag

_SYMBOLS_SHOWN = 5
_ELF = ("linux", "android", "freebsd", "netbsd", "openbsd", "dragonfly", "haiku", "hurd", "illumos", "solaris")
_FORMATS: Mapping[str, Format] = {
    **dict.fromkeys(_ELF, "elf"),
    **dict.fromkeys(("macos", "ios"), "macho"),
    **dict.fromkeys(("windows", "cygwin"), "pe"),
    **dict.fromkeys(("emscripten", "wasi"), "wasm"),
    "aix": "xcoff",
}
_FORMAT_NAMES = {
    "elf": "an ELF file", "macho": "a Mach-O file", "pe": "a PE file", "wasm": "WebAssembly", "xcoff": "an XCOFF file"
}  # fmt: skip
# the systems that a file can name, where it is not that of the target alone; most ELF files name none
_NAMED_SYSTEMS = {"android": ("linux",), "hurd": ("linux",), "illumos": ("solaris",)}

# processors by the words of platform tags and of extension suffixes → in Rust's word
_PROCESSORS = {
    **dict.fromkeys(("x86_64", "amd64", "i86pc"), "x86_64"),
    **dict.fromkeys(("i386", "i486", "i586", "i686", "x86", "win32"), "x86"),
    **dict.fromkeys(("aarch64", "arm64", "arm64_v8a"), "aarch64"),
    **dict.fromkeys(("armv5tel", "armv6l", "armv7l", "armv8l", "armeabi_v7a", "arm", "arm32"), "arm"),
    **dict.fromkeys(("ppc64le", "powerpc64le"), "powerpc64le"),
    **dict.fromkeys(("ppc64", "powerpc64"), "powerpc64"),
    "ppc": "powerpc",
    "s390x": "s390x",
    "riscv32": "riscv32",
    "riscv64": "riscv64",
    "loongarch64": "loongarch64",
    "sparc64": "sparc64",
    "mips64el": "mips64el",
    "mipsel": "mipsel",
    "wasm32": "wasm32",
}
_WORD = "|".join(sorted(_PROCESSORS, key=len, reverse=True))
_TAGS: tuple[tuple[str, str], ...] = (  # system, and the tags that name it
    ("linux", rf"(?:linux|manylinux\d+|manylinux_\d+_\d+|musllinux_\d+_\d+)_(?:(?P<arch>{_WORD})(?:_.*)?|.*)"),
    ("android", rf"android_\d+_(?P<arch>{_WORD})"),
    ("macos", rf"macosx_\d+_\d+_(?P<arch>{_WORD}|universal2)"),
    ("macos", r"macosx_.*"),
    ("ios", rf"ios_\d+_\d+_(?P<arch>{_WORD})_iphoneos"),
    ("ios-simulator", rf"ios_\d+_\d+_(?P<arch>{_WORD})_iphonesimulator"),
    ("windows", rf"(?:win_)?(?P<arch>win32|(?<=win_)(?:{_WORD}))"),
    ("cygwin", rf"(?:cygwin|msys)_(?:.*_)?(?P<arch>{_WORD})"),
    ("windows", rf"mingw_(?P<arch>{_WORD})(?:_.*)?"),
    ("emscripten", r"(?:emscripten|pyemscripten|pyodide)_.*(?P<arch>wasm32)"),
    ("solaris", rf"(?:solaris|sunos)_.*?(?:_(?P<arch>{_WORD}))?(?:_64bit)?"),
    ("aix", r"aix_.*"),
    *((system, rf"{system}_.*?(?:_(?P<arch>{_WORD}))?") for system in _ELF[2:]),
)

_ABI3 = "abi3"
_PYTHON_SYMBOL = r"_?Py[A-Z_].*"
_PYPY_SYMBOL = r"_?PyPy.*"
# libraries of CPython: python311.dll, libpython3.13t.so.1.0, …/Python.framework/Versions/3.11/Python; python3.dll and
# libpython3.so, which have the stable ABI alone, name no minor version
_LIBPYTHON = (
    r"(?i:(?:.*/)?(?:lib)?python3(?:\.?(?P<minor>\d+))?(?P<flags>t?)m?(?P<debug>_?d)?\.(?:dll|dylib|so[.\d]*)|"
    r".*/Python[3T]?\.framework/Versions/3\.(?P<framework>\d+)(?P<free>t?)/Python[3T]?)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Promise:
    """The system and, if named, the processors of a platform tag or a target."""

    system: str
    processors: tuple[str, ...]

    @property
    def format(self) -> Format:
        return _FORMATS[self.system.removesuffix("-simulator")]

    @property
    def systems(self) -> tuple[str | None, ...]:
        """The systems that a file may report; Apple's older load command does not tell simulators from devices."""
        return (None, self.system, self.system.removesuffix("-simulator"), *_NAMED_SYSTEMS.get(self.system, ()))


def check_tag(files: Mapping[str, Binary], tag: WheelTag, target: Target, *, module_file: str | None = None) -> None:
    """Raise `AuditError` if one of the compiled files, by name, does not match the tag or the target.

    `module_file` is the name by which Python is to import the extension module, if the files are one.
    """
    for name, binary in files.items():
        check_machine(binary, target, name)
        for platform in tag.platform:
            promise = _promise(platform)
            if promise is None:
                continue
            _compare(binary, promise, f"the tag {platform}", name)
            if promise.system not in _systems_of_tags(target):
                raise _mismatch_error(name, binary, (target.os,), f"the tag {platform}")
        if tag.abi != ("none",):
            _compare_python(binary, tag, name)
            if module_file is not None:
                _compare_suffix(binary, module_file, tag)


def check_machine(binary: Binary, target: Target, name: str) -> None:
    """Raise `AuditError` if a file, called `name` in the message, is for another system or processor."""
    processors = tuple(_arch(slice_.arch) for slice_ in target.slices)
    simulator = target.os == "ios" and (target.env == "sim" or target.arch == "x86_64")
    promise = _Promise(system=f"{target.os}-simulator" if simulator else target.os, processors=processors)
    if binary.bits != target.pointer_width or _processors(binary) != set(processors):
        raise _mismatch_error(name, binary, (), target.triple)
    _compare(binary, promise, target.triple, name)
    expected = _float_abi(target)
    if expected is not None and binary.float_abi not in (None, expected):
        raise AuditError(
            f"{name} passes floating-point numbers as {binary.float_abi}-float code does, and {target.triple} as "
            f"{expected}-float code",
            hint="compile it for the target that the wheel is for",
        )


# -- system and processor


def _compare(binary: Binary, promise: _Promise, what: str, name: str) -> None:
    systems = {part.system for part in binary.slices or (binary,)}
    strange = sorted(str(system) for system in systems if system not in promise.systems)
    if strange or binary.format != promise.format or not _processors(binary).issuperset(promise.processors):
        raise _mismatch_error(name, binary, strange, what)


def _processors(binary: Binary) -> set[str]:
    return {part.arch for part in binary.slices or (binary,)}


def _mismatch_error(name: str, binary: Binary, systems: Iterable[str], what: str) -> AuditError:
    found = sorted({(part.arch, part.bits) for part in binary.slices or (binary,)})
    arches = " and ".join(f"{arch} ({bits} bits)" for arch, bits in found)
    return AuditError(
        f"{name} is {_FORMAT_NAMES[binary.format]} for {' '.join((*systems, arches))}, which is not what {what} says",
        hint="name the target with --target: cargo's settings and RUSTFLAGS do not tell it; a tag's platform can also "
        "come from _PYTHON_HOST_PLATFORM, or from what an interpreter says of the machine",
    )


def _systems_of_tags(target: Target) -> tuple[str, ...]:
    """Return the names for the target's system in tags."""
    own = {"illumos": ("solaris",), "ios": ("ios-simulator",)}.get(target.os, ())
    return (target.os, *own)


def _arch(arch: str) -> str:
    return "arm" if arch.startswith("armv") else {"sparcv9": "sparc64"}.get(arch, arch)


def _promise(platform: str) -> _Promise | None:
    """Return the promise of a platform tag; None for `any`, and for unknown systems."""
    for system, pattern in _TAGS:
        if match := re.fullmatch(pattern, platform):
            word = match.groupdict().get("arch")
            if word == "universal2":
                return _Promise(system=system, processors=(_PROCESSORS["arm64"], _PROCESSORS["x86_64"]))
            return _Promise(system=system, processors=(_PROCESSORS[word],) if word else ())
    return None


def _float_abi(target: Target) -> str | None:
    """Return how code for the target passes floating-point numbers, if that varies on its processor."""
    if target.arch.startswith("armv") and target.os in ("linux", "android"):
        return "hard" if target.env.endswith("hf") else "soft"
    if target.arch == "loongarch64":
        return "soft" if target.env.endswith("sf") else "double"
    if target.arch.startswith("riscv") and re.match(r"riscv\d+(gc|a2\d)", target.triple):
        return "double"
    return None


# -- Python


def _compare_python(binary: Binary, tag: WheelTag, name: str) -> None:
    for library in (*binary.needed, *binary.delayed):
        if match := re.fullmatch(_LIBPYTHON, library):
            _compare_library(library, match, tag, name)
    symbols = list(python_symbols(binary))
    for_pypy = [symbol for symbol in symbols if re.fullmatch(_PYPY_SYMBOL, symbol)]
    if bool(for_pypy) != tag.python[0].startswith("pp") and symbols:
        kinds = ("PyPy", "another Python") if for_pypy else ("CPython", "PyPy")
        raise _python_error(name, tag, f"is compiled for {kinds[0]} ({_shorten(for_pypy or symbols)})")
    if any(abi.startswith(_ABI3) for abi in tag.abi):
        _compare_stable(symbols, tag, name)


def _compare_library(library: str, match: re.Match[str], tag: WheelTag, name: str) -> None:
    minor = match["minor"] or match["framework"]
    if minor is None:
        return
    if any(abi.startswith(_ABI3) for abi in tag.abi):
        # elsewhere than on Windows the policies judge it: a wheel for this machine may be linked so. Before 3.10, debug
        # builds have no python3_d.dll that works
        differs = library.lower().endswith(".dll") and not match["debug"]
    else:
        wanted = re.fullmatch(r"cp3(\d+)", tag.python[0])
        free = bool(match["flags"] or match["free"])
        differs = wanted is not None and (wanted[1] != minor or free != tag.abi[0].rstrip("d").endswith("t"))
    if differs:
        raise _python_error(name, tag, f"is linked to {library}")


def _compare_stable(symbols: list[str], tag: WheelTag, name: str) -> None:
    wanted = re.fullmatch(r"cp3(\d{1,9})", tag.python[0])
    names = stable_abi.names()
    if wanted is None or (minor := int(wanted[1])) > max(names.values()):  # of a newer Python than is known here
        return
    if foreign := [symbol for symbol in symbols if symbol not in names]:
        raise _python_error(name, tag, f"uses symbols outside of the stable ABI ({_shorten(foreign)})")
    if newer := [symbol for symbol in symbols if names[symbol] > minor]:
        oldest = max(names[symbol] for symbol in newer)
        raise _python_error(name, tag, f"uses the stable ABI of Python 3.{oldest} ({_shorten(newer)})")


def python_symbols(binary: Binary) -> Iterator[str]:
    """Yield the symbols of Python that a file needs, without the underscore of macOS."""
    for symbol in binary.undefined:
        name = symbol.name.removeprefix("_") if binary.format == "macho" else symbol.name
        if not symbol.weak and re.fullmatch(_PYTHON_SYMBOL, name):
            yield name


def _compare_suffix(binary: Binary, module_file: str, tag: WheelTag) -> None:
    """Raise `AuditError` if the module's file name is for another Python than the tag.

    `.cpython-311-x86_64-linux-gnu.so`, `.cp311-win_amd64.pyd`, `.pypy311-pp73-darwin.so`, `.abi3.so`,
    `.abi3-x86_64-linux-gnu.so`, `.so`
    """
    words = module_file.split(".")
    word = words[-2] if len(words) > 2 else ""
    match = re.fullmatch(r"(?:(?:cpython-|cp)(?P<version>\d+[a-z]*)|(?P<stable>abi3t?))(?:-(?P<machine>.+))?", word)
    if match is None:
        return
    # on Windows the suffix does not name the flags
    if match["version"] and f"cp{match['version']}".rstrip("dm") != tag.abi[0].rstrip("dm"):
        raise _python_error(module_file, tag, f"is called as a module for cp{match['version']} is")
    if match["stable"] and match["stable"] not in tag.abi:
        raise _python_error(module_file, tag, "is called as a module for the stable ABI is")
    machine = match["machine"] or ""
    processor = _PROCESSORS.get(machine.removeprefix("win_").partition("-")[0])
    if processor is not None and processor not in _processors(binary):
        raise _python_error(module_file, tag, f"is called as a module for {machine} is, and is for {binary.arch}")


def _python_error(name: str, tag: WheelTag, fact: str) -> AuditError:
    return AuditError(
        f"{name} {fact}, which does not fit the tag {tag}",
        hint="compile it for the Python that is meant: see PYO3_PYTHON, PYO3_CONFIG_FILE and the features of pyo3",
    )


def _shorten(symbols: list[str]) -> str:
    more = len(symbols) - _SYMBOLS_SHOWN
    return ", ".join(sorted(symbols)[:_SYMBOLS_SHOWN]) + (f" and {more} more" if more > 0 else "")
