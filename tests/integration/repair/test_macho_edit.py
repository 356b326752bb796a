"""Mach-O files with other names in them: what macholib and LLVM read, and what the system checks of the signature."""

from __future__ import annotations

import shutil
import struct
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from macholib.MachO import MachO, lc_str_value

from cratewheel.audit import binary
from cratewheel.errors import AuditError
from cratewheel.repair.macho_edit import Edit, edit
from integration.repair.foreign import SYSTEM, dylib, fat, load_commands, parts_of, verify_signature

NEW = "@loader_path/../demo.dylibs/other-12345678.dylib"
EDIT = Edit(
    libraries={"@rpath/other.dylib": NEW},
    install_name="/DLC/demo.dylibs/lib.dylib",
    dropped_rpaths=frozenset({"/opt/vendor/lib"}),
)
RPATHS = ("-Wl,-rpath,/opt/vendor/lib", "-Wl,-rpath,@loader_path/../kept")


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that needs another: for arm64, for x86_64, and for both in one file."""
    folder = tmp_path_factory.mktemp("macho")
    for cpu in ("aarch64", "x86_64"):
        other = dylib(folder / cpu / "other.dylib", cpu=cpu)
        dylib(folder / cpu / "lib.dylib", other, cpu=cpu, words=RPATHS)
    linked = [(folder / cpu / "other.dylib",) for cpu in ("aarch64", "x86_64")]
    fat(folder / "both" / "lib.dylib", *linked, words=RPATHS)
    return folder


def names(path: Path) -> list[list[tuple[int, str]]]:
    """Return what macholib reads: the load commands with a name, for each processor."""
    return [
        [
            (load.cmd, lc_str_value(getattr(command, "name", None) or command.path, (load, command, text)).decode())
            for load, command, text in header.commands
            if type(command).__name__ in ("dylib_command", "rpath_command")
        ]
        for header in MachO(str(path)).headers
    ]


EDITED_NAMES = [
    (0xD, "/DLC/demo.dylibs/lib.dylib"),
    (0xC, SYSTEM),
    (0xC, NEW),
    (0x8000001C, "@loader_path/../kept"),
]


@pytest.mark.parametrize("cpu", ["aarch64", "x86_64"])
def test_names_change_and_nothing_else_but_the_signature(samples: Path, tmp_path: Path, cpu: str) -> None:
    before = (samples / cpu / "lib.dylib").read_bytes()
    after = edit(before, {cpu: EDIT}, identifier="lib.dylib")
    (tmp_path / "lib.dylib").write_bytes(after)
    (found,) = names(tmp_path / "lib.dylib")
    assert sorted(found) == sorted(EDITED_NAMES)
    assert verify_signature(after) == "lib.dylib"
    changing = {0xC, 0xD, 0x8000001C, 0x1D}
    kept = [command for kind, command in load_commands(before) if kind not in changing and b"__LINKEDIT" not in command]
    assert [
        command for kind, command in load_commands(after) if kind not in changing and b"__LINKEDIT" not in command
    ] == kept
    contents = min(
        struct.unpack_from("<I", command, 72 + 48)[0]
        for kind, command in load_commands(before)
        if kind == 0x19 and b"__TEXT" in command
    )
    end = len(before) if cpu == "x86_64" else struct.unpack_from("<I", dict(load_commands(before))[0x1D], 8)[0]
    assert after[contents:end] == before[contents:end]
    assert binary.parse(after).exported == binary.parse(before).exported


def test_a_program_is_signed_as_one(samples: Path) -> None:
    data = bytearray((samples / "aarch64" / "lib.dylib").read_bytes())
    struct.pack_into("<I", data, 12, 2)  # MH_EXECUTE
    after = edit(bytes(data), {"aarch64": EDIT}, identifier="run")
    (signature,) = [command for kind, command in load_commands(after) if kind == 0x1D]
    (start,) = struct.unpack_from("<I", signature, 8)
    assert struct.unpack_from(">Q", after, start + 20 + 80) == (1,)
    assert verify_signature(after) == "run"


def test_each_part_of_a_fat_file_is_changed_and_signed(samples: Path, tmp_path: Path) -> None:
    before = (samples / "both/lib.dylib").read_bytes()
    after = edit(before, {"aarch64": EDIT, "x86_64": EDIT}, identifier="lib.dylib")
    (tmp_path / "lib.dylib").write_bytes(after)
    assert [sorted(found) for found in names(tmp_path / "lib.dylib")] == [sorted(EDITED_NAMES)] * 2
    assert [verify_signature(part) for part in parts_of(after)] == ["lib.dylib"] * 2
    thin = [edit(part, {"aarch64": EDIT, "x86_64": EDIT}, identifier="lib.dylib") for part in parts_of(before)]
    assert parts_of(after) == thin


def test_a_part_for_another_processor_stays_as_it_is(samples: Path) -> None:
    before = (samples / "both/lib.dylib").read_bytes()
    after = edit(before, {"aarch64": EDIT}, identifier="lib.dylib")
    arches = [part.arch for part in binary.parse(after).slices]
    assert arches == [part.arch for part in binary.parse(before).slices]
    changed = {arch: one != other for arch, one, other in zip(arches, parts_of(before), parts_of(after), strict=True)}
    assert changed == {"aarch64": True, "x86_64": False}


def test_llvm_reads_the_same(samples: Path, tmp_path: Path) -> None:
    if not shutil.which("llvm-objdump"):
        pytest.skip("llvm-objdump is not installed")
    out = tmp_path / "lib.dylib"
    out.write_bytes(
        edit((samples / "both/lib.dylib").read_bytes(), {"aarch64": EDIT, "x86_64": EDIT}, identifier="lib.dylib")
    )
    for arch in ("arm64", "x86_64"):
        words = ["llvm-objdump", "--macho", f"--arch={arch}", "--dylibs-used", "--dylib-id", "--rpaths", str(out)]
        said = subprocess.run(words, capture_output=True, text=True, check=True)
        assert said.stderr == ""
        assert {line.split(" (")[0].strip() for line in said.stdout.splitlines() if not line.endswith(":")} == {
            name for _, name in EDITED_NAMES
        }


def test_a_file_in_which_nothing_changes_keeps_its_signature(samples: Path) -> None:
    data = (samples / "aarch64/lib.dylib").read_bytes()
    assert edit(data, {"aarch64": Edit(libraries={"libnone.dylib": "x"})}, identifier="lib.dylib") == data
    assert edit(data, {"x86_64": EDIT}, identifier="lib.dylib") == data


def test_a_file_is_changed_again_as_the_first_time(samples: Path) -> None:
    data = (samples / "aarch64/lib.dylib").read_bytes()
    once = edit(data, {"aarch64": EDIT}, identifier="lib.dylib")
    back = Edit(libraries={NEW: "@rpath/x.dylib"}, install_name="y")
    twice = edit(once, {"aarch64": back}, identifier="lib.dylib")
    assert verify_signature(twice) == "lib.dylib"
    assert set(binary.parse(twice).needed) == {SYSTEM, "@rpath/x.dylib"}
    again = edit(
        twice,
        {"aarch64": Edit(libraries={"@rpath/x.dylib": NEW}, install_name=EDIT.install_name)},
        identifier="lib.dylib",
    )
    assert again == once


def test_names_that_do_not_fit_are_refused(samples: Path) -> None:
    data = (samples / "aarch64/lib.dylib").read_bytes()
    with pytest.raises(AuditError) as caught:
        edit(data, {"aarch64": Edit(libraries={"@rpath/other.dylib": "x" * 100_000})}, identifier="lib.dylib")
    assert caught.value.message == "it has no room for the new names of its libraries"
    assert caught.value.hint == "link it with -headerpad_max_install_names, which leaves room"


def test_bytes_that_stand_where_the_names_would_go_are_not_lost(samples: Path) -> None:
    data = bytearray((samples / "aarch64/lib.dylib").read_bytes())
    end = 32 + struct.unpack_from("<I", data, 20)[0]
    data[end] = 1
    with pytest.raises(AuditError, match="no room"):
        edit(bytes(data), {"aarch64": EDIT}, identifier="lib.dylib")


@settings(deadline=None)
@given(st.data())
def test_damaged_files_are_errors_of_ours(samples: Path, data: st.DataObject) -> None:
    sample = (samples / data.draw(st.sampled_from(["aarch64", "both"])) / "lib.dylib").read_bytes()
    damaged = bytearray(sample[: data.draw(st.integers(4, len(sample)))])
    for place, value in data.draw(st.dictionaries(st.integers(4, 2000), st.integers(0, 255), max_size=4)).items():
        if place < len(damaged):
            damaged[place] = value
    with suppress(AuditError):
        edit(bytes(damaged), {"aarch64": EDIT, "x86_64": EDIT}, identifier="lib.dylib")
