"""What a reader of data that others wrote is to the fuzzer, and what several of them share."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cratewheel.targets import triples
from cratewheel.targets.wheel_tags import WheelTag

LINUX = triples.parse("x86_64-unknown-linux-gnu")
TAG = WheelTag.parse("cp312-cp312-manylinux_2_17_x86_64")
FOLDER = Path(tempfile.gettempdir(), f"cratewheel-fuzz-{os.getpid()}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A reader: `read` gets an input, and raises errors of ours, or what is `documented`.

    `seeds` makes honest inputs, and `words` are put into them.
    """

    read: Callable[[bytes], object]
    seeds: Callable[[], Sequence[bytes]]
    words: tuple[bytes, ...] = ()
    documented: tuple[type[Exception], ...] = ()


def folder() -> Path:
    """Return a folder of this process for files that a reader wants."""
    FOLDER.mkdir(exist_ok=True)
    return FOLDER


def in_file(name: str, data: bytes) -> Path:
    """Return a file with the data."""
    path = folder() / name
    path.write_bytes(data)
    return path


def text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


JSON_WORDS = (b"null", b"[]", b"{}", b'"x"', b"1e999", b"-1", b"NaN", b"[" * 3000, b'{"a":' * 3000, b"\\ud800", b"true")
TEXT_WORDS = (b"\0", b"\xff", "\u202e".encode(), b"\r\n", b"'" * 3, b'"', b"#", b"[", b"]", b"=", b"9" * 5000)
