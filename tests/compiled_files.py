"""Compiled files made by hand, with the tables that both readers look at, and wheels around them."""

from __future__ import annotations

import base64
import hashlib
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import uploads

BASE = 0x10000
TEXT = b"\xc3" * 64


def elf(
    *,
    kind: int = 3,
    machine: int = 62,
    needed: tuple[str, ...] = ("libc.so.6",),
    version: str = "GLIBC_2.14",
    imported: tuple[str, ...] = ("memcpy",),
    exported: tuple[str, ...] = ("PyInit_demo",),
    symbols: Mapping[str, int] | None = None,
    sections: Mapping[str, bytes] | None = None,
    interpreter: str | None = None,
    runpath: str | None = None,
    stack: int = 6,
    relro: bool = True,
    now: bool = True,
) -> bytes:
    """Return a 64-bit ELF file; each of `imported` needs `version` of libc.so.6, `symbols` are those of all."""
    strings, places = b"\0", {}
    for word in (*needed, "libc.so.6", version, *imported, *exported, *(symbols or {}), runpath or ""):
        if word not in places:
            places[word] = len(strings)
            strings += word.encode() + b"\0"
    dynamic_symbols = bytes(24) + b"".join(
        struct.pack("<IBBHQQ", places[name], 0x12, 0, section, BASE, size)
        for names, section, size in ((imported, 0, 0), (exported, 1, 16))
        for name in names
    )
    versym = struct.pack("<H", 0) + b"\2\0" * len(imported) + b"\1\0" * len(exported)
    verneed = struct.pack("<HHIII", 1, 1, places["libc.so.6"], 16, 0) + struct.pack(
        "<IHHII", 0, 0, 2, places[version], 0
    )
    every = bytes(24)
    address = BASE
    for name, size in (symbols or {}).items():
        every += struct.pack("<IBBHQQ", places[name], 2, 0, 1, address, size)
        address += size
    data = bytearray(64 + 56 * 5)

    def put(content: bytes) -> tuple[int, int]:
        data.extend(bytes(-len(data) % 8))
        at = len(data)
        data.extend(content)
        return at, len(content)

    text, names_at, symbols_at = put(TEXT), put(strings), put(dynamic_symbols)
    versym_at, verneed_at, interpreter_at = put(versym), put(verneed), put((interpreter or "").encode() + b"\0")
    entries = [(1, places[name]) for name in needed] + ([(29, places[runpath])] if runpath else [])
    entries += [
        (5, BASE + names_at[0]),
        (10, len(strings)),
        (6, BASE + symbols_at[0]),
        (0x6FFFFFF0, BASE + versym_at[0]),
    ]
    entries += [(0x6FFFFFFE, BASE + verneed_at[0]), (0x6FFFFFFF, 1), *([(24, 0)] if now else []), (0, 0)]
    dynamic_at = put(b"".join(struct.pack("<QQ", *entry) for entry in entries))
    rows = [(".text", 1, text, 0), (".dynstr", 3, names_at, 0), (".dynsym", 11, symbols_at, 2)]
    if symbols is not None:
        rows += [(".symtab", 2, put(every), 2)]
    rows += [(name, 1, put(content), 0) for name, content in (sections or {}).items()]
    table, words = bytes(64), b"\0"
    for name, number, (at, size), link in [*rows, (".shstrtab", 3, (0, 0), 0)]:
        table += struct.pack("<IIQQQQIIQQ", len(words), number, 0, BASE + at, at, size, link, 0, 8, 24)
        words += name.encode() + b"\0"
    words_at, _ = put(words)
    table = table[:-40] + struct.pack("<QQ", words_at, len(words)) + table[-24:]
    sections_at, _ = put(table)
    segments = [(1, 5, 0, len(data)), (2, 6, *dynamic_at), (0x6474E551, stack, 0, 0)]
    segments += [(0x6474E552, 4, *dynamic_at)] if relro else []
    segments += [(3, 4, *interpreter_at)] if interpreter else []
    head = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    head += struct.pack(
        "<HHIQQQIHHHHHH",
        kind,
        machine,
        1,
        0,
        64,
        sections_at,
        0,
        64,
        56,
        len(segments),
        64,
        len(rows) + 2,
        len(rows) + 1,
    )
    for number, flags, at, size in segments:
        head += struct.pack("<IIQQQQQQ", number, flags, at, BASE + at, 0, size, size, 8)
    data[: len(head)] = head
    return bytes(data)


def wheel(
    folder: Path,
    files: Mapping[str, bytes],
    *,
    tag: str = "cp312-cp312-manylinux_2_17_x86_64",
    metadata: str = uploads.METADATA,
    name: str = "demo-1.0",
    damaged: tuple[str, ...] = (),
) -> Path:
    """Write a wheel with a RECORD, in which the `damaged` files have another hash, and return it."""
    info = f"{name}.dist-info"
    content = {
        **files,
        f"{info}/METADATA": metadata.encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: hands 1\nRoot-Is-Purelib: false\n"
        + "".join(f"Tag: {tag.rpartition('-')[0]}-{one}\n" for one in tag.rpartition("-")[2].split(".")).encode(),
        f"{info}/licenses/LICENSE": b"free\n",
    }
    record = "".join(
        f"{path},{_hash(data + (b'!' if path in damaged else b''))},{len(data)}\n" for path, data in content.items()
    )
    path = folder / f"{name}-{tag}.whl"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in {**content, f"{info}/RECORD": f"{record}{info}/RECORD,,\n".encode()}.items():
            archive.writestr(zipfile.ZipInfo(member), data, zipfile.ZIP_DEFLATED)
    return path


def _hash(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
