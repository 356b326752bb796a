"""Source distributions, whole and damaged."""

from __future__ import annotations

import io
import tarfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import uploads
from cratewheel.commands.inspect.examine import examine
from cratewheel.commands.inspect.model import Problem
from cratewheel.commands.inspect.read_sdist import read_sdist
from cratewheel.errors import InspectError


def test_what_is_read_from_an_sdist(tmp_path: Path) -> None:
    contents = read_sdist(uploads.sdist(tmp_path), lambda _path, _data: None)
    assert [(member.path, member.packed) for member in contents.files] == [
        ("demo-1.0/PKG-INFO", 0),
        ("demo-1.0/LICENSE", 0),
    ]
    assert contents.texts == {"demo-1.0/PKG-INFO": uploads.METADATA.encode()}


@pytest.mark.parametrize("data", [b"", b"\x1f\x8b\x08\x00", b"no archive at all"])
def test_a_damaged_sdist_is_an_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "demo-1.0.tar.gz"
    path.write_bytes(data)
    with pytest.raises(InspectError, match="is damaged"):
        read_sdist(path, lambda _path, _data: None)


def test_a_bomb_is_an_error(tmp_path: Path) -> None:
    path = uploads.sdist(tmp_path)
    with pytest.raises(InspectError, match="unpacks to more than 0 MiB"):
        read_sdist(path, lambda _path, _data: None, limit=1000)


def test_links_are_told(tmp_path: Path) -> None:
    path = tmp_path / "demo-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("demo-1.0/PKG-INFO")
        info.size = len(uploads.METADATA.encode())
        archive.addfile(info, io.BytesIO(uploads.METADATA.encode()))
        link = tarfile.TarInfo("demo-1.0/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    found = read_sdist(path, lambda _path, _data: None).problems
    assert found == (Problem(level="warning", code="link", path="demo-1.0/link", text="it is a link to /etc/passwd"),)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_changed_bytes_raise_our_errors_only(tmp_path: Path, draw: st.DataObject) -> None:
    path = uploads.sdist(tmp_path)
    data = bytearray(path.read_bytes())
    for at in draw.draw(st.lists(st.integers(0, len(data) - 1), min_size=1, max_size=4)):
        data[at] = draw.draw(st.integers(0, 255))
    path.write_bytes(bytes(data))
    with suppress(InspectError):
        examine(path)
