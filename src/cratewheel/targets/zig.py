"""Zig as C compiler and linker: it includes the symbols of every glibc version.

A library that is linked against glibc 2.17 runs wherever that or a newer one is, on whatever system it was linked. See
https://ziglang.org/documentation/master/#Targets; `zig cc` takes clang's arguments.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cratewheel.errors import MissingToolError, UnsupportedError
from cratewheel.system.command import which
from cratewheel.system.files import atomic_replace
from cratewheel.targets.triples import Target

HINT = "pip install cratewheel[zig], or put the program zig on PATH"

_ARCHES = {
    "aarch64": "aarch64", "armv7": "arm", "armv6": "arm", "armv5te": "arm", "loongarch64": "loongarch64",
    "powerpc64": "powerpc64", "powerpc64le": "powerpc64le", "riscv64": "riscv64", "s390x": "s390x", "x86": "x86",
    "x86_64": "x86_64",
}  # fmt: skip
_ELSEWHERE = frozenset({"aarch64", "x86", "x86_64"})  # on macOS and Windows
_SOMEWHERE_OLDEST = {
    "powerpc64le": (2, 19),
    "riscv64": (2, 27),
    "loongarch64": (2, 36),
}  # oldest glibc of zig for these processors
_WRAPPED = {"cc": "cc", "c++": "c++", "ar": "ar", "ranlib": "ranlib"}

# Compiler arguments of rustc and the crate `cc` that zig does not understand or does not need, as patterns of
# the shell's `case`. The crate `cc` passes the target by rustc's name.
_DROPPED = {
    # of a program for musl both bring what starts it
    "linux": ("--target=*", "-m64", "-m32", "*/self-contained/*crt*.o"),
    "macos": ("--target=*", "-mmacosx-version-min=*", "-mmacos-version-min=*"),
    # zig includes mingw-w64; libraries of gcc are not needed
    "windows": (
        "--target=*", "-m64", "-m32", "-lgcc", "-lgcc_eh", "-lgcc_s", "-l:libpthread.a", "-lpthread", "-lssp",
        "-lssp_nonshared", "-lmsvcrt", "-lmingwex", "-lmingw32", "-fno-use-linker-plugin", "-nodefaultlibs",
        "-Wl,--disable-auto-image-base",
        # otherwise zig does not find import libraries
        "-Wl,-Bdynamic", "-Wl,-Bstatic",
    ),
}  # fmt: skip
# Arguments followed by a value
_DROPPED_PAIRS = {"linux": (), "macos": ("-arch", "-isysroot"), "windows": ()}
_COMPILER = """\
#!/bin/sh
skip=
link=yes
for word do
  shift
  if [ -n "$skip" ]; then skip=; continue; fi
  case "$word" in
    {dropped}) ;;{pairs}{changed}
    -c|-E|-S) link=; set -- "$@" "$word" ;;
    *) set -- "$@" "$word" ;;
  esac
done
if [ -n "$link" ]; then set -- "$@"{more}; fi
exec {zig} {tool} -target {target} "$@"
"""
# rustc passes the list of exports as a .def file
_WINDOWS_EXPORTS = '\n    -Wl,*.def) set -- "$@" "${word#-Wl,}" ;;'
_ARCHIVER = """\
#!/bin/sh
exec {zig} {tool} "$@"
"""
# on macOS, Rust's standard library links libiconv, for which zig has no stub
_ICONV = """\
--- !tapi-tbd
tbd-version: 4
targets: [ x86_64-macos, arm64-macos ]
install-name: '/usr/lib/libiconv.2.dylib'
current-version: 7
compatibility-version: 7
exports:
  - targets: [ x86_64-macos, arm64-macos ]
    symbols: [ _iconv, _iconv_close, _iconv_open, _iconvctl, _libiconv, _libiconv_close, _libiconv_open ]
...
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZigPlan:
    """The target for zig, such as `x86_64-linux-gnu.2.17`, with rustc's triple and the system."""

    target: str
    triple: str
    os: str = "linux"


def plan_zig(target: Target, policy: str, *, macos: tuple[int, int] | None = None) -> ZigPlan:
    """Return the zig target for a target, the wheel's platform policy, and its macOS deployment target.

    Raises `UnsupportedError` for a target that zig does not link for, or a glibc that it does not have.

    >>> from cratewheel.targets.triples import parse
    >>> plan_zig(parse("x86_64-unknown-linux-gnu"), "manylinux_2_17").target
    'x86_64-linux-gnu.2.17'
    >>> plan_zig(parse("aarch64-apple-darwin"), "", macos=(11, 0)).target
    'aarch64-macos.11.0'
    """
    arch = _ARCHES.get(target.arch)
    if target.os == "macos" and arch is not None:
        version = f".{macos[0]}.{macos[1]}" if macos else ""
        return ZigPlan(target=f"{arch}-macos{version}", triple=target.triple, os="macos")
    if target.os == "windows" and target.env.startswith("gnu") and arch in _ELSEWHERE:
        return ZigPlan(target=f"{arch}-windows-gnu", triple=target.triple, os="windows")
    if target.os == "windows" and target.env == "msvc":
        raise UnsupportedError(
            f"zig does not link for {target.triple}",
            hint="remove --zig and install cargo-xwin, or build for x86_64-pc-windows-gnu",
        )
    if target.os != "linux" or arch is None:
        raise UnsupportedError(f"zig does not link for {target.triple}", hint="remove --zig for this target")
    return ZigPlan(target=f"{arch}-linux-{_linux_env(target, policy)}", triple=target.triple)


def _linux_env(target: Target, policy: str) -> str:
    env = re.sub(r"^uclibc.*", "musl", target.env or "gnu")
    match = re.fullmatch(r"manylinux_(\d+)_(\d+)", policy)
    if not target.is_glibc or match is None:
        return env
    # the audit checks whether the policy is met
    version = max((int(match[1]), int(match[2])), _SOMEWHERE_OLDEST.get(target.arch, (0, 0)))
    return f"{env}.{version[0]}.{version[1]}"


def find(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the command that starts zig: from the package ziglang, else `zig` on PATH.

    Raises `MissingToolError` when there is neither.
    """
    package = importlib.util.find_spec("ziglang")
    if package is not None and package.origin is not None:
        for name in ("zig", "zig.exe"):
            program = Path(package.origin).with_name(name)
            if program.is_file():
                return (str(program),)
    on_path = which("zig", environ)
    if on_path is None:
        raise MissingToolError("zig was not found, but --zig needs it", hint=HINT)
    return (str(on_path),)


def environment(zig: ZigPlan, folder: Path, environ: Mapping[str, str]) -> tuple[tuple[str, str | None], ...]:
    """Write wrapper scripts for zig to `folder`, and return the variables by which cargo and build scripts use them.

    See https://doc.rust-lang.org/cargo/reference/config.html#targettriplelinker, and the crate `cc` for the others. A
    linker or compiler that the user chose for the target stays.
    """
    command = shlex.join(find(environ))
    more = ""
    if zig.os == "macos":
        _write(folder / "macos" / "libiconv.tbd", _ICONV)
        more = f" -L{shlex.quote(str(folder / 'macos'))}"
    programs = {}
    for name, tool in _WRAPPED.items():
        text = _ARCHIVER.format(zig=command, tool=tool)
        if tool in ("cc", "c++"):
            text = _compiler(zig, command, tool, more)
        programs[name] = _program(folder / zig.target / name, text)
    lower = zig.triple.replace("-", "_")
    variables = {
        f"CARGO_TARGET_{lower.upper()}_LINKER": programs["cc"],
        f"CC_{lower}": programs["cc"],
        f"CXX_{lower}": programs["c++"],
        f"AR_{lower}": programs["ar"],
        f"RANLIB_{lower}": programs["ranlib"],
    }
    chosen = [(name, str(path)) for name, path in variables.items() if not environ.get(name)]
    if zig.os == "macos" and not environ.get("SDKROOT"):
        chosen.append(("SDKROOT", str(folder / "macos")))  # otherwise rustc calls xcrun, which exists on macOS only
    return tuple(chosen)


def _compiler(zig: ZigPlan, command: str, tool: str, more: str) -> str:
    pairs = _DROPPED_PAIRS[zig.os]
    return _COMPILER.format(
        zig=command,
        tool=tool,
        target=zig.target,
        dropped="|".join(_DROPPED[zig.os]),
        pairs=f"\n    {'|'.join(pairs)}) skip=1 ;;" if pairs else "",
        changed=_WINDOWS_EXPORTS if zig.os == "windows" else "",
        more=f"{more} -lunwind" if zig.os == "windows" else more,
    )


def _program(path: Path, text: str) -> Path:
    if _write(path, text):
        path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return path


def _write(path: Path, text: str) -> bool:
    """Write a file unless it has this content already; return whether it was written."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    with atomic_replace(path) as out:
        out.write(text.encode())
    return True
