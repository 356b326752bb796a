from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.cargo.command import (
    CargoBuild,
    CargoOptions,
    clean_command,
    command,
    config_values,
    extra_value,
    metadata_arguments,
    profile_folders,
    shared_arguments,
    take_targets,
)
from system_paths import native

MANIFEST = Path("/p/Cargo.toml")
CWD = Path("/home/me")
PLAIN = ("--message-format", "json-render-diagnostics", "--manifest-path", native("/p/Cargo.toml"))


def test_a_library_build_without_options() -> None:
    assert command(CargoBuild(manifest=MANIFEST, cwd=CWD)).argv == ("cargo", "rustc", *PLAIN, "--lib")


def test_a_binary_build_names_the_binary() -> None:
    assert command(CargoBuild(manifest=MANIFEST, cwd=CWD, binary="tool")).argv[-2:] == ("--bin", "tool")


def test_a_library_of_several_kinds_is_built_as_a_cdylib_only() -> None:
    assert command(CargoBuild(manifest=MANIFEST, cwd=CWD, cdylib=True)).argv[-3:] == ("--lib", "--crate-type", "cdylib")


def test_rustc_arguments_stand_after_two_dashes() -> None:
    assert command(CargoBuild(manifest=MANIFEST, cwd=CWD, rustc_args=("-C", "strip=symbols"))).argv[-4:] == (
        "--lib",
        "--",
        "-C",
        "strip=symbols",
    )


def test_every_option_reaches_cargo() -> None:
    options = CargoOptions(
        profile="dist",
        jobs=3,
        features=("a", "b/c"),
        all_features=True,
        no_default_features=True,
        target="x86_64-unknown-linux-gnu",
        target_dir=Path("/t"),
        verbose=2,
        quiet=True,
        color="never",
        frozen=True,
        locked=True,
        offline=True,
        config=("net.retry=1",),
        unstable_flags=("build-std",),
        timings="json",
        ignore_rust_version=True,
        future_incompat_report=True,
        extra=("--unit-graph",),
    )
    assert command(CargoBuild(manifest=MANIFEST, cwd=CWD, options=options), program="cross").argv == (
        *("cross", "rustc", "--quiet", "--jobs", "3", "--profile", "dist"),
        *("--target", "x86_64-unknown-linux-gnu", "--target-dir", native("/t"), "-vv", "--color", "never"),
        *("--features", "a", "--features", "b/c", "--all-features", "--no-default-features"),
        *("--frozen", "--locked", "--offline", "--config", "net.retry=1", "-Z", "build-std"),
        *("--timings=json", "--ignore-rust-version", "--future-incompat-report"),
        *PLAIN,
        *("--unit-graph", "--lib"),
    )


def test_what_a_build_compiled_of_packages_is_removed_with_its_profile_and_target() -> None:
    options = CargoOptions(
        profile="dist", target="wasm32-wasip1", features=("a",), locked=True, config=("x=1",), extra=("--config", "y=2")
    )
    build = CargoBuild(manifest=Path("m/Cargo.toml"), cwd=Path("m"), options=options, env=(("A", "1"),))
    found = clean_command(build, ("one@1.0.0", "two@2.0.0"), Path("t"), program="mine")
    assert (" ".join(found.argv), found.env, found.cwd) == (
        (
            "mine clean --quiet --locked --config x=1 --config y=2 --profile dist --target wasm32-wasip1 "
            f"--target-dir t --manifest-path {Path('m/Cargo.toml')} --package one@1.0.0 --package two@2.0.0"
        ),
        (("A", "1"),),
        Path("m"),
    )


def test_the_environment_and_folder_are_part_of_the_command() -> None:
    built = command(CargoBuild(manifest=MANIFEST, cwd=CWD, env=(("PYO3_PYTHON", "/py"),)))
    assert (built.env, built.cwd) == ((("PYO3_PYTHON", "/py"),), Path("/home/me"))


def test_cargo_metadata_gets_what_decides_the_graph_and_no_more() -> None:
    options = CargoOptions(profile="release", jobs=2, features=("a",), locked=True, extra=("--offline", "--release"))
    assert metadata_arguments(options, platforms=("x86_64-unknown-linux-gnu",)) == (
        *("--features", "a", "--locked", "--offline", "--filter-platform", "x86_64-unknown-linux-gnu"),
    )


def test_shared_arguments_keep_values_with_their_options() -> None:
    words = ("--features=a", "-F", "b", "-Fc", "-Z", "x", "--config", "k=v", "-j", "2", "--no-default-features", "-v")
    assert shared_arguments(words) == (
        *("--features=a", "-F", "b", "-Fc", "-Z", "x", "--config", "k=v", "--no-default-features"),
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (CargoOptions(), ("debug",)),
        (CargoOptions(profile="release"), ("release",)),
        (CargoOptions(profile="dist", target="aarch64-apple-darwin"), ("aarch64-apple-darwin/dist", "dist")),
        (CargoOptions(profile="bench"), ("release",)),
        (CargoOptions(extra=("-r",)), ("release",)),
        (CargoOptions(profile="release", extra=("--profile=dist",)), ("dist",)),
    ],
)
def test_the_folders_of_a_profile(options: CargoOptions, expected: tuple[str, ...]) -> None:
    assert profile_folders(options) == expected


@pytest.mark.parametrize(
    ("jobs", "expected"), [(None, ()), (0, ("--jobs", "0")), (-1, ("--jobs", "-1")), (2, ("--jobs", "2"))]
)
def test_cargo_is_told_every_number_of_jobs_that_is_asked_for(jobs: int | None, expected: tuple[str, ...]) -> None:
    argv = command(CargoBuild(manifest=MANIFEST, cwd=CWD, options=CargoOptions(jobs=jobs))).argv
    assert argv == ("cargo", "rustc", *expected, *PLAIN, "--lib")


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("--profile", "dist"), "dist"),
        (("-j2", "--profile=dist"), "dist"),
        (("--profile=", "x"), ""),
        (("--profile=a=b",), "a=b"),
        (("-p", "--profile", "a", "--profile", "b"), "a"),
        (("-p", "short"), "short"),
        (("--profile",), None),
        (("--profiles", "x"), None),
        ((), None),
    ],
)
def test_the_value_of_an_extra_argument_is_found_however_it_is_written(
    argv: tuple[str, ...], expected: str | None
) -> None:
    assert extra_value(argv, "--profile", *(("-p",) if argv[1:] == ("short",) else ())) == expected


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("-j2", "--target", "a", "--target=b", "--locked"), (("a", "b"), ("-j2", "--locked"))),
        (("--target",), ((), ("--target",))),
        (("--targets", "a"), ((), ("--targets", "a"))),
        ((), ((), ())),
    ],
)
def test_targets_are_taken_out_of_the_extra_arguments(
    argv: tuple[str, ...], expected: tuple[tuple[str, ...], tuple[str, ...]]
) -> None:
    assert take_targets(argv) == expected


def test_configuration_of_the_extra_arguments_comes_after_that_of_the_option() -> None:
    assert config_values(("a.toml",), ("-j", "2", "--config=b=1", "--config", "c=2")) == ("a.toml", "b=1", "c=2")
    assert config_values((), ("--configs=x", "--target", "--config")) == ()
