"""Reads compiled files: detects the format and calls its reader."""

from __future__ import annotations

import mmap
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from cratewheel.audit import elf, macho, pe
from cratewheel.audit.model import Binary as Binary
from cratewheel.audit.model import Symbol as Symbol
from cratewheel.audit.model import SymbolVersion as SymbolVersion
from cratewheel.errors import AuditError

T = TypeVar("T")

_XCOFF_MAGICS = {b"\x01\xdf": ("powerpc", 32), b"\x01\xf7": ("powerpc64", 64)}  # AIX


def read(path: Path) -> Binary:
    """Return the facts about the compiled file at `path`.

    Raises `AuditError`, which names the file, when it cannot be opened, is damaged, or has a format without a reader.
    """
    return read_with(path, parse)


def read_with(path: Path, parse_bytes: Callable[[mmap.mmap], T]) -> T:
    """Return what `parse_bytes` makes of the bytes of the file at `path`.

    Raises `AuditError`, which names the file, when it cannot be opened, is empty or is no regular file, and for each
    `AuditError` of `parse_bytes`.
    """
    try:
        _check_regular(path)
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return parse_bytes(data)
    except AuditError as error:
        raise AuditError(f"{path}: {error.message}", hint=error.hint) from error
    except ValueError as error:  # an empty file cannot be mapped
        raise AuditError(f"{path}: the file is empty") from error
    except OSError as error:
        raise AuditError(f"{path} cannot be read: {error.strerror}") from error


def _check_regular(path: Path) -> None:
    """Raise `AuditError` for a pipe, a device or a socket, which may block."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise AuditError("this is no regular file")


def parse(data: bytes | mmap.mmap) -> Binary:
    """Return the facts about a compiled file from its bytes; raises `AuditError` as `read` does."""
    magic = data[:4]
    if magic == elf.MAGIC:
        return elf.parse(data)
    if magic in macho.MAGICS:
        return macho.parse(data)
    if magic[:2] == b"MZ":
        return pe.parse(data)
    if magic == b"\0asm":
        return Binary(format="wasm", arch="wasm32", bits=32, little_endian=True)
    if magic[:2] in _XCOFF_MAGICS:
        arch, bits = _XCOFF_MAGICS[magic[:2]]
        return Binary(format="xcoff", arch=arch, bits=bits, little_endian=False)
    raise AuditError("this is not a compiled library or program")
