"""The folders where the target's loader looks for libraries, as far as they are on this machine.

Followed are ld.so(8) and ldconfig(8) for glibc, and musl's own loader. The folders of libraries that are chosen by the
abilities of the processor (glibc-hwcaps) are left out: the wheel is for all of them.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from cratewheel.errors import MissingToolError
from cratewheel.system.command import Command, capture
from cratewheel.targets.triples import Target

_ROOT = Path("/")
_GNU_ARCHES = {"armv5te": "arm", "armv6": "arm", "armv7": "arm", "x86": "i386"}
_INCLUDES_AT_MOST = 1000  # files of ld.so.conf
_PATIENCE = 20.0  # seconds for a compiler to say where its system is


def folders(target: Target, environ: Mapping[str, str], *, native: bool) -> tuple[Path, ...]:
    """Return the folders in the loader's order, starting with LD_LIBRARY_PATH; `native` if the target is this machine.

    The target's system is in the folder TARGET_SYSROOT, else where the cross compiler says. Without either, only
    folders that are named after the target are taken of this machine, as Debian has them.
    """
    named = [Path(path) for path in environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if path]
    return tuple(dict.fromkeys((*named, *_of_system(target, environ, native=native))))


def _of_system(target: Target, environ: Mapping[str, str], *, native: bool) -> Iterator[Path]:
    given = environ.get("TARGET_SYSROOT")
    if given:
        yield from _whole(Path(given), target)
    elif native:
        yield from _whole(_ROOT, target)
    else:
        root = _of_compiler(target, environ)
        if root is not None:
            yield from _whole(root, target)
        yield from _named_after(_ROOT, target)


def _whole(root: Path, target: Target) -> Iterator[Path]:
    """Yield the folders of a system that is all the target's."""
    if target.is_musl:
        yield from _musl_path(root)
    else:
        yield from _configured(root / "etc/ld.so.conf", root)
    yield from _named_after(root, target)
    for folder in ("lib64", "usr/lib64", "lib", "usr/lib", "usr/local/lib"):
        yield root / folder


def _named_after(root: Path, target: Target) -> Iterator[Path]:
    multiarch = gnu_name(target)
    for folder in ("lib", "usr/lib", "usr/local/lib"):
        yield root / folder / multiarch
    yield root / "usr" / multiarch / "lib"  # the libraries of cross compilers


def gnu_name(target: Target) -> str:
    """Return what Debian names folders of the target after (https://wiki.debian.org/Multiarch/Tuples).

    >>> from cratewheel.targets.triples import parse
    >>> gnu_name(parse("i686-unknown-linux-gnu")), gnu_name(parse("armv7-unknown-linux-musleabihf"))
    ('i386-linux-gnu', 'arm-linux-musleabihf')
    """
    return f"{_GNU_ARCHES.get(target.arch, target.arch)}-linux-{target.env}"


def _of_compiler(target: Target, environ: Mapping[str, str]) -> Path | None:
    """Return where the cross compiler has the target's system, or None when it has none of its own."""
    triple = target.triple.replace("-", "_")
    variables = (f"CARGO_TARGET_{triple.upper()}_LINKER", f"CC_{target.triple}", f"CC_{triple}", "TARGET_CC")
    arch = "i686" if target.arch == "x86" else _GNU_ARCHES.get(target.arch, target.arch)
    compiler = next((environ[name] for name in variables if environ.get(name)), f"{arch}-linux-{target.env}-gcc")
    try:
        command = Command(argv=(*shlex.split(compiler), "-print-sysroot"))
        done = capture(command, environ, timeout=_PATIENCE)
    except (MissingToolError, ValueError):  # ValueError: a quote that is not closed
        return None
    answer = done.stdout.strip()
    root = Path(answer) if done.status == 0 and answer else _ROOT
    return None if root == _ROOT or not root.is_dir() else root


def _configured(file: Path, root: Path) -> Iterator[Path]:
    """Yield the folders that ld.so.conf names."""
    waiting = [file]
    for _ in range(_INCLUDES_AT_MOST):
        if not waiting:
            return
        current = waiting.pop(0)
        for line in _lines(current):
            words = line.partition("#")[0].split()
            if words[:1] == ["include"]:
                waiting += [path for pattern in words[1:] for path in _matching(pattern, current.parent, root)]
            elif words[:1] not in ([], ["hwcap"]):
                yield root / words[0].partition("=")[0].lstrip("/")


def _matching(pattern: str, folder: Path, root: Path) -> list[Path]:
    base = root if pattern.startswith("/") else folder
    relative = pattern.lstrip("/")
    return sorted(base.glob(relative)) if relative else []


def _musl_path(root: Path) -> Iterator[Path]:
    """Yield the folders of musl's configuration, where there is one instead of the usual folders."""
    for file in sorted(root.glob("etc/ld-musl-*.path")):
        for path in ":".join(_lines(file)).split(":"):
            if path.strip():
                yield root / path.strip().lstrip("/")


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
