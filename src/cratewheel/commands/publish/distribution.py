"""An archive on the disk → what has to be known of it to upload it: metadata, names of its files, digests."""

from __future__ import annotations

import glob
import hashlib
import os
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cratewheel.archive.zip_reading import open_zip
from cratewheel.errors import UploadError, UsageError
from cratewheel.system.tasks import check_cancelled

CHUNK = 1 << 20
LARGEST_TEXT = 32 << 20  # bytes of a METADATA or RECORD file; nobody has larger ones
ATTESTATION = ".attestation"

Filetype = Literal["bdist_wheel", "sdist"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """The digests of a file in hexadecimal, by the names that repositories have for them."""

    md5: str
    sha256: str
    blake2_256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """What was read from a wheel or an sdist.

    `members` are the names of its files. `metadata` is METADATA or PKG-INFO, `wheel` and `record` the files of these
    names; None where there is none, or not exactly one.
    """

    path: Path
    filetype: Filetype
    size: int
    digests: Digests
    members: tuple[str, ...]
    metadata: bytes | None
    wheel: str | None = None
    record: str | None = None

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name


def find_files(patterns: Iterable[str], cwd: Path) -> tuple[Path, ...]:
    """Return the files that are named, each once, without the attestations among them.

    A pattern that names no file is one for `glob`: on Windows no shell expands it. Raises `UsageError` for what is no
    archive.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        path = cwd / pattern
        paths = [path] if path.exists() else [Path(name) for name in sorted(glob.glob(str(path)))]  # noqa: PTH207  # of any path
        if not paths:
            raise UsageError(f"{pattern} does not exist", hint="`cratewheel build` says where it puts its archives")
        for one in paths:
            if one.is_dir():
                raise UsageError(f"{one} is a folder", hint=f"name the files in it: {one}{os.sep}*")
            if not one.name.endswith(ATTESTATION):
                found[one] = None
    if not found:
        raise UsageError("no files to upload were named", hint="such as `cratewheel upload target/wheels/*`")
    return tuple(found)


def read_archive(path: Path) -> Archive:
    """Return what is in the archive `path`; raises `UploadError` where it is damaged or no archive of these kinds."""
    if not path.name.endswith((".whl", ".tar.gz")):
        raise UploadError(f"{path.name} is neither a wheel nor a .tar.gz", hint="indexes take no other archives")
    try:
        size, digests = _digests(path)
        return _read_wheel(path, size, digests) if path.suffix == ".whl" else _read_sdist(path, size, digests)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, UnicodeError, ValueError) as error:
        raise UploadError(f"{path.name} is damaged: {error}", hint="build it again") from error
    except (RuntimeError, NotImplementedError) as error:  # encrypted, or packed in a way of another program
        raise UploadError(f"{path.name} cannot be read: {error}") from error
    except OSError as error:
        raise UploadError(f"{path} cannot be read: {error.strerror or error}") from error


def _digests(path: Path) -> tuple[int, Digests]:
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    blake2 = hashlib.blake2b(digest_size=32)
    size = 0
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            check_cancelled()
            size += len(chunk)
            for digest in (md5, sha256, blake2):
                digest.update(chunk)
    return size, Digests(md5=md5.hexdigest(), sha256=sha256.hexdigest(), blake2_256=blake2.hexdigest())


def _read_wheel(path: Path, size: int, digests: Digests) -> Archive:
    with open_zip(path) as archive:
        members = tuple(name for name in archive.namelist() if not name.endswith("/"))
        return Archive(
            path=path,
            filetype="bdist_wheel",
            size=size,
            digests=digests,
            members=members,
            metadata=_only(archive, "METADATA"),
            wheel=_text(_only(archive, "WHEEL")),
            record=_text(_only(archive, "RECORD")),
        )


def _only(archive: zipfile.ZipFile, file: str) -> bytes | None:
    """Return the only file of this name in a dist-info folder at the top."""
    found = [info for info in archive.infolist() if re.fullmatch(rf"[^/]+\.dist-info/{file}", info.filename)]
    if len(found) != 1 or found[0].file_size > LARGEST_TEXT:
        return None
    return archive.read(found[0])


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode("utf-8")


def _read_sdist(path: Path, size: int, digests: Digests) -> Archive:
    members, metadata = [], None
    top = path.name.removesuffix(".tar.gz")
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            check_cancelled()
            if member.isdir():
                continue
            members.append(member.name)
            if member.name == f"{top}/PKG-INFO" and member.isfile() and member.size <= LARGEST_TEXT:
                stream = archive.extractfile(member)
                metadata = stream.read() if stream is not None else None
    return Archive(path=path, filetype="sdist", size=size, digests=digests, members=tuple(members), metadata=metadata)
