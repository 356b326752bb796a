"""Joins Mach-O files into one universal file, as Apple's `lipo -create` does.

The layout is that of <mach-o/fat.h>: a big-endian header with a row for each processor, then the files, each at a
multiple of its own page size.
"""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cratewheel.errors import AuditError
from cratewheel.system.files import atomic_replace

FAT_MAGIC = 0xCAFEBABE
FAT_MAGIC_64 = 0xCAFEBABF
_THIN = {
    b"\xcf\xfa\xed\xfe": "<",
    b"\xce\xfa\xed\xfe": "<",
    b"\xfe\xed\xfa\xcf": ">",
    b"\xfe\xed\xfa\xce": ">",
}
# CPU type → alignment as a power of two: the page size
_ALIGNMENTS = {7: 12, 0x01000007: 12, 12: 14, 0x0100000C: 14}
_CPU_ARM64 = 0x0100000C
_LIMIT_32 = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slice:
    path: Path
    cpu: int
    subtype: int
    size: int
    alignment: int


def join(slices: Sequence[Path], out: Path) -> None:
    """Write the universal file of the thin Mach-O files `slices` to `out`, with the permissions of the first.

    Raises `AuditError` when one is no thin Mach-O file, or two are for one processor.
    """
    parts = [_read(path) for path in slices]
    for at, part in enumerate(parts):
        if any(part.cpu == other.cpu and part.subtype == other.subtype for other in parts[:at]):
            raise AuditError(f"{part.path} is for the same processor as another part of {out.name}")
    # as lipo: small alignments first, arm64 last
    parts.sort(key=lambda part: (part.cpu == _CPU_ARM64, part.alignment))
    places = _layout(parts)
    wide = bool(parts) and places[-1] + parts[-1].size >= _LIMIT_32
    with atomic_replace(out) as file:
        file.write(struct.pack(">II", FAT_MAGIC_64 if wide else FAT_MAGIC, len(parts)))
        for part, place in zip(parts, places, strict=True):
            row = (part.cpu, part.subtype, place, part.size, part.alignment)
            file.write(struct.pack(">IIQQII", *row, 0) if wide else struct.pack(">IIIII", *row))
        for part, place in zip(parts, places, strict=True):
            file.write(bytes(place - file.tell()))
            with part.path.open("rb") as source:
                shutil.copyfileobj(source, file, 1 << 20)
    if parts:
        out.chmod(parts[0].path.stat().st_mode & 0o7777)


def _read(path: Path) -> _Slice:
    with path.open("rb") as file:
        header = file.read(12)
        size = os.fstat(file.fileno()).st_size
    order = _THIN.get(header[:4])
    if order is None or len(header) < 12:
        raise AuditError(
            f"{path} is not a thin Mach-O file", hint="join only the files that rustc linked for each target"
        )
    cpu, subtype = struct.unpack_from(f"{order}II", header, 4)
    return _Slice(path=path, cpu=cpu, subtype=subtype, size=size, alignment=_ALIGNMENTS.get(cpu, 14))


def _layout(parts: Sequence[_Slice]) -> list[int]:
    for row in (20, 32):  # the rows of fat files beyond 4 GiB are wider
        at = 8 + row * len(parts)
        places = []
        for part in parts:
            page = 1 << part.alignment
            at = (at + page - 1) // page * page
            places.append(at)
            at += part.size
        if at < _LIMIT_32:
            break
    return places
