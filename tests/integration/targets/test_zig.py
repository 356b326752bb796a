"""What zig is told, and the programs by which cargo reaches it."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from cratewheel.audit import binary
from cratewheel.targets import zig
from cratewheel.targets.triples import parse
from cratewheel.targets.zig import ZigPlan
from situations import WINDOWS

WINDOWS_GNU = replace(WINDOWS, triple="x86_64-pc-windows-gnu")


# rustc's own words to the linker of each system, recorded
APPLE = "-arch arm64 -mmacosx-version-min=11.0.0 -liconv -undefined dynamic_lookup -o a.dylib"
MINGW = (
    "-Wl,/t/list.def -fno-use-linker-plugin -m64 -lgcc_eh -l:libpthread.a -lkernel32 -lmsvcrt -nodefaultlibs -o a.dll"
)


@pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")
@pytest.mark.parametrize(
    ("plan", "words", "told"),
    [
        (
            ZigPlan(target="aarch64-macos.11.0", triple="aarch64-apple-darwin", os="macos"),
            APPLE,
            "cc -target aarch64-macos.11.0 -liconv -undefined dynamic_lookup -o a.dylib -L{folder}/macos",
        ),
        (
            ZigPlan(target="x86_64-windows-gnu", triple="x86_64-pc-windows-gnu", os="windows"),
            MINGW,
            "cc -target x86_64-windows-gnu /t/list.def -lkernel32 -o a.dll -lunwind",
        ),
        (
            ZigPlan(target="x86_64-windows-gnu", triple="x86_64-pc-windows-gnu", os="windows"),
            "-c a.c -m64",
            "cc -target x86_64-windows-gnu -c a.c",
        ),
        (
            ZigPlan(target="x86_64-linux-gnu.2.17", triple="x86_64-unknown-linux-gnu"),
            "-shared -u __llvm_profile_runtime -o a.so",
            "cc -target x86_64-linux-gnu.2.17 -shared -Wl,-u,__llvm_profile_runtime -o a.so",
        ),
    ],
)
def test_the_linker_gets_words_that_zig_understands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plan: ZigPlan, words: str, told: str
) -> None:
    program = tmp_path / "zig"
    program.write_text('#!/bin/sh\necho "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(zig, "find", lambda _: (str(program),))
    chosen = dict(zig.environment(plan, tmp_path / "programs", {}))
    linker = str(chosen[f"CARGO_TARGET_{plan.triple.upper().replace('-', '_')}_LINKER"])
    said = subprocess.run([linker, *words.split()], capture_output=True, text=True, check=True).stdout
    assert said == told.format(folder=tmp_path / "programs") + "\n"


@pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")
@pytest.mark.parametrize(
    ("triple", "policy", "read"),
    [
        pytest.param("aarch64-unknown-linux-gnu", "manylinux_2_17", ("elf", "aarch64"), marks=pytest.mark.long),
        ("x86_64-unknown-linux-musl", "musllinux_1_2", ("elf", "x86_64")),
        ("aarch64-apple-darwin", "", ("macho", "aarch64")),
        # zig compiles all of mingw-w64, for a minute
        pytest.param("x86_64-pc-windows-gnu", "", ("pe", "x86_64"), marks=pytest.mark.long),
    ],
)
def test_a_library_of_c_is_linked_for_each_system(
    tmp_path: Path, triple: str, policy: str, read: tuple[str, str]
) -> None:
    source = tmp_path / "a.c"
    source.write_text("int answer(void) { return 42; }\n", encoding="utf-8")
    plan = zig.plan_zig(parse(triple), policy, macos=(11, 0))
    linker = str(dict(zig.environment(plan, tmp_path / "zig", {}))[f"CC_{triple.replace('-', '_')}"])
    out = tmp_path / triple
    more = ["-liconv"] if "apple" in triple else []
    subprocess.run([linker, "-shared", "-O1", "-o", out, source, *more], check=True)
    found = binary.read(out)
    assert (found.format, found.arch) == read
    assert "answer" in {name.lstrip("_") for name in found.exported}


@pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")
def test_the_compiler_is_told_the_target_once_and_the_words_stay_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "with space" / "zig"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nprintf '<%s>' \"$@\"\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(zig, "find", lambda _: (str(program),))
    plan = ZigPlan(target="x86_64-linux-gnu.2.17", triple="x86_64-unknown-linux-gnu")
    chosen = dict(zig.environment(plan, tmp_path / "zig", {"AR_x86_64_unknown_linux_gnu": "mine"}))
    assert sorted(chosen) == [
        "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER",
        "CC_x86_64_unknown_linux_gnu",
        "CMAKE_TOOLCHAIN_FILE_x86_64_unknown_linux_gnu",
        "CXX_x86_64_unknown_linux_gnu",
        "RANLIB_x86_64_unknown_linux_gnu",
        "ZIG_COMMAND",
    ]
    words = ["--target=x86_64-unknown-linux-gnu", "-m64", "-o", "a b", '-DX="1"', ""]
    compiler = str(chosen["CC_x86_64_unknown_linux_gnu"])
    said = subprocess.run([compiler, *words], capture_output=True, text=True, check=True).stdout
    assert said == '<cc><-target><x86_64-linux-gnu.2.17><-o><a b><-DX="1"><>'
    archiver = str(chosen["RANLIB_x86_64_unknown_linux_gnu"])
    assert subprocess.run([archiver, "x.a"], capture_output=True, text=True, check=True).stdout == "<ranlib><x.a>"


@pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")
def test_build_scripts_of_this_machine_keep_their_linker(tmp_path: Path) -> None:
    plan = ZigPlan(target="x86_64-linux-gnu.2.17", triple="x86_64-unknown-linux-gnu")
    environ = {"PATH": os.environ["PATH"]}
    variable = "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER"
    linker = str(tmp_path / plan.target / "cc")
    assert variable not in dict(zig.environment(plan, tmp_path, environ, native=True))
    assert zig.linker_args(plan, tmp_path, environ) == ("-C", f"linker={linker}")

    assert dict(zig.environment(plan, tmp_path, environ))[variable] == linker
    assert dict(zig.environment(plan, tmp_path, {"PATH": ""}, native=True))[variable] == linker
    assert zig.linker_args(plan, tmp_path, {"PATH": ""}) == ()
    assert zig.linker_args(plan, tmp_path, {**environ, variable: "mine"}) == ()


@pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")
def test_bindgen_and_cmake_are_told_of_zig(tmp_path: Path) -> None:
    plan = ZigPlan(target="aarch64-linux-gnu.2.17", triple="aarch64-unknown-linux-gnu")
    chosen = dict(zig.environment(plan, tmp_path, {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}))
    words = shlex.split(str(chosen["BINDGEN_EXTRA_CLANG_ARGS_aarch64_unknown_linux_gnu"]))
    library = Path(zig.find({})[0]).parent / "lib"
    macros = [word for word in words if word.startswith("-D_LIBCPP_")]
    assert "-D_LIBCPP_ABI_NAMESPACE=__1" in macros
    assert words == [
        "-nostdlibinc",
        *("-stdlib++-isystem", str(library / "libcxx/include")),
        *("-stdlib++-isystem", str(library / "libcxxabi/include")),
        *("-idirafter", str(library / "libc/include/aarch64-linux-gnu")),
        *("-idirafter", str(library / "libc/include/generic-glibc")),
        *("-idirafter", str(library / "libc/include/aarch64-linux-any")),
        *("-idirafter", str(library / "libc/include/any-linux-any")),
        *("-idirafter", str(library / "include")),
        "-D__GLIBC_MINOR__=17",
        *macros,
    ]
    programs = tmp_path / plan.target
    toolchain = Path(str(chosen["CMAKE_TOOLCHAIN_FILE_aarch64_unknown_linux_gnu"]))
    assert toolchain.read_text(encoding="utf-8").splitlines() == [
        "set(CMAKE_SYSTEM_NAME Linux)",
        "set(CMAKE_SYSTEM_PROCESSOR aarch64)",
        f'set(CMAKE_C_COMPILER "{programs}/cc")',
        f'set(CMAKE_CXX_COMPILER "{programs}/c++")',
        f'set(CMAKE_AR "{programs}/ar")',
        f'set(CMAKE_RANLIB "{programs}/ranlib")',
        "# zig's linker does not write the list of its inputs",
        "set(CMAKE_C_LINKER_DEPFILE_SUPPORTED FALSE)",
        "set(CMAKE_CXX_LINKER_DEPFILE_SUPPORTED FALSE)",
    ]
    assert chosen["ZIG_COMMAND"] == zig.find({})[0]
