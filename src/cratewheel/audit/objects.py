"""Finds which objects in a static library use symbols of other libraries.

An `.rlib` is an `ar` archive of ELF object files (System V gABI, chapter 4). What is no ELF object, such as metadata or
the bitcode of link-time optimisation, says nothing. Nor does damaged input: this is only asked for to explain.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

_ARCHIVE = b"!<arch>\n"
_MEMBER = 60  # bytes of the header before each
_SHT_SYMTAB = 2
_SECTIONS = {1: ("<10I", "<IIIBBH"), 2: ("<IIQQQQIIQQ", "<IBBHQQ")}  # class → section header, symbol
_HEADER = {1: (32, 46), 2: (40, 58)}  # class → where e_shoff and e_shentsize stand


def find_users(symbols: Iterable[str], libraries: Mapping[str, Path]) -> dict[str, tuple[str, ...]]:
    """Return for each symbol the names of the libraries with objects that use it, sorted.

    A library that cannot be read has none.
    """
    wanted = {symbol.encode(): symbol for symbol in symbols}
    found: dict[str, set[str]] = {symbol: set() for symbol in wanted.values()}
    for name, path in libraries.items():
        for symbol in _undefined(path):
            if symbol in wanted:
                found[wanted[symbol]].add(name)
    return {symbol: tuple(sorted(names)) for symbol, names in found.items() if names}


def _undefined(path: Path) -> Iterator[bytes]:
    if not path.is_file():
        return
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            for start, end in _members(data):
                yield from _of_object(data, start, end)
    except (OSError, ValueError, struct.error):
        return


def _members(data: mmap.mmap) -> Iterator[tuple[int, int]]:
    at = len(_ARCHIVE) if data[:8] == _ARCHIVE else len(data)
    while at + _MEMBER <= len(data):
        written = data[at + 48 : at + 58].strip()
        if not written.isdigit():
            return
        size = int(written)
        start = at + _MEMBER
        yield start, min(start + size, len(data))
        at = start + size + size % 2


def _of_object(data: mmap.mmap, start: int, end: int) -> Iterator[bytes]:
    kind = data[start + 4] if data[start : start + 4] == b"\x7fELF" and end - start > 64 else 0
    if kind not in _SECTIONS or data[start + 5] != 1:  # big-endian machines compile nothing for others here
        return
    section, symbol = (struct.Struct(layout) for layout in _SECTIONS[kind])
    place, count_at = _HEADER[kind]
    (table,) = struct.unpack_from("<I" if kind == 1 else "<Q", data, start + place)
    width, count = struct.unpack_from("<HH", data, start + count_at)
    if width < section.size:
        return
    rows = [
        section.unpack_from(data, start + table + index * width)
        for index in range(count)
        if start + table + index * width + section.size <= end
    ]
    row = next((row for row in rows if row[1] == _SHT_SYMTAB and row[6] < len(rows)), None)  # there is one at most
    if row is None:
        return
    names, first = start + rows[row[6]][4], start + row[4]
    whole = data[first : min(first + row[5], end)]
    # many symbols can have one long name: honest objects read few bytes twice, others must not take forever
    left = 8 * (end - start)
    for fields in symbol.iter_unpack(whole[: len(whole) - len(whole) % symbol.size]):
        index = fields[5] if kind == 1 else fields[3]
        if index == 0 and fields[0]:
            at = names + fields[0]
            stop = data.find(b"\0", at, end) if at < end else -1  # a place of 64 bits may be more than `find` takes
            left -= stop - at
            if stop < 0 or left < 0:
                return
            yield data[at:stop]
