"""Layout → source distribution: a gzipped tar archive with one folder at its top (PEP 625, PEP 721)."""

from __future__ import annotations

import struct
import tarfile
import zlib
from collections.abc import Mapping
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from cratewheel import files
from cratewheel.dist.batches import BATCH, SMALL, Item, batches, shared
from cratewheel.dist.compression import compression, compressor
from cratewheel.dist.layout import Entry, Layout, in_order
from cratewheel.dist.reading import opened, whole_file
from cratewheel.frozen import dataclass

SUFFIX = ".tar.gz"
_MTIME = 1153704088  # 2006-07-24, the day that cargo and maturin give every file; some tools refuse 1970
_USTAR_SIZE = 0o77777777777  # bytes: what the field of a ustar header can say
_PKG_INFO = "PKG-INFO"
_COMPRESSION = compression("deflated", 6)  # sources are small, made once, and kept for ever
# RFC 1952: deflated, no name, no time, no extra flags, made on an unknown system
_GZIP_HEADER = b"\x1f\x8b\x08\x00" + b"\x00" * 4 + b"\x00\xff"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltSdist:
    """A source distribution on the disk: the SHA-256 of the file in hexadecimal, and its size in bytes."""

    path: Path
    sha256: str
    size: int


def write(
    layout: Layout,
    path: Path,
    *,
    mtime: int | None = None,
    environ: Mapping[str, str] | None = None,
    assistants: int | None = None,
) -> BuiltSdist:
    """Write the sdist `path`, and return what it is. Same layout, same bytes.

    Everything is put into a folder with the name of the file without `.tar.gz`: PKG-INFO first, then the rest in its
    order, stamped with `mtime` (seconds since 1970, for SOURCE_DATE_EPOCH) or a constant day, owned by no one, with
    the mode 0755 where a source is executable and 0644 elsewhere. Small files may be shared among processes, which
    takes `environ` (see `batches.shared`). Raises `ConfigError` when a source cannot be read or changes meanwhile,
    `CratewheelError` when the sdist cannot be written; then nothing is left.
    """
    assert path.name.endswith(SUFFIX), f"{path} is not the name of an sdist"
    of_all = (path.name.removesuffix(SUFFIX), _MTIME if mtime is None else mtime)
    header = _Header(*of_all)
    entries = sorted(layout, key=lambda entry: (entry.path != _PKG_INFO, in_order(entry.path)))
    with files.atomic_replace(path) as stream:
        gzip = _Gzip(stream)
        results = shared(batches(entries), packed_batch, of_all, environ=environ, assistants=assistants)
        with closing(results):
            for batch, result in enumerate(results):
                for piece in result:
                    if isinstance(piece, bytes):
                        gzip.write(piece)
                    else:
                        _add_large(gzip, entries[batch * BATCH + piece], header)
        gzip.write(bytes(2 * tarfile.BLOCKSIZE))  # two empty blocks end the archive
        gzip.finish()
        size = stream.tell()
    return BuiltSdist(path=path, sha256=files.sha256(path), size=size)


def packed_batch(batch: list[Item], top: str, mtime: int) -> list[bytes | int]:
    """Return a part of the archive, with the number in the batch of each file that is not small in its place."""
    header = _Header(top, mtime)
    found: list[bytes | int] = []
    pieces: list[bytes] = []
    for number, (source, name, executable) in enumerate(batch):
        data = source if isinstance(source, bytes) else whole_file(source, SMALL)
        if data is None:
            found += (b"".join(pieces), number)
            pieces = []
        else:
            pieces += (header.of(name, len(data), executable), data, bytes(-len(data) % tarfile.BLOCKSIZE))
    return [*found, b"".join(pieces)]


def _add_large(archive: _Gzip, entry: Entry, header: _Header) -> None:
    with opened(entry.source) as (size, chunks):
        archive.write(header.of(entry.path, size, entry.source.executable))
        for chunk in chunks:
            archive.write(chunk)
        archive.write(bytes(-size % tarfile.BLOCKSIZE))


class _Header:
    """Makes the headers of an archive's files (pax, which is ustar where a name is short and ASCII)."""

    def __init__(self, top: str, mtime: int) -> None:
        self._top = top
        self._mtime = mtime
        # tarfile takes as long for a header as the rest of a file takes: so it makes one, and the others are copies
        self._models = (_by_tarfile("", 0, mtime, False), _by_tarfile("", 0, mtime, True))
        # of all but name and size, and with the field of the checksum itself full of spaces
        self._checksums = [sum(model[:124] + model[136:148] + b" " * 8 + model[156:]) for model in self._models]

    def of(self, path: str, size: int, executable: bool) -> bytes:  # its only form
        """Return the header of a file of `size` bytes."""
        name = f"{self._top}/{path}"
        if len(name) > tarfile.LENGTH_NAME or not name.isascii() or size > _USTAR_SIZE:
            return _by_tarfile(name, size, self._mtime, executable)
        model = self._models[executable]
        own_name, own_size = name.encode(), b"%011o\0" % size
        checksum = self._checksums[executable] + sum(own_name) + sum(own_size)
        start = own_name.ljust(tarfile.LENGTH_NAME, b"\0")
        return b"".join((start, model[100:124], own_size, model[136:148], b"%06o\0 " % checksum, model[156:]))


@lru_cache(8)  # there are two for each archive, which each batch asks for
def _by_tarfile(name: str, size: int, mtime: int, executable: bool) -> bytes:  # of three of ours
    member = tarfile.TarInfo(name)
    member.size = size
    member.mtime = mtime
    member.mode = 0o755 if executable else 0o644
    return member.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")


class _Gzip:
    """Compresses what is written into one gzip member (RFC 1952)."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._packer = compressor(_COMPRESSION, large=True)
        self._crc = 0
        self._size = 0
        stream.write(_GZIP_HEADER)

    def write(self, data: bytes) -> None:
        self._crc = zlib.crc32(data, self._crc)
        self._size += len(data)
        packed = self._packer.compress(data)
        if packed:  # most often there is nothing yet
            self._stream.write(packed)

    def finish(self) -> None:
        self._stream.write(self._packer.flush())
        self._stream.write(struct.pack("<LL", self._crc, self._size & 0xFFFFFFFF))
