from __future__ import annotations

import os
import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cratewheel.audit.binary import Binary, parse, read
from cratewheel.audit.objects import find_users
from cratewheel.errors import AuditError
from watchdog import within

STATIC = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 183, 1, 0, 0, 0, 0, 64, 56, 0, 0, 0, 0)


def test_an_elf_file_is_read_from_the_disk(tmp_path: Path) -> None:
    file = tmp_path / "program"
    file.write_bytes(STATIC)
    assert read(file) == Binary(format="elf", arch="aarch64", bits=64, little_endian=True)
    file.unlink()  # the map is closed: Windows would refuse


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"#!/bin/sh\n", "this is not a compiled library or program"),
        (b"\x7fELF\x02", "the ELF file is damaged: its class or byte order is unknown"),
        (b"\xcf\xfa\xed\xfe" + bytes(8), "the Mach-O file is damaged: it ends too early"),
        (b"\xca\xfe\xba\xbe" + bytes(28), "the Mach-O file is damaged: it says that it is for 0 processors"),
        (b"MZ" + bytes(62), "this is not a PE file of Windows"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "x.so"
    file.write_bytes(content)
    with pytest.raises(AuditError) as caught:
        read(file)
    assert caught.value.message == f"{file}: {message}"


def test_a_missing_file_and_a_folder_are_audit_errors(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.so", tmp_path):
        with pytest.raises(AuditError) as caught:
            read(path)
        assert caught.value.message.startswith(f"{path} cannot be read: ")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_nobody_waits_for_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "x.so"
    os.mkfifo(path)
    with pytest.raises(AuditError) as caught:
        within(60, lambda: read(path))
    assert caught.value.message == f"{path}: this is no regular file"
    assert within(60, lambda: find_users(("open",), {"x": path})) == {}


@given(st.binary(max_size=100))
def test_random_bytes_raise_audit_errors_only(data: bytes) -> None:
    with suppress(AuditError):
        parse(data)
