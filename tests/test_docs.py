"""What the documents say is what is so: commands, options, links, and rooms of the house."""

from __future__ import annotations

import functools
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cratewheel.cli import COMMANDS
from cratewheel.options.model import settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "examples").glob("*/README.md")]
    + [page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts]
)


def command(name: str) -> str:
    """Return the block of the README that the comment `<!-- name -->` marks."""
    match = re.search(rf"<!-- {name} -->\n```sh\n(.*?)```", README, flags=re.DOTALL)
    assert match, f"README.md has no block {name}"
    return match[1]


def generated() -> str:
    """Return the settings page as the documentation shows it."""
    spec = importlib.util.spec_from_file_location("generate_reference", ROOT / "docs" / "generate_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    options = [module.options_page(command) for command in ("build", "sdist", "publish")]
    return "\n".join((*options, module.keys_page(), module.variables_page()))


def test_the_last_thing_ci_does_is_the_test_command_of_the_readme() -> None:
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").endswith("\n\n" + command("test"))


def test_the_readme_builds_every_example() -> None:
    built = set(re.findall(r"--manifest-path (\S+)/Cargo.toml", command("try")))
    assert built == {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("examples/*/Cargo.toml")}


@pytest.mark.parametrize("name", ["try", "test"])
def test_a_command_of_the_readme_is_one_command(name: str) -> None:
    lines = command(name).splitlines()
    assert lines[0].startswith("python3 -m venv .venv")
    assert [line for line in lines[:-1] if not line.endswith(" &&")] == []


def test_the_reference_has_every_flag_key_and_variable() -> None:
    text = generated()
    words = [
        word
        for setting in settings().values()
        for word in (
            *(flag for flag in (*setting.flags, *setting.flag_aliases, *setting.negations) if flag.startswith("-")),
            *((setting.key,) if setting.key else ()),
            *setting.key_aliases,
            *setting.variables,
        )
    ]
    assert [word for word in words if f"`{word}" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_on_the_pages_exist_and_take_these_options(page: Path) -> None:
    unknown = [
        f"{line}: {word}"
        for line, words in shown_commands(page.read_text(encoding="utf-8"))
        for word in words
        if word not in options_of(words[0])
    ]
    assert unknown == []


def shown_commands(text: str) -> list[tuple[str, list[str]]]:
    """Return each `cratewheel …` of the blocks of a page: its line, and its command and options without values."""
    blocks = re.findall(r"```(?:sh|console)\n(.*?)```", text, flags=re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    found = [re.match(r"(?:\$ )?\s*(?:\.venv/bin/)?cratewheel (?P<words>[^#&]*)", line) for line in lines]
    return [
        (match[0], [words[0], *(word.split("=")[0] for word in words[1:] if re.match("--?[a-zA-Z]", word))])
        for match in found
        if match and (words := match["words"].split())
    ]


@functools.cache
def options_of(command: str) -> frozenset[str]:
    """Return the names of all commands, and the options that the page of help of this one has."""
    if command not in COMMANDS:
        return frozenset({*COMMANDS, "--help", "--version"})
    page = subprocess.run(
        [sys.executable, "-m", "cratewheel", command, "--help"], capture_output=True, text=True, check=True
    ).stdout
    return frozenset({*COMMANDS, *re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", page)})


def test_the_architecture_page_names_only_what_exists() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.split("## Where is", 1)[1]
    named = re.findall(r"`((?:src|tests|docs|examples|scripts|\.ci|\.github)/[^`]*)`", table)
    assert named
    assert [path for path in named if not list(ROOT.glob(path.rstrip("/")))] == []
