"""Commands of entry points on Windows, where a script cannot be started: programs that start Python with one.

The launchers are those of distlib (https://distlib.readthedocs.io/en/latest/reference.html#the-distlib-scripts-package),
which pip carries: a launcher, a line that names Python, and a zip file with the script, one after the other.
"""

from __future__ import annotations

import io
import struct
import sys
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

_SUFFIXES = {0x014C: "32", 0x8664: "64", 0xAA64: "64-arm"}  # by the processor in a program's header
_PLACES = ("pip/_vendor/distlib", "distlib")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest time of a zip file


def find_launcher(python: Path, folders: Iterable[Path], *, windowed: bool) -> bytes | None:
    """Return the launcher for a Python from the first pip or distlib in `folders`, or None if there is none.

    The last place is the wheel of pip that comes with Python.
    """
    suffix = _SUFFIXES.get(_processor(python))
    if suffix is None:
        return None
    name = f"{'w' if windowed else 't'}{suffix}.exe"
    for path in (folder / place / name for folder in folders for place in _PLACES):
        with suppress(OSError):
            return path.read_bytes()
    for wheel in _wheels_of_pip(python):
        with suppress(OSError, KeyError, zipfile.BadZipFile), zipfile.ZipFile(wheel) as archive:
            return archive.read(f"{_PLACES[0]}/{name}")
    return None


def command_file(name: str, script: str, python: Path, launcher: bytes | None, *, windowed: bool) -> tuple[str, bytes]:
    r"""Return the file of a command and its content: `name.exe`, or without a launcher a batch file.

    >>> command_file("a", "print(1)\n", Path("p.exe"), None, windowed=False)
    ('a.cmd', b'@"p.exe" -x "%~f0" %* & exit /b\r\nprint(1)\n')
    """
    program = python.with_name(python.name.replace("python", "pythonw")) if windowed else python
    if launcher is None:  # Python skips the first line, which is the shell's
        return f"{name}.cmd", f'@"{program}" -x "%~f0" %* & exit /b\r\n{script}'.encode()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(zipfile.ZipInfo("__main__.py", _EPOCH), script)
    return f"{name}.exe", launcher + f'#!"{program}"\r\n'.encode() + content.getvalue()


def _processor(program: Path) -> int:
    """Return the number of the processor in a Windows program's header; 0 if it has none."""
    with suppress(OSError, struct.error), program.open("rb") as stream:
        head = stream.read(64)
        if head.startswith(b"MZ"):
            stream.seek(struct.unpack_from("<I", head, 60)[0])
            header = stream.read(6)
            return int(struct.unpack("<4xH", header)[0]) if header.startswith(b"PE\0\0") else 0
    return 0


def _wheels_of_pip(python: Path) -> Iterator[Path]:
    """Yield the wheels of pip in the installs of `python` and of this Python."""
    for home in (python.parent, Path(sys.base_prefix)):
        yield from sorted((home / "Lib" / "ensurepip" / "_bundled").glob("pip-*.whl"))
