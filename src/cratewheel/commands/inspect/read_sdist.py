"""Reads the files of a source distribution."""

from __future__ import annotations

import gzip
import re
import struct
import tarfile
import zlib
from pathlib import Path
from typing import IO, cast

from cratewheel.commands.inspect.model import Member, Problem
from cratewheel.commands.inspect.reading import (
    LARGEST_ARCHIVE,
    MOST_FILES,
    Budget,
    Contents,
    OnCompiled,
    read_member,
    reading_problems,
)
from cratewheel.errors import InspectError

_WANTED = re.compile(r"[^/]+/(?:PKG-INFO|pyproject\.toml|Cargo\.lock)")


def read_sdist(path: Path, on_compiled: OnCompiled, *, limit: int = LARGEST_ARCHIVE) -> Contents:
    """Return the files of the sdist; `on_compiled` is called with the path and the content of each compiled one.

    Raises `InspectError` when the file is no compressed tar archive, is damaged, or unpacks to more than `limit`.
    """
    budget = Budget(path.name, 2 * limit)  # of headers and content, each of which is counted
    try:
        with gzip.open(path) as packed:
            bounded = cast("IO[bytes]", _Bounded(packed, budget))
            with tarfile.open(fileobj=bounded, mode="r|") as archive:
                return _contents(archive, path.name, on_compiled, budget)
    except (tarfile.TarError, zlib.error, EOFError, struct.error, ValueError, IndexError) as error:
        raise InspectError(f"{path.name} is damaged: {error}", hint="download it, or build it, again") from error
    except OSError as error:
        said = f"is damaged: {error}" if isinstance(error, gzip.BadGzipFile) else f"cannot be read: {error}"
        raise InspectError(f"{path.name} {said}") from error


class _Bounded:
    """A stream that counts what is read."""

    def __init__(self, stream: gzip.GzipFile, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._budget.spend(len(data))
        return data


def _contents(archive: tarfile.TarFile, name: str, on_compiled: OnCompiled, budget: Budget) -> Contents:
    files: list[Member] = []
    texts: dict[str, bytes] = {}
    problems: list[Problem] = []
    for member in archive:
        if member.isdir():
            continue
        if len(files) >= MOST_FILES:
            raise InspectError(f"{name} has more files than any package")
        stream = archive.extractfile(member) if member.isfile() else None
        if stream is None:
            kind = f"a link to {member.linkname}" if member.issym() or member.islnk() else "no regular file"
            problems.append(Problem(level="warning", code="link", path=member.name, text=f"it is {kind}"))
            continue
        with stream:
            wanted = _WANTED.fullmatch(member.name) is not None
            file, content = read_member(stream, member.name, 0, wanted=wanted, budget=budget, on_compiled=on_compiled)
        files.append(file)
        if content is not None:
            texts[member.name] = content
    return Contents(
        files=tuple(files), texts=texts, problems=(*reading_problems([one.path for one in files], budget), *problems)
    )
