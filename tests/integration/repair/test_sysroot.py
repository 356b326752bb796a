"""The folders in which the loader of a target's system looks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cratewheel.repair import sysroot
from cratewheel.targets.triples import parse

GLIBC, ARM = parse("x86_64-unknown-linux-gnu"), parse("aarch64-unknown-linux-gnu")


def found(root: Path, triple: str = "x86_64-unknown-linux-gnu", **environ: str) -> list[str]:
    """Return the folders in a system below `root`, as its own paths."""
    folders = sysroot.folders(parse(triple), {"TARGET_SYSROOT": str(root), **environ}, native=False)
    return [f"/{folder.relative_to(root)}" if folder.is_relative_to(root) else str(folder) for folder in folders]


def test_the_configured_folders_come_before_the_usual_ones(tmp_path: Path) -> None:
    (tmp_path / "etc/ld.so.conf.d").mkdir(parents=True)
    (tmp_path / "etc/ld.so.conf").write_text(
        "# all\n/opt/first # the first\ninclude ld.so.conf.d/*.conf\ninclude /etc/more.conf /etc/none\ninclude /\n"
        "include /etc/ld.so.conf\nhwcap 1 nosegneg\n/opt/first\n\n"
    )
    (tmp_path / "etc/ld.so.conf.d/b.conf").write_text("/opt/b=libc6\n")
    (tmp_path / "etc/ld.so.conf.d/a.conf").write_bytes(b"/opt/a\xff\n")
    (tmp_path / "etc/more.conf").write_text("/opt/more\n")
    assert found(tmp_path) == [
        *("/opt/first", "/opt/a\ufffd", "/opt/b", "/opt/more"),
        *("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/usr/local/lib/x86_64-linux-gnu"),
        "/usr/x86_64-linux-gnu/lib",
        *("/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib"),
    ]


def test_a_configuration_that_includes_itself_comes_to_an_end(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/ld.so.conf").write_text("include ld.so.conf\n/opt/x\n")
    assert found(tmp_path)[0] == "/opt/x"


def test_musl_has_its_own_configuration(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/ld.so.conf").write_text("/opt/glibc\n")
    (tmp_path / "etc/ld-musl-x86_64.path").write_text("/lib:/opt/musl\n/usr/lib\n")
    assert found(tmp_path, "x86_64-unknown-linux-musl") == [
        *("/lib", "/opt/musl", "/usr/lib"),
        *("/lib/x86_64-linux-musl", "/usr/lib/x86_64-linux-musl", "/usr/local/lib/x86_64-linux-musl"),
        "/usr/x86_64-linux-musl/lib",
        *("/lib64", "/usr/lib64", "/usr/local/lib"),
    ]


def test_what_the_user_names_comes_first(tmp_path: Path) -> None:
    assert found(tmp_path, LD_LIBRARY_PATH=os.pathsep.join(["/mine", "", "/yours"]))[:2] == ["/mine", "/yours"]


def test_of_another_machine_only_folders_with_the_target_s_name_are_taken_of_this_one() -> None:
    assert [str(folder) for folder in sysroot.folders(ARM, {"PATH": ""}, native=False)] == [
        "/lib/aarch64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/usr/local/lib/aarch64-linux-gnu",
        "/usr/aarch64-linux-gnu/lib",
    ]
    assert Path("/usr/lib") in sysroot.folders(GLIBC, {"PATH": ""}, native=True)


@pytest.mark.parametrize(
    "variable",
    ["CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "CC_aarch64_unknown_linux_gnu", "CC_aarch64-unknown-linux-gnu",
     "TARGET_CC", None],
)  # fmt: skip
def test_the_cross_compiler_knows_where_its_system_is(variable: str | None, tmp_path: Path) -> None:
    system, compiler = tmp_path / "system", tmp_path / "aarch64-linux-gnu-gcc"
    system.mkdir()
    compiler.write_text(f'#!/bin/sh\n[ "$*" = "-print-sysroot" ] && echo {system}\n')
    compiler.chmod(0o755)
    environ = {variable: str(compiler)} if variable else {"PATH": str(tmp_path)}
    folders = sysroot.folders(ARM, environ, native=False)
    assert folders[0] == system / "lib/aarch64-linux-gnu"
    assert {system / "usr/lib", Path("/usr/aarch64-linux-gnu/lib")} < set(folders)
    assert Path("/usr/lib") not in folders


@pytest.mark.parametrize("answer", ["exit 1", "echo", "echo /", "echo /no/such/folder"])
def test_a_compiler_that_knows_of_no_system_is_no_error(answer: str, tmp_path: Path) -> None:
    compiler = tmp_path / "cc"
    compiler.write_text(f"#!/bin/sh\n{answer}\n")
    compiler.chmod(0o755)
    folders = sysroot.folders(ARM, {"TARGET_CC": f"{compiler} --target='x'"}, native=False)
    assert folders == sysroot.folders(ARM, {"PATH": ""}, native=False)


def test_words_that_no_shell_takes_are_no_error() -> None:
    environ = {"TARGET_CC": "cc 'open"}
    assert sysroot.folders(ARM, environ, native=False) == sysroot.folders(ARM, {"PATH": ""}, native=False)
