"""Our ELF reader against pyelftools, and our tags against auditwheel, over the libraries and programs of this machine.

A random sample of them, so that the test is short; `CRATEWHEEL_EVERY_ELF=1` reads each one.
"""

from __future__ import annotations

import base64
import hashlib
import os
import platform
import random
import shutil
import subprocess
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.segments import InterpSegment

from cratewheel.audit.binary import Binary, Symbol, SymbolVersion, read
from cratewheel.audit.check import explain, lowest_policy
from cratewheel.errors import AuditError
from cratewheel.targets.triples import parse

FOLDERS = ("/usr/lib", "/lib", "/usr/bin")
SAMPLE = 200
SAMPLE_LIMIT = 2_000_000  # bytes: pyelftools needs seconds for a compiler's library


def elf_files() -> Iterator[Path]:
    """Yield the libraries and programs of this machine, in an order that is random but always the same."""
    folders = {Path(folder).resolve() for folder in FOLDERS}
    files = sorted({f"{place}/{name}" for folder in folders for place, _, names in os.walk(folder) for name in names})
    random.Random(0).shuffle(files)
    return (path for path in map(Path, files) if _is_elf(path))


def _is_elf(path: Path) -> bool:
    # Detached debug information keeps the headers of tables without their content. Nothing loads it.
    if path.is_symlink() or "debug" in path.parts:
        return False
    try:
        with path.open("rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False


def facts(binary: Binary) -> dict[str, object]:
    """What both readers can say; symbols are sorted, since only their set has a meaning."""
    return {
        "bits": binary.bits,
        "little_endian": binary.little_endian,
        "interpreter": binary.interpreter,
        "needed": binary.needed,
        "soname": binary.soname,
        "rpath": binary.rpath,
        "runpath": binary.runpath,
        "versions": binary.versions,
        "undefined": sorted(binary.undefined, key=repr),
        "exported": sorted(binary.exported),
    }


def oracle(path: Path) -> dict[str, object]:
    """The same facts as pyelftools tells them, mostly from the section headers."""
    with path.open("rb") as file:
        elf = ELFFile(file)
        versions = _versions(elf)
        undefined, exported = _symbols(elf, dict(versions))
        tags = _tags(elf)
        interpreters = [s.get_interp_name() for s in elf.iter_segments() if isinstance(s, InterpSegment)]
        return {
            "bits": elf.elfclass,
            "little_endian": elf.little_endian,
            "interpreter": interpreters[0] if interpreters else None,
            "needed": tuple(tag.needed for tag in tags if tag.entry.d_tag == "DT_NEEDED"),
            "soname": next((tag.soname for tag in tags if tag.entry.d_tag == "DT_SONAME"), None),
            "rpath": tuple(p for tag in tags if tag.entry.d_tag == "DT_RPATH" for p in tag.rpath.split(":")),
            "runpath": tuple(p for tag in tags if tag.entry.d_tag == "DT_RUNPATH" for p in tag.runpath.split(":")),
            "versions": tuple(version for _, version in versions),
            "undefined": sorted(undefined, key=repr),
            "exported": sorted(exported),
        }


def _tags(elf: Any) -> list[Any]:
    segments = (segment for segment in elf.iter_segments() if isinstance(segment, DynamicSegment))
    return [tag for segment in segments for tag in segment.iter_tags()]


def _versions(elf: Any) -> list[tuple[int, SymbolVersion]]:
    section = elf.get_section_by_name(".gnu.version_r")
    if section is None:
        return []
    return [
        (auxiliary["vna_other"] & 0x7FFF, SymbolVersion(library=need.name, version=auxiliary.name))
        for need, auxiliaries in section.iter_versions()
        for auxiliary in auxiliaries
    ]


def _symbols(elf: Any, versions: dict[int, SymbolVersion]) -> tuple[list[Symbol], set[str]]:
    table, indices = elf.get_section_by_name(".dynsym"), elf.get_section_by_name(".gnu.version")
    undefined: list[Symbol] = []
    exported: set[str] = set()
    for number, symbol in enumerate(table.iter_symbols() if table is not None else ()):
        binding, visibility = symbol["st_info"]["bind"], symbol["st_other"]["visibility"]
        if symbol["st_shndx"] != "SHN_UNDEF":
            if binding != "STB_LOCAL" and visibility not in {"STV_HIDDEN", "STV_INTERNAL"}:
                exported.add(symbol.name)
        elif symbol.name:
            index = indices.get_symbol(number)["ndx"] if indices is not None else 0
            wanted = versions.get(index & 0x7FFF) if isinstance(index, int) else None
            undefined.append(
                Symbol(
                    name=symbol.name,
                    weak=binding == "STB_WEAK",
                    version=wanted.version if wanted else None,
                    library=wanted.library if wanted else None,
                ),
            )
    return undefined, exported


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the machine has no ELF files")


def sample() -> Iterator[Path]:
    files = elf_files()
    if os.environ.get("CRATEWHEEL_EVERY_ELF"):
        return files
    return islice((path for path in files if path.stat().st_size <= SAMPLE_LIMIT), SAMPLE)


def test_every_elf_file_reads_as_pyelftools_reads_it() -> None:
    read_so_far = 0
    different: dict[Path, dict[str, tuple[object, object]]] = {}
    for path in sample():
        read_so_far += 1
        try:
            ours = facts(read(path))
        except AuditError as error:
            different[path] = {"error": (error.message, None)}
            continue
        theirs = oracle(path)
        if ours != theirs:
            different[path] = {name: (ours[name], theirs[name]) for name in ours if ours[name] != theirs[name]}
    assert different == {}
    assert read_so_far >= 100


HOST = parse(f"{platform.machine()}-unknown-linux-gnu") if platform.machine() in {"x86_64", "aarch64"} else None
needs_glibc = pytest.mark.skipif(
    HOST is None or platform.libc_ver()[0] != "glibc", reason="only for x86_64 and aarch64 with glibc"
)


def auditwheel_policy(path: Path, needed: tuple[str, ...]) -> str:
    """The oldest policy that auditwheel's own code finds for a file, its libraries left aside."""
    from auditwheel.architecture import Architecture
    from auditwheel.elfutils import elf_find_versioned_symbols, filter_undefined_symbols
    from auditwheel.libc import Libc
    from auditwheel.policy import WheelPolicies

    policies = WheelPolicies(libc=Libc.GLIBC, arch=Architecture(platform.machine()))
    versions: dict[str, set[str]] = defaultdict(set)
    with path.open("rb") as file:
        for library, version in elf_find_versioned_symbols(ELFFile(file)):
            versions[library].add(version)
    newest_needed = policies.versioned_symbols_policy(versions).priority
    for policy in sorted(policies, key=lambda policy: -policy.priority):
        refused = {library: symbols for library, symbols in policy.blacklist.items() if library in needed}
        if policy.priority <= newest_needed and not filter_undefined_symbols(path, refused):
            return str(policy.name)
    raise AssertionError("the policy linux takes every file")


@needs_glibc
def test_every_library_gets_the_policy_that_auditwheel_gives_it() -> None:
    assert HOST is not None
    different = {}
    for path in sample():
        binary = read(path)
        if (binary.arch, binary.bits, "libc.so.6" in binary.needed) == (HOST.arch, HOST.pointer_width, True):
            report = lowest_policy(binary, HOST, libpython_allowed=True)
            ours, theirs = f"{report.policy}_{platform.machine()}", auditwheel_policy(path, binary.needed)
            if ours != theirs:
                different[path] = (ours, theirs, explain(report))
    assert different == {}


@needs_glibc
@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
@pytest.mark.parametrize(
    "body",
    # each takes something of libc.so.6: auditwheel refuses a module that is not linked to it
    ["return (long) memcpy(b, b, a)", "return pthread_create(b, b, b, b)", "return pow((long) memcpy(b, b, a), 2.5)"],
    ids=["memcpy", "pthread_create", "memcpy and pow"],
)
def test_a_wheel_around_a_c_library_gets_the_tag_that_auditwheel_shows(tmp_path: Path, body: str) -> None:
    assert HOST is not None
    source = tmp_path / "x.c"
    source.write_text(
        "void *memcpy(void *, const void *, unsigned long);\ndouble pow(double, double);\n"
        "int pthread_create(void *, void *, void *, void *);\n"
        f"int PyInit_x(int a, void *b) {{ {body}; }}\n",
        encoding="utf-8",
    )
    library = tmp_path / "x.abi3.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-w", "-fno-builtin", "-o", library, source, "-lm"], check=True)
    wheel = tmp_path / f"x-1.0-cp39-abi3-linux_{platform.machine()}.whl"
    write_wheel(wheel, library)
    shown = subprocess.run(
        [sys.executable, "-m", "auditwheel", "show", str(wheel)], check=True, capture_output=True, text=True
    ).stdout
    report = lowest_policy(read(library), HOST)
    tag = f"{report.policy}_{platform.machine()}"
    assert f'following platform tag: "{tag}"' in " ".join(shown.split())


def write_wheel(path: Path, library: Path) -> None:
    files = {
        library.name: library.read_bytes(),
        "x-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: x\nVersion: 1.0\n",
        "x-1.0.dist-info/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {path.stem[6:]}\n".encode(),
    }
    record = "".join(f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in files.items())
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**files, "x-1.0.dist-info/RECORD": f"{record}x-1.0.dist-info/RECORD,,\n".encode()}.items():
            archive.writestr(name, data)


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
