"""What the command line takes for arguments."""

from __future__ import annotations

import pytest

from cratewheel.errors import UsageError
from cratewheel.options.arguments import command_parser, parse_flags, session_ui


@pytest.mark.parametrize("word", ["--manifest-path=--", "-m--", "-m=--", "--features=--"])
def test_two_dashes_are_no_value(word: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_flags("build", "", [word])
    assert caught.value.message == f"{word[:-2].rstrip('=')} has the value `--`, which ends the options"


@pytest.mark.parametrize("number", ["0", "-1", "2147483648", "99999999999999999999", "1" * 5000, "x", "", "²", "1.5"])
def test_jobs_are_a_number_that_cargo_takes(number: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_flags("build", "", [f"--jobs={number}"])
    assert caught.value.message == f"--jobs must be a whole number greater than 0, found {number[:60]!r}"


@pytest.mark.parametrize(
    ("argv", "message", "notes", "hint"),
    [
        (["--relase"], "unknown option `--relase`", (), "did you mean `--release`?"),
        (["--strp=true"], "unknown option `--strp`", (), "did you mean `--strip`?"),
        (["--qqqq"], "unknown option `--qqqq`", (), "`cratewheel build --help` shows the options"),
        (["--outdir", "x"], "unknown option `--outdir`", (), "did you mean `--out`?"),
        (
            ["--package=x"],
            "unknown option `--package`",
            (),
            "name the crate by its manifest: `--manifest-path crates/NAME/Cargo.toml`",
        ),
        (["-release"], "unknown option `-release`", (), "did you mean `--release`?"),
        (
            ["--skip-existing"],
            "unknown option `--skip-existing`",
            (),
            "it is an option of `cratewheel publish`, `cratewheel upload`",
        ),
        (["-x"], "unknown option `-x`", (), "`cratewheel build --help` shows the options"),
        (["-psecret"], "unknown option `-p`", (), "`cratewheel build --help` shows the options"),
        (
            ["--confg", "registry.token='hush'", "--relase", "--tokn=hush", "a=hush"],
            "unknown options `--confg`, `--relase`, `--tokn`",
            ("`--confg`: did you mean `--config`?", "`--relase`: did you mean `--release`?"),
            "`cratewheel build --help` shows the options",
        ),
        (
            [".", "a=hush"],
            "unexpected argument: . a=***",
            (),
            "`cratewheel build --help` shows the options",
        ),
        (
            ["--bindings", "py03"],
            "--bindings must be one of pyo3, pyo3-ffi, rust-cpython, cffi, uniffi, bin, found 'py03'",
            (),
            "did you mean `pyo3`?",
        ),
        (["--features"], "--features needs a value", (), "`cratewheel build --help` shows the options"),
    ],
)
def test_a_wrong_option_has_a_suggestion_and_no_value_is_shown(
    argv: list[str], message: str, notes: tuple[str, ...], hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        parse_flags("build", "", argv)
    assert (caught.value.message, caught.value.notes, caught.value.hint) == (message, notes, hint)


def test_a_value_for_a_switch_is_not_shown() -> None:
    with pytest.raises(UsageError) as caught:
        parse_flags("build", "", ["--all-features=registry.token='hush'"])
    assert caught.value.message == "--all-features takes no value"


@pytest.mark.parametrize("number", [1, 2147483647])
def test_the_least_and_the_greatest_number_of_jobs(number: int) -> None:
    assert parse_flags("build", "", [f"--jobs={number}"])["jobs"] == number


def test_a_page_of_help_names_a_value_once_and_none_for_a_switch() -> None:
    lines = command_parser("build", "").format_help().splitlines()
    starts = [line.split("  ")[1] for line in lines if line.startswith("  -")]
    assert {"-h, --help", "-r, --release", "-j, --jobs N", "--target-dir DIR"} <= set(starts)


def test_without_flags_people_are_told_the_usual_and_with_them_what_they_ask_for() -> None:
    usual = session_ui({}, {"NO_COLOR": "1"})
    assert (usual.color, usual.quiet, usual.verbosity, usual.message_format) == (False, False, 0, "human")
    flags = {"color": "always", "quiet": True, "verbose": 2, "message_format": "json"}
    asked = session_ui(flags, {"NO_COLOR": "1"})
    assert (asked.color, asked.quiet, asked.verbosity, asked.message_format) == (True, True, 2, "json")


@pytest.mark.parametrize("flag", ["-r", "--repository"])
def test_a_repository_has_a_short_flag(flag: str) -> None:
    assert parse_flags("upload", "", [flag, "testpypi"])["repository"] == "testpypi"
