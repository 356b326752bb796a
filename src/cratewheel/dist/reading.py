"""The bytes of an entry, in chunks, with an eye on files that change underneath."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cratewheel.dist.layout import Generated, Source
from cratewheel.errors import ConfigError
from cratewheel.files import CHUNK
from cratewheel.tasks import check_cancelled

_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)


@contextmanager
def opened(source: Source) -> Iterator[tuple[int, Iterator[bytes]]]:
    """Yield the size of a source and its bytes in chunks.

    Raises `ConfigError` when a file cannot be read, or has more or fewer bytes than it had when it was opened; and as
    `check_cancelled` does.
    """
    check_cancelled()
    if isinstance(source, Generated):
        yield len(source.data), iter((source.data,))
        return
    try:
        stream = Path(source.path).open("rb")  # noqa: SIM115  # closed below
    except OSError as error:
        raise _unreadable(source.path, error) from error
    with stream:
        size = os.fstat(stream.fileno()).st_size
        yield size, _chunks(source.path, stream, size)


def whole(source: Source, limit: int) -> bytes | None:
    """Return all bytes of a source, or None if these are more than `limit`; raises as `opened` does."""
    return source.data if isinstance(source, Generated) else whole_file(source.path, limit)


def whole_file(path: str, limit: int) -> bytes | None:
    """Return all bytes of a file, or None if these are more than `limit`; raises as `opened` does."""
    try:
        # not open(): there may be tens of thousands of files, and each object costs as much as reading the file
        number = os.open(path, _READ)
        try:
            size = os.fstat(number).st_size
            if size > limit:
                return None
            data = os.read(number, size + 1)
            while len(data) < size and (more := os.read(number, size + 1 - len(data))):
                data += more
        finally:
            os.close(number)
    except OSError as error:
        raise _unreadable(path, error) from error
    if len(data) != size:
        raise _changed(path, size)
    return data


def end_of(path: str, most: int) -> tuple[int, bytes]:
    """Return the size of a file, and its last bytes, at most `most` of them; raises as `opened` does."""
    try:
        number = os.open(path, _READ)
        try:
            size = os.fstat(number).st_size
            os.lseek(number, max(size - most, 0), os.SEEK_SET)
            data = os.read(number, most)
        finally:
            os.close(number)
    except OSError as error:
        raise _unreadable(path, error) from error
    if len(data) != min(size, most):
        raise _changed(path, size)
    return size, data


def _chunks(path: str, stream: BinaryIO, size: int) -> Iterator[bytes]:
    left = size
    try:
        while chunk := stream.read(CHUNK):
            check_cancelled()
            left -= len(chunk)
            if left < 0:
                break
            yield chunk
    except OSError as error:
        raise _unreadable(path, error) from error
    if left:
        raise _changed(path, size)


def _changed(path: str, size: int) -> ConfigError:
    return ConfigError(
        f"{path} changed while it was being packed: it had {size} bytes",
        hint="build again when nothing writes to it any more",
    )


def _unreadable(path: str, error: OSError) -> ConfigError:
    return ConfigError(f"{path} cannot be read: {error.strerror}")
