"""Compression methods of archives.

`make_compressor` is the seam: whatever has `compress` and `flush`, and gives the same bytes for the same input, can
stand behind it.
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
    """A method and its level; `make_compression` validates them."""

    method: Method
    level: int


_LEVELS: dict[Method, tuple[range, int]] = {
    "deflated": (range(10), 4),  # 6, the usual default, is no smaller and takes twice as long
    "stored": (range(1), 0),
    "bzip2": (range(10), 6),
    "zstd": (range(-7, 23), 3),
}

STORED = Compression(method="stored", level=0)
DEFLATED = Compression(method="deflated", level=4)


class Compressor(Protocol):
    """Compresses data in pieces; the output up to the end of `flush` is the complete stream."""

    def compress(self, data: bytes, /) -> bytes:
        """Add data, and return the output so far."""

    def flush(self) -> bytes:
        """Return the rest of the output."""


def make_compression(method: Method, level: int | None = None) -> Compression:
    """Return the compression for a method, with its default level unless one is given.

    Raises `UsageError` for a level that the method does not have, `UnsupportedError` if this Python lacks the method.

    >>> make_compression("bzip2")
    Compression(method='bzip2', level=6)
    """
    levels, default = _LEVELS[method]
    if level is not None and level not in levels:
        allowed = "0" if method == "stored" else f"{levels[0]} to {levels[-1]}"
        raise UsageError(f"compression level {level} is out of range for {method}", hint=f"choose {allowed}")
    if method == "zstd" and sys.version_info < (3, 14):
        raise UnsupportedError(
            "zstd compression needs cratewheel to run on Python 3.14 or later",
            hint="use deflated: besides stored, only deflated is supported by every installer",
        )
    return Compression(method=method, level=default if level is None else level)


def make_compressor(compression: Compression, *, large: bool = False) -> Compressor:
    """Return a new compressor for zip archives (no header), which uses all processors for `large` data."""
    match compression.method:
        case "deflated" if large:
            return ParallelDeflate(compression.level)
        case "deflated":
            return zlib.compressobj(compression.level, zlib.DEFLATED, -zlib.MAX_WBITS)
        case "stored":
            return _Stored()
        case "bzip2":
            import bz2

            return bz2.BZ2Compressor(max(compression.level, 1))  # bzip2 has no level 0
        case "zstd":
            return _zstd(compression.level)


class _Stored:
    def compress(self, data: bytes, /) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


def _zstd(level: int) -> Compressor:
    if sys.version_info >= (3, 14):
        from compression import zstd

        return zstd.ZstdCompressor(level)
    raise AssertionError("`make_compression` refuses zstd on this Python")
