"""Deflate on all processors."""

from __future__ import annotations

import random
import subprocess
import zipfile
from pathlib import Path

from cratewheel.archive.compression import make_compression
from cratewheel.archive.deflate import BLOCK, ParallelDeflate
from cratewheel.archive.zip import ZipWriter


def deflated(
    data: bytes, *, level: int = 6, workers: int | None = None, block: int = BLOCK, step: int = 70_000
) -> bytes:
    packer = ParallelDeflate(level, workers=workers, block=block)
    parts = [packer.compress(data[at : at + step]) for at in range(0, len(data), step)]
    return b"".join(parts) + packer.flush()


def text(size: int, seed: int = 1) -> bytes:
    """Return data that compresses as programs do, more or less."""
    chosen = random.Random(seed)
    words = [chosen.randbytes(chosen.randrange(2, 12)) for _ in range(900)]
    return b"".join(chosen.choices(words, k=size // 7))[:size]


def test_other_programs_read_an_archive_of_it(tmp_path: Path) -> None:
    data = text(3 << 20)
    path = tmp_path / "a.zip"
    with path.open("wb") as stream:
        archive = ZipWriter(stream, mtime=0)
        chunks = (data[at : at + 65536] for at in range(0, len(data), 65536))
        archive.add_in_chunks(
            "data", chunks, size=len(data), executable=False, compression=make_compression("deflated")
        )
        archive.finish()
    with zipfile.ZipFile(path) as archive_read:
        assert archive_read.testzip() is None
        assert archive_read.read("data") == data
    subprocess.run(["unzip", "-tq", path], check=True)
