"""Readers of compiled files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress

from compiled_files import elf
from cratewheel.audit import binary, introspection, objects
from cratewheel.commands.inspect.binaries import examine as examine_binary
from cratewheel.errors import AuditError
from cratewheel.repair import macho_edit, pe_edit
from fuzz.target import TAG, Target, in_file
from unit.audit.test_macho import IMAGE as MACHO
from unit.audit.test_macho import fat
from unit.audit.test_pe import IMAGE as PE


def read_binary(data: bytes) -> None:
    """Read a compiled file in each way that there is."""
    examine_binary("demo/_native.so", data, TAG)
    for reader in (introspection.descriptions, binary.parse, rename_mach, rename_pe, _find_users):
        with suppress(AuditError):
            reader(data)


def rename_mach(data: bytes) -> None:
    change = macho_edit.Edit(libraries={"/opt/libweak.dylib": "@loader_path/x.dylib"}, install_name="@rpath/y.dylib")
    macho_edit.edit(data, {"x86_64": change, "aarch64": change}, identifier="y")


def rename_pe(data: bytes) -> None:
    pe_edit.with_imports(data, {"KERNEL32.dll": "kernel-1234.dll"})


def _find_users(data: bytes) -> None:
    objects.find_users(["malloc"], {"x": in_file("libx.a", data or b"\0")})


def elf_seeds() -> list[bytes]:
    description = json.dumps({"type": "module", "name": "demo", "id": "1"}).encode()
    return [
        elf(),
        elf(symbols={"_RNvCs1234_4demo4main": 16, "_ZN4demo4main17h0123456789abcdefE": 4}),
        elf(interpreter="/lib64/ld-linux-x86-64.so.2", runpath="$ORIGIN:/opt", needed=("libpython3.12.so.1.0",)),
        elf(sections={".dep-v0": b"x\x9c\xab\x56*HL\xceNLO\x05\0\x0b\x8b\x02\xd7", ".pyo3i0": description}),
        b"!<arch>\n" + b"a.o/            0           0     0     644     64        `\n" + elf()[:64],
    ]


def macho_seeds() -> list[bytes]:
    one = MACHO.build()
    return [one, fat(one, one), fat(one, one, wide=True)]


def pe_seeds() -> list[bytes]:
    return [PE.build()]


TARGETS: Mapping[str, Target] = {
    "elf": Target(read=read_binary, seeds=elf_seeds, words=(b"\x7fELF", b"PyInit_", b"_RNv", b"_ZN", b".dep-v0")),
    "macho": Target(read=read_binary, seeds=macho_seeds, words=(b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"_PyInit_")),
    "pe": Target(read=read_binary, seeds=pe_seeds, words=(b"MZ", b"PE\0\0", b"PyInit_", b".dllname")),
}
