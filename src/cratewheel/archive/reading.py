"""Reads the content of entries, detects files that change meanwhile, and writes it to a folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from cratewheel.archive.layout import Entry, FromFile, Generated, Source
from cratewheel.errors import ConfigError
from cratewheel.system.files import CHUNK, FileOpener
from cratewheel.system.tasks import check_cancelled


@contextmanager
def open_source(source: Source, opener: FileOpener | None = None) -> Iterator[tuple[int, Iterator[bytes]]]:
    """Yield the size of a source and its content in chunks; sharing an `opener` is faster for many files.

    Raises `ConfigError` when a file cannot be read, is no regular file or not where it must be, or has more or fewer
    bytes than it had when it was opened; and as `check_cancelled` does.
    """
    check_cancelled()
    if isinstance(source, Generated):
        yield len(source.data), iter((source.data,))
        return
    with FileOpener() if opener is None else nullcontext(opener) as files:
        number, size = _open(source, files)
    try:  # a file object takes longer to make than a small file to read
        yield size, _chunks(source.path, number, size)
    finally:
        os.close(number)


def read_whole(source: Source, limit: int, opener: FileOpener) -> bytes | None:
    """Return the content of a source, or None if it is larger than `limit`; raises as `open_source` does."""
    check_cancelled()
    if isinstance(source, Generated):
        return source.data if len(source.data) <= limit else None
    number, size = _open(source, opener)
    try:
        if size > limit:
            return None
        data = os.read(number, size + 1)  # one byte more than it had, which is there if it has grown
        while len(data) < size and (more := os.read(number, size + 1 - len(data))):
            data += more
    except OSError as error:
        raise _unreadable_error(source.path, error) from error
    finally:
        os.close(number)
    if len(data) != size:
        raise _changed_error(source.path, size)
    return data


def write_entries(entries: Iterable[Entry], folder: Path) -> None:
    """Write each entry below a new folder.

    Raises `ConfigError` for a file that cannot be read, and `OSError` for one that cannot be written.
    """
    for entry in entries:
        path = folder.joinpath(*entry.parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        with open_source(entry.source) as (_, chunks), path.open("xb") as stream:
            stream.writelines(chunks)


def _open(source: FromFile, opener: FileOpener) -> tuple[int, int]:
    try:
        return opener.open(source.path, source.roots)
    except OSError as error:
        raise _unreadable_error(source.path, error) from error


def _chunks(path: str, number: int, size: int) -> Iterator[bytes]:
    left = size
    try:
        while chunk := os.read(number, CHUNK):
            check_cancelled()
            left -= len(chunk)
            if left < 0:
                break
            yield chunk
    except OSError as error:
        raise _unreadable_error(path, error) from error
    if left:
        raise _changed_error(path, size)


def _changed_error(path: str, size: int) -> ConfigError:
    return ConfigError(
        f"{path} changed while it was being packed: it had {size} bytes",
        hint="build again when no program writes to the file",
    )


def _unreadable_error(path: str, error: OSError) -> ConfigError:
    return ConfigError(f"{path} cannot be read: {error.strerror}")
