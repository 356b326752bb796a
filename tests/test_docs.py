"""What the documents say is what is so: commands, options, links, and rooms of the house."""

from __future__ import annotations

import configparser
import functools
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import doc_blocks
from cratewheel.cli import COMMANDS
from cratewheel.options.model import settings
from doc_blocks import PAGES, Block

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
SCHEMA = json.loads((ROOT / "src/cratewheel/options/schema.json").read_text(encoding="utf-8"))
READ = ("toml", "yaml", "python", "ini")  # parsed by the tests below
SHOWN = ("text", "json")  # what programs print
ACTIONLINT = ROOT / ".tools" / "bin" / "actionlint"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def command(name: str) -> str:
    """Return the block of the README that the comment `<!-- name -->` marks."""
    match = re.search(rf"<!-- {name} -->\n```sh\n(.*?)```", README, flags=re.DOTALL)
    assert match, f"README.md has no block {name}"
    return match[1]


def _load(path: Path) -> Any:
    """Return a program of the project as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses look it up
    spec.loader.exec_module(module)
    return module


def generated() -> str:
    """Return the settings page as the documentation shows it."""
    module = _load(ROOT / "docs" / "generate_reference.py")
    options = [module.options_page(command) for command in ("build", "sdist", "publish")]
    return "\n".join((*options, module.keys_page(), module.variables_page()))


def test_the_last_thing_ci_does_is_the_test_command_of_the_readme() -> None:
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").endswith("\n\n" + command("test"))


def test_the_readme_builds_every_example() -> None:
    built = set(re.findall(r"--manifest-path (examples/[^/\s]+)/\S*Cargo.toml", command("try")))
    projects = [
        path for path in ROOT.glob("examples/*/pyproject.toml") if 'build-backend = "cratewheel"' in path.read_text()
    ]
    assert built == {path.parent.relative_to(ROOT).as_posix() for path in projects}


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
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = doc_blocks.SERVER.run([command, "--help"], cwd=ROOT, env=environ, timeout=120)
    assert done.returncode == 0, done.stderr
    page = done.stdout
    return frozenset({*COMMANDS, *re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", page)})


def test_the_architecture_page_names_only_what_exists() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.split("## Where is", 1)[1]
    named = re.findall(r"`((?:src|tests|docs|examples|scripts|\.ci|\.github)/[^`]*)`", table)
    assert named
    assert [path for path in named if not list(ROOT.glob(path.rstrip("/")))] == []


def _blocks(*languages: str) -> pytest.MarkDecorator:
    """Parametrise a test with the blocks of these languages that no comment excuses."""
    chosen = [block for block in doc_blocks.blocks(*languages) if not block.excuse]
    return pytest.mark.parametrize("block", chosen, ids=[block.name for block in chosen])


def test_a_block_is_run_or_read_or_a_comment_says_why_not() -> None:
    silent = [  # commands stand in `sh` blocks without a prompt, what they print in `text` blocks of their own
        f"{block.name}: {block.language}"
        for block in doc_blocks.blocks()
        if block.language not in ("sh", *READ, *SHOWN) and not block.language.startswith("{") and not block.excuse
    ]
    assert silent == []


def test_a_comment_before_a_block_is_one_that_means_something() -> None:
    marks = [block for block in doc_blocks.blocks() if block.mark and not block.excuse]
    assert [f"{block.name}: {block.mark}" for block in marks if "PyPI yet" not in block.mark] == []


@_blocks("sh")
def test_commands_run(block: Block, tmp_path: Path) -> None:
    done = doc_blocks.run_script(block.text, tmp_path)
    assert done.returncode == 0, f"{block.text}\n{done.stdout}\n{done.stderr}"


@functools.cache
def _validator() -> Callable[[object], None]:
    """Return what raises an error for settings that the schema does not have."""
    import jsonschema  # it takes seconds, so one process alone imports it

    validator = jsonschema.validators.validator_for(SCHEMA)
    validator.check_schema(SCHEMA)
    validate: Callable[[object], None] = validator(SCHEMA).validate
    return validate


@pytest.mark.xdist_group("jsonschema")
@_blocks("toml")
def test_toml_is_valid_and_its_settings_exist(block: Block, tmp_path: Path) -> None:
    validate = _validator()
    read = tomllib.loads(block.text)
    tools = read.get("tool", {})
    for table in (tools.get("cratewheel", {}), tools.get("maturin", {})):
        validate(table)
    if block.page.name == "settings.md" and set(read) <= set(SCHEMA["properties"]):
        validate(read)
    if "build-system" in read and "name" in read.get("project", {}):
        environ = doc_blocks.sandbox(tmp_path)
        (tmp_path / "demo" / "pyproject.toml").write_text(block.text, encoding="utf-8")
        for name in ("README.md", "LICENSE"):
            (tmp_path / "demo" / name).write_text("A text.\n", encoding="utf-8")
        done = doc_blocks.SERVER.run(["metadata"], cwd=tmp_path / "demo", env=environ, timeout=120)
        assert (done.returncode, done.stderr) == (0, "")


@_blocks("yaml")
def test_yaml_is_valid(block: Block) -> None:
    assert YAML(typ="safe").load(block.text)


@pytest.mark.parametrize(
    ("kind", "mark"), [("github-workflows", "# .github/workflows/"), ("gitlab-ci", "# .gitlab-ci.yml")]
)
def test_whole_files_of_a_ci_service_pass_its_schema(kind: str, mark: str, tmp_path: Path) -> None:
    files: list[Path] = []
    for number, block in enumerate(block for block in doc_blocks.blocks("yaml") if block.text.startswith(mark)):
        files.append(tmp_path / f"{number}-{block.page.stem}.yml")
        files[-1].write_text(block.text, encoding="utf-8")
    assert files
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{kind}", *map(str, files)]
    assert subprocess.run(check, capture_output=True, text=True, check=False).stdout == "ok -- validation done\n"
    if kind == "github-workflows" and ACTIONLINT.exists():
        lint = subprocess.run([ACTIONLINT, *files], capture_output=True, text=True, check=False)
        assert lint.stdout == ""


@_blocks("python")
def test_python_is_valid(block: Block) -> None:
    compile(block.text, block.name, "exec")


@_blocks("ini")
def test_ini_is_valid(block: Block) -> None:
    configparser.ConfigParser(interpolation=None).read_string(block.text)


def test_the_address_of_the_repository_is_in_one_place() -> None:
    named = [page for page in doc_blocks.PAGES if "OWNER/cratewheel" in page.read_text(encoding="utf-8")]
    assert named == []


def test_the_errors_that_have_a_section_are_those_of_the_program() -> None:
    page = (ROOT / "docs" / "how-to" / "errors.md").read_text(encoding="utf-8")
    ours = page.split("## From cratewheel", 1)[1].split("## From other programs")[0]
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    headings = re.findall(r"^### `([^`]+)`", ours, flags=re.MULTILINE)
    assert headings
    assert [heading for heading in headings if heading not in source] == []


def test_the_chart_shows_the_figures_of_the_page() -> None:
    chart = _load(ROOT / "bench" / "chart.py")
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    drawn = (ROOT / "docs" / "_static" / "performance.svg").read_text(encoding="utf-8")
    again = "python bench/chart.py docs/performance.md docs/_static/performance.svg"
    assert chart.draw(chart.read_bars(page)) == drawn, f"to draw it again: {again}"


def test_an_option_has_an_anchor_by_its_long_name() -> None:
    reference = _load(ROOT / "docs" / "generate_reference.py")
    terms = {
        "-b KIND, --bindings KIND": "bindings",
        "--strip [true|false]": "strip",
        "-Z FLAG": "Z",
        "-- ARGS": "rustc-args",
    }
    assert {term: reference.anchor(term) for term in terms} == terms
    assert reference.anchor("--strip", "develop") == "develop-strip"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_page_of_the_command_line_has_each_option_of_each_command(command: str) -> None:
    page = (ROOT / "docs" / "reference" / "command-line.md").read_text(encoding="utf-8")
    assert f"\n## {command}\n" in page
    assert f":::{{generated}} options {command}\n" in page
    text = _load(ROOT / "docs" / "generate_reference.py").options_page(command)
    assert (
        sorted(options_of(command) - COMMANDS.keys() - {"-h", "--help"} - set(re.findall("--?[a-zA-Z][\\w-]*", text)))
        == []
    )


def test_the_rust_of_the_tutorial_is_what_new_writes(tmp_path: Path) -> None:
    tutorial = ROOT / "docs" / "tutorial" / "first-wheel.md"
    (shown,) = (block.text for block in doc_blocks.blocks("rust") if block.page == tutorial)
    words = ["new", "shout", "--bindings", "pyo3"]
    done = doc_blocks.SERVER.run(words, cwd=tmp_path, env=doc_blocks.sandbox(tmp_path), timeout=120)
    assert done.returncode == 0, done.stderr
    assert shown in (tmp_path / "shout" / "src" / "lib.rs").read_text(encoding="utf-8")
