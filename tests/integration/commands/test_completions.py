"""Completion scripts, tried in the shells that this machine has."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cratewheel.cli import COMMANDS
from cratewheel.cli.completions import command_lines
from cratewheel.commands.completions import SHELLS

TOOLS = Path(__file__).parents[3] / ".tools" / "bin"  # .ci/run installs nushell

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the shells of POSIX systems")


def script(shell: str) -> str:
    return SHELLS[shell](command_lines())


def shell(name: str) -> str:
    """Return the program of a shell, and skip the test where there is none."""
    found = shutil.which(name, path=f"{TOOLS}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(words: list[str], cwd: Path, text: str | None = None) -> str:
    environ = {"PATH": os.environ["PATH"], "HOME": str(cwd), "LC_ALL": "C.UTF-8", "TERM": "xterm"}
    done = subprocess.run(words, cwd=cwd, env=environ, input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def complete_bash(line: str, folder: Path) -> set[str]:
    """Return what bash offers for the last word of a line; `=` is a word of its own, as for readline."""
    words = [word for word in re.split(r"\s|(=)", line) if word is not None]
    text = f"""{script("bash")}
COMP_WORDS=({" ".join(f"'{word}'" for word in words)})
COMP_CWORD={len(words) - 1}
_cratewheel
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    return set(run([shell("bash"), "--norc"], folder, text).split())


def complete_zsh(line: str, folder: Path) -> set[str]:
    """Return what zsh offers for the last word of a line: what compadd is called with, in a terminal of zsh's own."""
    (folder / "completions").mkdir()
    (folder / "completions" / "_cratewheel").write_text(script("zsh"), encoding="utf-8")
    (folder / ".zshrc").write_text(
        f"""
PS1= fpath=({folder}/completions $fpath)
autoload -Uz compinit
compinit -u -d {folder}/dump
compadd () {{
    if [[ ${{@[(I)-[OAD]]}} -eq 0 ]]; then
        local -a offered
        builtin compadd -O offered "$@"
        print -l -- $offered >>{folder}/found
    fi
    builtin compadd "$@"
}}
finish () {{ zle complete-word; print done >{folder}/done }}
zle -N finish
bindkey "^I" finish
print ready >{folder}/ready
""",
        encoding="utf-8",
    )
    program = f"""
zmodload zsh/zpty
zpty z {shell("zsh")} -d -i
for i in {{1..600}}; do [[ -e {folder}/ready ]] && break; sleep 0.05; done
zpty -n -w z '{line}'$'\\t'
for i in {{1..600}}; do [[ -e {folder}/done ]] && break; sleep 0.05; done
zpty -d z
"""
    run([shell("zsh"), "-f"], folder, program)
    return set((folder / "found").read_text(encoding="utf-8").split()) if (folder / "found").exists() else set()


def complete_fish(line: str, folder: Path) -> set[str]:
    """Return what fish offers for the last word of a line."""
    (folder / "cratewheel.fish").write_text(script("fish"), encoding="utf-8")
    text = f"source cratewheel.fish; complete -C '{line}'"
    said = run([shell("fish"), "--no-config", "-c", text], folder)
    offered = {word.split("\t")[0] for word in said.splitlines()}
    return {word.partition("=")[2] if "=" in word else word for word in offered}


def complete_elvish(line: str, folder: Path) -> set[str]:
    """Return what elvish offers for the last word of a line: what its completer puts out, in a terminal."""
    import pty

    program = shell("elvish")
    words = " ".join(f"'{word}'" for word in line.split(" "))
    (folder / "rc.elv").write_text(
        f"""{script("elvish")}
$edit:completion:arg-completer[cratewheel] {words} | each {{|one|
    if (eq (kind-of $one) string) {{ echo $one }} elif (has-key $one stem) {{ echo $one[stem] }}
}} > found
exit
""",
        encoding="utf-8",
    )
    leader, follower = pty.openpty()
    subprocess.run(
        [program, "-rc", "rc.elv"], cwd=folder, stdin=follower, stdout=follower, stderr=follower, timeout=60, check=True
    )
    os.close(leader)
    os.close(follower)
    found = (folder / "found").read_text(encoding="utf-8").split()
    offered = {word for word in found if word.startswith(line.rpartition(" ")[2])}  # as elvish goes on to do
    return {word.partition("=")[2] if "=" in line and "=" in word else word for word in offered}


def complete_nushell(line: str, folder: Path) -> set[str]:
    """Return what nushell offers for the last word of a line, as to an editor."""
    text = f"{script('nushell')}{line}"
    (folder / "line.nu").write_text(text, encoding="utf-8")
    words = [shell("nu"), "--no-config-file", "--ide-complete", str(len(text.encode())), "line.nu"]
    offered = json.loads(run(words, folder))["completions"]
    return {word.partition("=")[2] if "=" in word else word for word in offered}


COMPLETE: dict[str, Callable[[str, Path], set[str]]] = {
    "bash": complete_bash,
    "zsh": complete_zsh,
    "fish": complete_fish,
    "elvish": complete_elvish,
    "nushell": complete_nushell,
}


@pytest.mark.parametrize("name", COMPLETE)
def test_commands_are_completed(name: str, tmp_path: Path) -> None:
    offered = COMPLETE[name]("cratewheel ", tmp_path)
    assert {command for command, (_, aliases, _) in COMMANDS.items() for command in (command, *aliases)} <= offered


@pytest.mark.parametrize("name", COMPLETE)
def test_options_of_a_command_are_completed(name: str, tmp_path: Path) -> None:
    offered = COMPLETE[name]("cratewheel sdist --", tmp_path)
    assert {"--out", "--vendor", "--manifest-path", "--message-format"} <= offered
    assert {"--zig", "--interpreter"} & offered == set()


@pytest.mark.parametrize("name", COMPLETE)
@pytest.mark.parametrize("line", ["cratewheel build -b ", "cratewheel b --bindings "])
def test_values_of_an_option_are_completed(name: str, line: str, tmp_path: Path) -> None:
    assert COMPLETE[name](line, tmp_path) == {"pyo3", "pyo3-ffi", "rust-cpython", "cffi", "uniffi", "bin"}


@pytest.mark.parametrize("name", COMPLETE)
@pytest.mark.parametrize(
    ("before", "offered"),
    [
        ("-v build -b ", {"pyo3", "pyo3-ffi", "rust-cpython", "cffi", "uniffi", "bin"}),
        ("-vv -q --color never b --auditwheel ", {"repair", "check", "warn", "skip"}),
        ("--color=always build --auditwheel ", {"repair", "check", "warn", "skip"}),
        ("--color ", {"auto", "always", "never"}),
        ("--color a", {"auto", "always"}),
        ("--color=n", {"never"}),
        ("-q bui", {"build", "build-extension"}),
        ("--color never metad", {"metadata"}),
        ("--verb", {"--verbose"}),
    ],
)
def test_options_may_stand_before_the_command(name: str, before: str, offered: set[str], tmp_path: Path) -> None:
    assert COMPLETE[name](f"cratewheel {before}", tmp_path) == offered


@pytest.mark.parametrize("name", COMPLETE)
def test_values_after_an_equals_sign_are_completed(name: str, tmp_path: Path) -> None:
    assert COMPLETE[name]("cratewheel build --auditwheel=", tmp_path) == {"repair", "check", "warn", "skip"}


@pytest.mark.parametrize("name", COMPLETE)
def test_names_of_shells_are_completed(name: str, tmp_path: Path) -> None:
    assert set(SHELLS) <= COMPLETE[name]("cratewheel completions ", tmp_path)


@pytest.mark.parametrize("name", ["bash", "fish", "nushell"])
def test_files_are_completed_for_paths_and_folders_for_folders(name: str, tmp_path: Path) -> None:
    (tmp_path / "Cargo.toml").touch()
    (tmp_path / "Crate").mkdir()
    manifests = COMPLETE[name]("cratewheel build -m C", tmp_path)
    folders = COMPLETE[name]("cratewheel build -o C", tmp_path)
    assert ({word.rstrip("/") for word in manifests}, {word.rstrip("/") for word in folders}) == (
        {"Cargo.toml", "Crate"},
        {"Crate", "Cargo.toml"} if name == "nushell" else {"Crate"},  # which has no completion of folders alone
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_page_of_help_is_completed(command: str) -> None:
    page = subprocess.run(
        [sys.executable, "-m", "cratewheel", command, "--help"], capture_output=True, text=True, check=True
    ).stdout
    options = {
        word
        for line in page.splitlines()
        if line.startswith("  -")
        for word in re.findall(r"(?:^|, )(-[\w-]+)", line.strip().split("  ")[0])  # the text behind may name others
    }
    (flags,) = (line.flags for line in command_lines() if command in line.names)
    assert set(flags) == options


@pytest.mark.parametrize("name", SHELLS)
def test_the_command_prints_the_script(name: str) -> None:
    words = [sys.executable, "-m", "cratewheel", "completions", name]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == script(name)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("build --strip true --pgo false", ["build", "--strip", "true", "--pgo", "false"]),
        ("build -j4 -Zfoo -vv --timings=html", ["build", "-j4", "-Zfoo", "-vv", "--timings=html"]),
        ("-v build -i 3.10 3.12 -- -C opt-level=3", ["-v", "build", "-i", "3.10", "3.12", "--", "-C", "opt-level=3"]),
        ('upload dist/*.whl "*.whl"', ["upload", "dist/one.whl", "dist/two.whl", "*.whl"]),
        ("build -F ...[a b] --out=o @file", ["build", "-F", "a", "b", "--out=o", "@file"]),
    ],
)
def test_nushell_passes_a_line_on_as_it_does_without_completions(line: str, words: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "dist"
    folder.mkdir()
    (folder / "one.whl").touch()
    (folder / "two.whl").touch()
    program = tmp_path / "cratewheel"
    program.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n", encoding="utf-8")
    program.chmod(0o755)
    text = f"{script('nushell')}\n$env.PATH = [ '{tmp_path}' ]\ncratewheel {line}"
    assert run([shell("nu"), "--no-config-file", "--commands", text], tmp_path).splitlines() == words
