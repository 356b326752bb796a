"""Deflate on all processors: one stream (RFC 1951), the same bytes whatever their number.

The data is cut into blocks. Each is compressed by itself, primed with the 32 KiB before it, so that what it could copy
from there it still can, and ends at a byte boundary (zlib's Z_SYNC_FLUSH); one after the other they are a deflate
stream. zlib lets other threads run meanwhile. Few blocks are under way at a time, so memory stays flat.
"""

from __future__ import annotations

import zlib
from collections import deque
from functools import cache
from typing import TYPE_CHECKING

from cratewheel.system.machine import processors

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

BLOCK = 512 << 10  # bytes: smaller ones cost size, larger ones memory
WINDOW = 32 << 10  # as far back as deflate can refer


class ParallelDeflate:
    """A compressor of raw deflate at `level`, with the methods of zlib's own.

    `workers` (the processors that this process may use, unless given) changes how long it takes and nothing else.
    """

    def __init__(self, level: int, *, workers: int | None = None, block: int = BLOCK) -> None:
        self._before = b""
        self._level = level
        self._block = block
        self._workers = workers or processors()
        self._waiting = bytearray()
        self._under_way: deque[Future[bytes]] = deque()

    def compress(self, data: bytes, /) -> bytes:
        """Take some bytes, and give what is ready, in order."""
        self._waiting += data
        ready = []
        while len(self._waiting) > self._block:  # the last block is compressed by `flush`, which knows that it is
            block = bytes(self._waiting[: self._block])
            del self._waiting[: self._block]
            ready.append(self._start(block, zlib.Z_SYNC_FLUSH))
        return b"".join(ready)

    def flush(self) -> bytes:
        """Give the rest."""
        rest = self._start(bytes(self._waiting), zlib.Z_FINISH)
        self._waiting.clear()
        return rest + b"".join(block.result() for block in self._under_way)

    def _start(self, block: bytes, end: int) -> bytes:
        self._under_way.append(_pool(self._workers).submit(_deflated, block, self._before, self._level, end))
        self._before = (self._before + block)[-WINDOW:] if len(block) < WINDOW else block[-WINDOW:]
        return self._under_way.popleft().result() if len(self._under_way) > 2 * self._workers else b""


@cache  # threads that wait cost nothing, and starting them for each file would
def _pool(workers: int) -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor  # an archive of small files does without

    return ThreadPoolExecutor(workers, thread_name_prefix="deflate")


def _deflated(block: bytes, before: bytes, level: int, end: int) -> bytes:
    """Return a part of a deflate stream: `block`, primed with the bytes `before` it."""
    if before:
        packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS, zdict=before)
    else:
        packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(block) + packer.flush(end)
