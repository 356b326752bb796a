"""Who can install a wheel, in words: Pythons and systems, from its tags."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cratewheel.targets.platform_tags import LEGACY_ALIASES
from cratewheel.targets.wheel_tags import WheelTag

_PROCESSORS = {
    "x86_64": "x86_64", "amd64": "x86_64", "i686": "32-bit x86", "i386": "32-bit x86", "x86": "32-bit x86",
    "aarch64": "64-bit ARM", "arm64": "64-bit ARM", "arm64_v8a": "64-bit ARM", "armv7l": "32-bit ARM (ARMv7)",
    "armv6l": "32-bit ARM (ARMv6)", "armeabi_v7a": "32-bit ARM (ARMv7)", "ppc64le": "64-bit POWER, little-endian",
    "ppc64": "64-bit POWER", "s390x": "IBM Z", "riscv64": "64-bit RISC-V", "loongarch64": "LoongArch",
}  # fmt: skip
_APPLE = {
    "arm64": "Apple silicon (arm64)",
    "x86_64": "Intel (x86_64)",
    "universal2": "Apple silicon and Intel (universal2)",
    "intel": "Intel, 32 and 64 bits",
}
_WINDOWS = {"win32": "32-bit x86", "win_amd64": "x86_64", "win_arm64": "64-bit ARM"}
_IMPLEMENTATIONS = {"cp": "CPython", "pp": "PyPy", "graalpy": "GraalPy", "ip": "IronPython", "jy": "Jython"}


def pythons(tag: WheelTag) -> tuple[str, ...]:
    """Return the Pythons that install a wheel of this tag.

    >>> pythons(WheelTag.parse("cp39-abi3-win_amd64")), pythons(WheelTag.parse("py2.py3-none-any"))
    (('CPython 3.9 and later, but not free-threaded ones',), ('every Python 2', 'every Python 3'))
    """
    both = {"abi3", "abi3t"} <= set(tag.abi)
    abis = [abi for abi in tag.abi if not (both and abi == "abi3t")]
    return tuple(
        dict.fromkeys(words for python in tag.python for abi in abis for words in _python(python, abi, both=both))
    )


def _python(python: str, abi: str, *, both: bool) -> Iterator[str]:
    match = re.fullmatch(r"([a-z]+)(\d)(\d*)(?:_.*)?", python)
    if match is None:
        yield f"the Python {python}" + (f" with the ABI {abi}" if abi != "none" else "")
        return
    kind, major, minor = match.groups()
    version = f"{major}.{minor}" if minor else major
    if kind == "py":
        yield f"every Python {major}" + (f" from {version} on" if minor not in ("", "0") else "")
        return
    name = _IMPLEMENTATIONS.get(kind, kind)
    if abi == "abi3":
        free = "free-threaded ones too" if both else "but not free-threaded ones"
        yield f"{name} {version} and later, {free}"
    elif abi == "abi3t":
        yield f"free-threaded {name} {version} and later"
    elif abi == "none":
        yield f"{name} {version}"  # and no later one, unlike `py39-none`
    else:
        flags = abi.removeprefix(f"{kind}{major}{minor}") if kind == "cp" else ""
        words = ("free-threaded " if "t" in flags else "") + name
        yield f"{words} {version}" + (", compiled for debugging" if "d" in flags else "")


def systems(tag: WheelTag) -> tuple[str, ...]:
    """Return the systems that install a wheel of this tag.

    >>> systems(WheelTag.parse("cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64"))
    ('Linux with glibc 2.17 or later, on x86_64',)
    >>> systems(WheelTag.parse("cp312-cp312-macosx_11_0_arm64"))
    ('macOS 11.0 or later, on Apple silicon (arm64)',)
    """
    return tuple(dict.fromkeys(map(_system, tag.platform)))


def _system(platform: str) -> str:
    if platform == "any":
        return "every system"
    if platform in _WINDOWS:
        return f"Windows, on {_WINDOWS[platform]}"
    for pattern, text in (
        (r"manylinux_(?P<version>\d+_\d+)_(?P<arch>\w+)", "Linux with glibc {version} or later, on {arch}"),
        (r"musllinux_(?P<version>\d+_\d+)_(?P<arch>\w+)", "Linux with musl {version} or later (Alpine), on {arch}"),
        (r"linux_(?P<arch>\w+)", "any Linux on {arch}, whatever its libraries: nothing is promised, PyPI refuses it"),
        (r"macosx_(?P<version>\d+_\d+)_(?P<apple>\w+)", "macOS {version} or later, on {apple}"),
        (r"ios_(?P<version>\d+_\d+)_(?P<arch>\w+)_iphoneos", "iOS {version} or later, on {arch}"),
        (r"ios_(?P<version>\d+_\d+)_(?P<arch>\w+)_iphonesimulator", "iOS {version} or later, in a simulator on {arch}"),
        (r"android_(?P<version>\d+)_(?P<arch>\w+)", "Android with API level {version} or later, on {arch}"),
        (r"py(?:emscripten|odide)_(?P<version>\d+_\d+)_wasm32", "Pyodide {version}"),
    ):
        if match := re.fullmatch(pattern, _canonical(platform)):
            words = {name: word for name, word in match.groupdict().items() if word}
            return text.format(
                version=words.get("version", "").replace("_", "."),
                arch=_PROCESSORS.get(words.get("arch", ""), words.get("arch")),
                apple=_APPLE.get(words.get("apple", ""), words.get("apple")),
            )
    return f"the platform {platform}"


def _canonical(platform: str) -> str:
    """Return the tag with the old names of manylinux in the new spelling."""
    alias, _, arch = platform.partition("_")
    return f"{LEGACY_ALIASES[alias]}_{arch}" if alias in LEGACY_ALIASES else platform


def promised_policies(tag: WheelTag) -> tuple[str, ...]:
    """Return the manylinux and musllinux policies that the tag names, each once, in the new spelling.

    >>> promised_policies(WheelTag.parse("cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64"))
    ('manylinux_2_17',)
    """
    found = (re.match(r"(?:many|musl)linux_\d{1,4}_\d{1,4}(?=_)", _canonical(platform)) for platform in tag.platform)
    return tuple(dict.fromkeys(match[0] for match in found if match))
