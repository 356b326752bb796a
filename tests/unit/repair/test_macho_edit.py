"""Other names in Mach-O files that are checked in: the load commands and the signature afterwards.

The samples are what `tests/integration/repair/foreign.py` makes with zig: `lib.dylib`, which needs other.dylib, for
one processor and for both.
"""

from __future__ import annotations

import gzip
import hashlib
import struct
from pathlib import Path
from typing import Any

import pytest

import golden
from cratewheel.errors import AuditError
from cratewheel.repair.macho_edit import Edit, edit

HERE = Path(__file__).parent
NAMES = ("aarch64", "x86_64", "both")
CPUS = ("aarch64", "x86_64")
NEW = "@loader_path/../demo.dylibs/other-12345678.dylib"
RPATH = frozenset({"/opt/vendor/lib"})
EDITS = {
    "all": Edit(libraries={"@rpath/other.dylib": NEW}, install_name="/DLC/lib.dylib", dropped_rpaths=RPATH),
    "a library": Edit(libraries={"@rpath/other.dylib": NEW}),
    "its own name": Edit(libraries={}, install_name="/DLC/demo/lib.dylib"),
    "a path": Edit(libraries={}, dropped_rpaths=RPATH),
    "nothing": Edit(libraries={"@rpath/nobody.dylib": NEW}, dropped_rpaths=frozenset({"/nowhere"})),
    "a name without room": Edit(libraries={"@rpath/other.dylib": "/" + "long/" * 9000}),
}


def sample(name: str) -> bytes:
    return gzip.decompress((HERE / "samples" / f"{name}.dylib.gz").read_bytes())


def commands(data: bytes) -> list[str]:
    """Return the load commands of a file for one processor: kind and content, or the digest of what is long."""
    at, found = 32, []
    for _ in range(struct.unpack_from("<I", data, 16)[0]):
        kind, size = struct.unpack_from("<II", data, at)
        body = data[at + 8 : at + size]
        named = kind & 0xFF in (0xC, 0xD, 0x1C)
        found.append(f"{kind:x} {body.rstrip(bytes(1)).decode('latin-1') if named else digest(body)}")
        at += size
    return found


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def becomes(data: bytes, edits: dict[str, Edit]) -> object:
    try:
        after = edit(data, edits, identifier="lib.dylib")
    except AuditError as error:
        return [error.message, error.hint]
    shown = commands(after) if after[:4] == b"\xcf\xfa\xed\xfe" else []
    return ["same" if after == data else [*shown, len(after), digest(after)]]


def unsigned(data: bytes) -> bytes:
    """Return a file of one processor without the load command of its signature, and without what it refers to."""
    at, count, size = 32, *struct.unpack_from("<II", data, 16)
    out = bytearray(data)
    for number in range(count):
        kind, length = struct.unpack_from("<II", out, at)
        if kind == 0x1D:
            start = struct.unpack_from("<I", out, at + 8)[0]
            assert number == count - 1
            out[at : at + length] = bytes(length)
            struct.pack_into("<II", out, 16, count - 1, size - length)
            return bytes(out[:start])
        at += length
    return data


def changed(at: int, value: int, layout: str = "<I") -> Any:
    def change(data: bytes) -> bytes:
        out = bytearray(data)
        struct.pack_into(layout, out, at, value)
        return bytes(out)

    return change


CHANGES: dict[str, Any] = {
    "of another processor": changed(4, 7),
    "of 32 bits": changed(0, 0xFEEDFACE),
    "unsigned": unsigned,
    "a program": changed(12, 2),
    "cut off": lambda data: data[:40],
    "with more behind": lambda data: data + bytes(64),
    "with wrong commands": changed(36, 4),
    "without segments": changed(16, 0),
}


@pytest.mark.parametrize("what", EDITS)
def test_what_a_file_has_after_an_edit(what: str) -> None:
    found = {name: becomes(sample(name), dict.fromkeys(CPUS, EDITS[what])) for name in NAMES}
    golden.check_json(HERE / "golden" / f"macho_edit_{what.replace(' ', '_')}.json", found)


def test_a_part_for_a_processor_without_an_edit_stays_as_it_is() -> None:
    found = {cpu: becomes(sample("both"), {cpu: EDITS["all"]}) for cpu in CPUS}
    assert found["aarch64"] != found["x86_64"]
    golden.check_json(HERE / "golden" / "macho_edit_one_of_two.json", found)
    assert edit(sample("both"), {}, identifier="lib.dylib") == sample("both")


def test_files_of_other_forms() -> None:
    found = {
        f"{cpu} {name}": becomes(change(sample(cpu)), {cpu: EDITS["all"]})
        for cpu in CPUS
        for name, change in CHANGES.items()
    }
    wide = bytearray(sample("both"))
    wide[8:48] = struct.pack(">IIIII", *struct.unpack_from(">IIIII", wide, 8)[:3], 1 << 30, 14).ljust(40, b"\0")
    found["both, a part outside"] = becomes(bytes(wide), dict.fromkeys(CPUS, EDITS["all"]))
    golden.check_json(HERE / "golden" / "macho_edit_forms.json", found)


@pytest.mark.parametrize("cpu", CPUS)
def test_an_edit_again_changes_nothing(cpu: str) -> None:
    edits = {cpu: EDITS["all"]}
    once = edit(sample(cpu), edits, identifier="lib.dylib")
    assert edit(once, {cpu: Edit(libraries={NEW: "@rpath/other.dylib"})}, identifier="lib.dylib") != once
    assert edit(once, edits, identifier="lib.dylib") == edit(once, edits, identifier="lib.dylib")
