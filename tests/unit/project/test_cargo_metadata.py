"""Which target is built for."""

from __future__ import annotations

import shlex

import pytest

from cratewheel.errors import UnsupportedError, UsageError
from cratewheel.options.arguments import parse_flags
from cratewheel.options.resolve import resolve
from cratewheel.project.cargo_metadata import choose_target

MAC, LINUX = "aarch64-apple-darwin", "x86_64-unknown-linux-gnu"
BOTH = "universal2-apple-darwin"


def chosen(words: str, host: str, **environ: str) -> tuple[str, tuple[str, ...]]:
    """Return the target, and the triples that cargo is told of."""
    options, _ = resolve(parse_flags("build", "", shlex.split(words)), environ=environ, tools=None)
    target, triple = choose_target(options.target[0] if options.target else None, options, host, environ)
    return target.triple, (triple,) if triple else ()


@pytest.mark.parametrize(
    ("words", "host", "environ", "target", "told"),
    [
        ("", LINUX, {}, LINUX, ()),
        (f"--target {LINUX}", LINUX, {}, LINUX, (LINUX,)),
        ("", LINUX, {"CARGO_BUILD_TARGET": MAC}, MAC, (MAC,)),
        ("--universal2", LINUX, {}, LINUX, ()),
        ("--universal2", MAC, {}, BOTH, (BOTH,)),
        (f"--universal2 --target {MAC}", LINUX, {}, BOTH, (BOTH,)),
        (f"--target {BOTH}", LINUX, {}, BOTH, (BOTH,)),
        ("", MAC, {"ARCHFLAGS": "-arch x86_64"}, "x86_64-apple-darwin", ("x86_64-apple-darwin",)),
        ("", MAC, {"ARCHFLAGS": "-arch arm64"}, MAC, ()),
        ("", MAC, {"ARCHFLAGS": "-arch arm64 -arch x86_64"}, BOTH, (BOTH,)),
        (f"--target {LINUX}", MAC, {"ARCHFLAGS": "-arch x86_64"}, LINUX, (LINUX,)),
        ("", LINUX, {"ARCHFLAGS": "-arch arm64"}, LINUX, ()),
    ],
)
def test_the_target_is_the_one_asked_for(
    words: str, host: str, environ: dict[str, str], target: str, told: tuple[str, ...]
) -> None:
    assert chosen(words, host, **environ) == (target, told)


def test_a_processor_that_macos_does_not_have() -> None:
    with pytest.raises(UsageError, match="ARCHFLAGS names ppc, which is neither x86_64 nor arm64"):
        chosen("", MAC, ARCHFLAGS="-arch ppc")


def test_a_triple_that_no_wheel_is_for() -> None:
    with pytest.raises(UnsupportedError, match="wheels cannot be built for riscv32imc-unknown-none-elf"):
        chosen("--target riscv32imc-unknown-none-elf", LINUX)
