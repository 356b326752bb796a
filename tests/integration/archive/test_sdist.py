"""Source distributions on the disk, read back by Python's own reader."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

import pytest

from cratewheel.archive import sdist
from cratewheel.archive.deflate import BLOCK
from cratewheel.archive.layout import Entry, FromFile

NAME = "demo-1.0.tar.gz"


def tree(folder: Path, sizes: list[int]) -> tuple[Entry, ...]:
    """Return files of some sizes, whose bytes compress but are not all the same."""
    entries = []
    for number, size in enumerate(sizes):
        path = folder / f"{number:04}.rs"
        line = b"let number = %d;\n" % number
        path.write_bytes((line * (size // len(line) + 1))[:size])
        entries.append(Entry(path=f"src/{path.name}", source=FromFile(path=str(path))))
    return tuple(entries)


@pytest.mark.parametrize(
    "sizes",
    [[511, 0, 512, 513, BLOCK - 1, BLOCK, 3 * BLOCK], [0] * 100, [30_000] * 200, [1] * 100 + [BLOCK + 5, 1]],
    ids=["mixed", "empty", "alike", "one large"],
)
def test_files_of_any_size_make_one_stream(tmp_path: Path, sizes: list[int]) -> None:
    entries = tree(tmp_path, sizes)
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
