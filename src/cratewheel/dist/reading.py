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


@contextmanager
def opened(source: Source) -> Iterator[tuple[int, Iterator[bytes]]]:
    """Yield the size of a source and its bytes in chunks.

    Raises `ConfigError` when a file cannot be read, or has more or fewer bytes than it had when it was opened.
    """
    if isinstance(source, Generated):
        yield len(source.data), iter((source.data,))
        return
    try:
        stream = source.path.open("rb")
    except OSError as error:
        raise _unreadable(source.path, error) from error
    with stream:
        size = os.fstat(stream.fileno()).st_size
        yield size, _chunks(source.path, stream, size)


def _chunks(path: Path, stream: BinaryIO, size: int) -> Iterator[bytes]:
    left = size
    try:
        while chunk := stream.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                break
            yield chunk
    except OSError as error:
        raise _unreadable(path, error) from error
    if left:
        raise ConfigError(
            f"{path} changed while it was being packed: it had {size} bytes",
            hint="build again when nothing writes to it any more",
        )


def _unreadable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(f"{path} cannot be read: {error.strerror}")
