"""The `.dist-info` folder of a wheel.

Follows the binary distribution format
(https://packaging.python.org/en/latest/specifications/binary-distribution-format/), PEP 639 for licences, and PEP 770
for bills of materials.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cratewheel import __version__
from cratewheel.archive.layout import Entry, FromFile, Generated
from cratewheel.targets.wheel_tags import WheelTag

GENERATOR = f"cratewheel ({__version__})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A line of RECORD: path, SHA-256 as bytes, and size."""

    path: str
    sha256: bytes
    size: int


def wheel_file(tag: WheelTag, *, generator: str) -> str:
    """Return the text of WHEEL, with one line for every single tag.

    >>> print(wheel_file(WheelTag.parse("cp39-abi3-win32"), generator="cratewheel (1.0)"), end="")
    Wheel-Version: 1.0
    Generator: cratewheel (1.0)
    Root-Is-Purelib: false
    Tag: cp39-abi3-win32
    """
    pure = str(tag.platform == ("any",)).lower()
    lines = ["Wheel-Version: 1.0", f"Generator: {generator}", f"Root-Is-Purelib: {pure}"]
    return "".join(f"{line}\n" for line in (*lines, *(f"Tag: {single}" for single in tag.expanded())))


def format_record(files: Iterable[Recorded], *, record_path: str) -> str:
    r"""Return the text of RECORD, sorted by path; its own line is last, without hash and size.

    Paths with commas, quotes or line ends are quoted as CSV (PEP 376).

    >>> format_record([Recorded(path="a,b.py", sha256=b"\0" * 32, size=0)], record_path="x-1.dist-info/RECORD")
    '"a,b.py",sha256=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA,0\nx-1.dist-info/RECORD,,\n'
    """
    lines = [
        f"{_csv_field(file.path)},sha256={_encode_digest(file.sha256)},{file.size}\n"
        for file in sorted(files, key=lambda file: file.path)
    ]
    return "".join((*lines, f"{_csv_field(record_path)},,\n"))


def _csv_field(text: str) -> str:
    # not csv.writer, which quotes differently in different versions of Python
    if any(char in text for char in ',"\r\n'):
        quoted = text.replace('"', '""')
        return f'"{quoted}"'
    return text


def _encode_digest(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True, slots=True, kw_only=True)
class DistInfo:
    """The content of a wheel's `.dist-info` folder except RECORD, which is made when the wheel is written.

    `directory` is the folder's name. `license_files` are paths below `licenses/` with their sources, `sboms` file names
    below `sboms/` with theirs. An empty `entry_points` makes no file. Licence files must lie in `roots`, every link
    followed.
    """

    directory: str
    tag: WheelTag
    generator: str
    metadata: str
    entry_points: str = ""
    license_files: tuple[tuple[PurePosixPath, Path | bytes], ...] = ()
    sboms: tuple[tuple[str, bytes | Path], ...] = ()
    roots: tuple[str, ...] = ()

    @property
    def record_path(self) -> PurePosixPath:
        """The path of RECORD in the wheel."""
        return PurePosixPath(self.directory, "RECORD")

    def entries(self) -> tuple[Entry, ...]:
        """Return the files of the folder except RECORD."""
        folder = PurePosixPath(self.directory)
        texts = {
            "METADATA": self.metadata,
            "WHEEL": wheel_file(self.tag, generator=self.generator),
            "entry_points.txt": self.entry_points,
        }
        sources: list[tuple[PurePosixPath, bytes | Path, str]] = [
            *((folder / name, text.encode(), "metadata") for name, text in texts.items() if text),
            *((folder / "licenses" / below, path, "licence file") for below, path in self.license_files),
            *((folder / "sboms" / name, content, "bill of materials") for name, content in self.sboms),
        ]
        return tuple(
            Entry(
                path=str(path),
                source=FromFile(path=str(content), roots=self.roots)
                if isinstance(content, Path)
                else Generated(data=content),
                why=why,
            )
            for path, content, why in sources
        )
