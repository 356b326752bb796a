"""Wheels on the disk: order, bytes, RECORD, and what is left when something fails."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import os
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cratewheel.archive import wheel
from cratewheel.archive.compression import make_compression
from cratewheel.archive.dist_info import DistInfo
from cratewheel.archive.layout import Entry, FromFile, Generated, layout
from cratewheel.errors import ConfigError
from cratewheel.system.files.json_cache import JsonCache
from cratewheel.targets.wheel_tags import WheelTag

NAME = "demo-1.0-py3-none-any.whl"
INFO = DistInfo(
    directory="demo-1.0.dist-info",
    tag=WheelTag.parse("py3-none-any"),
    generator="cratewheel (1)",
    metadata="Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
)


def generated(path: str, data: bytes = b"", *, executable: bool = False) -> Entry:
    return Entry(path=path, source=Generated(data=data, executable=executable))


def test_the_metadata_folder_comes_last_and_record_at_its_end(tmp_path: Path) -> None:
    entries = [generated(path) for path in ("zz.py", "demo-1.0.data/scripts/x", "demo/a.py", "demo.py", "eggs/b.py")]
    built = wheel.write(layout(entries), INFO, tmp_path / NAME)
    assert zipfile.ZipFile(built.path).namelist() == [
        "demo/a.py",
        "demo-1.0.data/scripts/x",
        "demo.py",
        "eggs/b.py",
        "zz.py",
        "demo-1.0.dist-info/METADATA",
        "demo-1.0.dist-info/WHEEL",
        "demo-1.0.dist-info/RECORD",
    ]


def test_what_comes_back_describes_the_file(tmp_path: Path) -> None:
    built = wheel.write((generated("a.py", b"1"),), INFO, tmp_path / "out" / NAME)
    data = (tmp_path / "out" / NAME).read_bytes()
    assert built == wheel.BuiltWheel(
        path=tmp_path / "out" / NAME, tag=INFO.tag, sha256=hashlib.sha256(data).hexdigest(), size=len(data)
    )


def test_files_are_copied_with_their_modes_and_stamped_alike(tmp_path: Path) -> None:
    source = tmp_path / "source.so"
    source.write_bytes(b"\x7fELF" * 1000)
    entries = (
        generated("demo/__init__.py", b"x = 1\n"),
        Entry(path="demo/x.so", source=FromFile(path=str(source), executable=True)),
    )
    built = wheel.write(entries, INFO, tmp_path / NAME, mtime=1700000000)
    with zipfile.ZipFile(built.path) as read:
        assert read.read("demo/x.so") == source.read_bytes()
        members = read.infolist()
    modes = {member.filename: member.external_attr >> 16 for member in members}
    assert modes == {name: 0o100755 if name == "demo/x.so" else 0o100644 for name in modes}
    assert {member.date_time for member in members} == {(2023, 11, 14, 22, 13, 20)}
    assert {member.compress_type for member in members} == {zipfile.ZIP_DEFLATED}


def test_without_a_moment_every_file_is_of_1980(tmp_path: Path) -> None:
    built = wheel.write((), INFO, tmp_path / NAME)
    assert {member.date_time for member in zipfile.ZipFile(built.path).infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_compression_can_be_chosen(tmp_path: Path) -> None:
    built = wheel.write((), INFO, tmp_path / NAME, compression=make_compression("bzip2"), large_files=True)
    members = zipfile.ZipFile(built.path).infolist()
    assert {member.compress_type for member in members} == {zipfile.ZIP_BZIP2}


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"], exclude_characters="/\\:."),
    min_size=1,
    max_size=12,
) | st.sampled_from(["a,b.py", 'say "x".py', "ünï.py", "-", " "])
CONTENT = st.dictionaries(NAMES, st.tuples(st.binary(max_size=200), st.booleans()), max_size=6)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(CONTENT, st.randoms(use_true_random=False))
def test_the_same_layout_makes_the_same_bytes_and_a_record_that_holds(
    tmp_path: Path, content: dict[str, tuple[bytes, bool]], random: object
) -> None:
    entries = [generated(f"pkg/{name}", data, executable=bit) for name, (data, bit) in content.items()]
    first = wheel.write(tuple(entries), INFO, tmp_path / NAME)
    before = first.path.read_bytes()
    random.shuffle(entries)  # type: ignore[attr-defined] # hypothesis gives a random.Random
    second = wheel.write(tuple(entries), INFO, tmp_path / NAME)
    assert second.path.read_bytes() == before
    assert second == first
    with zipfile.ZipFile(first.path) as read:
        text = read.read("demo-1.0.dist-info/RECORD").decode()
        *rows, last = csv.reader(io.StringIO(text, newline=""))
        assert last == ["demo-1.0.dist-info/RECORD", "", ""]
        assert sorted(path for path, _, _ in rows) == sorted(set(read.namelist()) - {last[0]})
        for path, digest, size in rows:
            data = read.read(path)
            encoded = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
            assert (digest, int(size)) == (f"sha256={encoded}", len(data))


def test_many_batches_and_large_files_between_them_keep_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = [0, 10, 700, 1001, 400, 1500, 1000, 3, 5000, 2, *range(100)]
    entries = tuple(generated(f"pkg/f{at:03}", bytes([at % 251]) * size) for at, size in enumerate(sizes))
    whole = wheel.write(entries, INFO, tmp_path / "whole" / NAME).path.read_bytes()
    monkeypatch.setattr(wheel, "LARGE", 1000)
    monkeypatch.setattr(wheel, "BATCH", 900)
    batches = wheel.write(entries, INFO, tmp_path / "batches" / NAME).path
    assert batches.read_bytes() == whole
    with zipfile.ZipFile(batches) as archive:
        assert archive.testzip() is None
        assert [info.file_size for info in archive.infolist()][: len(sizes)] == sizes


def test_a_large_library_passes_through_little_memory(tmp_path: Path) -> None:
    library = tmp_path / "large.so"
    with library.open("wb") as stream:
        stream.truncate(64 << 20)
    entries = (Entry(path="large.so", source=FromFile(path=str(library), executable=True)),)
    tracemalloc = pytest.importorskip("tracemalloc", reason="not in PyPy")
    tracemalloc.start()
    try:
        wheel.write(entries, INFO, tmp_path / NAME, compression=make_compression("deflated", 1))
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("path", ["demo-1.0.dist-info/METADATA", "demo-1.0.dist-info/RECORD"])
def test_a_file_in_the_place_of_a_generated_one_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(ConfigError, match=path):
        wheel.write((generated(path),), INFO, tmp_path / NAME)
    assert list(tmp_path.iterdir()) == []


def test_a_source_that_is_gone_is_an_error_and_leaves_no_wheel(tmp_path: Path) -> None:
    entries = (Entry(path="a.py", source=FromFile(path=str(tmp_path / "gone.py"))),)
    with pytest.raises(ConfigError, match=r"gone\.py cannot be read"):
        wheel.write(entries, INFO, tmp_path / NAME)
    assert list(tmp_path.iterdir()) == []


def grow(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"more")


def shrink(path: Path) -> None:
    path.write_bytes(b"less")


@pytest.mark.parametrize("change", [grow, shrink])
def test_a_source_that_changes_while_it_is_packed_is_an_error_and_leaves_no_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
) -> None:
    source = tmp_path / "source" / "library.so"
    source.parent.mkdir()
    source.write_bytes(bytes(100_000))
    monkeypatch.setattr("cratewheel.archive.reading.CHUNK", 1000)
    monkeypatch.setattr(wheel, "LARGE", 1000)
    real = wheel._hash_chunks

    def meddling(chunks: object, digest: object) -> object:
        for number, chunk in enumerate(real(chunks, digest)):  # type: ignore[arg-type] # handed on as they come
            if number == 20:
                change(source)
            yield chunk

    monkeypatch.setattr(wheel, "_hash_chunks", meddling)
    entries = (Entry(path="a.so", source=FromFile(path=str(source))),)
    with pytest.raises(ConfigError, match=r"library\.so changed while it was being packed: it had 100000 bytes"):
        wheel.write(entries, INFO, tmp_path / NAME)
    assert list(tmp_path.iterdir()) == [source.parent]


# -- a wheel that is there already


class Again:
    """A wheel, written time and again from a file and with what it was made from remembered."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "out" / NAME
        self.cache = folder / "target" / "packed"
        self.memory = self.cache / f"{NAME}.json"
        self.source = folder / "a.py"
        self.source.write_bytes(b"1")

    def write(self, *, executable: bool = False, info: DistInfo = INFO, **how: Any) -> wheel.BuiltWheel:
        """Write it, and check that it is what it is without a memory."""
        entries = (Entry(path="a.py", source=FromFile(path=str(self.source), executable=executable)),)
        built = wheel.write(entries, info, self.path, cache=JsonCache(self.cache, pytest.fail), **how)
        plain = wheel.write(entries, info, self.path.with_name("plain.whl"), **how)
        assert self.path.read_bytes() == plain.path.read_bytes()
        assert (built.sha256, built.size) == (plain.sha256, plain.size)
        return built


def test_a_wheel_that_is_there_already_is_kept_and_gets_a_new_date(tmp_path: Path) -> None:
    again = Again(tmp_path)
    assert not again.write().fresh
    os.utime(again.path, (1, 1))
    assert again.write().fresh
    assert again.path.stat().st_mtime > 1


ODDITIES: tuple[object, ...] = (None, True, -1, 1.5, "", "\0", [], {})


def spoilt(key: str, value: object) -> Callable[[Again], dict[str, Any]]:
    def change(again: Again) -> dict[str, Any]:
        again.memory.write_text(json.dumps({**json.loads(again.memory.read_bytes()), key: value}))
        return {}

    return change


CHANGES: dict[str, Callable[[Again], dict[str, Any]]] = {
    "content": lambda again: void(again.source.write_bytes(b"2")),
    "executable": lambda _: {"executable": True},
    "metadata": lambda _: {"info": replace(INFO, metadata="Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n\nMore\n")},
    "time": lambda _: {"mtime": 1_700_000_000},
    "level": lambda _: {"compression": make_compression("deflated", 9)},
    "zip64": lambda _: {"large_files": True},
    "damaged wheel": lambda again: void(again.path.write_bytes(again.path.read_bytes()[:-1] + b"x")),
    "shorter wheel": lambda again: void(again.path.write_bytes(b"PK")),
    "no wheel": lambda again: void(shutil.move(again.path, again.path.with_suffix(".old"))),
    "no memory": lambda again: void(shutil.move(again.memory, again.memory.with_suffix(".old"))),
    "damaged memory": lambda again: void(again.memory.write_text("{")),
    "memory without an end": lambda again: void(again.memory.write_text("[" * 200_000)),
    "strange memory": lambda again: void(again.memory.write_text('{"inputs": ""}')),
    **{f"{key} is {value!r}": spoilt(key, value) for key in ("inputs", "sha256", "size") for value in ODDITIES},
}


def void(_: object) -> dict[str, Any]:
    return {}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_changed_the_wheel_is_packed_anew(tmp_path: Path, change: Callable[[Again], dict[str, Any]]) -> None:
    again = Again(tmp_path)
    again.write()
    how = change(again)
    assert not again.write(**how).fresh
    assert again.write(**how).fresh


def test_the_profile_of_each_of_the_last_wheels_is_kept(tmp_path: Path) -> None:
    cache, path, contents = JsonCache(tmp_path / "cache", pytest.fail), tmp_path / NAME, {}
    assert wheel.read_profile(path, cache) is None
    for number in range(wheel.KEPT_PROFILES + 1):
        source = generated("a.py", str(number).encode())
        wheel.write((source,), INFO, path, cache=cache, profile=f"p{number}")
        contents[f"p{number}"] = path.read_bytes()
        assert wheel.read_profile(path, cache) == f"p{number}"
    first, *others = contents
    for profile in others:
        path.write_bytes(contents[profile])
        assert wheel.read_profile(path, cache) == profile
    for unknown in (contents[first], b"of another tool"):
        path.write_bytes(unknown)
        assert wheel.read_profile(path, cache) == ""


@pytest.mark.parametrize("kept", [None, [], {}, {"profiles": []}, {"profiles": {"x": 1}}])
def test_a_cache_that_says_nothing_about_profiles_is_no_error(tmp_path: Path, kept: object) -> None:
    cache, path = JsonCache(tmp_path / "cache", pytest.fail), tmp_path / NAME
    wheel.write((), INFO, path)
    cache.write(f"{NAME}.json", kept)
    assert wheel.read_profile(path, cache) == ""
