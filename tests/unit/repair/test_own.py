"""Libraries that a wheel ships itself are found at their place in it, not where the module was linked."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from cratewheel.audit.model import Binary, Format
from cratewheel.repair.own import own_libraries

FILES = frozenset({"pkg/libs/libaa.so.2", "demo.libs/libbb.so", "pkg/Zlib1.dll", "pkg/libx.dylib", "lib/libcc.so"})


def binary(kind: Format, *, rpath: tuple[str, ...] = (), runpath: tuple[str, ...] = ()) -> Binary:
    return Binary(format=kind, arch="x86_64", bits=64, little_endian=True, rpath=rpath, runpath=runpath)


@pytest.mark.parametrize(
    ("read", "need", "folder", "own"),
    [
        (binary("elf", runpath=("$ORIGIN/libs",)), "libaa.so.2", "pkg", True),
        (binary("elf", rpath=("${ORIGIN}/libs/",)), "libaa.so.2", "pkg", True),
        (binary("elf", rpath=("/usr/lib", "$ORIGIN/../demo.libs")), "libbb.so", "pkg", True),
        (binary("elf", rpath=("$ORIGIN/../lib",)), "libcc.so", "bin", True),
        (binary("elf", rpath=("$ORIGIN/libs",)), "libbb.so", "pkg", False),
        (binary("elf", rpath=("$ORIGIN/libs",)), "libaa.so.2", "other", False),
        (binary("elf"), "libaa.so.2", "pkg/libs", False),
        (binary("elf", rpath=("libs",)), "libaa.so.2", "pkg", False),
        (binary("pe"), "zlib1.dll", "pkg", True),
        (binary("pe"), "zlib1.dll", "other", False),
        (binary("macho"), "@loader_path/libx.dylib", "pkg", True),
        (binary("macho", rpath=("@loader_path/.",)), "@rpath/libx.dylib", "pkg", True),
        (binary("macho", rpath=("@loader_path/..",)), "@rpath/libx.dylib", "pkg/inner", True),
        (binary("macho", rpath=("/opt",)), "@rpath/libx.dylib", "pkg", False),
        (binary("macho"), "/opt/lib/libx.dylib", "pkg", False),
    ],
)
def test_a_library_is_the_wheels_own_where_the_loader_finds_it_there(
    read: Binary, need: str, folder: str, own: bool
) -> None:
    found = own_libraries(read, ["elsewhere", need], PurePosixPath(folder), FILES)
    assert found == (frozenset({need}) if own else frozenset())
