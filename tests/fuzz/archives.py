"""Readers of archives."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import uploads
from compiled_files import elf, wheel
from cratewheel.archive.unpacking import unpack
from cratewheel.commands.inspect.examine import examine
from fuzz.target import JSON_WORDS, TEXT_WORDS, Target, folder, in_file


def read_wheel(data: bytes) -> None:
    examine(in_file("demo-1.0-cp312-cp312-manylinux_2_17_x86_64.whl", data))


def wheel_seeds() -> list[bytes]:
    files = {"demo/__init__.py": b"x = 1\n" * 40, "demo/_native.so": elf()}
    return [wheel(folder(), files).read_bytes()]


MEMBERS = ("METADATA", "WHEEL", "RECORD", "sboms/demo.cyclonedx.json")
MARK = b"\n--- next ---\n"


def read_members(data: bytes) -> None:
    """Read a wheel whose METADATA, WHEEL, RECORD and bill of materials the input holds."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("demo/__init__.py", b"x = 1\n")
        for name, content in zip(MEMBERS, data.split(MARK), strict=False):
            archive.writestr(f"demo-1.0.dist-info/{name}", content)
    read_wheel(stream.getvalue())


def member_seeds() -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO(wheel_seeds()[0])) as archive:
        own = [archive.read(f"demo-1.0.dist-info/{name}") for name in MEMBERS[:3]]
    component = {"name": "a", "version": "1.0", "purl": "pkg:cargo/a@1.0", "licenses": [{"expression": "MIT"}]}
    bom = {"metadata": {"component": component}, "components": [component]}
    rich = (
        b"Metadata-Version: 2.4\nName: demo\nVersion: 1.0\nSummary: s\nRequires-Dist: a[b]>=1; python_version<'3.9'\n"
        b"Requires-Python: >=3.8\nProvides-Extra: x\nLicense-Expression: MIT OR Apache-2.0\nLicense-File: LICENSE\n"
        b"Project-URL: Home, https://example.org\nKeywords: a,b\nDynamic: Version\nImport-Name: demo\n\n# Text\n"
    )
    return [MARK.join([*own, json.dumps(bom).encode()]), MARK.join([rich, *own[1:]])]


def tar(kind: int = tarfile.PAX_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=kind) as archive:
        long = "demo-1.0/" + "a" * 90 + "/é" + "b" * 90
        lock = b'[[package]]\nname = "demo"\nversion = "1.0.0"\n'
        for name, content in (
            ("demo-1.0/PKG-INFO", uploads.METADATA.encode()),
            ("demo-1.0/Cargo.lock", lock),
            (long, b"x" * 700),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("demo-1.0/link")
        link.type, link.linkname = tarfile.SYMTYPE, "../../etc/passwd"
        archive.addfile(link)
    return stream.getvalue()


def tar_seeds() -> list[bytes]:
    return [tar(), tar(tarfile.GNU_FORMAT)]


def read_tar(data: bytes) -> None:
    """Look into an sdist, and unpack it: nothing is written beside the folder."""
    path = in_file("demo-1.0.tar.gz", gzip.compress(data, 1, mtime=0))
    examine(path)
    try:
        unpack(path, _inner())
    finally:
        strangers = {child.name for child in folder().iterdir()} - {"demo-1.0.tar.gz", "inner"}
        assert not strangers, f"written outside of the folder: {strangers}"


def _inner() -> Path:
    inner = folder() / "inner"
    inner.mkdir(exist_ok=True)
    return inner


def read_sdist(data: bytes) -> None:
    examine(in_file("demo-1.0.tar.gz", data))


def sdist_seeds() -> list[bytes]:
    return [gzip.compress(one, mtime=0) for one in tar_seeds()]


TARGETS: Mapping[str, Target] = {
    "wheel": Target(read=read_wheel, seeds=wheel_seeds, words=(b"PK\1\2", b"PK\3\4", b"PK\5\6", b"../", b"\0")),
    "members": Target(
        read=read_members, seeds=member_seeds, words=(MARK, *JSON_WORDS, *TEXT_WORDS, b"\n ", b": ", b",")
    ),
    "tar": Target(
        read=read_tar,
        seeds=tar_seeds,
        words=(b"../", b"/etc/", b"0", b"7", b"x", b"L", b"5", b"ustar\0", b"\x80"),
        documented=(OSError, tarfile.TarError),
    ),
    "sdist": Target(read=read_sdist, seeds=sdist_seeds),
}
