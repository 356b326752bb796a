"""Source distributions on the disk, read back by Python's own reader."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

import pytest

from archive_data import source_files
from cratewheel.archive import sdist
from cratewheel.archive.deflate import BLOCK
from cratewheel.archive.layout import FromFile

NAME = "demo-1.0.tar.gz"


@pytest.mark.parametrize(
    "sizes",
    [[511, 0, 512, 513, BLOCK - 1, BLOCK, 3 * BLOCK], [0] * 100, [30_000] * 200, [1] * 100 + [BLOCK + 5, 1]],
    ids=["mixed", "empty", "alike", "one large"],
)
def test_files_of_any_size_make_one_stream(tmp_path: Path, sizes: list[int]) -> None:
    entries = source_files(tmp_path, sizes)
    built = sdist.write(entries, tmp_path / "out" / NAME)
    with tarfile.open(built.path) as archive:
        read = {member.name: archive.extractfile(member) for member in archive}
        found = {name: stream.read() for name, stream in read.items() if stream is not None}
    assert found == {
        f"demo-1.0/{entry.path}": Path(entry.source.path).read_bytes()
        for entry in entries
        if isinstance(entry.source, FromFile)
    }
    subprocess.run(["gzip", "--test", built.path], check=True)
