"""Opens zip archives of others."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Yield a zip archive.

    Raises `zipfile.BadZipFile` for what is none, and where a file in it is said to take more bytes than the archive
    has: so many are allotted before they are read.
    """
    size = path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.header_offset + info.compress_size > size:
                raise zipfile.BadZipFile(f"{info.filename} is said to be larger than the archive")
        yield archive
