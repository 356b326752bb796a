"""Data to put into archives, which compresses as real files do."""

from __future__ import annotations

import random
from pathlib import Path

from cratewheel.archive.layout import Entry, FromFile


def program_like(size: int, seed: int = 1) -> bytes:
    """Return data that compresses as programs do, more or less."""
    chosen = random.Random(seed)
    words = [chosen.randbytes(chosen.randrange(2, 12)) for _ in range(900)]
    return b"".join(chosen.choices(words, k=size // 7))[:size]


def source_files(folder: Path, sizes: list[int]) -> tuple[Entry, ...]:
    """Write files of some sizes, whose bytes compress but are not all the same, and return their entries."""
    entries = []
    for number, size in enumerate(sizes):
        path = folder / f"{number:04}.rs"
        line = b"let number = %d;\n" % number
        path.write_bytes((line * (size // len(line) + 1))[:size])
        entries.append(Entry(path=f"src/{path.name}", source=FromFile(path=str(path))))
    return tuple(entries)
