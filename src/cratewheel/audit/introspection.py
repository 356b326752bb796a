"""What PyO3's `experimental-inspect` leaves in a compiled module: descriptions of modules, classes and functions.

Each is the data of an exported symbol `PYO3_INTROSPECTION_1_…`: its length as a 32-bit number in the file's byte order,
then that many bytes of JSON (https://github.com/PyO3/pyo3/tree/main/pyo3-introspection). What the JSON means is read
in `bindings.stubs`.
"""

from __future__ import annotations

import json
import mmap
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cratewheel.audit import elf, macho, pe
from cratewheel.audit.binary import read_with
from cratewheel.errors import AuditError

PREFIX = "PYO3_INTROSPECTION_1_"
_LENGTH = 4  # bytes


def read_descriptions(path: Path) -> tuple[Mapping[str, Any], ...]:
    """Return the descriptions in the compiled file at `path`, in the order of its symbols; none where it has none.

    Raises `AuditError`, which names the file, when it is damaged or cannot be read.
    """
    return read_with(path, descriptions)


def descriptions(data: bytes | mmap.mmap) -> tuple[Mapping[str, Any], ...]:
    """Return the descriptions in the bytes of a compiled file; raises `AuditError` as `read_descriptions` does."""
    offsets = _reader(data)(data, PREFIX)
    order = ">" if data[:4] == elf.MAGIC and data[5] == 2 else "<"
    return tuple(_description(data, offset, order) for offset in offsets)


def _reader(data: bytes | mmap.mmap) -> Callable[[bytes | mmap.mmap, str], tuple[int, ...]]:
    if data[:4] == elf.MAGIC:
        return elf.exported_offsets
    if data[:4] in macho.MAGICS:
        return macho.exported_offsets
    if data[:2] == pe.MAGIC:
        return pe.exported_offsets
    raise AuditError("this is neither an ELF, nor a Mach-O, nor a PE file")


def _description(data: bytes | mmap.mmap, offset: int, order: str) -> Mapping[str, Any]:
    if offset + _LENGTH > len(data):
        raise AuditError("the file is damaged: a description of PyO3 lies outside of it")
    (length,) = struct.unpack_from(f"{order}I", data, offset)
    start = offset + _LENGTH
    if length > len(data) - start:
        raise AuditError("the file is damaged: a description of PyO3 is longer than the file")
    try:
        found = json.loads(data[start : start + length])
    except (ValueError, RecursionError) as error:
        raise AuditError(f"a description of PyO3 is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise AuditError("a description of PyO3 is no JSON object")
    return found
