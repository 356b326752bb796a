"""The files of a wheel's metadata folder."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cratewheel.archive.dist_info import DistInfo, Recorded, format_record, wheel_file
from cratewheel.archive.layout import Entry, FromFile, Generated
from cratewheel.targets.wheel_tags import WheelTag
from system_paths import native


def test_wheel_has_a_line_for_every_single_tag() -> None:
    tag = WheelTag.parse("cp310-abi3-manylinux2014_x86_64.manylinux_2_17_x86_64")
    assert wheel_file(tag, generator="cratewheel (0.1.0)") == (
        "Wheel-Version: 1.0\n"
        "Generator: cratewheel (0.1.0)\n"
        "Root-Is-Purelib: false\n"
        "Tag: cp310-abi3-manylinux2014_x86_64\n"
        "Tag: cp310-abi3-manylinux_2_17_x86_64\n"
    )


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("a/b.py", "a/b.py"),
        ("a,b.py", '"a,b.py"'),
        ('a"b.py', '"a""b.py"'),
        ("a\nb.py", '"a\nb.py"'),
        ("ünï.py", "ünï.py"),
        ("a b.py", "a b.py"),
    ],
)
def test_record_quotes_what_csv_must_quote(path: str, written: str) -> None:
    text = format_record([Recorded(path=path, sha256=hashlib.sha256(b"").digest(), size=0)], record_path="x/RECORD")
    assert text == f"{written},sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\nx/RECORD,,\n"


def test_record_is_sorted_by_path_and_lists_itself_last() -> None:
    files = [Recorded(path=path, sha256=b"", size=1) for path in ("z", "a/b", "x-1.dist-info/WHEEL", "a-b")]
    rows = csv.reader(io.StringIO(format_record(files, record_path="x-1.dist-info/RECORD")))
    assert [row[0] for row in rows] == ["a-b", "a/b", "x-1.dist-info/WHEEL", "z", "x-1.dist-info/RECORD"]


@given(st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="\0")), st.integers(0)))
def test_record_is_read_back_by_csv(sizes: dict[str, int]) -> None:
    files = [
        Recorded(path=path, sha256=hashlib.sha256(path.encode()).digest(), size=size) for path, size in sizes.items()
    ]
    text = io.StringIO(format_record(files, record_path="the/RECORD"), newline="")
    *rows, last = csv.reader(text)
    assert last == ["the/RECORD", "", ""]
    assert {path: int(size) for path, _, size in rows} == sizes
    for path, digest, _ in rows:
        encoded = digest.removeprefix("sha256=")
        assert base64.urlsafe_b64decode(encoded + "=") == hashlib.sha256(path.encode()).digest()


def test_the_folder_holds_metadata_licences_and_bills_of_materials() -> None:
    info = DistInfo(
        directory="demo-1.0.dist-info",
        tag=WheelTag.parse("py3-none-any"),
        generator="cratewheel (1)",
        metadata="Name: dëmo\n",
        entry_points="[console_scripts]\nx=y:z\n",
        license_files=((PurePosixPath("sub/LICENSE"), Path("/p/sub/LICENSE")),),
        sboms=(("demo.cyclonedx.json", b"{}"), ("more.json", Path("/p/more.json"))),
    )
    folder = PurePosixPath("demo-1.0.dist-info")
    wheel = "Wheel-Version: 1.0\nGenerator: cratewheel (1)\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    points = b"[console_scripts]\nx=y:z\n"
    assert info.entries() == (
        Entry(path=str(folder / "METADATA"), source=Generated(data="Name: dëmo\n".encode()), why="metadata"),
        Entry(path=str(folder / "WHEEL"), source=Generated(data=wheel.encode()), why="metadata"),
        Entry(path=str(folder / "entry_points.txt"), source=Generated(data=points), why="metadata"),
        Entry(
            path=str(folder / "licenses/sub/LICENSE"),
            source=FromFile(path=native("/p/sub/LICENSE")),
            why="licence file",
        ),
        Entry(path=str(folder / "sboms/demo.cyclonedx.json"), source=Generated(data=b"{}"), why="bill of materials"),
        Entry(
            path=str(folder / "sboms/more.json"), source=FromFile(path=native("/p/more.json")), why="bill of materials"
        ),
    )
    assert info.record_path == folder / "RECORD"


def test_no_entry_points_make_no_file() -> None:
    info = DistInfo(directory="d", tag=WheelTag.parse("py3-none-any"), generator="g", metadata="Name: x\n")
    assert [entry.path for entry in info.entries()] == ["d/METADATA", "d/WHEEL"]
