"""Deflate on all processors."""

from __future__ import annotations

import os
import random
import threading
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive_data import program_like
from cratewheel.archive.deflate import BLOCK, DeflateThread, ParallelDeflate, map_in_threads
from cratewheel.system.machine import processors


def deflated(
    data: bytes, *, level: int = 6, workers: int | None = None, block: int = BLOCK, step: int = 70_000
) -> bytes:
    packer = ParallelDeflate(level, workers=workers, block=block)
    parts = [packer.compress(data[at : at + step]) for at in range(0, len(data), step)]
    return b"".join(parts) + packer.flush()


@given(
    data=st.binary(max_size=5000),
    level=st.integers(0, 9),
    block=st.integers(1, 900),
    step=st.integers(1, 2000),
)
@settings(max_examples=300, deadline=None)
def test_any_bytes_in_blocks_of_any_size_come_back(data: bytes, level: int, block: int, step: int) -> None:
    packed = deflated(data, level=level, workers=2, block=block, step=step)
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    assert unpacker.decompress(packed) == data
    assert (unpacker.eof, unpacker.unused_data) == (True, b"")


def test_the_bytes_do_not_depend_on_how_many_work_or_how_the_data_comes() -> None:
    data = program_like(3 * BLOCK + 12345)
    first = deflated(data, workers=1)
    assert all(deflated(data, workers=workers, step=step) == first for workers in (2, 8) for step in (999_999, 10_007))
    assert deflated(data) == first


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK])
def test_the_edges_of_blocks(size: int) -> None:
    data = program_like(size)
    assert zlib.decompress(deflated(data), -zlib.MAX_WBITS) == data


def test_blocks_cost_no_size_to_speak_of() -> None:
    data = program_like(8 * BLOCK)
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    alone = len(packer.compress(data) + packer.flush())
    assert len(deflated(data)) < alone * 1.002


def test_as_many_work_as_this_process_may_use() -> None:
    assert processors() == (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())


def test_a_block_refers_to_all_that_the_window_before_it_holds() -> None:
    repeated = random.Random(0).randbytes(400)
    far = 32768 - 262  # what zlib keeps free at the end of its window
    between = random.Random(1).randbytes(far - len(repeated))
    near = deflated(repeated + between + repeated, block=far)
    assert len(near) < len(deflated(repeated + between + random.Random(2).randbytes(400), block=far)) - 350


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 5_000], ids=str)
def test_a_thread_writes_the_bytes_of_zlib(size: int) -> None:
    data = program_like(size)
    alone = zlib.compressobj(5, zlib.DEFLATED, -zlib.MAX_WBITS)
    packer = DeflateThread(5, block=100)
    parts = [packer.compress(data[at : at + 7]) for at in range(0, len(data), 7)]
    assert b"".join([*parts, packer.flush()]) == alone.compress(data) + alone.flush()


@pytest.mark.parametrize("number", [0, 1, 2, 50])
def test_results_of_threads_come_in_order_with_their_items(number: int) -> None:
    assert list(map_in_threads(str, range(number))) == [(one, str(one)) for one in range(number)]


def test_one_item_alone_starts_no_thread() -> None:
    here = threading.get_ident()
    assert [ident for _, ident in map_in_threads(lambda _: threading.get_ident(), ["one"])] == [here]
    several = [ident for _, ident in map_in_threads(lambda _: threading.get_ident(), ["one", "two"])]
    assert (several[0] != here, several[1]) == (True, here)


def test_few_items_are_taken_ahead() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    results = map_in_threads(str, items())
    assert (next(results), len(taken) <= 2 * processors() + 2) == ((0, "0"), True)


def test_an_error_in_a_thread_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(map_in_threads(lambda number: 1 // number, [1, 0, 1]))
