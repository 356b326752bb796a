"""What Windows is told about a job; what it then does is in tests/cross/test_wine.py."""

from __future__ import annotations

import ctypes
import struct
import sys

import pytest

from cratewheel.system import job_object

DWORD, LARGE, SIZE = ctypes.c_uint32, ctypes.c_int64, ctypes.c_size_t


class BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION of winnt.h."""

    _fields_ = (
        ("per_process_time", LARGE), ("per_job_time", LARGE), ("flags", DWORD), ("smallest", SIZE), ("largest", SIZE),
        ("active", DWORD), ("affinity", SIZE), ("priority", DWORD), ("scheduling", DWORD),
    )  # fmt: skip


class ExtendedLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION of winnt.h."""

    _fields_ = (("basic", BasicLimits), ("counters", ctypes.c_uint64 * 6), ("memory", SIZE * 4))


def test_the_limits_are_written_as_windows_reads_them() -> None:
    written = struct.pack(job_object.LIMITS, 0, 0, 0x2800, *[0] * 16)
    assert len(written) == ctypes.sizeof(ExtendedLimits)
    assert ExtendedLimits.from_buffer_copy(written).basic.flags == 0x2800


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has them")
def test_other_systems_have_no_jobs() -> None:
    assert job_object.hold(None) is None
