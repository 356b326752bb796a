"""Zig as C compiler and linker: one that brings every glibc's symbols along.

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
from cratewheel.files import atomic_replace
from cratewheel.process import which
from cratewheel.tags.target import Target

HINT = "pip install cratewheel[zig], or put the program zig on PATH"

_ARCHES = {
    "aarch64": "aarch64", "armv7": "arm", "armv6": "arm", "armv5te": "arm", "loongarch64": "loongarch64",
    "powerpc64": "powerpc64", "powerpc64le": "powerpc64le", "riscv64": "riscv64", "s390x": "s390x", "x86": "x86",
    "x86_64": "x86_64",
}  # fmt: skip
_WRAPPED = {"cc": "cc", "c++": "c++", "ar": "ar", "ranlib": "ranlib"}

# The crate `cc` names the target as rustc does, which zig does not understand; it has been told already.
_COMPILER = """\
#!/bin/sh
for word do
  shift
  case "$word" in
    --target=*|-m64|-m32) ;;
    *) set -- "$@" "$word" ;;
  esac
done
exec {zig} {tool} -target {target} "$@"
"""
_ARCHIVER = """\
#!/bin/sh
exec {zig} {tool} "$@"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZigPlan:
    """What zig is told to compile for: `x86_64-linux-gnu.2.17`, and rustc's own name of that."""

    target: str
    triple: str


def plan(target: Target, policy: str) -> ZigPlan:
    """Return what zig must be told for a target and the platform policy of the wheel.

    Raises `UnsupportedError` for a target that zig does not know, or that is not Linux.

    >>> from cratewheel.tags.target import parse
    >>> plan(parse("x86_64-unknown-linux-gnu"), "manylinux_2_17").target
    'x86_64-linux-gnu.2.17'
    """
    arch = _ARCHES.get(target.arch)
    if target.os != "linux" or arch is None:
        raise UnsupportedError(
            f"--zig links for Linux, and not for {target.triple} yet", hint="leave --zig out for this target"
        )
    env = re.sub(r"^uclibc.*", "musl", target.env or "gnu")
    if not target.is_glibc:
        return ZigPlan(target=f"{arch}-linux-{env}", triple=target.triple)
    match = re.fullmatch(r"manylinux_(\d+)_(\d+)", policy)
    version = f".{match[1]}.{match[2]}" if match else ""
    return ZigPlan(target=f"{arch}-linux-{env}{version}", triple=target.triple)


def find(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the command that starts zig: the package ziglang's own program, else `zig` on PATH.

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
        raise MissingToolError("zig was not found, which --zig links with", hint=HINT)
    return (str(on_path),)


def environment(zig: ZigPlan, folder: Path, environ: Mapping[str, str]) -> tuple[tuple[str, str | None], ...]:
    """Write the programs by which cargo and build scripts reach zig to `folder`, and return the variables that say so.

    See https://doc.rust-lang.org/cargo/reference/config.html#targettriplelinker, and the crate `cc` for the others. A
    linker or compiler that the user chose for the target stays.
    """
    command = shlex.join(find(environ))
    programs = {}
    for name, tool in _WRAPPED.items():
        text = (_COMPILER if tool in ("cc", "c++") else _ARCHIVER).format(zig=command, tool=tool, target=zig.target)
        programs[name] = _program(folder / zig.target / name, text)
    lower = zig.triple.replace("-", "_")
    variables = {
        f"CARGO_TARGET_{lower.upper()}_LINKER": programs["cc"],
        f"CC_{lower}": programs["cc"],
        f"CXX_{lower}": programs["c++"],
        f"AR_{lower}": programs["ar"],
        f"RANLIB_{lower}": programs["ranlib"],
    }
    return tuple((name, str(path)) for name, path in variables.items() if not environ.get(name))


def _program(path: Path, text: str) -> Path:
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        with atomic_replace(path) as out:
            out.write(text.encode())
        path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return path
