"""Parses Rust target triples: `x86_64-unknown-linux-musl` → `Target(os="linux", arch="x86_64", env="musl", …)`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cratewheel.errors import UnsupportedError, did_you_mean

# Processor in a triple → our name for it. Families with many spellings follow in `_FAMILIES`.
_ARCHES = {
    "aarch64": "aarch64",
    "arm": "armv6",
    "armv5te": "armv5te",
    "armv6": "armv6",
    "armv7": "armv7",
    "loongarch64": "loongarch64",
    "mips": "mips",
    "mips64": "mips64",
    "mips64el": "mips64el",
    "mipsel": "mipsel",
    "powerpc": "powerpc",
    "powerpc64": "powerpc64",
    "powerpc64le": "powerpc64le",
    "s390x": "s390x",
    "sparc64": "sparc64",
    "sparcv9": "sparcv9",
    "wasm32": "wasm32",
    "x86_64": "x86_64",
    "x86_64h": "x86_64",
}
_FAMILIES = (
    (re.compile(r"i[3-6]86"), "x86"),
    (re.compile(r"riscv32[a-z0-9]*"), "riscv32"),
    (re.compile(r"riscv64[a-z0-9]*"), "riscv64"),
)
_NARROW_ARCHES = frozenset(
    {"armv5te", "armv6", "armv7", "mips", "mipsel", "powerpc", "riscv32", "wasm32", "x86"},
)
_NARROW_ENVS = frozenset({"gnux32", "gnu_ilp32", "gnuabin32"})  # 32-bit pointers on a 64-bit processor

_SYSTEMS = {
    "aix": "aix",
    "cygwin": "cygwin",
    "darwin": "macos",
    "dragonfly": "dragonfly",
    "emscripten": "emscripten",
    "freebsd": "freebsd",
    "haiku": "haiku",
    "hurd": "hurd",
    "illumos": "illumos",
    "ios": "ios",
    "linux": "linux",
    "netbsd": "netbsd",
    "openbsd": "openbsd",
    "solaris": "solaris",
    "wasi": "wasi",
    "wasip1": "wasi",
    "wasip2": "wasi",
    "wasip3": "wasi",
    "windows": "windows",
}

_BSD_ARCHES = frozenset(
    {"aarch64", "armv6", "armv7", "powerpc", "powerpc64", "powerpc64le", "x86", "x86_64"}
    | {"riscv32", "riscv64", "mips64el", "mipsel", "sparc64"},
)
_SUPPORTED = {
    "aix": frozenset({"powerpc64"}),
    "android": frozenset({"aarch64", "armv5te", "armv6", "armv7", "x86", "x86_64"}),
    "cygwin": frozenset({"x86", "x86_64"}),
    "dragonfly": frozenset({"x86_64"}),
    "emscripten": frozenset({"wasm32"}),
    "freebsd": _BSD_ARCHES,
    "haiku": frozenset({"x86_64"}),
    "hurd": frozenset({"x86", "x86_64"}),
    "illumos": frozenset({"x86_64"}),
    "ios": frozenset({"aarch64", "x86_64"}),
    "linux": frozenset(
        {"aarch64", "armv5te", "armv6", "armv7", "loongarch64", "mips", "mips64", "mips64el", "mipsel", "powerpc"}
        | {"powerpc64", "powerpc64le", "riscv32", "riscv64", "s390x", "sparc64", "x86", "x86_64"},
    ),
    "macos": frozenset({"aarch64", "x86_64"}),
    "netbsd": _BSD_ARCHES,
    "openbsd": _BSD_ARCHES - {"armv6", "mips64el", "mipsel"},
    "solaris": frozenset({"sparc64", "sparcv9", "x86_64"}),
    "wasi": frozenset({"wasm32"}),
    "windows": frozenset({"aarch64", "x86", "x86_64"}),
}

_PYTHON_SYSTEMS = {"hurd": "gnu", "illumos": "sunos", "macos": "darwin", "solaris": "sunos"}
_GLIBC_ENVS = frozenset({"gnu", "gnuabi64", "gnueabi", "gnueabihf", "gnusf", "gnuspe"})
_MUSL_ENVS = frozenset({"musl", "muslabi64", "musleabi", "musleabihf", "muslspe"})


HOST_TUPLE = "host-tuple"  # cargo's alias for the host triple
UNIVERSAL2 = "universal2-apple-darwin"  # not a triple of rustc: x86_64 and arm64 in one file


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A target to build for.

    `os` and `arch` are Rust's words (`macos`, `powerpc64le`) with the many spellings of one thing made one: every i686
    is `x86`, `arm` is `armv6`, each WASI is `wasi`; `universal2` is both of macOS. `env` is the rest of the triple
    (`gnu`, `musleabihf`, `msvc`, or nothing). `pointer_width` is 32 or 64.
    """

    triple: str
    os: str
    arch: str
    env: str
    pointer_width: int

    @property
    def is_glibc(self) -> bool:
        """Whether the target is Linux with the GNU C library."""
        return self.os == "linux" and self.env in _GLIBC_ENVS

    @property
    def is_musl(self) -> bool:
        """Whether the target is Linux with the musl C library."""
        return self.os == "linux" and self.env in _MUSL_ENVS

    @property
    def is_soft_float(self) -> bool:
        """Whether this is 32-bit ARM without hard floating point, which manylinux requires."""
        return self.arch.startswith("armv") and self.os == "linux" and not self.env.endswith("eabihf")

    @property
    def python_os(self) -> str:
        """The value of `platform.system().lower()` on this system."""
        return _PYTHON_SYSTEMS.get(self.os, self.os)

    @property
    def is_universal2(self) -> bool:
        """Whether this is universal2 macOS: x86_64 and arm64, compiled one after the other."""
        return self.triple == UNIVERSAL2

    @property
    def slices(self) -> tuple[Target, ...]:
        """The targets that rustc compiles for: arm64 and x86_64 for universal2, else this target."""
        if not self.is_universal2:
            return (self,)
        return parse("aarch64-apple-darwin"), parse("x86_64-apple-darwin")


ANY = Target(triple="any", os="any", arch="any", env="", pointer_width=64)  # of a wheel without compiled files


def _triples_of(word: str) -> str:
    """Return a hint with the usual triples of a processor.

    >>> _triples_of("arm64")
    'write aarch64-unknown-linux-gnu, aarch64-apple-darwin or aarch64-pc-windows-msvc'
    """
    arch = {"arm64": "aarch64", "amd64": "x86_64", "x64": "x86_64", "x86-64": "x86_64"}.get(word.lower(), word)
    if arch in ("aarch64", "x86_64"):
        return f"write {arch}-unknown-linux-gnu, {arch}-apple-darwin or {arch}-pc-windows-msvc"
    return "use a name like x86_64-unknown-linux-gnu; `rustc --print target-list` lists all targets"


def parse(triple: str) -> Target:
    """Return the target of a Rust triple.

    Raises `UnsupportedError` for a system or processor that wheels cannot be built for.

    >>> parse("armv7-linux-androideabi")
    Target(triple='armv7-linux-androideabi', os='android', arch='armv7', env='androideabi', pointer_width=32)
    """
    if triple == UNIVERSAL2:
        return Target(triple=triple, os="macos", arch="universal2", env="", pointer_width=64)
    if triple.endswith(".json"):
        raise UnsupportedError(
            f"wheels cannot be built for {triple}, a custom target specification: no Python exists for such a target",
            hint="use a built-in target; `rustc --print target-list` lists all targets",
        )
    words = triple.split("-")
    arch = _arch(words[0])
    place = next((i for i, word in enumerate(words) if i and word in _SYSTEMS), None)
    if len(words) < 2 or not words[0]:
        raise UnsupportedError(
            f"'{triple}' is not a target triple",
            hint=_triples_of(triple),
        )
    if place is None:
        near = [hint for word in words[1:] if (hint := did_you_mean(word, _SYSTEMS))]
        raise UnsupportedError(
            f"wheels cannot be built for {triple}: its operating system is not supported",
            hint=near[0] if near else "supported systems: " + ", ".join(sorted(_SUPPORTED)),
        )
    env = "-".join(words[place + 1 :])
    system = _SYSTEMS[words[place]]
    if system == "linux" and env.startswith("android"):
        system = "android"
    if arch is None or arch not in _SUPPORTED[system] or env == "macabi":
        raise UnsupportedError(
            f"wheels cannot be built for {triple}: {words[0]} is not supported on {system}",
            hint=f"the processors on {system} are " + ", ".join(sorted(_SUPPORTED[system])),
        )
    narrow = arch in _NARROW_ARCHES or env in _NARROW_ENVS
    return Target(triple=triple, os=system, arch=arch, env=env, pointer_width=32 if narrow else 64)


def _arch(word: str) -> str | None:
    if word in _ARCHES:
        return _ARCHES[word]
    return next((arch for pattern, arch in _FAMILIES if pattern.fullmatch(word)), None)


def is_foreign(target: Target, host: Target) -> bool:
    """Return whether Pythons for `target` cannot run on `host`.

    Both processors of macOS run each other's programs or are built by one Python (universal2), 64-bit Windows runs
    32-bit programs, Windows on ARM all of x86, and a Python of Windows does not depend on the compiler.

    >>> is_foreign(parse("x86_64-unknown-linux-musl"), parse("x86_64-unknown-linux-gnu"))
    True
    >>> is_foreign(parse("universal2-apple-darwin"), parse("aarch64-apple-darwin"))
    False
    """
    if target.triple == host.triple:
        return False
    if target.os != host.os:
        return True
    match target.os:
        case "macos":
            return False
        case "windows":
            runs = {"x86": {"x86"}, "x86_64": {"x86", "x86_64"}, "aarch64": {"x86", "x86_64", "aarch64"}}
            return target.arch not in runs[host.arch]
        case _:
            return (target.arch, target.env) != (host.arch, host.env)
