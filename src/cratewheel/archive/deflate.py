"""Deflate in threads: one stream (RFC 1951) whose bytes do not depend on the number of processors.

Parallel deflate cuts the data into blocks. Each is compressed by itself, primed with the 32 KiB before it, so that what
it could copy from there it still can, and ends at a byte boundary (zlib's Z_SYNC_FLUSH); one after the other they are a
deflate stream. zlib lets other threads run meanwhile. Few blocks are under way at a time, so memory stays flat.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from cratewheel.system.machine import processors

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

BLOCK = 512 << 10  # bytes: smaller blocks compress worse, larger ones need more memory
_UNDER_WAY = 2  # blocks that wait for a thread, or for the caller
WINDOW = 32 << 10  # deflate's window

T = TypeVar("T")
R = TypeVar("R")


class ParallelDeflate:
    """A compressor of raw deflate at `level`, with the methods of `zlib.compressobj`.

    `workers` (by default the processors that this process may use) changes how long it takes and nothing else.
    """

    def __init__(self, level: int, *, workers: int | None = None, block: int = BLOCK) -> None:
        self._before = b""
        self._level = level
        self._block = block
        self._workers = workers or processors()
        self._waiting = bytearray()
        self._under_way: deque[Future[bytes]] = deque()

    def compress(self, data: bytes, /) -> bytes:
        """Add data, and return the output that is ready, in order."""
        self._waiting += data
        ready = []
        while len(self._waiting) > self._block:  # `flush` compresses the last block, which ends the stream
            block = bytes(self._waiting[: self._block])
            del self._waiting[: self._block]
            ready.append(self._start(block, zlib.Z_SYNC_FLUSH))
        return b"".join(ready)

    def flush(self) -> bytes:
        """Return the rest of the output."""
        rest = self._start(bytes(self._waiting), zlib.Z_FINISH)
        self._waiting.clear()
        return rest + b"".join(block.result() for block in self._under_way)

    def _start(self, block: bytes, end: int) -> bytes:
        self._under_way.append(_pool(self._workers).submit(_deflate_block, block, self._before, self._level, end))
        self._before = (self._before + block)[-WINDOW:] if len(block) < WINDOW else block[-WINDOW:]
        return self._under_way.popleft().result() if len(self._under_way) > 2 * self._workers else b""


class DeflateThread:
    """A compressor of raw deflate at `level` in one stream, with the methods and the bytes of `zlib.compressobj`.

    It works in a thread of its own, so that the caller can read on meanwhile.
    """

    def __init__(self, level: int, *, block: int = BLOCK) -> None:
        self._packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._block = block
        self._waiting = bytearray()
        self._under_way: deque[Future[bytes]] = deque()

    def compress(self, data: bytes, /) -> bytes:
        """Add data, and return the output that is ready, in order."""
        self._waiting += data
        if len(self._waiting) < self._block:
            return b""
        # with one worker, blocks are compressed in this order
        self._under_way.append(_pool(1).submit(self._packer.compress, self._waiting))
        self._waiting = bytearray()
        return self._under_way.popleft().result() if len(self._under_way) > _UNDER_WAY else b""

    def flush(self) -> bytes:
        """Return the rest of the output."""
        ready = b"".join(block.result() for block in self._under_way)
        return ready + self._packer.compress(self._waiting) + self._packer.flush()


def map_in_threads(work: Callable[[T], R], items: Iterable[T]) -> Iterator[tuple[T, R]]:
    """Yield each item with the result of `work` for it, in order; threads work on the next items meanwhile.

    `work` gains from it where it compresses. The caller's thread has the last item, so that one alone starts no other.
    """
    under_way: deque[tuple[T, Future[R]]] = deque()
    waiting: list[T] = []  # the last item so far
    for item in items:
        if waiting:
            under_way.append((waiting[0], _pool(processors()).submit(work, waiting[0])))
        waiting = [item]
        if len(under_way) > _UNDER_WAY * processors():
            first, result = under_way.popleft()
            yield first, result.result()
    for first, result in under_way:
        yield first, result.result()
    for last in waiting:
        yield last, work(last)


@cache  # cached: starting threads for each file would be slow
def _pool(workers: int) -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor  # an archive of small files does without

    return ThreadPoolExecutor(workers, thread_name_prefix="deflate")


def _deflate_block(block: bytes, before: bytes, level: int, end: int) -> bytes:
    """Return a part of a deflate stream: `block`, with the bytes `before` it as dictionary."""
    if before:
        packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS, zdict=before)
    else:
        packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(block) + packer.flush(end)
