"""What is known of one compiled file."""

from __future__ import annotations

import zlib
from typing import Any

import pytest

from compiled_files import elf
from cratewheel.audit.model import Binary, Format
from cratewheel.commands.inspect.binaries import Examined, examine, target_of
from cratewheel.commands.inspect.model import CompiledFile, Crate, Problem, SizedPart
from cratewheel.targets.wheel_tags import WheelTag

LINUX = WheelTag.parse("cp312-cp312-manylinux_2_17_x86_64")


def examined(data: bytes, tag: WheelTag = LINUX) -> Examined:
    found = examine("demo/demo.so", data, tag)
    assert isinstance(found, Examined)
    return found


def test_an_extension_module_is_described_whole() -> None:
    data = elf(symbols={"_RNvCs1_4demo3foo": 40, "memcpy_fast": 8})
    file = examined(data).file
    assert SizedPart(name=".dynsym", size=72) in file.sections
    assert file == CompiledFile(
        path="demo/demo.so",
        format="elf",
        arch="x86_64",
        role="extension",
        size=len(data),
        policy="manylinux_2_17",
        forced_by=("not manylinux_2_12: it needs GLIBC_2.14 (memcpy) of libc.so.6",),
        sections=file.sections,
        symbols_by_crate=(SizedPart(name="demo", size=40), SizedPart(name="C, assembly and data", size=8)),
        symbols=(SizedPart(name="_RNvCs1_4demo3foo", size=40), SizedPart(name="memcpy_fast", size=8)),
        stripped=False,
        imported=("memcpy",),
        exported=("PyInit_demo",),
    )


@pytest.mark.parametrize(
    ("exported", "role"),
    [
        ("PyInitU_gre_6ka8i", "extension"),
        ("PyModExport_demo", "extension"),
        ("PyModExportU_gre_6ka8i", "extension"),
        ("PyInitialise", "library"),
    ],
)
def test_what_a_file_exports_says_whether_it_is_an_extension_module(exported: str, role: str) -> None:
    assert examined(elf(exported=(exported,))).file.role == role


def problems(**options: Any) -> list[tuple[str, str]]:
    return [(problem.code, problem.text) for problem in examined(elf(**options)).problems]


def test_a_good_file_has_no_problems() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ({"sections": {".debug_info": bytes(5)}}, "debug-info", "it has 5 bytes of debug information"),
        ({"stack": 7}, "executable-stack", "its stack is executable"),
        ({"relro": False}, "relro", "no RELRO"),
        ({"kind": 2, "interpreter": "/lib/ld.so"}, "pie", "no PIE"),
        ({"runpath": "/opt/lib"}, "run-path", "libraries are looked for in /opt/lib"),
        (
            {"sections": {".rodata": b"/home/ann/demo/src/lib.rs\0/home/ann/x/y\0C:\\Users\\bob\\z"}},
            "absolute-path",
            r"/home/ann, C:\Users\bob (3 times)",
        ),
    ],
)
def test_what_is_wrong_with_a_file(options: dict[str, Any], code: str, said: str) -> None:
    ((found, text),) = problems(**options)
    assert found == code
    assert said in text


def test_the_list_of_cargo_auditable_counts_before_names_in_texts() -> None:
    packed = zlib.compress(b'{"packages": [{"name": "a", "version": "1.0.0"}]}')
    text = b"/registry/src/index.crates.io-1/memchr-2.7.4/src/lib.rs"
    assert examined(elf(sections={".dep-v0": packed, ".rodata": text})).crates == (
        Crate(name="a", version="1.0.0", licence=None, source="auditable"),
    )
    assert examined(elf(sections={".rodata": text})).crates == (
        Crate(name="memchr", version="2.7.4", licence=None, source="paths"),
    )


def test_a_damaged_file_is_a_problem() -> None:
    assert examine("demo/demo.so", b"\x7fELF", LINUX) == Problem(
        level="warning",
        code="unreadable",
        path="demo/demo.so",
        text="it cannot be read: the ELF file is damaged: its class or byte order is unknown",
    )


def binary(format: Format, arch: str, **more: Any) -> Binary:  # noqa: A002  # the field's name
    return Binary(format=format, arch=arch, bits=32 if arch in ("x86", "arm") else 64, little_endian=True, **more)


@pytest.mark.parametrize(
    ("found", "tag", "triple"),
    [
        (binary("elf", "x86"), "linux_i686", "i686-unknown-linux-gnu"),
        (binary("elf", "x86_64"), "musllinux_1_2_x86_64", "x86_64-unknown-linux-musl"),
        (binary("elf", "x86_64", needed=("libc.so",)), "any", "x86_64-unknown-linux-musl"),
        (binary("elf", "arm"), "linux_armv7l", "armv7-unknown-linux-gnueabihf"),
        (binary("elf", "riscv64"), "any", "riscv64gc-unknown-linux-gnu"),
        (binary("elf", "aarch64"), "android_24_arm64_v8a", "aarch64-linux-android"),
        (binary("macho", "universal2"), "any", "universal2-apple-darwin"),
        (binary("macho", "aarch64"), "any", "aarch64-apple-darwin"),
        (binary("pe", "x86"), "win32", "i686-pc-windows-msvc"),
        (binary("elf", "ELF machine 999"), "any", None),
        (binary("elf", "x86_64", system="freebsd"), "any", None),
    ],
)
def test_the_target_of_a_file(found: Binary, tag: str, triple: str | None) -> None:
    target = target_of(found, WheelTag.parse(f"py3-none-{tag}"))
    assert (target.triple if target else None) == triple
