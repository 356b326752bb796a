"""Whether compiled files are what a tag says: no tag can be had for a file of another system, processor or Python."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import golden
from cratewheel.audit import binary, stable_abi
from cratewheel.audit.identity import check_machine, check_tag
from cratewheel.audit.model import Binary, Symbol
from cratewheel.errors import AuditError
from cratewheel.targets.triples import parse
from cratewheel.targets.wheel_tags import WheelTag

GNU = "x86_64-unknown-linux-gnu"


def file(form: str = "elf", arch: str = "x86_64", bits: int = 64, *symbols: str, **facts: Any) -> Binary:
    undefined = tuple(Symbol(name=name) for name in symbols)
    return Binary(format=form, arch=arch, bits=bits, little_endian=True, undefined=undefined, **facts)  # type: ignore[arg-type]  # words of the tables below


ELF = file()
MAC = {arch: file("macho", arch, system="macos") for arch in ("x86_64", "aarch64")}
BOTH = replace(MAC["x86_64"], arch="universal2", slices=tuple(MAC.values()))
FILES = {
    "x86_64": ELF,
    "x86": file("elf", "x86", 32),
    "x32": file("elf", "x86_64", 32),
    "aarch64": file("elf", "aarch64"),
    "arm": file("elf", "arm", 32),
    "soft arm": file("elf", "arm", 32, float_abi="soft"),
    "hard arm": file("elf", "arm", 32, float_abi="hard"),
    "riscv64": file("elf", "riscv64", float_abi="double"),
    "soft riscv64": file("elf", "riscv64", float_abi="soft"),
    "loongarch64": file("elf", "loongarch64", float_abi="double"),
    "soft loongarch64": file("elf", "loongarch64", float_abi="soft"),
    "powerpc64": file("elf", "powerpc64"),
    "powerpc64le": file("elf", "powerpc64le"),
    "s390x": file("elf", "s390x"),
    "mipsel": file("elf", "mipsel", 32),
    "freebsd": file(system="freebsd"),
    "GNU": file(system="linux"),
    "dll": file("pe"),
    "dll x86": file("pe", "x86", 32),
    "dll arm64": file("pe", "aarch64"),
    "mac": MAC["x86_64"],
    "mac arm64": MAC["aarch64"],
    "mac both": BOTH,
    "ios": file("macho", "aarch64", system="ios"),
    "ios simulator": file("macho", "aarch64", system="ios-simulator"),
    "catalyst": file("macho", "aarch64", system="maccatalyst"),
    "wasm": file("wasm", "wasm32", 32),
    "aix": file("xcoff", "powerpc64"),
}

# target, platform tag → the files that it fits; every other one is refused
FITS = {
    (GNU, "linux_x86_64"): {"x86_64", "GNU"},
    (GNU, "manylinux_2_17_x86_64"): {"x86_64", "GNU"},
    (GNU, "manylinux1_x86_64"): {"x86_64", "GNU"},
    (GNU, "linux_x86_64_v3"): {"x86_64", "GNU"},
    (GNU, "linux_i686"): set(),
    (GNU, "linux_aarch64"): set(),
    (GNU, "macosx_11_0_arm64"): set(),
    (GNU, "win_amd64"): set(),
    (GNU, "freebsd_14_1_release_amd64"): set(),
    (GNU, "any"): {"x86_64", "GNU"},
    (GNU, "something_else"): {"x86_64", "GNU"},
    ("x86_64-unknown-linux-musl", "musllinux_1_2_x86_64"): {"x86_64", "GNU"},
    ("i686-unknown-linux-gnu", "linux_i686"): {"x86"},
    ("i686-unknown-linux-gnu", "manylinux2014_i686"): {"x86"},
    ("i686-unknown-linux-gnu", "linux_x86_64"): set(),
    ("x86_64-unknown-linux-gnux32", "linux_x86_64"): {"x32"},
    ("aarch64-unknown-linux-gnu", "manylinux_2_17_aarch64"): {"aarch64"},
    ("aarch64-unknown-linux-gnu", "linux_x86_64"): set(),
    ("armv7-unknown-linux-gnueabihf", "manylinux_2_17_armv7l"): {"arm", "hard arm"},
    ("armv7-unknown-linux-gnueabi", "linux_armv7l"): {"arm", "soft arm"},
    ("arm-unknown-linux-musleabihf", "linux_armv6l"): {"arm", "hard arm"},
    ("armv5te-unknown-linux-gnueabi", "linux_armv5tel"): {"arm", "soft arm"},
    ("riscv64gc-unknown-linux-gnu", "manylinux_2_31_riscv64"): {"riscv64"},
    ("loongarch64-unknown-linux-gnu", "linux_loongarch64"): {"loongarch64"},
    ("powerpc64le-unknown-linux-gnu", "linux_ppc64le"): {"powerpc64le"},
    ("powerpc64-unknown-linux-gnu", "linux_ppc64"): {"powerpc64"},
    ("powerpc64-unknown-linux-gnu", "linux_ppc64le"): set(),
    ("s390x-unknown-linux-gnu", "manylinux_2_17_s390x"): {"s390x"},
    ("mipsel-unknown-linux-gnu", "linux_mips"): {"mipsel"},
    ("x86_64-unknown-freebsd", "freebsd_14_1_release_amd64"): {"x86_64", "freebsd"},
    ("x86_64-unknown-freebsd", "linux_x86_64"): set(),
    ("armv7-unknown-freebsd", "freebsd_14_1_release_arm"): {"arm", "hard arm", "soft arm"},
    ("x86_64-unknown-illumos", "solaris_2_11_i86pc_64bit"): {"x86_64"},
    ("aarch64-linux-android", "android_24_arm64_v8a"): {"aarch64"},
    ("armv7-linux-androideabi", "android_24_armeabi_v7a"): {"arm", "soft arm"},
    ("aarch64-linux-android", "android_24_x86_64"): set(),
    ("x86_64-pc-windows-msvc", "win_amd64"): {"dll"},
    ("i686-pc-windows-gnu", "win32"): {"dll x86"},
    ("aarch64-pc-windows-msvc", "win_arm64"): {"dll arm64"},
    ("aarch64-pc-windows-msvc", "win_amd64"): set(),
    ("x86_64-pc-windows-msvc", "win32"): set(),
    ("x86_64-pc-windows-gnu", "mingw_x86_64_ucrt_gnu"): {"dll"},
    ("x86_64-pc-cygwin", "cygwin_3_4_10_x86_64"): {"dll"},
    ("x86_64-apple-darwin", "macosx_10_12_x86_64"): {"mac"},
    ("aarch64-apple-darwin", "macosx_11_0_arm64"): {"mac arm64"},
    ("x86_64-apple-darwin", "macosx_11_0_arm64"): set(),
    ("aarch64-apple-darwin", "macosx_11_0_universal2"): set(),
    ("universal2-apple-darwin", "macosx_10_12_universal2"): {"mac both"},
    ("universal2-apple-darwin", "macosx_11_0_arm64"): {"mac both"},
    ("aarch64-apple-ios", "ios_13_0_arm64_iphoneos"): {"ios"},
    ("aarch64-apple-ios-sim", "ios_13_0_arm64_iphonesimulator"): {"ios", "ios simulator"},
    ("wasm32-unknown-emscripten", "pyemscripten_2026_0_wasm32"): {"wasm"},
    ("wasm32-unknown-emscripten", "emscripten_3_1_58_wasm32"): {"wasm"},
    ("wasm32-wasip1", "any"): {"wasm"},
    ("powerpc64-ibm-aix", "aix_7204_1806_64"): {"aix"},
}


@pytest.mark.parametrize(("triple", "platform"), FITS, ids=[f"{triple} {tag}" for triple, tag in FITS])
@pytest.mark.parametrize("python", ["cp311-cp311", "cp38-abi3", "py3-none"])
def test_a_tag_is_for_files_of_its_own_system_and_processor_alone(triple: str, platform: str, python: str) -> None:
    tag = WheelTag.parse(f"{python}-{platform}")
    fitting = set()
    for name, one in FILES.items():
        try:
            check_tag({"it": one}, tag, parse(triple))
        except AuditError:
            continue
        fitting.add(name)
    assert fitting == FITS[triple, platform]


def test_each_platform_of_a_tag_and_each_file_of_a_wheel_counts() -> None:
    target = parse("universal2-apple-darwin")
    tag = WheelTag.parse("py3-none-macosx_10_12_universal2.macosx_10_12_x86_64.macosx_11_0_arm64")
    check_tag({"one": BOTH, "two": BOTH}, tag, target)
    with pytest.raises(AuditError, match=r"^two is a Mach-O file for aarch64 "):
        check_tag({"one": BOTH, "two": MAC["aarch64"]}, tag, target)


def test_the_c_library_is_for_the_policies_to_judge() -> None:
    """Who skips those gets the tag that was asked for, with a warning."""
    check_tag({"it": file(needed=("libc.so.6",))}, WheelTag.parse("py3-none-musllinux_1_2_x86_64"), parse(GNU))


def test_the_message_names_the_file_and_what_is_promised() -> None:
    with pytest.raises(AuditError) as caught:
        check_tag({"libx.so": ELF}, WheelTag.parse("cp311-cp311-linux_i686"), parse(GNU))
    assert caught.value.message == (
        "libx.so is an ELF file for x86_64 (64 bits), which is not what the tag linux_i686 says"
    )
    with pytest.raises(AuditError) as caught:
        check_machine(FILES["freebsd"], parse(GNU), "libx.so")
    assert caught.value.message == (
        "libx.so is an ELF file for freebsd x86_64 (64 bits), which is not what x86_64-unknown-linux-gnu says"
    )


# -- what the readers say of the kind


def elf_header(machine: int, flags: int, *, bits: int = 32, system: int = 0) -> bytes:
    layout = "<HHIIIIIHHHHHH" if bits == 32 else "<HHIQQQIHHHHHH"
    ident = b"\x7fELF" + bytes([bits // 32, 1, 1, system]) + bytes(8)
    return ident + struct.pack(layout, 3, machine, 1, 0, 0, 0, flags, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("data", "facts"),
    [
        (elf_header(40, 0x5000400), ("arm", "hard", None)),
        (elf_header(40, 0x5000200), ("arm", "soft", None)),
        (elf_header(40, 0x5000000), ("arm", None, None)),
        (elf_header(243, 0x5, bits=64), ("riscv64", "double", None)),
        (elf_header(243, 0x1, bits=64), ("riscv64", "soft", None)),
        (elf_header(243, 0x3, bits=64), ("riscv64", "single", None)),
        (elf_header(258, 0x43, bits=64), ("loongarch64", "double", None)),
        (elf_header(258, 0x41, bits=64), ("loongarch64", "soft", None)),
        (elf_header(62, 0, bits=64, system=9), ("x86_64", None, "freebsd")),
        (elf_header(62, 0, bits=64, system=3), ("x86_64", None, "linux")),
        (elf_header(62, 0, bits=32), ("x86_64", None, None)),
        (b"\0asm\1\0\0\0", ("wasm32", None, None)),
        (b"\x01\xf7" + bytes(100), ("powerpc64", None, None)),
    ],
)
def test_a_header_says_processor_floats_and_system(data: bytes, facts: tuple[str, str | None, str | None]) -> None:
    found = binary.parse(data)
    assert (found.arch, found.float_abi, found.system) == facts


@pytest.mark.parametrize(
    ("command", "system"),
    [
        (struct.pack("<6I", 0x32, 24, 1, 11 << 16, 0, 0), "macos"),
        (struct.pack("<6I", 0x32, 24, 2, 11 << 16, 0, 0), "ios"),
        (struct.pack("<6I", 0x32, 24, 7, 11 << 16, 0, 0), "ios-simulator"),
        (struct.pack("<6I", 0x32, 24, 99, 11 << 16, 0, 0), "platform 99"),
        (struct.pack("<4I", 0x24, 16, 11 << 16, 0), "macos"),
        (struct.pack("<4I", 0x25, 16, 11 << 16, 0), "ios"),
        (b"", None),
    ],
)
def test_a_load_command_says_the_system_of_apple(command: bytes, system: str | None) -> None:
    header = struct.pack("<8I", 0xFEEDFACF, 0x0100000C, 0, 6, 1 if command else 0, len(command), 0, 0)
    found = binary.parse(header + command)
    assert (found.system, found.minimum_os) == (system, (11, 0) if command else None)


# -- Python


def module(*symbols: str, needed: tuple[str, ...] = (), form: str = "elf", weak: tuple[str, ...] = ()) -> Binary:
    found = file(form, "x86_64", 64, *symbols, needed=needed)
    return replace(found, undefined=(*found.undefined, *(Symbol(name=name, weak=True) for name in weak)))


TARGETS = {"elf": (GNU, "linux_x86_64"), "pe": ("x86_64-pc-windows-msvc", "win_amd64")}
TARGETS["macho"] = ("x86_64-apple-darwin", "macosx_10_12_x86_64")


def refusal(found: Binary, python: str, module_file: str | None = None) -> str | None:
    """Return why a file is not what the tag says, or None."""
    triple, platform = TARGETS[found.format]
    try:
        check_tag({"it": found}, WheelTag.parse(f"{python}-{platform}"), parse(triple), module_file=module_file)
    except AuditError as error:
        return error.message.removesuffix(f", which does not fit the tag {python}-{platform}")
    return None


ABI3 = "uses symbols outside of the stable ABI"
PYTHONS = [
    (module("PyModule_Create2", "malloc"), "cp38-abi3", None),
    (module("PyModule_Create2"), "cp311-cp311", None),
    (module("PyCode_New"), "cp311-cp311", None),
    (module("PyCode_New", "PyModule_Create2"), "cp38-abi3", f"it {ABI3} (PyCode_New)"),
    (module(weak=("PyCode_New",)), "cp38-abi3", None),
    (module("_PyCode_New", form="macho"), "cp38-abi3", f"it {ABI3} (PyCode_New)"),
    (module("_Py_NoneStruct"), "cp38-abi3", None),
    (module("__Py_NoneStruct", form="macho"), "cp38-abi3", None),
    (module("PyType_GetName"), "cp310-abi3", "it uses the stable ABI of Python 3.11 (PyType_GetName)"),
    (module("PyType_GetName"), "cp311-abi3", None),
    (module("PyCode_New"), "cp315-abi3.abi3t", f"it {ABI3} (PyCode_New)"),
    (module("PyFuture_New"), "cp399-abi3", None),
    (
        module(*(f"PyCode_New{at}" for at in range(9))),
        "cp38-abi3",
        f"it {ABI3} (PyCode_New0, PyCode_New1, PyCode_New2, PyCode_New3, PyCode_New4 and 4 more)",
    ),
    (module("PyCode_New"), "py3-none", None),
    (module("PyPyModule_Create2", "_PyPy_NoneStruct"), "pp39-pypy39_pp73", None),
    (
        module("PyModule_Create2"),
        "pp39-pypy39_pp73",
        "it is compiled for CPython (PyModule_Create2)",
    ),
    (module("PyPyModule_Create2", "PyFoo"), "cp39-cp39", "it is compiled for PyPy (PyPyModule_Create2)"),
    (module("PyPyModule_Create2"), "cp38-abi3", "it is compiled for PyPy (PyPyModule_Create2)"),
    (module("_PyPyModule_Create2", form="macho"), "cp39-cp39", "it is compiled for PyPy (PyPyModule_Create2)"),
    (module(), "pp39-pypy39_pp73", None),
    (module("PyModule_Create2"), "graalpy311-graalpy242_311_native", None),
    (module(form="pe", needed=("python311.dll",)), "cp311-cp311", None),
    (module(form="pe", needed=("python311.dll",)), "cp310-cp310", "it is linked to python311.dll"),
    (module(form="pe", needed=("PYTHON311.DLL",)), "cp38-abi3", "it is linked to PYTHON311.DLL"),
    (module(form="pe", needed=("python3.dll",)), "cp38-abi3", None),
    (module(form="pe", needed=("python3.dll",)), "cp311-cp311", None),
    (module(form="pe", needed=("python37.dll",)), "cp37-cp37m", None),
    (module(form="pe", needed=("python312_d.dll",)), "cp312-cp312d", None),
    (module(form="pe", needed=("python313t.dll",)), "cp313-cp313t", None),
    (module(form="pe", needed=("python313.dll",)), "cp313-cp313t", "it is linked to python313.dll"),
    (module(form="pe", needed=("python313t.dll",)), "cp313-cp313", "it is linked to python313t.dll"),
    (module(needed=("libpython3.11.so.1.0",)), "cp311-cp311", None),
    (module(needed=("libpython3.11.so.1.0",)), "cp310-cp310", "it is linked to libpython3.11.so.1.0"),
    (module(needed=("libpython3.so",)), "cp38-abi3", None),
    (module(needed=("libpython3.11.so.1.0",)), "cp38-abi3", None),
    (module(form="pe", needed=("python39_d.dll",)), "cp38-abi3", None),
    (module(needed=("libpython3.7m.so.1.0",)), "cp37-cp37m", None),
    (module(needed=("libpythonic.so", "python3-helper.so")), "cp310-cp310", None),
    (
        module(form="macho", needed=("/Library/Frameworks/Python.framework/Versions/3.11/Python",)),
        "cp310-cp310",
        "it is linked to /Library/Frameworks/Python.framework/Versions/3.11/Python",
    ),
    (module(form="macho", needed=("@rpath/libpython3.11.dylib",)), "cp311-cp311", None),
]


@pytest.mark.parametrize(("found", "python", "reason"), PYTHONS)
def test_a_module_is_for_the_python_of_its_tag(found: Binary, python: str, reason: str | None) -> None:
    assert refusal(found, python) == reason


def test_libraries_that_windows_loads_later_count() -> None:
    late = replace(module(form="pe"), delayed=("python311.dll",))
    assert refusal(late, "cp310-cp310") == "it is linked to python311.dll"


@pytest.mark.parametrize(
    ("module_file", "python", "reason"),
    [
        ("x.cpython-311-x86_64-linux-gnu.so", "cp311-cp311", None),
        ("x.cpython-311-x86_64-linux-musl.so", "cp311-cp311", None),
        ("x.cpython-37m-x86_64-linux-gnu.so", "cp37-cp37m", None),
        ("x.cpython-312d-x86_64-linux-gnu.so", "cp312-cp312d", None),
        ("x.cpython-314td-x86_64-linux-gnu.so", "cp314-cp314td", None),
        ("_d.cp312-win_amd64.pyd", "cp312-cp312d", None),
        ("x.cp37-win_amd64.pyd", "cp37-cp37m", None),
        ("x.cp313t-win_amd64.pyd", "cp313-cp313t", None),
        ("x.cpython-311.so", "cp311-cp311", None),
        ("x.cpython-311-darwin.so", "cp311-cp311", None),
        ("x.abi3.so", "cp38-abi3", None),
        ("x.abi3-x86_64-linux-gnu.so", "cp315-abi3", None),
        ("x.abi3t-x86_64-linux-gnu.so", "cp315-abi3.abi3t", None),
        ("x.abi3t.so", "cp315-abi3.abi3t", None),
        ("x.pyd", "cp38-abi3", None),
        ("cp310.so", "cp311-cp311", None),
        ("x.pypy39-pp73-x86_64-linux-gnu.so", "pp39-pypy39_pp73", None),
        (
            "x.cpython-311-x86_64-linux-gnu.so",
            "cp310-cp310",
            "x.cpython-311-x86_64-linux-gnu.so is called as a module for cp311 is",
        ),
        (
            "x.cpython-313t-x86_64-linux-gnu.so",
            "cp313-cp313",
            "x.cpython-313t-x86_64-linux-gnu.so is called as a module for cp313t is",
        ),
        ("x.cp311-win_amd64.pyd", "cp310-cp310", "x.cp311-win_amd64.pyd is called as a module for cp311 is"),
        ("x.abi3.so", "cp311-cp311", "x.abi3.so is called as a module for the stable ABI is"),
        ("x.abi3t-darwin.so", "cp315-abi3", "x.abi3t-darwin.so is called as a module for the stable ABI is"),
        ("x.abi3t.so", "cp38-abi3", "x.abi3t.so is called as a module for the stable ABI is"),
        (
            "x.cpython-311-i386-linux-gnu.so",
            "cp311-cp311",
            "x.cpython-311-i386-linux-gnu.so is called as a module for i386-linux-gnu is, and is for x86_64",
        ),
        (
            "x.cp311-win_arm64.pyd",
            "cp311-cp311",
            "x.cp311-win_arm64.pyd is called as a module for win_arm64 is, and is for x86_64",
        ),
    ],
)
def test_a_module_is_called_as_python_looks_for_it(module_file: str, python: str, reason: str | None) -> None:
    assert refusal(ELF, python, module_file) == reason


def test_the_names_of_the_stable_abi() -> None:
    names = stable_abi.names()
    assert len(names) > 900
    assert {
        name: names[name] for name in ("Py_IncRef", "PyBytes_Type", "PyCMethod_New", "PyUnicode_AsUTF8AndSize")
    } == {
        "Py_IncRef": 2,
        "PyBytes_Type": 2,
        "PyCMethod_New": 9,
        "PyUnicode_AsUTF8AndSize": 10,
    }
    assert "PyUnicode_AsUTF8" not in names or names["PyUnicode_AsUTF8"] > 12


GOLDEN = Path(__file__).with_name("golden") / "identity.json"
MACHINES = (
    GNU, "aarch64-unknown-linux-gnu", "armv7-unknown-linux-gnueabihf", "armv7-unknown-linux-gnueabi",
    "armv7-linux-androideabi", "riscv64gc-unknown-linux-gnu", "loongarch64-unknown-linux-gnu",
    "loongarch64-unknown-linux-gnusf", "universal2-apple-darwin", "aarch64-apple-ios-sim", "x86_64-apple-ios",
    "x86_64-pc-windows-msvc", "sparcv9-sun-solaris",
)  # fmt: skip
FOR_PYTHON = (
    WheelTag(python=("cp312",), abi=("cp312",), platform=("linux_x86_64",)),
    WheelTag(python=("cp313",), abi=("cp313t",), platform=("linux_x86_64",)),
    WheelTag(python=("cp39",), abi=("abi3",), platform=("linux_x86_64",)),
    WheelTag(python=("cp315",), abi=("abi3t",), platform=("linux_x86_64",)),
    WheelTag(python=("pp311",), abi=("pypy311_pp73",), platform=("linux_x86_64",)),
)
MODULES = (
    "a.so", "a.abi3.so", "a.abi3t.so", "a.cpython-312-x86_64-linux-gnu.so", "a.cpython-312d-aarch64-linux-gnu.so",
    "a.cpython-313t-x86_64-linux-gnu.so", "a.cp312-win_arm64.pyd", "a.pypy311-pp73-linux.so", "a.b.so",
)  # fmt: skip
USES = {
    "nothing": file(),
    "one symbol": file("elf", "x86_64", 64, "PyList_New", "malloc"),
    "PyPy": file("elf", "x86_64", 64, "PyPyList_New", "PyPy_Malloc"),
    "many private ones": file("elf", "x86_64", 64, *(f"_Py_Private{number}" for number in range(9))),
    "new ones": file("elf", "x86_64", 64, "PyType_GetModuleByDef", "PyList_New", "PyType_GetName"),
    **{
        library: file(needed=(library,))
        for library in (
            "libpython3.12.so.1.0", "libpython3.13t.so.1.0", "libpython3.so", "python312.dll", "python39_d.dll",
            "python3.dll", "python313t.dll", "/Library/Frameworks/Python.framework/Versions/3.12/Python",
            "/Library/Frameworks/PythonT.framework/Versions/3.13/PythonT",
            "@rpath/Python3.framework/Versions/3.9/Python3",
        )
    },
    "a delayed library": file(delayed=("python311.dll",)),
}  # fmt: skip


def said(check: Any, *arguments: Any, **more: Any) -> str:
    """Return what the error says; an empty text without one."""
    try:
        check(*arguments, **more)
    except AuditError as error:
        return f"{error.message}; help: {error.hint}"
    return ""


def test_what_is_said_of_each_file_for_another_machine_or_python() -> None:
    machines = {
        f"{triple}, {name}": said(check_machine, one, parse(triple), name)
        for triple in MACHINES
        for name, one in FILES.items()
    }
    pythons = {
        f"{tag}, {name}": said(check_tag, {name: one}, tag, parse(GNU))
        for tag in FOR_PYTHON
        for name, one in USES.items()
    }
    modules = {
        f"{tag}, {name}": said(check_tag, {name: ELF}, tag, parse(GNU), module_file=name)
        for tag in FOR_PYTHON
        for name in MODULES
    }
    golden.check_json(GOLDEN, {**machines, **pythons, **modules})
