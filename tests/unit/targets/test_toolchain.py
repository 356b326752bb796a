"""What it takes to compile for a target, as files, variables and the configuration say it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cratewheel.errors import MissingToolError
from cratewheel.system.command import Completed
from cratewheel.targets import toolchain
from cratewheel.targets.toolchain import Finding, Toolchain
from cratewheel.targets.triples import parse
from system_paths import native

FOREIGN = "s390x-unknown-linux-gnu"


def test_several_problems_are_told_at_once() -> None:
    found = Toolchain(
        target=parse(FOREIGN),
        findings=(
            Finding(kind="a", ok=False, text="no a", hint="get a"),
            Finding(kind="b", ok=False, text="no b", hint="get b"),
        ),
    )
    with pytest.raises(MissingToolError) as caught:
        toolchain.check(found)
    assert caught.value.message == f"this machine cannot build for {FOREIGN}: no a"
    assert (caught.value.hint, caught.value.notes) == ("get a", ("no b: get b",))


def test_the_flags_that_the_configuration_has_for_every_target(tmp_path: Path) -> None:
    triple = "x86_64-unknown-linux-musl"
    home, project = tmp_path / "home", tmp_path / "work" / "project"
    for folder in (home, project / ".cargo", tmp_path / "work" / ".cargo"):
        folder.mkdir(parents=True)
    (home / "config.toml").write_text('[build]\nrustflags = ["--cfg", "home"]\n', encoding="utf-8")
    (tmp_path / "work" / ".cargo" / "config.toml").write_text('[build]\nrustflags = ["-g", "-O"]\n', encoding="utf-8")
    nearest = project / ".cargo" / "config.toml"
    nearest.write_text('[build]\nrustflags = ["--cfg", "near"]\n', encoding="utf-8")
    environ = {"CARGO_HOME": str(home)}
    flags = toolchain.build_rustflags(parse(triple), (), environ, project)
    assert flags == ("--cfg", "home", "-g", "-O", "--cfg", "near")
    environ["CARGO_BUILD_RUSTFLAGS"] = "--cfg variable"
    flags = toolchain.build_rustflags(parse(triple), ('build.rustflags=["-Cx"]',), environ, project)
    assert flags == ("--cfg", "home", "-g", "-O", "--cfg", "near", "--cfg", "variable", "-Cx")
    nearest.write_text(f'[target.{triple}]\nrustflags = ["-g"]\n', encoding="utf-8")
    assert toolchain.build_rustflags(parse(triple), (), environ, project) == ()
    nearest.unlink()
    hidden = (f'target.{triple}.rustflags=["-g"]',)
    assert toolchain.build_rustflags(parse(triple), hidden, environ, project) == ()


def installed(folder: Path, *programs: str) -> dict[str, str]:
    """Return variables with a PATH on which there are these programs and nothing else."""
    place = folder / "bin"
    place.mkdir()
    for name in programs:
        (place / name).write_text("#!/bin/sh\n", encoding="utf-8")
        (place / name).chmod(0o755)
    return {"PATH": str(place), "CARGO_HOME": str(folder / "home")}


INTEL, OTHER = "x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"


@pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")
@pytest.mark.parametrize(
    ("triple", "host", "programs", "ok", "text", "hint"),
    [
        ("x86_64-unknown-linux-musl", INTEL, (), True, "cc, rustc's default", None),
        ("i686-unknown-linux-gnu", INTEL, (), True, "cc, rustc's default", None),
        (
            INTEL,
            "i686-unknown-linux-gnu",
            (),
            False,
            f"no linker is configured for {INTEL}",
            (
                "pass --zig, or install a cross compiler (Debian: apt-get install gcc-x86-64-linux-gnu) and set "
                "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER=x86_64-linux-gnu-gcc"
            ),
        ),
        (
            OTHER,
            INTEL,
            ("cc",),
            False,
            f"no linker is configured for {OTHER}",
            (
                "pass --zig, or install a cross compiler (Debian: apt-get install gcc-aarch64-linux-gnu) and set "
                "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc"
            ),
        ),
        (
            OTHER,
            INTEL,
            ("aarch64-linux-gnu-gcc",),
            False,
            f"no linker is configured for {OTHER}",
            "set CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc, or pass --zig",
        ),
        (
            OTHER,
            "x86_64-pc-windows-msvc",
            ("aarch64-linux-gnu-gcc",),
            False,
            f"no linker is configured for {OTHER}",
            "set CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc",
        ),
        (
            "aarch64-apple-darwin",
            "x86_64-pc-windows-msvc",
            (),
            False,
            "no linker is configured for aarch64-apple-darwin, and this system has none",
            "set CARGO_TARGET_AARCH64_APPLE_DARWIN_LINKER to a compiler with Apple's SDK",
        ),
        (
            "aarch64-unknown-linux-musl",
            INTEL,
            (),
            False,
            "no linker is configured for aarch64-unknown-linux-musl",
            "pass --zig, or set CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER to a compiler for musl",
        ),
        ("aarch64-apple-darwin", "x86_64-apple-darwin", (), True, "cc, of Xcode's command line tools", None),
        ("aarch64-apple-ios", "x86_64-apple-darwin", (), True, "cc, of Xcode's command line tools", None),
        (
            "aarch64-apple-darwin",
            INTEL,
            (),
            False,
            "no linker is configured for aarch64-apple-darwin, and this system has none",
            "pass --zig, or set CARGO_TARGET_AARCH64_APPLE_DARWIN_LINKER to a compiler with Apple's SDK",
        ),
        (
            "aarch64-apple-ios",
            INTEL,
            (),
            False,
            "no linker is configured for aarch64-apple-ios, and this system has none",
            "set CARGO_TARGET_AARCH64_APPLE_IOS_LINKER to a compiler with Apple's SDK",
        ),
        (
            "x86_64-pc-windows-gnu",
            INTEL,
            ("x86_64-w64-mingw32-gcc",),
            True,
            "x86_64-w64-mingw32-gcc, rustc's default",
            None,
        ),
        (
            "x86_64-pc-windows-gnu",
            INTEL,
            ("i686-w64-mingw32-gcc",),
            False,
            "no linker for x86_64-pc-windows-gnu was found",
            "pass --zig, or install mingw-w64 (Debian: apt-get install gcc-mingw-w64-x86-64)",
        ),
        (
            "i686-pc-windows-gnu",
            INTEL,
            ("i686-w64-mingw32-gcc",),
            True,
            "i686-w64-mingw32-gcc, rustc's default",
            None,
        ),
        (
            "i686-pc-windows-gnu",
            INTEL,
            (),
            False,
            "no linker for i686-pc-windows-gnu was found",
            "pass --zig, or install mingw-w64 (Debian: apt-get install gcc-mingw-w64-i686)",
        ),
        ("x86_64-pc-windows-msvc", INTEL, ("cargo-xwin",), True, "cargo-xwin", None),
        (
            "x86_64-pc-windows-msvc",
            INTEL,
            (),
            False,
            "no linker was found for x86_64-pc-windows-msvc on this system",
            "pip install cargo-xwin, which downloads Microsoft's SDK, or build for x86_64-pc-windows-gnu with --zig",
        ),
        ("wasm32-unknown-emscripten", INTEL, ("emcc",), True, "emcc", None),
        (
            "wasm32-unknown-emscripten",
            INTEL,
            (),
            False,
            "emcc, the linker for Emscripten, was not found",
            "install the Emscripten SDK (https://emscripten.org/docs/getting_started/downloads.html)",
        ),
        ("x86_64-unknown-freebsd", INTEL, (), True, "rustc's default", None),
    ],
)
def test_the_linker_of_a_target_is_there_or_named_with_what_gets_one(
    tmp_path: Path, triple: str, host: str, programs: tuple[str, ...], ok: bool, text: str, hint: str | None
) -> None:
    environ = installed(tmp_path, *programs)
    found = toolchain._linker(parse(triple), host, (), environ, tmp_path, xwin=True)
    assert found == Finding(kind="linker", ok=ok, text=text, hint=hint)


def test_without_cargo_xwin_windows_has_a_linker_of_its_own(tmp_path: Path) -> None:
    target = parse("aarch64-pc-windows-msvc")
    found = toolchain._linker(target, "x86_64-pc-windows-msvc", (), installed(tmp_path), tmp_path, xwin=False)
    assert found == Finding(kind="linker", ok=True, text="link.exe, of Visual Studio")


VARIABLE = "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER"


@pytest.mark.parametrize(
    ("config", "environ", "file", "expected"),
    [
        ((), {}, "", None),
        ((), {VARIABLE: "mine"}, "", ("mine", VARIABLE)),
        ((), {VARIABLE: ""}, "", None),
        ((f'target.{OTHER}.linker = "mine"',), {VARIABLE: "other"}, "", ("mine", "--config")),
        ((), {VARIABLE: "mine"}, f'[target.{OTHER}]\nlinker = "other"\n', ("mine", VARIABLE)),
        ((), {}, f'[target.{OTHER}]\nlinker = "other"\n', ("other", "{file}")),
        ((), {}, f'[target.{OTHER}]\nlinker = "bin/other"\n', (native("{folder}/bin/other"), "{file}")),
        ((), {}, f'[target.{INTEL}]\nlinker = "other"\n', None),
        ((), {}, f'[target.{OTHER}]\nrustflags = ["-Clinker=x"]\n', ("cc", "rustflags in {file}")),
        ((), {}, f'[target.{OTHER}]\nrustflags = ["-g"]\n', None),
        ((), {"RUSTFLAGS": "-C linker=x"}, "", ("cc", "the flags for rustc")),
        ((), {"CARGO_ENCODED_RUSTFLAGS": "-Clinker=x"}, "", ("cc", "the flags for rustc")),
        ((), {f"{VARIABLE[:-6]}RUSTFLAGS": "-Clinker=x"}, "", ("cc", "the flags for rustc")),
        ((), {"RUSTFLAGS": "-g"}, "", None),
    ],
)
def test_the_linker_is_the_one_of_the_strongest_setting(
    tmp_path: Path, config: tuple[str, ...], environ: dict[str, str], file: str, expected: tuple[str, str] | None
) -> None:
    path = tmp_path / ".cargo" / "config.toml"
    if file:
        path.parent.mkdir()
        path.write_text(file, encoding="utf-8")
    found = toolchain.chosen_linker(parse(OTHER), config, {"CARGO_HOME": str(tmp_path / "home"), **environ}, tmp_path)
    places = {"file": str(path), "folder": str(tmp_path)}
    assert found == (None if expected is None else tuple(word.format(**places) for word in expected))


@pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")
def test_a_configured_linker_has_to_be_there(tmp_path: Path) -> None:
    environ = {**installed(tmp_path, "mine"), VARIABLE: "mine"}
    assert toolchain._linker(parse(OTHER), INTEL, (), environ, tmp_path, xwin=False) == Finding(
        kind="linker", ok=True, text=f"mine, by {VARIABLE}"
    )
    by_path = {**environ, VARIABLE: str(tmp_path / "bin" / "mine"), "PATH": ""}
    assert toolchain._linker(parse(OTHER), INTEL, (), by_path, tmp_path, xwin=False).ok
    environ[VARIABLE] = "absent"
    assert toolchain._linker(parse(OTHER), INTEL, (), environ, tmp_path, xwin=False) == Finding(
        kind="linker",
        ok=False,
        text=f"the linker absent (set by {VARIABLE}) was not found",
        hint="install it, or correct the name",
    )


@pytest.mark.parametrize(
    ("environ", "file", "expected"),
    [
        ({}, "", []),
        ({}, '[build]\nrustflags = "-g  -O"\n', [(("-g", "-O"), "{file}")]),
        ({}, f'[build]\nrustflags = ["-g"]\n[target.{OTHER}]\nrustflags = ["a b"]\n', [(("a b",), "{file}")]),
        (
            {f"{VARIABLE[:-6]}RUSTFLAGS": "-C x"},
            f'[target.{OTHER}]\nrustflags = ["-O"]\n',
            [(("-O",), "{file}"), (("-C", "x"), f"{VARIABLE[:-6]}RUSTFLAGS")],
        ),
        (
            {f"{VARIABLE[:-6]}RUSTFLAGS": "-C x"},
            '[build]\nrustflags = ["-O"]\n',
            [(("-C", "x"), f"{VARIABLE[:-6]}RUSTFLAGS")],
        ),
    ],
)
def test_flags_for_the_target_hide_those_for_all(
    tmp_path: Path, environ: dict[str, str], file: str, expected: list[tuple[tuple[str, ...], str]]
) -> None:
    path = tmp_path / ".cargo" / "config.toml"
    path.parent.mkdir()
    path.write_text(file, encoding="utf-8")
    found = toolchain.rustflags(parse(OTHER), (), {"CARGO_HOME": str(tmp_path / "home"), **environ}, tmp_path)
    assert [(one.value, one.origin) for one in found] == [
        (words, origin.format(file=path)) for words, origin in expected
    ]


@pytest.mark.parametrize(
    ("library", "place", "environ", "expected"),
    [
        ("libcore-12.rlib", "lib", {}, None),
        ("libcore-12.rmeta", "lib", {}, None),
        (
            "libcore-12.so",
            "lib",
            {},
            "install it with your system's packages of Rust, or use rustup (https://rustup.rs)",
        ),
        ("libstd-12.rlib", ".rustup/toolchains/x/lib", {}, f"rustup target add {OTHER}"),
        ("", "toolchains/1.80-x86/lib/rustlib/x/lib", {}, f"rustup target add {OTHER}"),
        (
            "",
            "toolchains/1.80-x86/lib/rustlib/x/lib",
            {"RUSTUP_TOOLCHAIN": "1.80"},
            f"rustup target add {OTHER} --toolchain 1.80-x86",
        ),
        ("", "toolchains/mine/lib/rustlib/x/lib", {"RUSTUP_TOOLCHAIN": "mine"}, f"rustup target add {OTHER}"),
    ],
)
def test_the_standard_library_is_there_or_named_with_what_installs_it(
    tmp_path: Path, library: str, place: str, environ: dict[str, str], expected: str | None
) -> None:
    folder = tmp_path / place
    folder.mkdir(parents=True)
    if library:
        (folder / library).touch()
    found = toolchain.find_standard_library(parse(OTHER), folder, {"PATH": "", **environ})
    if expected is None:
        assert found == Finding(kind="standard library", ok=True, text=f"in {folder}")
        return
    assert found == Finding(
        kind="standard library",
        ok=False,
        text=f"Rust's standard library for {OTHER} is not installed",
        hint=expected,
    )


@pytest.mark.parametrize(
    ("triple", "host", "asked", "expected"),
    [
        ("x86_64-pc-windows-msvc", INTEL, False, True),
        ("x86_64-pc-windows-msvc", INTEL, True, True),
        ("x86_64-pc-windows-msvc", "aarch64-pc-windows-msvc", False, False),
        ("x86_64-pc-windows-msvc", "aarch64-pc-windows-msvc", True, True),
        ("x86_64-pc-windows-gnu", INTEL, True, False),
        (OTHER, INTEL, True, False),
    ],
)
def test_cargo_xwin_links_for_msvc_elsewhere_or_when_asked(triple: str, host: str, asked: bool, expected: bool) -> None:
    assert toolchain.needs_xwin(parse(triple), host, asked=asked) == expected


@pytest.mark.parametrize(
    ("triple", "platform", "found"),
    [
        (
            "x86_64-unknown-linux-gnu",
            "linux",
            Finding(
                kind="linker",
                ok=False,
                text="cc was not found; rustc links with it",
                hint="install it: `apt install gcc` (Debian, Ubuntu) or `dnf install gcc` (Fedora)",
            ),
        ),
        (
            "aarch64-apple-darwin",
            "darwin",
            Finding(
                kind="linker",
                ok=False,
                text="cc was not found; rustc links with it",
                hint="install it: `xcode-select --install`",
            ),
        ),
        (
            "x86_64-pc-windows-msvc",
            "win32",
            Finding(kind="linker", ok=True, text="that of Visual Studio's Build Tools, which rustc looks for"),
        ),
    ],
)
def test_the_linker_of_this_machine(tmp_path: Path, triple: str, platform: str, found: Finding) -> None:
    environ = {"PATH": str(tmp_path), "CARGO_HOME": str(tmp_path)}
    assert toolchain.find_host_linker(parse(triple), environ, tmp_path, platform=platform) == found


@pytest.mark.parametrize(
    ("status", "out", "err", "found"),
    [
        (
            0,
            "/Library/Developer/CommandLineTools/usr/bin/cc\n",
            "",
            Finding(
                kind="linker",
                ok=True,
                text=f"{Path('/usr/bin/cc')}, which is /Library/Developer/CommandLineTools/usr/bin/cc",
            ),
        ),
        (
            1,
            "",
            "xcrun: error: invalid active developer path (/Library/Developer/CommandLineTools), missing xcrun\n",
            Finding(
                kind="linker",
                ok=False,
                text=f"{Path('/usr/bin/cc')} does not work: xcrun: error: invalid active developer path "
                "(/Library/Developer/CommandLineTools), missing xcrun",
                hint="install it",
            ),
        ),
        (
            69,
            "",
            "\nYou have not agreed to the Xcode license agreements.\n",
            Finding(
                kind="linker",
                ok=False,
                text=f"{Path('/usr/bin/cc')} does not work: You have not agreed to the Xcode license agreements.",
                hint="agree to it: `sudo xcodebuild -license`",
            ),
        ),
        (
            1,
            "",
            "",
            Finding(
                kind="linker",
                ok=False,
                text=f"{Path('/usr/bin/cc')} does not work: xcrun ended with status 1",
                hint="install it",
            ),
        ),
    ],
    ids=["tools", "no tools", "licence", "silent"],
)
def test_the_cc_of_macos_is_only_as_good_as_what_is_behind_it(status: int, out: str, err: str, found: Finding) -> None:
    answer = Completed(status=status, stdout=out, stderr=err)
    assert toolchain._behind_stub(Path("/usr/bin/cc"), answer, "install it") == found


def test_the_linker_of_the_configuration_counts_for_this_machine_too(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[target.x86_64-unknown-linux-gnu]\nlinker = "clang-99"\n', encoding="utf-8")
    environ = {"PATH": str(tmp_path), "CARGO_HOME": str(tmp_path)}
    found = toolchain.find_host_linker(parse("x86_64-unknown-linux-gnu"), environ, tmp_path, platform="linux")
    assert (found.ok, found.hint) == (False, "install it, or correct the name")
    assert found.text.startswith("the linker clang-99 (set by ")
