"""Our ELF reader against pyelftools, over the libraries and programs of this machine.

A random sample of them, so that the test is short; `CRATEWHEEL_EVERY_ELF=1` reads each one.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.segments import InterpSegment

from cratewheel.audit.binary import Binary, Symbol, SymbolVersion, read
from cratewheel.errors import AuditError

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


@pytest.mark.skipif(sys.platform != "linux", reason="the machine has no ELF files")
def test_every_elf_file_reads_as_pyelftools_reads_it() -> None:
    files = elf_files()
    if not os.environ.get("CRATEWHEEL_EVERY_ELF"):
        files = islice((path for path in files if path.stat().st_size <= SAMPLE_LIMIT), SAMPLE)
    read_so_far = 0
    different: dict[Path, dict[str, tuple[object, object]]] = {}
    for path in files:
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
