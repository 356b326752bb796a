"""Writes wheels: a zip archive with its RECORD, complete or not at all."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from cratewheel import __version__
from cratewheel.archive.compression import DEFLATED, Compression
from cratewheel.archive.deflate import map_in_threads
from cratewheel.archive.dist_info import DistInfo, Recorded, format_record
from cratewheel.archive.layout import Entry, Layout
from cratewheel.archive.layout import layout as whole_layout
from cratewheel.archive.reading import open_source, read_whole
from cratewheel.archive.zip import Packed, ZipWriter, pack
from cratewheel.errors import ConfigError
from cratewheel.system import files
from cratewheel.system.files import FileOpener
from cratewheel.system.files.json_cache import JsonCache
from cratewheel.targets.wheel_tags import WheelTag

LARGE = 1 << 20  # bytes: larger files are compressed in chunks
BATCH = 256 << 10  # bytes of small files that a thread compresses at a time
_EPOCH = 315532800  # 1980-01-01: the oldest time in a zip archive, used for reproducible builds
KEPT_PROFILES = 8  # of wheels with one name

_Batch = list[tuple[Entry, "bytes | None"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltWheel:
    """A wheel on disk: its tag, the SHA-256 of the file in hexadecimal, and its size in bytes.

    `fresh` says that it was there already, made from the same.
    """

    path: Path
    tag: WheelTag
    sha256: str
    size: int
    fresh: bool = False


def write(
    layout: Layout,
    info: DistInfo,
    path: Path,
    *,
    mtime: int | None = None,
    compression: Compression = DEFLATED,
    large_files: bool = False,
    cache: JsonCache | None = None,
    profile: str = "",
) -> BuiltWheel:
    """Write the wheel `path` from its layout and metadata, and return it. The same input gives the same bytes.

    The metadata folder comes last, and RECORD, made here, at its very end. Every file is stamped with `mtime` (seconds
    since 1970, for SOURCE_DATE_EPOCH) or 1980-01-01. `large_files` writes zip64 fields for files that do not need them.
    In `cache` is kept what the wheel was made from: where that, and the wheel, are still the same, it only gets a new
    date; `profile` is kept there for `read_profile`. Of a large file, one chunk is held in memory. Raises `ConfigError`
    when a source cannot be read, changes meanwhile, or wants the place of another; `CratewheelError` when the wheel
    cannot be written; then nothing is left.
    """
    record_path = str(info.record_path)
    entries = _sort(whole_layout((*layout, *info.entries())), info.directory)
    if any(entry.path == record_path for entry in entries):
        raise ConfigError(f"{record_path} is written by cratewheel itself", hint="remove the file from `include`")
    how = repr((__version__, zlib.ZLIB_RUNTIME_VERSION, mtime, compression, large_files))
    earlier = _read_earlier(path, cache)
    if earlier is not None and earlier.inputs == _hash_inputs(how, entries, _read(entries)):
        os.utime(path)  # for tools that select the newest wheel
        return BuiltWheel(path=path, tag=info.tag, sha256=earlier.sha256, size=earlier.size, fresh=True)
    with files.atomic_replace(path) as stream:
        archive = ZipWriter(stream, mtime=_EPOCH if mtime is None else mtime, zip64=large_files)
        recorded = list(_add(archive, entries, compression))
        text = format_record(recorded, record_path=record_path)
        archive.add(record_path, text.encode(), executable=False, compression=compression)
        archive.finish()
        size = stream.tell()
    built = BuiltWheel(path=path, tag=info.tag, sha256=files.sha256(path), size=size)
    if cache is not None:
        inputs = _hash_inputs(how, entries, recorded)
        kept = {"inputs": inputs, "sha256": built.sha256, "size": built.size}
        profiles = {**_read_profiles(path, cache), built.sha256: profile}
        cache.write(_cache_name(path), {**kept, "profiles": dict(list(profiles.items())[-KEPT_PROFILES:])})
    return built


def read_profile(path: Path, cache: JsonCache) -> str | None:
    """Return the cargo profile of an existing wheel, "" if it is not known, and None if there is no wheel."""
    return _read_profiles(path, cache).get(files.sha256(path), "") if path.is_file() else None


def _read_profiles(path: Path, cache: JsonCache) -> dict[str, str]:
    """Return the profiles of the last wheels of that name, by their SHA-256."""
    kept = cache.read(_cache_name(path))
    profiles = kept.get("profiles") if isinstance(kept, dict) else None
    if not isinstance(profiles, dict):
        return {}
    return {sha256: profile for sha256, profile in profiles.items() if isinstance(profile, str)}


# -- the inputs of a wheel


@dataclass(frozen=True, slots=True, kw_only=True)
class _Earlier:
    inputs: object
    sha256: str
    size: int


def _hash_inputs(compression: str, entries: Iterable[Entry], contents: Iterable[Recorded]) -> str:
    """Return a digest of everything that determines the bytes of a wheel."""
    digest = hashlib.sha256(compression.encode())
    for entry, content in zip(entries, contents, strict=True):
        digest.update(f"{content.path}\0{content.size} {entry.source.executable} ".encode())
        digest.update(content.sha256)
    return digest.hexdigest()


def _read(entries: Iterable[Entry]) -> Iterator[Recorded]:
    with FileOpener() as opener:
        for entry in entries:
            digest = hashlib.sha256()
            with open_source(entry.source, opener) as (size, chunks):
                for chunk in chunks:
                    digest.update(chunk)
            yield Recorded(path=entry.path, sha256=digest.digest(), size=size)


def _read_earlier(path: Path, cache: JsonCache | None) -> _Earlier | None:
    """Return the inputs of the existing wheel, or None unless it is the one that we wrote."""
    kept = cache.read(_cache_name(path)) if cache is not None else None
    if not isinstance(kept, dict) or not path.is_file():
        return None
    size = path.stat().st_size
    if kept.get("size") != size or kept.get("sha256") != (sha256 := files.sha256(path)):
        return None
    return _Earlier(inputs=kept.get("inputs"), sha256=sha256, size=size)


def _cache_name(path: Path) -> str:
    return f"{path.name}.json"


# -- the archive


def _sort(layout: Layout, dist_info: str) -> list[Entry]:
    """Return the entries with the `.dist-info` folder last."""
    folder = f"{dist_info}/"
    return sorted(layout, key=lambda entry: entry.path.startswith(folder))  # a stable sort


def _add(archive: ZipWriter, entries: Iterable[Entry], compression: Compression) -> Iterator[Recorded]:
    """Add the entries in their order, and yield the line of each in RECORD; threads compress small files."""
    with FileOpener() as opener:
        for batch, contents in map_in_threads(partial(_pack, compression), _batches(entries, opener)):
            for (entry, _), content in zip(batch, contents, strict=True):
                if content is None:
                    yield _add_large(archive, entry, compression)
                    continue
                packed, sha256 = content
                archive.add_packed(entry.path, packed, executable=entry.source.executable, compression=compression)
                yield Recorded(path=entry.path, sha256=sha256, size=packed.size)


def _batches(entries: Iterable[Entry], opener: FileOpener) -> Iterator[_Batch]:
    """Yield the entries with their contents, which are None for large files."""
    batch: _Batch = []
    size = 0
    for entry in entries:
        data = read_whole(entry.source, LARGE, opener)
        batch.append((entry, data))
        size += len(data or b"")
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    yield batch


def _pack(compression: Compression, batch: _Batch) -> list[tuple[Packed, bytes] | None]:
    return [None if data is None else (pack(data, compression), hashlib.sha256(data).digest()) for _, data in batch]


def _add_large(archive: ZipWriter, entry: Entry, compression: Compression) -> Recorded:
    name = entry.path
    digest = hashlib.sha256()
    with open_source(entry.source) as (size, chunks):
        archive.add_in_chunks(
            name, _hash_chunks(chunks, digest), size=size, executable=entry.source.executable, compression=compression
        )
    return Recorded(path=name, sha256=digest.digest(), size=size)


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...


def _hash_chunks(chunks: Iterable[bytes], digest: _Digest) -> Iterator[bytes]:
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
