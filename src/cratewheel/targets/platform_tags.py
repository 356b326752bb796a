"""Platform tags: the last part of a wheel's name, from the target and facts about its system.

Compatibility *policies* are canonical words: `manylinux_2_17`, `musllinux_1_2`, `linux`. With an architecture they
become platform tags. Specifications: PEP 600 (manylinux), PEP 656 (musllinux), PEP 730 (iOS), PEP 738 (Android),
PEP 783 (Emscripten), and the packaging user guide's "Platform compatibility tags".
"""

from __future__ import annotations

import re

from cratewheel.errors import UnsupportedError, UsageError, did_you_mean
from cratewheel.targets.triples import Target

DEFAULT_MUSLLINUX = "musllinux_1_2"  # the musl version in rustc's musl targets since 1.71

# legacy alias of a policy → its canonical name
LEGACY_ALIASES = {
    "manylinux1": "manylinux_2_5",
    "manylinux2010": "manylinux_2_12",
    "manylinux2014": "manylinux_2_17",
}
_ALIAS_OF = {policy: alias for alias, policy in LEGACY_ALIASES.items()}
_SHORT_ALIASES = {"1": "manylinux1", "2010": "manylinux2010", "2014": "manylinux2014"}

# Rust's name of a processor → `uname -m` on Linux, where the names differ
_LINUX_ARCHES = {
    "armv5te": "armv5tel",
    "armv6": "armv6l",
    "armv7": "armv7l",
    "powerpc": "ppc",
    "powerpc64": "ppc64",
    "powerpc64le": "ppc64le",
    "x86": "i686",
}
_MINIMUM_POLICIES = {
    "aarch64": "manylinux_2_17",
    "armv7l": "manylinux_2_17",
    "i686": "manylinux_2_17",
    "loongarch64": "manylinux_2_36",
    "ppc64": "manylinux_2_17",
    "ppc64le": "manylinux_2_17",
    "riscv64": "manylinux_2_31",
    "s390x": "manylinux_2_17",
    "x86_64": "manylinux_2_17",
}
_BSD_MACHINES = {
    "aarch64": "arm64",
    "armv6": "arm",
    "armv7": "arm",
    "mips64el": "mips",
    "mipsel": "mips",
    "powerpc64": "powerpc",
    "powerpc64le": "powerpc",
    "riscv32": "riscv",
    "riscv64": "riscv",
    "x86": "i386",
    "x86_64": "amd64",
}
_WINDOWS_TAGS = {"aarch64": "win_arm64", "x86": "win32", "x86_64": "win_amd64"}
_ANDROID_ABIS = {"aarch64": "arm64_v8a", "armv7": "armeabi_v7a", "x86": "x86", "x86_64": "x86_64"}
_APPLE_ARCHES = {"aarch64": "arm64", "x86_64": "x86_64"}

# rustc's default deployment targets
MACOS_DEFAULTS = {"aarch64": (11, 0), "x86_64": (10, 12)}
IOS_DEFAULT = (13, 0)

# Platform tags that PyPI accepts: the upload checks of pypi/warehouse, for systems that Rust supports
_PYPI_FIXED = frozenset(
    {"any", "win32", "win_amd64", "win_arm64", "win_ia64", "linux_armv6l", "linux_armv7l"}
    | {f"{policy}_{arch}" for policy in ("manylinux1", "manylinux2010") for arch in ("x86_64", "i686")}
    | {f"manylinux2014_{a}" for a in ("x86_64", "i686", "aarch64", "armv7l", "ppc64", "ppc64le", "s390x")},
)
_PYPI_MANYLINUX = frozenset({"x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "ppc64", "riscv64"})
_PYPI_MUSLLINUX = frozenset({"x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64"})
_PYPI_PATTERNS = (  # strings, because most runs compile none of them
    r"macosx_(10_\d+|(11|12|13|14|15|26)_0)_(x86_64|arm64|i686|universal2)",
    rf"manylinux_\d+_\d+_({'|'.join(sorted(_PYPI_MANYLINUX))})",
    rf"musllinux_\d+_\d+_({'|'.join(sorted(_PYPI_MUSLLINUX))})",
    r"ios_\d+_\d+_(arm64|x86_64)_(iphoneos|iphonesimulator)",
    r"android_\d+_(armeabi_v7a|arm64_v8a|x86|x86_64)",
    r"pyemscripten_\d+_\d+_wasm32",
)

_KNOWN_ARCH = "|".join(sorted({*_LINUX_ARCHES.values(), *_MINIMUM_POLICIES}, key=len, reverse=True))
_COMPATIBILITY = rf"(?:(manylinux|musllinux)_)?(\d{{1,5}})_(\d{{1,5}})(?:_(?:{_KNOWN_ARCH}))?"
_LEGACY_COMPATIBILITY = rf"(manylinux1|manylinux2010|manylinux2014)(?:_(?:{_KNOWN_ARCH}))?"


def parse_compatibility(text: str) -> str:
    """Return the canonical policy for a value of `--compatibility`, or `pypi`.

    An architecture at the end is accepted, as the peer does, and left out: the target decides it. Whether the policy is
    defined is not asked here. Raises `UsageError` for any other text.

    >>> parse_compatibility("2014"), parse_compatibility("MuslLinux_1_2"), parse_compatibility("off")
    ('manylinux_2_17', 'musllinux_1_2', 'linux')
    """
    word = text.strip().lower()
    if word in {"linux", "off"}:
        return "linux"
    if word == "pypi":
        return "pypi"
    word = _SHORT_ALIASES.get(word, word)
    if legacy := re.fullmatch(_LEGACY_COMPATIBILITY, word):
        return LEGACY_ALIASES[legacy[1]]
    if match := re.fullmatch(_COMPATIBILITY, word, re.ASCII):
        return f"{match[1] or 'manylinux'}_{int(match[2])}_{int(match[3])}"
    raise UsageError(f"'{text}' is not a compatibility tag", hint=_compatibility_hint(word))


def _compatibility_hint(word: str) -> str:
    """Return what to write instead of a word that is no compatibility tag.

    >>> _compatibility_hint("manylinux2_17"), _compatibility_hint("win_amd64")
    ('did you mean `manylinux_2_17`?', 'only Linux wheels have one: remove it; the target decides the tag of others')
    """
    if found := re.fullmatch(r"(many|musl)linux[-_ ]?(\d{1,3})[-_.](\d{1,3})(?:[-_]\w+)?", word):
        return f"did you mean `{found[1]}linux_{found[2]}_{found[3]}`?"
    if word.startswith(("win", "macos", "ios", "android")):
        return "only Linux wheels have one: remove it; the target decides the tag of others"
    listed = "write manylinux2014, manylinux_2_28, 2_28, musllinux_1_2, linux or pypi"
    known = ("manylinux1", "manylinux2010", "manylinux2014", "manylinux_2_28", "musllinux_1_2", "linux", "pypi")
    return did_you_mean(word, known) or listed


def linux_arch(target: Target) -> str:
    """Return the processor as `uname -m` prints it on the target: Linux tags and policies use that name.

    >>> from cratewheel.targets.triples import parse
    >>> linux_arch(parse("powerpc64le-unknown-linux-gnu"))
    'ppc64le'
    """
    return _LINUX_ARCHES.get(target.arch, target.arch)


def linux_platform_tag(policies: tuple[str, ...], target: Target) -> tuple[str, ...]:
    """Return the platform tags of a Linux wheel, sorted as PEP 425 requires: the policies and their legacy aliases.

    An old name is only written for the architectures that had it.

    >>> from cratewheel.targets.triples import parse
    >>> linux_platform_tag(("manylinux_2_17",), parse("x86_64-unknown-linux-gnu"))
    ('manylinux2014_x86_64', 'manylinux_2_17_x86_64')
    """
    arch = linux_arch(target)
    tags: list[str] = []
    for policy in set(policies):
        tags.append(f"{policy}_{arch}")
        alias = f"{_ALIAS_OF.get(policy)}_{arch}"
        if alias in _PYPI_FIXED:
            tags.append(alias)
    return tuple(sorted(tags))


def arch_minimum_policy(target: Target) -> str:
    """Return the oldest policy that rustc can link for on the target's processor, or `linux` if there is none.

    >>> from cratewheel.targets.triples import parse
    >>> arch_minimum_policy(parse("riscv64gc-unknown-linux-gnu"))
    'manylinux_2_31'
    """
    arch = linux_arch(target)
    if arch not in _MINIMUM_POLICIES:
        return "linux"
    if target.is_musl and arch != "ppc64":
        return DEFAULT_MUSLLINUX
    if target.is_glibc and not target.is_soft_float:
        return _MINIMUM_POLICIES[arch]
    return "linux"


def normalise_platform(text: str) -> str:
    """Return `sysconfig.get_platform()`, or `_PYTHON_HOST_PLATFORM`, in the spelling of platform tags.

    >>> normalise_platform("linux-x86_64"), normalise_platform("macosx-11.0-arm64")
    ('linux_x86_64', 'macosx_11_0_arm64')
    """
    return re.sub(r"[-. ]", "_", text.strip())


def platform_tag(
    target: Target,
    *,
    macos: tuple[int, int] | None = None,
    ios: tuple[int, int] | None = None,
    android_api: int | None = None,
    pyemscripten: str | None = None,
    emscripten: str | None = None,
    release: str | None = None,
    machine: str | None = None,
) -> tuple[str, ...]:
    """Return the platform tags of a wheel for all systems but Linux; see `linux_platform_tag`.

    `macos` and `ios` are deployment targets (by default rustc's); `pyemscripten` is the platform version of
    PEP 783, `emscripten` the compiler's own; `release` and `machine` are what `uname` says, for the systems that put
    them in the tag. Raises `UnsupportedError` when a fact that the tag needs is missing.
    """
    match target.os:
        case "windows":
            tag = _WINDOWS_TAGS[target.arch]
        case "macos":
            tag = _macos_tag(macos or MACOS_DEFAULTS[target.arch], _APPLE_ARCHES[target.arch])
        case "ios":
            tag = _ios_tag(target, ios or IOS_DEFAULT)
        case "android":
            tag = _android_tag(target, android_api)
        case "emscripten":
            tag = _emscripten_tag(pyemscripten, emscripten)
        case "wasi":
            tag = "any"
        case "cygwin":
            tag = f"cygwin_{linux_arch(target)}"
        case "linux":
            raise AssertionError("linux_platform_tag makes the tags of Linux")
        case _:
            tag = _release_tag(target, release, machine)
    return (tag,)


def universal2_platform_tag(*, x86_64: tuple[int, int], arm64: tuple[int, int]) -> tuple[str, ...]:
    """Return the sorted tags (PEP 425) of a universal2 macOS wheel, from the deployment target of each processor.

    >>> universal2_platform_tag(x86_64=(10, 12), arm64=(11, 0))
    ('macosx_10_12_universal2', 'macosx_10_12_x86_64', 'macosx_11_0_arm64')
    """
    return tuple(sorted((_macos_tag(x86_64, "x86_64"), _macos_tag(arm64, "arm64"), _macos_tag(x86_64, "universal2"))))


def macos_version(default: tuple[int, int], requested: str | None) -> tuple[int, int]:
    """Return the deployment target: `requested` (MACOSX_DEPLOYMENT_TARGET) if it is newer than rustc's default.

    Raises `UsageError` when the text is not a version like 11.0.

    >>> macos_version((10, 12), "11.3"), macos_version((11, 0), "10.9")
    ((11, 3), (11, 0))
    """
    if requested is None:
        return default
    match = re.fullmatch(r"(\d{1,4})\.(\d{1,4})(?:\.\d{1,4})?", requested.strip(), re.ASCII)
    if match is None:
        raise UsageError(
            f"MACOSX_DEPLOYMENT_TARGET must be a version like 11.0, found '{requested}'",
            hint="set it to two numbers with a dot, or unset it",
        )
    return max(default, (int(match[1]), int(match[2])))


def _macos_tag(version: tuple[int, int], arch: str) -> str:
    major, minor = version
    # since macOS 11 only the major version counts, and installers expect minor version 0
    return f"macosx_{major}_{0 if major >= 11 else minor}_{arch}"


def _ios_tag(target: Target, version: tuple[int, int]) -> str:
    simulator = target.arch == "x86_64" or target.env == "sim"
    sdk = "iphonesimulator" if simulator else "iphoneos"
    return f"ios_{version[0]}_{version[1]}_{_APPLE_ARCHES[target.arch]}_{sdk}"


def _android_tag(target: Target, api: int | None) -> str:
    if target.arch not in _ANDROID_ABIS:
        raise UnsupportedError(
            f"no Python on Android runs {target.triple}", hint="build for armv7, aarch64, i686 or x86_64"
        )
    if api is None:
        raise UnsupportedError(
            f"the Android API level for {target.triple} is not known", hint="set ANDROID_API_LEVEL, for example to 24"
        )
    return f"android_{api}_{_ANDROID_ABIS[target.arch]}"


def _emscripten_tag(pyemscripten: str | None, emscripten: str | None) -> str:
    if pyemscripten:
        return f"pyemscripten_{normalise_platform(pyemscripten)}_wasm32"
    if emscripten:
        return f"emscripten_{normalise_platform(emscripten.strip().removesuffix('-git'))}_wasm32"
    raise UnsupportedError(
        "the version of the Emscripten platform is not known",
        hint="set PYEMSCRIPTEN_PLATFORM_VERSION, for example to 2026_0",
    )


def _release_tag(target: Target, release: str | None, machine: str | None) -> str:
    if not release:
        raise UnsupportedError(
            f"the release of {target.os} to build for is unknown",
            hint=f"set MATURIN_{target.os.upper()}_VERSION, or build on that system",
        )
    if target.os == "aix":  # release is already <VRTL>_<build date>
        return f"aix_{normalise_platform(release)}_{target.pointer_width}"
    number = normalise_platform(release).lower()
    if target.os in {"freebsd", "netbsd", "openbsd"}:
        return f"{target.os}_{number}_{_BSD_MACHINES.get(target.arch, target.arch)}"
    if target.os in {"dragonfly", "haiku"}:
        return f"{target.os}_{number}_x86_64"
    own_machine = re.sub(r"[ /]", "_", machine) if machine else linux_arch(target)
    if target.os in {"illumos", "solaris"}:
        return _solaris_tag(number, own_machine)
    return f"{target.os}_{number}_{own_machine}"


def _solaris_tag(release: str, machine: str) -> str:
    major, _, rest = release.partition("_")
    if re.fullmatch(r"[0-9]{1,4}", major) and int(major) >= 5:  # SunOS 5.11 is Solaris 2.11 to sysconfig
        return f"solaris_{int(major) - 3}_{rest}_{machine}_64bit"
    return f"sunos_{release}_{machine}"


def pypi_accepts(platform_tag: str) -> bool:
    """Return whether PyPI accepts a wheel with this single platform tag.

    >>> pypi_accepts("manylinux_2_17_x86_64"), pypi_accepts("linux_x86_64")
    (True, False)
    """
    return platform_tag in _PYPI_FIXED or any(re.fullmatch(p, platform_tag, re.ASCII) for p in _PYPI_PATTERNS)


def pypi_supports(target: Target) -> bool:
    """Return whether PyPI accepts any wheels for the target.

    >>> from cratewheel.targets.triples import parse
    >>> pypi_supports(parse("x86_64-unknown-freebsd"))
    False
    """
    if target.os == "linux":
        arch = linux_arch(target)
        if arch in {"armv6l", "armv7l"}:  # PyPI accepts linux_armv6l and linux_armv7l
            return True
        accepted = _PYPI_MUSLLINUX if target.is_musl else _PYPI_MANYLINUX if target.is_glibc else frozenset[str]()
        return arch in accepted
    if target.os == "android":
        return target.arch in _ANDROID_ABIS
    return target.os in {"windows", "macos", "ios", "emscripten"}
