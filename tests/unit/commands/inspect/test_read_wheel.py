"""Wheels, whole and damaged."""

from __future__ import annotations

import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import uploads
from compiled_files import elf, wheel
from cratewheel.commands.inspect.examine import examine
from cratewheel.commands.inspect.read_wheel import read_wheel
from cratewheel.errors import InspectError


def test_what_is_read_from_a_wheel(tmp_path: Path) -> None:
    compiled: dict[str, bytes] = {}
    contents = read_wheel(wheel(tmp_path, {"demo/demo.so": elf()}), compiled.__setitem__)
    assert [member.path for member in contents.files] == [
        "demo/demo.so",
        "demo-1.0.dist-info/METADATA",
        "demo-1.0.dist-info/WHEEL",
        "demo-1.0.dist-info/licenses/LICENSE",
        "demo-1.0.dist-info/RECORD",
    ]
    assert contents.texts["demo-1.0.dist-info/METADATA"] == uploads.METADATA.encode()
    assert compiled == {"demo/demo.so": elf()}
    assert contents.problems == ()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04rest", b"no zip at all"])
def test_a_damaged_wheel_is_an_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    path.write_bytes(data)
    with pytest.raises(InspectError, match="is damaged"):
        read_wheel(path, lambda _path, _data: None)


def test_a_bomb_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(5 << 20))
    with pytest.raises(InspectError, match="unpacks to more than 4 MiB"):
        read_wheel(path, lambda _path, _data: None, limit=4 << 20)


def test_an_absent_wheel_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        InspectError, match=r"demo-1\.0-py3-none-any\.whl cannot be read: (No such file|File not found)"
    ):
        examine(tmp_path / "demo-1.0-py3-none-any.whl")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_changed_bytes_raise_our_errors_only(tmp_path: Path, draw: st.DataObject) -> None:
    path = wheel(tmp_path, {"demo/demo.so": elf()})
    data = bytearray(path.read_bytes())
    for at in draw.draw(st.lists(st.integers(0, len(data) - 1), min_size=1, max_size=6)):
        data[at] = draw.draw(st.integers(0, 255))
    path.write_bytes(bytes(data[: draw.draw(st.integers(len(data) // 2, len(data)))]))
    with suppress(InspectError):
        examine(path)
