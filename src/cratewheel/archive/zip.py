"""Writes zip archives sequentially; the bytes depend on the content only.

Follows APPNOTE.TXT 6.3.10 (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT). What the archive says of its
maker and of the reader's needs does not change with the Python that runs us; zip64 fields are there only where a number
does not fit without them.
"""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Iterable
from typing import BinaryIO, NamedTuple

from cratewheel.archive.compression import Compression, Method, make_compressor

_METHODS: dict[Method, tuple[int, int]] = {  # the method's number, and ten times the version needed to extract
    "stored": (0, 20),
    "deflated": (8, 20),
    "bzip2": (12, 46),
    "zstd": (93, 63),
}
_ZIP64_VERSION = 45
_UNIX = 3
_UTF8_NAME = 0x800
_LIMIT_32 = 0xFFFFFFFF
_LIMIT_16 = 0xFFFF
_EXPANSION = 1.05  # incompressible data grows slightly
_FILE = 0o100000
_DOS_EPOCH = 315532800  # 1980-01-01, the first time in a zip archive
_DOS_END = 4354819198  # 2107-12-31 23:59:58, the last

# fields of APPNOTE 4.3.7, 4.3.12, 4.3.14, 4.3.15 and 4.3.16
_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_CENTRAL = struct.Struct("<4sBBHHHHHLLLHHHHHLL")
_END_64 = struct.Struct("<4sQBBHLLQQQQ")
_END_64_LOCATOR = struct.Struct("<4sLQL")
_END = struct.Struct("<4sHHHHLLH")
_EXTRA_64 = 1


class _Member(NamedTuple):  # faster than a dataclass: there may be tens of thousands
    name: bytes
    flags: int
    mode: int
    method: int
    version: int
    zip64: bool
    offset: int
    crc: int
    packed: int
    size: int


class Packed(NamedTuple):
    """The compressed content of a file, its checksum, and its size before."""

    body: bytes
    crc: int
    size: int


def pack(data: bytes, compression: Compression) -> Packed:
    """Return the compressed content of a file."""
    packer = make_compressor(compression)
    body = packer.compress(data) + packer.flush()
    return Packed(body=body, crc=zlib.crc32(data), size=len(data))


class ZipWriter:
    """Writes a zip archive to a seekable stream; `finish` completes it.

    `mtime`, in seconds since 1970, stamps every file; it is moved into what zip can say, 1980 to 2107.
    """

    def __init__(self, stream: BinaryIO, *, mtime: int, zip64: bool = False) -> None:
        self._stream = stream
        self._moment = _dos_time(mtime)
        self._zip64 = zip64
        self._directory: list[bytes] = []
        self._offset = stream.tell()

    def add(self, name: str, data: bytes, *, executable: bool, compression: Compression) -> None:
        """Add a file whose content is in memory."""
        self.add_packed(name, pack(data, compression), executable=executable, compression=compression)

    def add_packed(self, name: str, content: Packed, *, executable: bool, compression: Compression) -> None:
        """Add a file whose content is compressed with that compression."""
        body = content.body
        member = self._member(
            name,
            compression,
            executable=executable,
            zip64=self._zip64,
            crc=content.crc,
            packed=len(body),
            size=content.size,
        )
        header = self._local_header(member)
        self._stream.write(header + body)
        self._offset += len(header) + len(body)
        self._directory.append(self._central_header(member))

    def add_in_chunks(
        self, name: str, chunks: Iterable[bytes], *, size: int, executable: bool, compression: Compression
    ) -> None:
        """Add a file from `chunks`, with `size` bytes in total.

        Its checksum and its packed size are known, and put in its header, only when all of it is written.
        """
        zip64 = self._zip64 or size * _EXPANSION > _LIMIT_32
        member = self._member(name, compression, executable=executable, zip64=zip64)
        self._stream.write(self._local_header(member))
        body = self._stream.tell()
        packer = make_compressor(compression, large=True)
        crc = done_size = 0
        for chunk in chunks:
            crc = zlib.crc32(chunk, crc)
            done_size += len(chunk)
            self._stream.write(packer.compress(chunk))
        self._stream.write(packer.flush())
        end = self._stream.tell()
        assert done_size == size, f"{name} has {done_size} bytes, not {size}"
        done = member._replace(crc=crc, packed=end - body, size=size)
        self._stream.seek(member.offset)
        self._stream.write(self._local_header(done))
        self._stream.seek(end)
        self._offset = end
        self._directory.append(self._central_header(done))

    def finish(self) -> None:
        """Write the central directory."""
        start = self._stream.tell()
        self._stream.write(b"".join(self._directory))
        end = self._stream.tell()
        count, size = len(self._directory), end - start
        if count >= _LIMIT_16 or size >= _LIMIT_32 or start >= _LIMIT_32:
            made_by = (_ZIP64_VERSION, _UNIX, _ZIP64_VERSION)
            record_size = _END_64.size - 12
            self._stream.write(_END_64.pack(b"PK\6\6", record_size, *made_by, 0, 0, count, count, size, start))
            self._stream.write(_END_64_LOCATOR.pack(b"PK\6\7", 0, end, 1))
        count = min(count, _LIMIT_16)
        place = (min(size, _LIMIT_32), min(start, _LIMIT_32))
        self._stream.write(_END.pack(b"PK\5\6", 0, 0, count, count, *place, 0))

    def _member(
        self,
        name: str,
        compression: Compression,
        *,
        executable: bool,
        zip64: bool,
        crc: int = 0,
        packed: int = 0,
        size: int = 0,
    ) -> _Member:
        """Return the header fields of a file."""
        method, version = _METHODS[compression.method]
        return _Member(
            name=name.encode(),
            flags=0 if name.isascii() else _UTF8_NAME,
            mode=_mode(executable),
            method=method,
            version=max(version, _ZIP64_VERSION) if zip64 else version,
            zip64=zip64,
            offset=self._offset,
            crc=crc,
            packed=packed,
            size=size,
        )

    def _local_header(self, member: _Member) -> bytes:
        extra = struct.pack("<HHQQ", _EXTRA_64, 16, member.size, member.packed) if member.zip64 else b""
        sizes = (_LIMIT_32, _LIMIT_32) if member.zip64 else (member.packed, member.size)
        return b"".join((
            _LOCAL.pack(
                b"PK\3\4", member.version, member.flags, member.method, *self._moment,
                member.crc, *sizes, len(member.name), len(extra),
            ),
            member.name,
            extra,
        ))  # fmt: skip

    def _central_header(self, member: _Member) -> bytes:
        size, packed, offset, version, extra = member.size, member.packed, member.offset, member.version, b""
        if size >= _LIMIT_32 or packed >= _LIMIT_32 or offset >= _LIMIT_32:
            large = [value for value in (size, packed, offset) if value >= _LIMIT_32]
            extra = struct.pack(f"<HH{len(large)}Q", _EXTRA_64, 8 * len(large), *large)
            size, packed, offset = min(size, _LIMIT_32), min(packed, _LIMIT_32), min(offset, _LIMIT_32)
            version = max(version, _ZIP64_VERSION)
        return b"".join((
            _CENTRAL.pack(
                b"PK\1\2", version, _UNIX, version, member.flags, member.method, *self._moment,
                member.crc, packed, size, len(member.name), len(extra), 0, 0, 0, member.mode << 16, offset,
            ),
            member.name,
            extra,
        ))  # fmt: skip


def _mode(executable: bool) -> int:
    return _FILE | (0o755 if executable else 0o644)


def _dos_time(mtime: int) -> tuple[int, int]:
    """Return the MS-DOS time and date of a moment in UTC: even seconds, years from 1980.

    >>> _dos_time(0)
    (0, 33)
    """
    moment = time.gmtime(min(max(mtime, _DOS_EPOCH), _DOS_END))
    return (
        moment.tm_hour << 11 | moment.tm_min << 5 | moment.tm_sec // 2,
        (moment.tm_year - 1980) << 9 | moment.tm_mon << 5 | moment.tm_mday,
    )
