"""Deflate on all processors."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

from archive_data import program_like
from cratewheel.archive.compression import make_compression
from cratewheel.archive.zip import ZipWriter


def test_other_programs_read_an_archive_of_it(tmp_path: Path) -> None:
    data = program_like(3 << 20)
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
