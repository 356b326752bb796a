"""The files of an archive, one after the other, with bounds: archives may be damaged or hostile."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cratewheel.commands.inspect.model import Member, Problem
from cratewheel.errors import InspectError
from cratewheel.system.tasks import check_cancelled

CHUNK = 1 << 20
LARGEST_ARCHIVE = 8 << 30  # bytes unpacked; beyond, an archive is taken for a bomb
LARGEST_KEPT = 512 << 20  # bytes of a compiled file that is looked into
LARGEST_TEXT = 32 << 20  # bytes of METADATA, RECORD, a bill of materials
MOST_FILES = 250_000

_MAGICS = (b"\x7fELF", b"MZ", b"\xfe\xed\xfa", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba", b"\0asm")

OnCompiled = Callable[[str, bytes], None]


class Stream(Protocol):
    """What content is read from."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """The files of an archive, the texts among them that are looked into, and what is odd about their names."""

    files: tuple[Member, ...]
    texts: dict[str, bytes]
    problems: tuple[Problem, ...] = ()


class Budget:
    """How much may still be unpacked."""

    def __init__(self, name: str, limit: int = LARGEST_ARCHIVE) -> None:
        self._name = name
        self._limit = limit
        self._left = limit
        self.too_large: list[str] = []  # compiled files that are not looked into

    def spend(self, size: int) -> None:
        """Take off some bytes; raises `InspectError` when more was unpacked than an honest archive has."""
        self.check(size)
        self._left -= size

    def check(self, size: int) -> None:
        """Raise `InspectError` if there is no room for so many bytes."""
        if self._left < size:
            raise InspectError(
                f"{self._name} unpacks to more than {self._limit >> 20} MiB",
                hint="no package is that large: the archive is damaged, or meant to fill disks",
            )


def read_member(
    stream: Stream, path: str, packed: int, *, wanted: bool, budget: Budget, on_compiled: OnCompiled
) -> tuple[Member, bytes | None]:
    """Return a file, and its content if it is `wanted`; `on_compiled` is called with a compiled one."""
    digest = hashlib.sha256()
    kept: list[bytes] | None = None
    size = 0
    while chunk := stream.read(CHUNK):
        check_cancelled()
        budget.spend(len(chunk))
        if not size and (wanted or chunk.startswith(_MAGICS)):
            kept = []
        size += len(chunk)
        digest.update(chunk)
        if kept is not None:
            kept.append(chunk)
            if size > (LARGEST_TEXT if wanted else LARGEST_KEPT):
                kept = None
                budget.too_large.append(path)
    content = b"".join(kept) if kept is not None else None
    if content is not None and not wanted:
        on_compiled(path, content)
    member = Member(path=path, packed=packed, size=size, sha256=digest.hexdigest())
    return member, (content or b"" if wanted else None)


def path_problem(path: str) -> str | None:
    """Return why no installer should write a file to this path, or None.

    >>> path_problem("../../etc/passwd"), path_problem("demo/__init__.py")
    ('it leaves the archive', None)
    """
    parts = re.split(r"[/\\]", path)
    if ".." in parts:
        return "it leaves the archive"
    if path.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", path):
        return "it is absolute"
    if re.search(r"[\x00-\x1f\x7f]", path):
        return "it has control characters"
    if "\\" in path:
        return "it has a backslash, which Windows takes for a folder"
    return None


def reading_problems(paths: list[str], budget: Budget) -> tuple[Problem, ...]:
    """Return what is wrong with the paths of the files of an archive, and which files were too large to look into."""
    found = [
        Problem(level="error", code="path", path=path, text=f"no installer should write this file: {reason}")
        for path in paths
        if (reason := path_problem(path))
    ]
    twice = sorted(path for path, count in Counter(paths).items() if count > 1)
    large = (
        Problem(level="note", code="unreadable", path=path, text="it is too large to look into")
        for path in budget.too_large
    )
    return (
        *found,
        *large,
        *(Problem(level="error", code="path", path=path, text="it is there twice") for path in twice),
    )
