"""Writes source distributions: a gzipped tar archive with one top folder (PEP 625, PEP 721)."""

from __future__ import annotations

import struct
import tarfile
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

from cratewheel.archive.deflate import DeflateThread
from cratewheel.archive.layout import Entry, Layout, sort_key
from cratewheel.archive.reading import open_source, read_whole
from cratewheel.system import files
from cratewheel.system.files import FileOpener

SUFFIX = ".tar.gz"
_MTIME = 1153704088  # 2006-07-24, as cargo and maturin use for every file; some tools reject 1970
_PKG_INFO = "PKG-INFO"
_LARGEST = 0o77777777777  # what a number of the header can be
LARGE = 1 << 20  # bytes: larger files are read in chunks
_LEVEL = 5  # nearly as small as level 6, with a third less work
# RFC 1952: deflated, no name, no time, no extra flags, made on an unknown system
_GZIP_HEADER = b"\x1f\x8b\x08\x00" + b"\x00" * 4 + b"\x00\xff"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltSdist:
    """A source distribution on disk: the SHA-256 of the file in hexadecimal, and its size in bytes."""

    path: Path
    sha256: str
    size: int


def write(layout: Layout, path: Path, *, mtime: int | None = None) -> BuiltSdist:
    """Write the sdist to `path`, and return it. The same layout gives the same bytes.

    Everything is put into a folder with the name of the file without `.tar.gz`: PKG-INFO first, then the rest in its
    order, stamped with `mtime` (seconds since 1970, for SOURCE_DATE_EPOCH) or a constant day, owned by no one, with
    the mode 0755 where a source is executable and 0644 elsewhere. Raises `ConfigError` when a source cannot be read or
    changes meanwhile, `CratewheelError` when the sdist cannot be written; then nothing is left.
    """
    assert path.name.endswith(SUFFIX), f"{path} is not the name of an sdist"
    top = path.name.removesuffix(SUFFIX)
    entries = sorted(layout, key=lambda entry: sort_key(entry.path))
    entries.sort(key=lambda entry: entry.path != _PKG_INFO)  # a stable sort: PKG-INFO first
    with files.atomic_replace(path) as stream, FileOpener() as opener:
        archive = _Gzip(stream)
        for entry in entries:
            _add(archive, entry, f"{top}/{entry.path}", _MTIME if mtime is None else mtime, opener)
        archive.write(bytes(2 * tarfile.BLOCKSIZE))  # two empty blocks end the archive
        archive.finish()
        size = stream.tell()
    return BuiltSdist(path=path, sha256=files.sha256(path), size=size)


def _add(archive: _Gzip, entry: Entry, name: str, mtime: int, opener: FileOpener) -> None:
    executable = entry.source.executable
    data = read_whole(entry.source, LARGE, opener)
    if data is not None:
        header = _header(name, len(data), mtime, executable=executable)
        archive.write(b"".join((header, data, bytes(-len(data) % tarfile.BLOCKSIZE))))
        return
    with open_source(entry.source, opener) as (size, chunks):
        archive.write(_header(name, size, mtime, executable=executable))
        for chunk in chunks:
            archive.write(chunk)
    archive.write(bytes(-size % tarfile.BLOCKSIZE))


def _header(name: str, size: int, mtime: int, *, executable: bool) -> bytes:
    # where the header has room for all, the extended format has the same bytes
    if len(name) > tarfile.LENGTH_NAME or not name.isascii() or max(size, mtime) > _LARGEST:
        return _member(name, size, mtime, executable=executable).tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")
    empty, total = _empty_header(mtime, executable=executable)
    path, length = name.encode(), b"%011o\0" % size
    checksum = b"%06o\0 " % (total + sum(path) + sum(length))
    return b"".join((path.ljust(100, b"\0"), empty[100:124], length, empty[136:148], checksum, empty[156:]))


@cache
def _empty_header(mtime: int, *, executable: bool) -> tuple[bytes, int]:
    """Return a header without name and size, and its checksum without them: only these differ between files.

    They are its first 100 bytes, and 12 from the 124th; the checksum is 8 from the 148th, and counts itself as spaces:
    https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06
    """
    header = _member("", 0, mtime, executable=executable).tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict")
    return header, sum(header[100:124] + header[136:148] + header[156:]) + 8 * ord(" ")


def _member(name: str, size: int, mtime: int, *, executable: bool) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size
    member.mtime = mtime
    member.mode = 0o755 if executable else 0o644
    return member


class _Gzip:
    """Compresses data into one gzip member (RFC 1952)."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._packer = DeflateThread(_LEVEL)  # which compresses while the next files are read
        self._crc = 0
        self._size = 0
        stream.write(_GZIP_HEADER)

    def write(self, data: bytes) -> None:
        """Add data."""
        self._crc = zlib.crc32(data, self._crc)
        self._size += len(data)
        self._stream.write(self._packer.compress(data))

    def finish(self) -> None:
        """Write the end of the member."""
        self._stream.write(self._packer.flush())
        self._stream.write(struct.pack("<LL", self._crc, self._size & 0xFFFFFFFF))
