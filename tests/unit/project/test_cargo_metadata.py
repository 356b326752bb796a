"""Which target is built for."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from crate_graphs import app, graph
from cratewheel.cargo.command import CargoOptions
from cratewheel.cargo.query import Rustc
from cratewheel.errors import ConfigError, UnsupportedError, UsageError
from cratewheel.options.arguments import parse_flags
from cratewheel.options.resolve import resolve
from cratewheel.options.values import Feature
from cratewheel.project.cargo_metadata import (
    CargoAnswer,
    cargo_features,
    cargo_options,
    choose_target,
    conditional_feature_names,
    conditional_features,
    only_target,
)
from cratewheel.targets.triples import parse

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


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", CargoOptions()),
        ("--release", CargoOptions(profile="release")),
        ("--profile dist", CargoOptions(profile="dist")),
        ("--pgo", CargoOptions(profile="release")),
        ("--pgo --profile dist", CargoOptions(profile="dist")),
        ("--pgo --cargo-extra-args='--profile x'", CargoOptions(extra=("--profile", "x"))),
        ("--release --cargo-extra-args='--profile x'", CargoOptions(extra=("--profile", "x"))),
        (
            (
                "-j 3 -F a -F b/c --all-features --no-default-features --target-dir /t -vv --color never "
                "--frozen --locked --offline --config a=1 -Z build-std --timings json "
                "--ignore-rust-version --future-incompat-report"
            ),
            CargoOptions(
                jobs=3,
                features=("a", "b/c"),
                all_features=True,
                no_default_features=True,
                target_dir=Path("/t"),
                verbose=2,
                color="never",
                frozen=True,
                locked=True,
                offline=True,
                config=("a=1",),
                unstable_flags=("build-std",),
                timings="json",
                ignore_rust_version=True,
                future_incompat_report=True,
            ),
        ),
        ("-q", CargoOptions(quiet=True)),
    ],
)
def test_each_option_of_cargo_is_handed_on(words: str, expected: CargoOptions) -> None:
    options, _ = resolve(parse_flags("build", "", shlex.split(words)), environ={}, tools=None)
    assert cargo_options(options, None) == expected
    assert cargo_options(options, LINUX) == replace(expected, target=LINUX)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [([], "dev-opt"), (["--profile", "dist"], "dist"), (["--release"], "release")],
)
def test_an_editable_install_has_a_profile_of_its_own_unless_another_is_asked_for(
    flags: list[str], expected: str
) -> None:
    options, _ = resolve(parse_flags("build", "", flags), environ={}, tools=None)
    editable = replace(options, editable=True, editable_profile="dev-opt")
    assert cargo_options(editable, None).profile == expected
    assert cargo_options(replace(editable, editable=False), None).profile == (expected if flags else None)


def test_conditional_features_are_those_of_some_interpreters() -> None:
    always, once = Feature(name="a"), Feature(name="b", python_version=">=3.11")
    options, _ = resolve(parse_flags("build", "", []), environ={}, tools=None)
    options = replace(options, features=(always, once, replace(once, python_version="<3.9")))
    assert cargo_features(options) == ("a",)
    assert conditional_features(options) == (once, replace(once, python_version="<3.9"))
    assert conditional_feature_names(options) == ("b",)


def answer(triple: str) -> CargoAnswer:
    target = parse(triple)
    rustc = Rustc(version=(1, 90, 0), host=LINUX)
    return CargoAnswer(rustc=rustc, target=target, triple=triple, cargo=graph(app()), cwd=Path("/work"))


def test_what_is_installed_is_for_this_machine_or_the_only_target() -> None:
    options, _ = resolve(parse_flags("build", "", ["--target", MAC, "--target", LINUX]), environ={}, tools=None)
    mac, here, other = (answer(triple) for triple in (MAC, LINUX, "aarch64-unknown-linux-gnu"))
    assert only_target((mac, here, other), options) == here
    assert only_target((mac,), options) == mac
    with pytest.raises(ConfigError) as caught:
        only_target((mac, other), options)
    assert caught.value.message == "one target can be installed, and 2 are named by --target"
    assert caught.value.hint == "name one: --target, or the variable CARGO_BUILD_TARGET"
