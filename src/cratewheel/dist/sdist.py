"""Layout → source distribution: a gzipped tar archive with one folder at its top (PEP 625, PEP 721).

Small files are taken together by the batch. A run of them is one block of the deflate stream, which any process can
make: it reads the files before it as well, with whose last 32 KiB it is primed.
"""

from __future__ import annotations

import struct
import tarfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from cratewheel import files
from cratewheel.dist.batches import Item, assistants_for, items, shared
from cratewheel.dist.deflate import WINDOW, ParallelDeflate, deflated_block, joined_crc, window
from cratewheel.dist.layout import Entry, Layout, in_order
from cratewheel.dist.reading import end_of, opened, whole_file
from cratewheel.errors import ConfigError
from cratewheel.files import FileOpener
from cratewheel.tasks import check_cancelled

SUFFIX = ".tar.gz"
BATCH = 128  # files that one process takes at a time
SMALL = 16 << 10  # bytes: a larger file is not for a batch, whose result waits in memory
_BEFORE = WINDOW // tarfile.BLOCKSIZE  # files that take up a window at least, if each were empty
_MTIME = 1153704088  # 2006-07-24, the day that cargo and maturin give every file; some tools refuse 1970
_USTAR_SIZE = 0o77777777777  # bytes: what the field of a ustar header can say
_PKG_INFO = "PKG-INFO"
_LEVEL = 5  # as small as what other tools make, with a third less work than at 6
# RFC 1952: deflated, no name, no time, no extra flags, made on an unknown system
_GZIP_HEADER = b"\x1f\x8b\x08\x00" + b"\x00" * 4 + b"\x00\xff"

# Files, and those before them; what a run of files makes of the stream: see `_Gzip.add_run`
_Batch = tuple[Sequence[Item], Sequence[Item]]
_Run = tuple[bytes, int, int, int, bytes]


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
    entries = sorted(layout, key=lambda entry: in_order(entry.path))
    entries.sort(key=lambda entry: entry.path != _PKG_INFO)  # which leaves the rest in its order
    every = items(entries)
    batches = [(every[max(at - _BEFORE, 0) : at], every[at : at + BATCH]) for at in range(0, len(every), BATCH)]
    with files.atomic_replace(path) as stream:
        gzip = _Gzip(stream)
        results = shared(
            batches,
            packed_batch,
            of_all,
            environ=environ,
            assistants=assistants_for(len(every)) if assistants is None else assistants,
        )
        with closing(results):
            for number, result in enumerate(results):
                check_cancelled()
                for piece in result:
                    if isinstance(piece, int):
                        _add_large(gzip, entries[number * BATCH + piece], header)
                    else:
                        gzip.add_run(piece)
        gzip.write(bytes(2 * tarfile.BLOCKSIZE))  # two empty blocks end the archive
        gzip.finish()
        size = stream.tell()
    return BuiltSdist(path=path, sha256=files.sha256(path), size=size)


def _add_large(archive: _Gzip, entry: Entry, header: _Header) -> None:
    with opened(entry.source) as (size, chunks):
        archive.write(header.of(entry.path, size, entry.source.executable))
        for chunk in chunks:
            archive.write(chunk)
        archive.write(_padding(size))


def packed_batch(batch: _Batch, top: str, mtime: int) -> list[_Run | int]:
    """Return each run of small files, compressed, and in its place the number of each file that is not small."""
    header = _Header(top, mtime)
    earlier, those = batch
    found: list[_Run | int] = []
    done = 0  # files before the next run, which is what primes it
    with FileOpener() as opener:
        for piece in _pieces(those, header, opener):
            if isinstance(piece, int):
                done = piece + 1
                found.append(piece)
            else:
                before = _end_of_archive((*earlier, *those[:done]), header, opener)
                block = deflated_block(piece, before, _LEVEL)
                found.append((block, zlib.crc32(piece), len(piece), zlib.crc32(before), window(before, piece)))
    return found


def _pieces(batch: Sequence[Item], header: _Header, opener: FileOpener) -> Iterator[bytes | int]:
    """Yield the bytes of each run of small files in the archive, and in its place the number of each that is not."""
    run: list[bytes] = []
    for number, (source, name, executable, roots) in enumerate(batch):
        data = whole_file(source, SMALL, roots, opener) if isinstance(source, str) else source
        if data is None or len(data) > SMALL:
            if run:
                yield b"".join(run)
                run = []
            yield number
        else:
            run += (header.of(name, len(data), executable), data, _padding(len(data)))
    if run:
        yield b"".join(run)


def _end_of_archive(batch: Sequence[Item], header: _Header, opener: FileOpener) -> bytes:
    """Return the last bytes of the archive up to the end of some files, as many as prime a block."""
    found: list[bytes] = []
    missing = WINDOW
    for source, name, executable, roots in reversed(batch):
        size, data = end_of(source, WINDOW, roots, opener) if isinstance(source, str) else (len(source), source)
        piece = data + _padding(size)
        if len(data) == size:
            piece = header.of(name, size, executable) + piece
        found.append(piece)
        missing -= len(piece)
        if missing <= 0:
            break
    return b"".join(reversed(found))[-WINDOW:]


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)


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
        self._packer = ParallelDeflate(_LEVEL)
        self._crc = 0
        self._size = 0
        stream.write(_GZIP_HEADER)

    def write(self, data: bytes) -> None:
        """Add some bytes."""
        self._count(zlib.crc32(data, self._crc), len(data))
        self._stream.write(self._packer.compress(data))

    def add_run(self, run: _Run) -> None:
        """Add a run of files: a block, the checksum and size of its bytes, and the checksum of what primed it.

        The last field is what primes the next block.
        """
        block, crc, size, primed, before = run
        self._stream.write(self._packer.cut())
        if primed != zlib.crc32(self._packer.before):  # two processes may have read it
            raise ConfigError(
                "a file changed while it was being packed", hint="build again when nothing writes to it any more"
            )
        self._count(joined_crc(self._crc, crc, size), size)
        self._stream.write(self._packer.made(block, before))

    def finish(self) -> None:
        """Add the end of the member."""
        self._stream.write(self._packer.flush())
        self._stream.write(struct.pack("<LL", self._crc, self._size & 0xFFFFFFFF))

    def _count(self, crc: int, size: int) -> None:
        self._crc = crc
        self._size += size
