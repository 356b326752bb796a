"""Zig as C compiler and linker: it includes the symbols of every glibc version.

A library that is linked against glibc 2.17 runs wherever that or a newer one is, on whatever system it was linked. See
https://ziglang.org/documentation/master/#Targets; `zig cc` takes clang's arguments.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cratewheel.errors import MissingToolError, UnsupportedError
from cratewheel.system.command import Command, capture, which
from cratewheel.system.files import atomic_replace
from cratewheel.targets.triples import Target

HINT = '`pip install "cratewheel[zig]"`, or put the program zig on PATH'

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
# `-u` names a symbol that the linker must find; zig takes it for its linker alone
_COMPILER = """\
#!/bin/sh
skip=
undefined=
link=yes
for word do
  shift
  if [ -n "$skip" ]; then skip=; continue; fi
  if [ -n "$undefined" ]; then undefined=; set -- "$@" "-Wl,-u,$word"; continue; fi
  case "$word" in
    {dropped}) ;;{pairs}{changed}
    -u) undefined=yes ;;
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
# See https://cmake.org/cmake/help/latest/manual/cmake-toolchains.7.html
_TOOLCHAIN = """\
set(CMAKE_SYSTEM_NAME {system})
set(CMAKE_SYSTEM_PROCESSOR {processor})
set(CMAKE_C_COMPILER "{cc}")
set(CMAKE_CXX_COMPILER "{cxx}")
set(CMAKE_AR "{ar}")
set(CMAKE_RANLIB "{ranlib}")
# zig's linker does not write the list of its inputs
set(CMAKE_C_LINKER_DEPFILE_SUPPORTED FALSE)
set(CMAKE_CXX_LINKER_DEPFILE_SUPPORTED FALSE)
"""
# zig has no SDK, and no install_name_tool
_TOOLCHAIN_MACOS = """\
set(CMAKE_OSX_SYSROOT "")
set(CMAKE_MACOSX_RPATH FALSE)
"""
_CMAKE_SYSTEMS = {"linux": "Linux", "macos": "Darwin", "windows": "Windows"}
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
    match = re.fullmatch(r"manylinux_(\d{1,5})_(\d{1,5})", policy)
    if not target.is_glibc or match is None:
        return env
    # the audit checks whether the policy is met
    version = max((int(match[1]), int(match[2])), _SOMEWHERE_OLDEST.get(target.arch, (0, 0)))
    return f"{env}.{version[0]}.{version[1]}"


def find(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the command that starts zig: from the package ziglang, else `zig` on PATH.

    The variables CARGO_ZIGBUILD_ZIG_PATH and CARGO_ZIGBUILD_PYTHON_PATH come first: zig, or a Python that has the
    package. Raises `MissingToolError` when there is none, or a variable names none.
    """
    for variable, more in (("CARGO_ZIGBUILD_ZIG_PATH", ()), ("CARGO_ZIGBUILD_PYTHON_PATH", ("-m", "ziglang"))):
        named = environ.get(variable)
        program = which(named, environ) if named else None
        if named and program is None:
            raise MissingToolError(
                f"{variable} names {named}, which was not found", hint=f"correct or unset {variable}"
            )
        if program is not None:
            return (str(program), *more)
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


def environment(
    zig: ZigPlan, folder: Path, environ: Mapping[str, str], *, native: bool = False
) -> tuple[tuple[str, str | None], ...]:
    """Write wrapper scripts for zig to `folder`, and return the variables by which cargo and build scripts use them.

    See https://doc.rust-lang.org/cargo/reference/config.html#targettriplelinker, and the crates `cc`, `cmake` and
    `bindgen` for the others. A linker or compiler that the user chose for the target stays. `native` says that build
    scripts are compiled for the same target: they are not linked by zig, see `linker_args`.
    """
    argv = find(environ)
    programs = _write_programs(zig, folder, shlex.join(argv))
    lower = zig.triple.replace("-", "_")
    variables = {
        f"CC_{lower}": programs["cc"],
        f"CXX_{lower}": programs["c++"],
        f"AR_{lower}": programs["ar"],
        f"RANLIB_{lower}": programs["ranlib"],
        f"CMAKE_TOOLCHAIN_FILE_{lower}": _write_toolchain(zig, folder, programs),
        f"BINDGEN_EXTRA_CLANG_ARGS_{lower}": _bindgen_args(zig, folder, argv, environ),
        "ZIG_COMMAND": " ".join(argv),  # as the crate python3-dll-a splits it
    }
    if not native or which("cc", environ) is None:
        variables[_linker_variable(zig)] = programs["cc"]
    if zig.os == "macos":
        variables["SDKROOT"] = folder / "macos"  # otherwise rustc calls xcrun, which exists on macOS only
    return tuple((name, str(value)) for name, value in variables.items() if str(value) and not environ.get(name))


def linker_args(zig: ZigPlan, folder: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the arguments for rustc by which zig links a crate for this machine, but not its build scripts.

    Cargo's setting for the linker of a target is for build scripts too, if they run on it: those may need libraries of
    this machine, which are newer than what zig links for. Without another linker, zig links them after all.
    """
    if environ.get(_linker_variable(zig)) or which("cc", environ) is None:
        return ()
    return ("-C", f"linker={folder / zig.target / 'cc'}")


def _linker_variable(zig: ZigPlan) -> str:
    return f"CARGO_TARGET_{zig.triple.replace('-', '_').upper()}_LINKER"


def _write_programs(zig: ZigPlan, folder: Path, command: str) -> dict[str, Path]:
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
    return programs


def _write_toolchain(zig: ZigPlan, folder: Path, programs: Mapping[str, Path]) -> Path:
    processor = zig.triple.partition("-")[0]
    text = _TOOLCHAIN.format(
        system=_CMAKE_SYSTEMS[zig.os],
        processor="arm64" if (zig.os, processor) == ("macos", "aarch64") else processor,
        cc=programs["cc"].as_posix(),
        cxx=programs["c++"].as_posix(),
        ar=programs["ar"].as_posix(),
        ranlib=programs["ranlib"].as_posix(),
    )
    path = folder / zig.target / "toolchain.cmake"
    _write(path, text + (_TOOLCHAIN_MACOS if zig.os == "macos" else ""))
    return path


def _bindgen_args(zig: ZigPlan, folder: Path, argv: tuple[str, ...], environ: Mapping[str, str]) -> str:
    """Return clang's arguments for zig's headers, as zig tells them; empty if it does not."""
    done = capture(
        Command(argv=(*argv, "c++", "-target", zig.target, "-E", "-v", "-x", "c++", os.devnull), cwd=folder), environ
    )
    headers = parse_header_folders(done.stderr, folder)
    macros = tuple(re.findall(r'-D"? "?(_LIBCPP_\w+(?:=\w+)?)', done.stderr))
    return shlex.join(clang_args(zig, headers, macros)) if done.status == 0 and headers else ""


def parse_header_folders(text: str, cwd: Path) -> tuple[Path, ...]:
    r"""Return the folders of system headers in what `zig cc -v` prints.

    >>> parse_header_folders("#include <...> search starts here:\n /zig/include\nEnd of search list.\n", Path("/"))
    (PosixPath('/zig/include'),)
    """
    _, _, after = text.partition("#include <...> search starts here:\n")
    listed, end, _ = after.partition("End of search list.")
    lines = [line.strip() for line in listed.splitlines()] if end else []
    return tuple(cwd / line for line in lines if not line.endswith("(framework directory)"))  # clang marks these


def clang_args(zig: ZigPlan, headers: tuple[Path, ...], macros: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the arguments for a clang to use these headers instead of this machine's, and the glibc that is linked.

    The folders of the C++ library, which `macros` set up, count for C++ only. They must be searched before those of C,
    whose headers they include.
    """
    glibc = re.fullmatch(r".*-linux-gnu\w*\.2\.(\d+)", zig.target)
    of_library = [path for path in headers if path.parent.name in ("libcxx", "libcxxabi")]
    # the first other folder has what belongs to the compiler: bindgen's libclang may have its own, which fits it better
    own, *system = (path for path in headers if path.parent.name not in ("libcxx", "libcxxabi", "libunwind"))
    return (
        "-nostdlibinc",
        *(word for path in of_library for word in ("-stdlib++-isystem", str(path))),
        *(word for path in (*system, own) for word in ("-idirafter", str(path))),
        *((f"-D__GLIBC_MINOR__={glibc[1]}",) if glibc else ()),
        *(f"-D{macro}" for macro in macros),
    )


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
