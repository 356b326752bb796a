"""Layout → wheel: a zip archive with its RECORD, whole under its name or not there at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from cratewheel import files
from cratewheel.dist.compression import DEFLATED, Compression
from cratewheel.dist.dist_info import DistInfo, Recorded, record
from cratewheel.dist.layout import Entry, Layout
from cratewheel.dist.layout import layout as whole_layout
from cratewheel.dist.reading import opened, whole
from cratewheel.dist.zip import ZipWriter
from cratewheel.errors import ConfigError
from cratewheel.frozen import dataclass
from cratewheel.tags.wheel import WheelTag

AT_ONCE = 1 << 20  # bytes: a file of more is packed in chunks, by itself
_EPOCH = 315532800  # 1980-01-01: what a zip archive can say, and the same for every build


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltWheel:
    """A wheel on the disk: its tag, the SHA-256 of the file in hexadecimal, and its size in bytes."""

    path: Path
    tag: WheelTag
    sha256: str
    size: int


def write(
    layout: Layout,
    info: DistInfo,
    path: Path,
    *,
    mtime: int | None = None,
    compression: Compression = DEFLATED,
    large_files: bool = False,
) -> BuiltWheel:
    """Write the wheel `path` from its content and its metadata folder, and return what it is. Same input, same bytes.

    The metadata folder comes last, and RECORD, made here, at its very end. Every file is stamped with `mtime` (seconds
    since 1970, for SOURCE_DATE_EPOCH) or 1980-01-01. `large_files` writes zip64 fields for files that do not need them.
    Of a file, one chunk is held in memory. Raises `ConfigError` when a source cannot be read, changes meanwhile, or
    wants the place of another; `CratewheelError` when the wheel cannot be written; then nothing is left.
    """
    record_path = str(info.record_path)
    entries = whole_layout((*layout, *info.entries()))
    if any(str(entry.path) == record_path for entry in entries):
        raise ConfigError(f"{record_path} is written by cratewheel itself", hint="leave the file out of `include`")
    with files.atomic_replace(path) as stream:
        archive = ZipWriter(stream, mtime=_EPOCH if mtime is None else mtime, zip64=large_files)
        recorded = [_add(archive, entry, compression) for entry in _ordered(entries, info.directory)]
        text = record(recorded, record_path=record_path)
        archive.add(record_path, text.encode(), executable=False, compression=compression)
        archive.finish()
        size = stream.tell()
    return BuiltWheel(path=path, tag=info.tag, sha256=files.sha256(path), size=size)


def _ordered(layout: Layout, dist_info: str) -> list[Entry]:
    return sorted(layout, key=lambda entry: (entry.path.parts[0] == dist_info, entry.path.parts))


def _add(archive: ZipWriter, entry: Entry, compression: Compression) -> Recorded:
    data = whole(entry.source, AT_ONCE)
    if data is None:
        return _add_large(archive, entry, compression)
    name = str(entry.path)
    archive.add(name, data, executable=entry.source.executable, compression=compression)
    return Recorded(path=name, sha256=hashlib.sha256(data).digest(), size=len(data))


def _add_large(archive: ZipWriter, entry: Entry, compression: Compression) -> Recorded:
    name = str(entry.path)
    digest = hashlib.sha256()
    with opened(entry.source) as (size, chunks):
        archive.add_in_chunks(
            name, _hashed(chunks, digest), size=size, executable=entry.source.executable, compression=compression
        )
    return Recorded(path=name, sha256=digest.digest(), size=size)


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...


def _hashed(chunks: Iterable[bytes], digest: _Digest) -> Iterator[bytes]:
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
