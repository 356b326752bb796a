"""How the bytes of an archive are packed.

`compressor` is the seam: whatever has `compress` and `flush`, and gives the same bytes for the same input, can stand
behind it.
"""

from __future__ import annotations

import sys
import zlib
from dataclasses import dataclass
from typing import Literal, Protocol

from cratewheel.archive.deflate import ParallelDeflate
from cratewheel.errors import UnsupportedError, UsageError

Method = Literal["deflated", "stored", "bzip2", "zstd"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compression:
    """A method and its level; `compression` checks what a user asks for."""

    method: Method
    level: int


_LEVELS: dict[Method, tuple[range, int]] = {
    "deflated": (range(10), 4),  # other tools' 6 is no smaller, and takes twice as long
    "stored": (range(1), 0),
    "bzip2": (range(10), 6),
    "zstd": (range(-7, 23), 3),
}

STORED = Compression(method="stored", level=0)
DEFLATED = Compression(method="deflated", level=4)


class Compressor(Protocol):
    """Takes bytes as they come; what it has given when `flush` returns is the whole compressed stream."""

    def compress(self, data: bytes, /) -> bytes:
        """Take some bytes, and give what is ready."""

    def flush(self) -> bytes:
        """Give the rest."""


def compression(method: Method, level: int | None = None) -> Compression:
    """Return the compression of a method, at its default level if none is given.

    Raises `UsageError` for a level that the method does not have, `UnsupportedError` if this Python lacks the method.

    >>> compression("bzip2")
    Compression(method='bzip2', level=6)
    """
    levels, default = _LEVELS[method]
    if level is not None and level not in levels:
        allowed = "0" if method == "stored" else f"{levels[0]} to {levels[-1]}"
        raise UsageError(f"compression level {level} is out of range for {method}", hint=f"choose {allowed}")
    if method == "zstd" and sys.version_info < (3, 14):
        raise UnsupportedError(
            "zstd compression needs cratewheel to run on Python 3.14 or later",
            hint="choose deflated, the only method besides stored that every installer can read",
        )
    return Compression(method=method, level=default if level is None else level)


def compressor(how: Compression, *, large: bool = False) -> Compressor:
    """Return a new compressor, for `large` data on all processors; its stream is raw, as zip archives hold it."""
    match how.method:
        case "deflated" if large:
            return ParallelDeflate(how.level)
        case "deflated":
            return zlib.compressobj(how.level, zlib.DEFLATED, -zlib.MAX_WBITS)
        case "stored":
            return _Stored()
        case "bzip2":
            import bz2

            return bz2.BZ2Compressor(max(how.level, 1))  # bzip2 itself has no level 0
        case "zstd":
            return _zstd(how.level)


class _Stored:
    def compress(self, data: bytes, /) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


def _zstd(level: int) -> Compressor:
    if sys.version_info >= (3, 14):
        from compression import zstd

        return zstd.ZstdCompressor(level)
    raise AssertionError("`compression` refuses zstd on this Python")
