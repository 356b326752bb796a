"""Layout → source distribution: a gzipped tar archive with one folder at its top (PEP 625, PEP 721)."""

from __future__ import annotations

import struct
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from cratewheel import files
from cratewheel.dist.compression import DEFLATED, compressor
from cratewheel.dist.layout import Entry, Layout
from cratewheel.dist.reading import opened
from cratewheel.frozen import dataclass

SUFFIX = ".tar.gz"
_MTIME = 1153704088  # 2006-07-24, the day that cargo and maturin give every file; some tools refuse 1970
_PKG_INFO = PurePosixPath("PKG-INFO")
# RFC 1952: deflated, no name, no time, no extra flags, made on an unknown system
_GZIP_HEADER = b"\x1f\x8b\x08\x00" + b"\x00" * 4 + b"\x00\xff"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltSdist:
    """A source distribution on the disk: the SHA-256 of the file in hexadecimal, and its size in bytes."""

    path: Path
    sha256: str
    size: int


def write(layout: Layout, path: Path, *, mtime: int | None = None) -> BuiltSdist:
    """Write the sdist `path`, and return what it is. Same layout, same bytes.

    Everything is put into a folder with the name of the file without `.tar.gz`: PKG-INFO first, then the rest in its
    order, stamped with `mtime` (seconds since 1970, for SOURCE_DATE_EPOCH) or a constant day, owned by no one, with
    the mode 0755 where a source is executable and 0644 elsewhere. Raises `ConfigError` when a source cannot be read or
    changes meanwhile, `CratewheelError` when the sdist cannot be written; then nothing is left.
    """
    assert path.name.endswith(SUFFIX), f"{path} is not the name of an sdist"
    top = PurePosixPath(path.name.removesuffix(SUFFIX))
    with files.atomic_replace(path) as stream:
        gzip = _Gzip(stream)
        for entry in sorted(layout, key=lambda entry: (entry.path != _PKG_INFO, entry.path.parts)):
            _add(gzip, top, entry, _MTIME if mtime is None else mtime)
        gzip.write(bytes(2 * tarfile.BLOCKSIZE))  # two empty blocks end the archive
        gzip.finish()
        size = stream.tell()
    return BuiltSdist(path=path, sha256=files.sha256(path), size=size)


def _add(archive: _Gzip, top: PurePosixPath, entry: Entry, mtime: int) -> None:
    with opened(entry.source) as (size, chunks):
        member = tarfile.TarInfo(str(top / entry.path))
        member.size = size
        member.mtime = mtime
        member.mode = 0o755 if entry.source.executable else 0o644
        # ustar, with a pax header before it for a name that is long or not ASCII
        archive.write(member.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict"))
        for chunk in chunks:
            archive.write(chunk)
        archive.write(bytes(-size % tarfile.BLOCKSIZE))


class _Gzip:
    """Compresses what is written into one gzip member (RFC 1952)."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._packer = compressor(DEFLATED)
        self._crc = 0
        self._size = 0
        stream.write(_GZIP_HEADER)

    def write(self, data: bytes) -> None:
        self._crc = zlib.crc32(data, self._crc)
        self._size += len(data)
        self._stream.write(self._packer.compress(data))

    def finish(self) -> None:
        self._stream.write(self._packer.flush())
        self._stream.write(struct.pack("<LL", self._crc, self._size & 0xFFFFFFFF))
