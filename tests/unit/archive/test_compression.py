"""Compression methods and their levels."""

from __future__ import annotations

import bz2
import sys
import zlib

import pytest

from cratewheel.archive.compression import DEFLATED, Compression, Method, make_compression, make_compressor
from cratewheel.errors import UnsupportedError, UsageError

DATA = b"the same bytes " * 1000


def packed(how: Compression) -> bytes:
    packer = make_compressor(how)
    return packer.compress(DATA[:100]) + packer.compress(DATA[100:]) + packer.flush()


def test_the_default_is_deflate_at_level_4() -> None:
    assert make_compression("deflated") == DEFLATED == Compression(method="deflated", level=4)
    assert zlib.decompress(packed(DEFLATED), -15) == DATA


def test_stored_bytes_are_as_they_were() -> None:
    assert packed(make_compression("stored")) == DATA


@pytest.mark.parametrize("level", [0, 1, 9])
def test_bzip2_has_every_level_that_maturin_has(level: int) -> None:
    assert bz2.decompress(packed(make_compression("bzip2", level))) == DATA


@pytest.mark.parametrize(("method", "level"), [("deflated", 10), ("deflated", -1), ("stored", 1), ("zstd", 23)])
def test_a_level_out_of_range_is_a_usage_error(method: Method, level: int) -> None:
    with pytest.raises(UsageError, match=f"compression level {level} is out of range for {method}"):
        make_compression(method, level)


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this Python has zstd")
def test_zstd_needs_a_python_that_has_it() -> None:
    with pytest.raises(UnsupportedError, match=r"Python 3\.14"):
        make_compression("zstd")


@pytest.mark.skipif(sys.version_info < (3, 14), reason="this Python has no zstd")
def test_zstd_is_there_from_python_3_14_on() -> None:
    assert packed(make_compression("zstd")).startswith(b"\x28\xb5\x2f\xfd")
