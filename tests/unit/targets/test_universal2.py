"""One fat file of several thin ones."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from cratewheel.errors import AuditError
from cratewheel.targets.universal2 import join

X86_64, ARM64, X86, ARM = 0x01000007, 0x0100000C, 7, 12


def thin(path: Path, cpu: int, text: bytes, *, subtype: int = 3, magic: bytes = b"\xcf\xfa\xed\xfe") -> Path:
    order = "<" if magic[1:] == b"\xfa\xed\xfe" else ">"
    path.write_bytes(magic + struct.pack(f"{order}II", cpu, subtype) + text)
    path.chmod(0o755)
    return path


def test_each_part_lies_at_a_page_of_its_processor_and_arm64_is_last(tmp_path: Path) -> None:
    arm = thin(tmp_path / "arm", ARM64, b"of arm", subtype=0)
    intel = thin(tmp_path / "intel", X86_64, b"of intel")
    join([arm, intel], tmp_path / "fat.so")
    data = (tmp_path / "fat.so").read_bytes()
    assert struct.unpack_from(">12I", data) == (
        *(0xCAFEBABE, 2),
        *(X86_64, 3, 4096, 12 + len(b"of intel"), 12),
        *(ARM64, 0, 16384, 12 + len(b"of arm"), 14),
    )
    assert data[48:4096] == bytes(4096 - 48)
    assert data[4096 : 4096 + 20] == intel.read_bytes()
    assert data[16384:] == arm.read_bytes()
    assert (tmp_path / "fat.so").stat().st_mode & 0o777 == arm.stat().st_mode & 0o777


def test_a_part_that_ends_at_a_page_is_followed_at_once(tmp_path: Path) -> None:
    first = thin(tmp_path / "a", X86, bytes(4096 - 12))
    second = thin(tmp_path / "b", X86_64, b"x")
    join([first, second], tmp_path / "fat")
    assert struct.unpack_from(">5I5I", (tmp_path / "fat").read_bytes(), 8) == (
        *(X86, 3, 4096, 4096, 12),
        *(X86_64, 3, 8192, 13, 12),
    )


def test_old_processors_and_the_other_byte_order_are_read(tmp_path: Path) -> None:
    arm = thin(tmp_path / "a", ARM, b"", magic=b"\xce\xfa\xed\xfe")
    powerpc = thin(tmp_path / "b", 18, b"", magic=b"\xfe\xed\xfa\xce")
    join([arm, powerpc], tmp_path / "fat")
    assert struct.unpack_from(">5I5I", (tmp_path / "fat").read_bytes(), 8) == (
        *(ARM, 3, 1 << 14, 12, 14),
        *(18, 3, 2 << 14, 12, 14),
    )


@pytest.mark.parametrize("content", [b"", b"\x7fELF" + bytes(20), b"\xcf\xfa\xed\xfe1234567", b"\xca\xfe\xba\xbe" * 4])
def test_what_is_no_thin_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(AuditError) as caught:
        join([tmp_path / "x"], tmp_path / "fat")
    assert caught.value.message == f"{tmp_path / 'x'} is not a thin Mach-O file"
    assert not (tmp_path / "fat").exists()


def test_two_for_one_processor_are_refused_but_two_kinds_of_it_are_not(tmp_path: Path) -> None:
    parts = [thin(tmp_path / "a", X86_64, b""), thin(tmp_path / "b", X86_64, b"")]
    with pytest.raises(AuditError) as caught:
        join(parts, tmp_path / "fat")
    assert caught.value.message == f"{tmp_path / 'b'} is for the same processor as another part of fat"
    join([parts[0], thin(tmp_path / "b", X86_64, b"", subtype=8)], tmp_path / "fat")
