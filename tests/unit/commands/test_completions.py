"""The whole script of each shell, for two commands with each kind of option."""

from __future__ import annotations

from pathlib import Path

import pytest

import golden
from cratewheel.commands.completions import SHELLS, CommandLine, Option, summary

GOLDEN = Path(__file__).with_name("golden")
COMMANDS = (
    CommandLine(
        names=("build", "b"),
        help="Build: don't [wait]",
        options=(
            Option(flags=("-b", "--bindings", "--binding-crate"), help="The kind: a [word], don't ask", values="one",
                   metavar="KIND", choices=("pyo3", "bin")),
            Option(flags=("--strip",), help="Strip", values="optional", metavar="true|false",
                   choices=("true", "false")),
            Option(flags=("-o", "--out"), help="The folder", values="one", metavar="DIR", kind="directory"),
            Option(flags=("--manifest",), help="The file", values="one", metavar="PATH", kind="file"),
            Option(flags=("-i", "--interpreter"), help="The Pythons", values="many", metavar="PYTHON"),
            Option(flags=("--timings",), help="Report", values="optional", metavar="FORMAT"),
            Option(flags=("-Z",), help="Unstable", values="one", metavar="FLAG"),
            Option(flags=("-h", "--help"), help="Show help"),
        ),
    ),
    CommandLine(names=("plain",), help="Plain", options=()),
    CommandLine(
        names=("completions",), help="Print a script", options=(Option(flags=("-q", "--quiet"), help="Less"),),
        positional=Option(help="The shell", values="one", metavar="SHELL", choices=("bash", "zsh")),
    ),
    CommandLine(
        names=("inspect",), help="Show", options=(Option(flags=("--json",), help="As JSON"),),
        positional=Option(help="The files", values="many", metavar="FILE:S", kind="file"),
    ),
    CommandLine(
        names=("init",), help="Create", options=(),
        positional=Option(help="The folder", values="optional", metavar="PATH", kind="directory"),
    ),
    CommandLine(
        names=("new",), help="Create", options=(), positional=Option(help="Its name", values="one", metavar="NAME")
    ),
)  # fmt: skip


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_a_shell_is_that_of_its_file(shell: str) -> None:
    golden.check_text(GOLDEN / f"completions.{shell}", SHELLS[shell](iter(COMMANDS)))


def test_the_shells() -> None:
    assert list(SHELLS) == ["bash", "zsh", "fish", "powershell", "elvish", "nushell"]


def test_a_help_text_is_shortened_at_its_first_full_stop_or_to_a_line() -> None:
    assert summary("100%% of `it`; more") == "100% of it"
    assert summary("One: two (a, b) [env: C]") == "One"
    assert summary("One (of these)") == "One (of these)"
    assert summary("word " * 16) == "word " * 15 + "word "
    assert summary(f"{'word ' * 15}words") == f"{'word ' * 15}words"
    assert summary(f"{'word ' * 15}wordsx") == f"{'word ' * 14}word …"
