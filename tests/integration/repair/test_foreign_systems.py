"""Libraries that are put into wheels for macOS and Windows, on a machine that is neither."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import pefile
import pytest
from macholib.mach_o import LC_CODE_SIGNATURE
from macholib.MachO import MachO

from cratewheel.audit import binary, check
from cratewheel.errors import AuditError
from cratewheel.repair.graft import repair
from cratewheel.repair.model import Grafted, Repair, Subject
from cratewheel.repair.windows import with_dll_directory
from cratewheel.targets.triples import Target, parse
from cratewheel.ui import Ui

ARM, INTEL, WINDOWS = parse("aarch64-apple-darwin"), parse("x86_64-apple-darwin"), parse("x86_64-pc-windows-gnu")
ZIG = {ARM: "aarch64-macos.11.0", INTEL: "x86_64-macos.11.0", WINDOWS: "x86_64-windows-gnu"}

# in the place of zig's C library for Windows, which takes minutes to compile
START = """\
int __stdcall DllMainCRTStartup(void *a, unsigned b, void *c) { return 1; }
int __stdcall _DllMainCRTStartup(void *a, unsigned b, void *c) { return 1; }
"""


class Built:
    """A module that needs libouter, which needs libinner, compiled for a target by zig."""

    def __init__(self, folder: Path, target: Target) -> None:
        self.folder, self.target, self.macos = folder, target, target.os == "macos"
        folder.mkdir()
        self._compile("libinner", "unsigned long inner(void) { return 40; }")
        self._compile(
            "libouter", "unsigned long inner(void);unsigned long outer(void) { return inner() + 2; }", "inner"
        )
        self._compile("mod", "unsigned long outer(void);unsigned long PyInit_mod(void) { return outer(); }", "outer")

    def path(self, name: str) -> Path:
        if name == "mod":
            return self.folder / ("mod.so" if self.macos else "mod.pyd")
        return self.folder / (f"{name}.dylib" if self.macos else f"{name}.dll")

    def _compile(self, name: str, text: str, *needs: str) -> None:
        source, out = self.folder / f"{name}.c", self.path(name)
        if self.macos:
            words = [f"-L{self.folder}", *(f"-l{need}" for need in needs), "-Wl,-headerpad_max_install_names"]
            words.append(f"-Wl,-install_name,@rpath/{out.name}")
        else:
            text = "__declspec(dllexport) " + text.replace(";unsigned", ";__declspec(dllexport) unsigned")
            text = START + text
            words = [str(self.folder / f"lib{need}.lib") for need in needs]
            words += [f"-Wl,--out-implib,{self.folder}/{name}.lib", "-nostdlib"]
        source.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "ziglang", "cc", "-target", ZIG[self.target], "-shared", "-O2", "-s"]
        subprocess.run([*command, "-o", str(out), str(source), *words], check=True)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Target, Built]:
    """The module and its libraries for each target."""
    folder = tmp_path_factory.mktemp("foreign-systems")
    return {target: Built(folder / target.triple, target) for target in ZIG}


def repaired(built: Built, stage: Path, *, exclude: tuple[str, ...] = ()) -> tuple[Path, tuple[Grafted, ...], str]:
    """Repair a copy of the module; return it, what was grafted, and what was said."""
    stage.mkdir()
    module = stage / built.path("mod").name
    module.write_bytes(built.path("mod").read_bytes())
    said = io.StringIO()
    grafted = repair(
        [
            Subject(
                path=module,
                folder=PurePosixPath("pkg"),
                needs=check.external_libraries(binary.read(module), built.target),
            )
        ],
        Repair(
            target=built.target,
            native=False,
            dist="demo",
            search=(built.folder,),
            exclude=exclude,
            scratch=stage,
            environ=os.environ,
            reporter=Ui(out=io.StringIO(), err=said, verbosity=1),
        ),
    )
    return module, grafted, said.getvalue()


def short(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]


@pytest.mark.parametrize("target", [ARM, INTEL], ids=lambda target: target.arch)
def test_dylibs_find_each_other_in_the_wheel(built: Mapping[Target, Built], tmp_path: Path, target: Target) -> None:
    files = built[target]
    module, grafted, _ = repaired(files, tmp_path / "stage")
    inner, outer = (f"{name}-{short(files.path(name))}.dylib" for name in ("libinner", "libouter"))
    assert [(one.name, one.original) for one in grafted] == [
        (inner, files.path("libinner")),
        (outer, files.path("libouter")),
    ]
    system = "/usr/lib/libSystem.B.dylib"
    found = {path.name: binary.read(path) for path in (*(one.path for one in grafted), module)}
    assert {name: set(read.needed) for name, read in found.items()} == {
        inner: {system},
        outer: {system, f"@loader_path/{inner}"},
        module.name: {system, f"@loader_path/../demo.dylibs/{outer}"},
    }
    assert found[inner].soname == f"/DLC/demo.dylibs/{inner}"
    assert found[module.name].soname == "@rpath/mod.so"
    for path in (*(one.path for one in grafted), module):
        assert signed_pages(path) > 0


def signed_pages(path: Path) -> int:
    """Return how many pages the signature has, after checking each against the file (<kern/cs_blobs.h>)."""
    (header,) = MachO(str(path)).headers
    (command,) = [command for load, command, _ in header.commands if load.cmd == LC_CODE_SIGNATURE]
    data = path.read_bytes()
    blob = data[command.dataoff : command.dataoff + command.datasize]
    magic, _, count = struct.unpack_from(">III", blob)
    assert magic == 0xFADE0CC0
    for index in range(count):
        kind, at = struct.unpack_from(">II", blob, 12 + 8 * index)
        if kind == 0:
            fields = struct.unpack_from(">IIIIIIIIIBBBB", blob, at)
            magic, _, _, _, hashes, _, _, pages, limit, size, _, _, page = fields
            assert (magic, size, limit) == (0xFADE0C02, 32, command.dataoff)
            for number in range(pages):
                part = data[number << page : min((number + 1) << page, limit)]
                start = at + hashes + 32 * number
                assert blob[start : start + 32] == hashlib.sha256(part).digest()
            return int(pages)
    return 0


def test_dlls_find_each_other_in_the_wheel(built: Mapping[Target, Built], tmp_path: Path) -> None:
    files = built[WINDOWS]
    module, grafted, _ = repaired(files, tmp_path / "stage")
    inner, outer = (f"{name}-{short(files.path(name))}.dll" for name in ("libinner", "libouter"))
    assert [one.name for one in grafted] == [inner, outer]
    imports = {path.name: imported(path) for path in (*(one.path for one in grafted), module)}
    assert {name: {dll for dll in dlls if dll.startswith("lib")} for name, dlls in imports.items()} == {
        inner: set(),
        outer: {inner},
        "mod.pyd": {outer},
    }


def imported(path: Path) -> set[str]:
    with pefile.PE(str(path)) as file:
        return {entry.dll.decode() for entry in getattr(file, "DIRECTORY_ENTRY_IMPORT", ())}


@pytest.mark.parametrize("target", [ARM, WINDOWS], ids=lambda target: target.os)
def test_a_repair_gives_the_same_bytes_each_time(built: Mapping[Target, Built], tmp_path: Path, target: Target) -> None:
    first, second = (repaired(built[target], tmp_path / name) for name in ("one", "another"))
    assert first[0].read_bytes() == second[0].read_bytes()
    assert [one.path.read_bytes() for one in first[1]] == [one.path.read_bytes() for one in second[1]]


@pytest.mark.parametrize("target", [ARM, WINDOWS], ids=lambda target: target.os)
def test_an_excluded_library_stays_outside(built: Mapping[Target, Built], tmp_path: Path, target: Target) -> None:
    before = built[target].path("mod").read_bytes()
    module, grafted, _ = repaired(built[target], tmp_path / "stage", exclude=("libouter.*",))
    assert (grafted, module.read_bytes()) == ((), before)


def test_a_library_that_is_not_there(built: Mapping[Target, Built], tmp_path: Path) -> None:
    lonely = Built(tmp_path / "lonely", ARM)
    lonely.path("libinner").unlink()
    with pytest.raises(AuditError) as caught:
        repaired(lonely, tmp_path / "stage")
    assert caught.value.message == (
        "libouter.dylib needs @rpath/libinner.dylib, which was not found, so it cannot be added to the wheel"
    )
    assert str(lonely.folder / "libinner.dylib") in caught.value.notes[0]
    lonely = Built(tmp_path / "windows", WINDOWS)
    lonely.path("libinner").unlink()
    _, grafted, said = repaired(lonely, tmp_path / "other-stage")
    assert len(grafted) == 1
    assert "libouter.dll needs libinner.dll, which was not found; it is left to Windows" in said
    assert built[ARM].path("libinner").exists()


def test_a_library_for_another_processor_is_not_taken(built: Mapping[Target, Built], tmp_path: Path) -> None:
    mixed = Built(tmp_path / "mixed", ARM)
    mixed.path("libouter").write_bytes(built[INTEL].path("libouter").read_bytes())
    with pytest.raises(AuditError) as caught:
        repaired(mixed, tmp_path / "stage")
    assert caught.value.notes[0] == f"{mixed.path('libouter')} has nothing for aarch64"


@pytest.mark.parametrize(
    ("source", "before", "after"),
    [
        (b"import demo\n", b"", b"import demo\n"),
        (b'"""Docs."""\nimport demo\n', b'"""Docs."""\n', b"import demo\n"),
        (b"# coding: utf-8\nx = 1\n", b"# coding: utf-8\n", b"x = 1\n"),
        (b'"""A\nB"""\nfrom __future__ import annotations\nimport demo', None, b"import demo"),
        (b"", b"", b""),
        (b'"""Docs."""', b'"""Docs."""\n', b""),
    ],
)
def test_a_package_tells_windows_of_its_libraries(source: bytes, before: bytes | None, after: bytes) -> None:
    text = with_dll_directory(source, ("..", "demo.libs"))
    compile(text, "__init__.py", "exec")
    if before is not None:
        assert text.startswith(before + b"\n# Windows loads")
    assert text.endswith(after)
    assert text.count(b"os.add_dll_directory(folder)") == 1
    assert b"os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'demo.libs')" in text
