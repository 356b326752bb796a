"""What it takes to compile for a target."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cratewheel.errors import MissingToolError
from cratewheel.targets import toolchain
from cratewheel.targets.toolchain import Finding
from cratewheel.targets.triples import parse

HOST = next(
    line.removeprefix("host: ")
    for line in subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout.splitlines()
    if line.startswith("host: ")
)
FOREIGN = "s390x-unknown-linux-gnu"  # nobody has it installed


def linker(triple: str, folder: Path, host: str = "x86_64-unknown-linux-gnu", **environ: str) -> Finding:
    """Return what is found of the linker, on a machine with nothing but rustc."""
    variables = {"PATH": "/nowhere", "RUSTC": rustc(folder), "HOME": str(folder), **environ}
    found = toolchain.examine(parse(triple), host=host, environ=variables, cwd=folder, zig=False)
    (finding,) = [finding for finding in found.findings if finding.kind == "linker"]
    return finding


def rustc(folder: Path) -> str:
    """Return a compiler that says where its libraries would be, and what a target is: the far side."""
    program = folder / "rustc"
    cfg = 'unix\ntarget_arch=\\"aarch64\\"\ntarget_env=\\"gnu\\"\ntarget_os=\\"linux\\"'
    answer = f'case "$*" in *"--print cfg"*) echo "{cfg}";; *) echo {folder}/lib/rustlib/x/lib;; esac'
    program.write_text(f"#!/bin/sh\n{answer}\n", encoding="utf-8")
    program.chmod(0o755)
    return str(program)


def program(folder: Path, name: str) -> str:
    """Return a PATH with a program of this name."""
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path.parent)


def test_the_machine_s_own_target_has_all(tmp_path: Path) -> None:
    found = toolchain.examine(parse(HOST), host=HOST, environ=os.environ, cwd=tmp_path, zig=False)
    assert found.problems == ()
    toolchain.check(found)


def test_a_missing_standard_library_is_named_with_what_installs_it(tmp_path: Path) -> None:
    found = toolchain.examine(parse(FOREIGN), host=HOST, environ=os.environ, cwd=tmp_path, zig=True)
    with pytest.raises(MissingToolError) as caught:
        toolchain.check(found)
    assert caught.value.message == (
        f"this machine cannot build for {FOREIGN}: Rust's standard library for {FOREIGN} is not installed"
    )
    assert caught.value.hint in (
        f"rustup target add {FOREIGN}",
        "install it with your system's packages of Rust, or use rustup (https://rustup.rs)",
    )
    built = toolchain.examine(parse(FOREIGN), host=HOST, environ=os.environ, cwd=tmp_path, zig=True, build_std=True)
    assert built.problems == ()


def test_a_target_that_rustc_does_not_know(tmp_path: Path) -> None:
    found = toolchain.examine(parse("aarch64-nobody-linux-gnu"), host=HOST, environ=os.environ, cwd=tmp_path, zig=True)
    assert [problem.text for problem in found.problems] == [
        "rustc does not support the target aarch64-nobody-linux-gnu"
    ]


@pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")
@pytest.mark.parametrize(
    ("triple", "text", "hint"),
    [
        (
            "aarch64-unknown-linux-gnu",
            "no linker is configured for aarch64-unknown-linux-gnu",
            (
                "pass --zig, or install a cross compiler (Debian: apt-get install gcc-aarch64-linux-gnu) and set "
                "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc"
            ),
        ),
        (
            "aarch64-unknown-linux-musl",
            "no linker is configured for aarch64-unknown-linux-musl",
            "pass --zig, or set CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER to a compiler for musl",
        ),
        (
            "aarch64-apple-darwin",
            "no linker is configured for aarch64-apple-darwin, and this system has none",
            "pass --zig, or set CARGO_TARGET_AARCH64_APPLE_DARWIN_LINKER to a compiler with Apple's SDK",
        ),
        (
            "x86_64-pc-windows-gnu",
            "no linker for x86_64-pc-windows-gnu was found",
            "pass --zig, or install mingw-w64 (Debian: apt-get install gcc-mingw-w64-x86-64)",
        ),
        (
            "x86_64-pc-windows-msvc",
            "no linker was found for x86_64-pc-windows-msvc on this system",
            "pip install cargo-xwin, which downloads Microsoft's SDK, or build for x86_64-pc-windows-gnu with --zig",
        ),
    ],
)
def test_a_missing_linker_is_named_with_what_gets_one(tmp_path: Path, triple: str, text: str, hint: str) -> None:
    assert linker(triple, tmp_path) == Finding(kind="linker", ok=False, text=text, hint=hint)


@pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")
@pytest.mark.parametrize(
    ("triple", "there", "text"),
    [
        ("x86_64-pc-windows-gnu", "x86_64-w64-mingw32-gcc", "x86_64-w64-mingw32-gcc, rustc's default"),
        ("x86_64-pc-windows-msvc", "cargo-xwin", "cargo-xwin"),
        ("wasm32-unknown-emscripten", "emcc", "emcc"),
        ("x86_64-unknown-linux-musl", "cc", "cc, rustc's default"),
        ("i686-unknown-linux-gnu", "cc", "cc, rustc's default"),
    ],
)
def test_a_linker_that_is_there(tmp_path: Path, triple: str, there: str, text: str) -> None:
    assert linker(triple, tmp_path, PATH=program(tmp_path, there)) == Finding(kind="linker", ok=True, text=text)


@pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")
def test_an_installed_cross_compiler_still_has_to_be_named(tmp_path: Path) -> None:
    found = linker("aarch64-unknown-linux-gnu", tmp_path, PATH=program(tmp_path, "aarch64-linux-gnu-gcc"))
    assert found.hint == "set CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc, or pass --zig"


@pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")
def test_the_linker_that_cargo_is_told_of(tmp_path: Path) -> None:
    triple, variable = "aarch64-unknown-linux-gnu", "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER"
    path = program(tmp_path, "mine")
    assert linker(triple, tmp_path, PATH=path, **{variable: "mine"}).text == f"mine, by {variable}"
    given = (f'target.{triple}.linker = "mine"',)
    for variables in ({}, {variable: "absent"}):
        environ = {"PATH": f"{path}{os.pathsep}{os.environ['PATH']}", **variables}
        known = toolchain.examine(
            parse(triple), host=HOST, environ=environ, cwd=tmp_path, zig=False, build_std=True, config=given
        )
        assert [finding.text for finding in known.findings[1:]] == ["mine, by --config"]
    absent = linker(triple, tmp_path, **{variable: "absent"})
    assert (absent.ok, absent.text) == (False, f"the linker absent (set by {variable}) was not found")
    config = tmp_path / ".cargo" / "config.toml"
    config.parent.mkdir()
    config.write_text(f'[target.{triple}]\nlinker = "mine"\n', encoding="utf-8")
    project = tmp_path / "project"
    project.mkdir()
    (project / "rustc").symlink_to(tmp_path / "rustc")
    assert linker(triple, project, PATH=path).text == f"mine, by {config}"
    config.write_text("[target.'cfg(unix)']\nrustflags = [\"-Clinker=mine\"]\n", encoding="utf-8")
    assert linker(triple, project, PATH=path).text.startswith("the linker cc (set by rustflags in")
    assert linker(triple, project, PATH=program(tmp_path, "cc")).ok


CONDITIONS = {
    "cfg(unix)": True,
    "cfg(windows)": False,
    'cfg(target_os = "linux")': True,
    'cfg(target_os="macos")': False,
    'cfg(all(target_arch = "aarch64", target_env = "gnu",))': True,
    'cfg(all(target_arch = "x86_64", target_env = "gnu"))': False,
    'cfg(any(windows, target_os = "linux"))': True,
    "cfg(any())": False,
    "cfg(all())": True,
    "cfg(not(unix))": False,
    'cfg(not(any(target_os = "macos", windows)))': True,
    "cfg(true)": True,
    "cfg(false)": False,
    "cfg(unix": False,
    "cfg(unix) x": False,
    "cfg(unix windows)": False,
    "cfg()": False,
    "cfg(target_os = linux)": False,
    f"cfg({'not(' * 100}unix{')' * 100})": False,
}


@pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")
@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_linker_for_a_condition_counts_where_the_target_meets_it(condition: str, tmp_path: Path) -> None:
    config = tmp_path / ".cargo" / "config.toml"
    config.parent.mkdir()
    config.write_text(f"[target.'{condition}']\nlinker = \"mine\"\n", encoding="utf-8")
    found = linker("aarch64-unknown-linux-gnu", tmp_path, PATH=program(tmp_path, "mine"))
    expected = f"mine, by {config}" if CONDITIONS[condition] else "no linker is configured for"
    assert found.text.startswith(expected)


@pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")
def test_a_linker_for_the_target_s_name_is_stronger_than_one_for_a_condition(tmp_path: Path) -> None:
    triple = "aarch64-unknown-linux-gnu"
    near, far = tmp_path / "a" / ".cargo" / "config.toml", tmp_path / ".cargo" / "config.toml"
    for path, text in (
        (near, "[target.'cfg(unix)']\nlinker = \"near\"\n"),
        (far, f'[target.{triple}]\nlinker = "far"\n'),
    ):
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    program(tmp_path, "near")
    assert linker(triple, tmp_path / "a", PATH=program(tmp_path, "far")).text == f"far, by {far}"


def test_flags_for_a_condition_hide_those_for_every_target_where_it_holds(tmp_path: Path) -> None:
    config = tmp_path / ".cargo" / "config.toml"
    config.parent.mkdir()
    config.write_text('[build]\nrustflags = ["-g"]\n[target.\'cfg(windows)\']\nrustflags = ["-O"]\n')
    environ = {**os.environ, "CARGO_HOME": str(tmp_path / "home")}
    found = [
        toolchain.build_rustflags(parse(triple), (), environ, tmp_path)
        for triple in ("x86_64-unknown-linux-gnu", "x86_64-pc-windows-gnu")
    ]
    assert found == [("-g",), ()]


@pytest.mark.parametrize(("asked", "kinds"), [(True, ["standard library", "linker"]), (False, ["standard library"])])
def test_on_windows_cargo_xwin_is_looked_for_when_asked_for(tmp_path: Path, asked: bool, kinds: list[str]) -> None:
    target = parse("x86_64-pc-windows-msvc")
    found = toolchain.examine(
        target, host=target.triple, environ=os.environ, cwd=tmp_path, zig=False, build_std=True, xwin=asked
    )
    assert [one.kind for one in found.findings] == kinds
