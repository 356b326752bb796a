"""Whole archives."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

import cratewheel
import uploads
from compiled_files import elf, wheel
from cratewheel.commands.inspect.examine import examine
from cratewheel.commands.inspect.model import Crate, Inspection, Problem, Record
from cratewheel.errors import InspectError

SBOM = {"components": [{"name": "a", "version": "1.0.0", "purl": "pkg:cargo/a", "licenses": [{"expression": "MIT"}]}]}


def test_a_wheel_is_read_whole(tmp_path: Path) -> None:
    files = {"demo/demo.so": elf(), "demo-1.0.dist-info/sboms/demo.cyclonedx.json": json.dumps(SBOM).encode()}
    path = wheel(tmp_path, files)
    found = examine(path)
    assert found == Inspection(
        file="demo-1.0-cp312-cp312-manylinux_2_17_x86_64.whl",
        kind="wheel",
        packed=path.stat().st_size,
        size=sum(member.size for member in found.files),
        sha256=uploads.digest(path),
        name="demo",
        version="1.0",
        summary="A demonstration",
        licence="MIT",
        requires_python=">=3.8",
        requires=("numpy>=1.20",),
        generator="hands 1",
        tags=("cp312-cp312-manylinux_2_17_x86_64",),
        pythons=("CPython 3.12",),
        systems=("Linux with glibc 2.17 or later, on x86_64",),
        forced_by=(
            "demo/demo.so fits manylinux_2_17",
            "not manylinux_2_12: it needs GLIBC_2.14 (memcpy) of libc.so.6",
        ),
        files=found.files,
        compiled=found.compiled,
        crates=(Crate(name="a", version="1.0.0", licence="MIT", source="sbom"),),
        record=Record(verified=5),
        problems=(),
    )
    assert cratewheel.inspect(path) == found
    assert (found.files[0].path, [file.path for file in found.compiled]) == ("demo/demo.so", ["demo/demo.so"])


def test_problems_of_each_kind_are_found_the_errors_first(tmp_path: Path) -> None:
    files = {"demo/demo.so": elf(stack=7), "demo/.DS_Store": b"", "../evil": b"", "demo/x.py": b""}
    found = examine(wheel(tmp_path, files, tag="cp312-cp312-linux_x86_64", damaged=("demo/x.py",))).problems
    assert found == (
        Problem(
            level="error",
            code="path",
            path="../evil",
            text="no installer should write this file: it leaves the archive",
        ),
        Problem(
            level="error",
            code="metadata",
            text="PyPI refuses the tag linux_x86_64: build with --compatibility pypi, or with --zig",
        ),
        Problem(
            level="error",
            code="record",
            path="demo/x.py",
            text="its content is not what RECORD says: installers refuse the wheel",
        ),
        Problem(level="warning", code="executable-stack", path="demo/demo.so", text="its stack is executable"),
        Problem(level="warning", code="rubbish", path="demo/.DS_Store", text="an editor or a program left it behind"),
    )


def test_an_sdist_has_the_crates_of_its_lock_file(tmp_path: Path) -> None:
    path = uploads.sdist(tmp_path)
    lock = tmp_path / "Cargo.lock"
    lock.write_text('[[package]]\nname = "a"\nversion = "1.0.0"\n')
    with tarfile.open(path) as old:
        members = [(info, old.extractfile(info)) for info in old]
        content = [(info, stream.read()) for info, stream in members if stream is not None]
    with tarfile.open(path, "w:gz") as archive:
        for info, data in content:
            (tmp_path / "part").write_bytes(data)
            archive.add(tmp_path / "part", info.name)
        archive.add(lock, "demo-1.0/Cargo.lock")
    found = examine(path)
    assert found.crates == (Crate(name="a", version="1.0.0", licence=None, source="lockfile"),)
    assert (found.kind, found.tags, found.record, found.problems) == ("sdist", (), None, ())


@pytest.mark.parametrize("name", ["demo.zip", "demo.egg"])
def test_other_files_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InspectError, match=r"is neither a wheel nor a \.tar\.gz"):
        examine(tmp_path / name)


def test_a_wheel_with_an_odd_name_and_no_metadata_is_told_so(tmp_path: Path) -> None:
    path = uploads.wheel(tmp_path, record="x" * 10)
    renamed = path.rename(tmp_path / "odd.whl")
    codes = {problem.code for problem in examine(renamed).problems}
    assert codes == {"metadata"}
