"""The short and the long page of help."""

from __future__ import annotations

import os
import re

import pytest

from cratewheel.cli import COMMANDS, main
from cratewheel.options import help_pages
from cratewheel.options.arguments import command_parser
from cratewheel.options.model import settings

SCREEN = 40  # lines of a usual terminal
FLAG = re.compile(r"^  (?:-\w, )?(--[\w-]+|-\w\b)", re.MULTILINE)


def page(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code in (0, None)
    return capsys.readouterr().out


def in_columns(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((columns, 50)))


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize("command", COMMANDS)
def test_the_short_page_of_a_command_fits_on_a_screen(
    command: str, columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_columns(monkeypatch, columns)
    lines = page(capsys, command, "-h").splitlines()
    assert len(lines) <= SCREEN
    assert max(map(len, lines)) <= columns


@pytest.mark.parametrize("command", COMMANDS)
def test_the_long_page_has_what_the_short_one_has_and_more_only_if_that_says_so(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    short, long = page(capsys, command, "-h"), page(capsys, command, "--help")
    assert set(FLAG.findall(short)) - set(FLAG.findall(long)) == set()
    omits = f"\n`cratewheel {command} --help` shows all options.\n"
    assert short.endswith(omits) == (set(FLAG.findall(short)) != set(FLAG.findall(long)))


def test_the_common_options_of_a_build(capsys: pytest.CaptureFixture[str]) -> None:
    assert FLAG.findall(page(capsys, "build", "-h")) == [
        "--bindings", "--strip", "--sdist", "--no-sdist", "--interpreter", "--target", "--compatibility", "--zig",
        "--out", "--release", "--profile", "--jobs", "--features", "--all-features", "--no-default-features",
        "--manifest-path", "--locked", "--offline", "--dry-run", "--explain", "--message-format", "--quiet",
        "--verbose", "--color", "--help",
    ]  # fmt: skip


def test_the_common_options_exist() -> None:
    assert set(help_pages.COMMON) - set(settings()) == set()


def test_a_command_has_its_own_options_first_and_help_last(capsys: pytest.CaptureFixture[str]) -> None:
    titles = [line for line in page(capsys, "develop", "--help").splitlines() if line.endswith(":") and line[0] != " "]
    assert (titles[0], titles[1], titles[-1]) == ("Environment:", "Build:", "Help:")
    assert FLAG.findall(page(capsys, "develop", "-h"))[0] == "--interpreter"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("build", "[OPTIONS] [-- RUSTC_ARGS]"), ("new", "[OPTIONS] NAME"), ("init", "[OPTIONS] [PATH]"),
        ("inspect", "[OPTIONS] FILE..."), ("completions", "[OPTIONS] SHELL"), ("metadata", "[OPTIONS]"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_the_usage_names_the_arguments(
    command: str, flag: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert page(capsys, command, flag).startswith(f"usage: cratewheel {command} {expected}\n")


@pytest.mark.parametrize(("columns", "width"), [(20, 40), (80, 80), (120, 100), (0, 100)])
def test_a_page_is_as_wide_as_the_terminal_up_to_a_limit(
    columns: int, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_columns(monkeypatch, columns)
    assert help_pages.page_width() == width


def test_without_a_terminal_a_page_has_the_usual_width(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> os.terminal_size:
        raise OSError

    monkeypatch.setattr(os, "get_terminal_size", none)
    assert help_pages.page_width() == 100
    assert max(map(len, command_parser("build", "").format_help().splitlines())) <= 100


def test_the_program_alone_prints_its_help_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    expected = capsys.readouterr().out
    assert (main([]), *capsys.readouterr()) == (2, "", expected)
    assert (main(["-v"]), *capsys.readouterr()) == (2, "", expected)
    assert [line for line in expected.splitlines() if len(line) > 80] == []
