"""Deflate on all processors: one stream (RFC 1951), the same bytes whatever their number.

The data is cut into blocks. Each is compressed by itself, primed with the 32 KiB before it, so that what it could copy
from there it still can, and ends at a byte boundary (zlib's Z_SYNC_FLUSH); one after the other they are a deflate
stream. zlib lets other threads run meanwhile, and another process can make a block too. Few blocks are under way at a
time, so memory stays flat.
"""

from __future__ import annotations

import zlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

from cratewheel.machine import keep_freed_memory, processors

BLOCK = 512 << 10  # bytes: smaller ones cost size, larger ones memory
WINDOW = 32 << 10  # as far back as deflate can refer

_POLYNOMIAL = 0xEDB88320  # of CRC-32, the lowest power first, as all numbers here


class ParallelDeflate:
    """A compressor of raw deflate at `level`, with the methods of zlib's own.

    `workers` (the processors that this process may use, unless given) changes how long it takes and nothing else.
    `before` is the end of what has been given to it: at most as much as the next block is primed with.
    """

    def __init__(self, level: int, *, workers: int | None = None, block: int = BLOCK) -> None:
        self.before = b""
        self._level = level
        self._block = block
        self._workers = workers or processors()
        self._waiting = b""
        self._under_way: deque[Future[bytes] | bytes] = deque()
        keep_freed_memory()

    def compress(self, data: bytes, /) -> bytes:
        """Take some bytes, and give what is ready, in order."""
        there = memoryview(self._waiting + data if self._waiting else data)
        ready = []
        while len(there) > self._block:  # the last block is compressed by `flush`, which knows that it is
            ready.append(self._start(there[: self._block], zlib.Z_SYNC_FLUSH))
            there = there[self._block :]
        self._waiting = bytes(there)
        return b"".join(ready)

    def cut(self) -> bytes:
        """End a block here, so that the next one begins with what comes next, and give what is ready."""
        if not self._waiting:
            return b""
        block, self._waiting = self._waiting, b""
        return self._start(memoryview(block), zlib.Z_SYNC_FLUSH)

    def made(self, block: bytes, before: bytes) -> bytes:
        """Take a block that `deflated_block` has made, primed with our `before`, behind a cut; give what is ready.

        The new `before` comes with it.
        """
        self.before = before
        return self._put(block)

    def flush(self) -> bytes:
        """Give the rest."""
        rest = self._start(memoryview(self._waiting), zlib.Z_FINISH)
        self._waiting = b""
        return rest + b"".join(map(_result, self._under_way))

    def _start(self, block: memoryview, end: int) -> bytes:
        before = self.before
        self.before = window(before, block)
        return self._put(_pool(self._workers).submit(deflated_block, block, before, self._level, end))

    def _put(self, block: Future[bytes] | bytes) -> bytes:
        self._under_way.append(block)
        return _result(self._under_way.popleft()) if len(self._under_way) > 2 * self._workers else b""


@cache  # threads that wait cost nothing, and starting them for each file would
def _pool(workers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(workers, thread_name_prefix="deflate")


def _result(block: Future[bytes] | bytes) -> bytes:
    return block if isinstance(block, bytes) else block.result()


def window(before: bytes, block: bytes | memoryview) -> bytes:
    """Return what primes the block that comes after `block`, which came after `before`."""
    if len(block) >= WINDOW:
        return bytes(block[-WINDOW:])
    return (before + bytes(block))[-WINDOW:]


def deflated_block(block: bytes | memoryview, before: bytes, level: int, end: int = zlib.Z_SYNC_FLUSH) -> bytes:
    """Return a part of a deflate stream that goes on after it: `block`, primed with the bytes `before` it."""
    if before:
        packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS, zdict=before)
    else:
        packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(block) + packer.flush(end)


def joined_crc(first: int, second: int, size: int) -> int:
    """Return the CRC-32 of two runs of bytes, of which the second has `size`, from those of each.

    Behind `size` zeros, the first is multiplied by x^(8 * size), modulo the polynomial; what differs from zeros is the
    second. So does zlib's crc32_combine, which Python has not.

    >>> joined_crc(zlib.crc32(b"two"), zlib.crc32(b" parts"), 6) == zlib.crc32(b"two parts")
    True
    """
    power, bits = 0, size << 3
    while bits:
        if bits & 1:
            first = _product(_square(power), first)
        bits >>= 1
        power += 1
    return first ^ second


def _product(one: int, other: int) -> int:
    """Return the product of two polynomials of degree below 32 over two elements, modulo that of the CRC."""
    found = 0
    bit = 1 << 31
    while one:
        if one & bit:
            found ^= other
            one ^= bit
        bit >>= 1
        other = other >> 1 ^ _POLYNOMIAL if other & 1 else other >> 1
    return found


@cache
def _square(times: int) -> int:
    """Return x, squared so many times."""
    return _product(_square(times - 1), _square(times - 1)) if times else 1 << 30
