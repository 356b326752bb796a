"""Parts of the reference, as Markdown, from the settings model: options of a command, keys, variables, config settings.

`python docs/generate_reference.py` prints them; the documentation shows them through the directive `generated`.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable

from cratewheel.cli import COMMANDS
from cratewheel.cli.completions import parser_of
from cratewheel.options import model
from cratewheel.options.arguments import Parser
from cratewheel.options.model import settings
from cratewheel.options.setting import GROUPS, Setting

MODEL = model.__file__

FLAG = re.compile(r"""`[^`]*`|--[a-z][\w-]*(?:="[^"]*"|=[\w-]+)?|(?<!\S)--(?!\S)""")

# What a key holds in TOML, by the kind of its setting.
TOML_TYPES = {
    "switch": "true or false",
    "toggle": "true or false",
    "text": "string",
    "path": "path",
    "number": "number",
    "list": "array of strings",
    "words": "string or array of strings",
    "shell": "string or array of strings",
    "rest": "array of strings",
    "table": "see below",
}

# What a config setting holds, where it is not the option's own value.
SETTING_VALUES = {
    "optional": "true, false or a value",
    "switch": "true or false",
    "count": "true or false",
    "toggle": "true or false",
}


def options_page(command: str) -> str:
    """Return the options of a command, group by group, as definition lists; the directive gives them anchors."""
    own = [_own_option(action) for action in own_actions(command)]
    parts: list[str] = ["### Options of this command", *own] if own else []
    for group in GROUPS:
        chosen = [one for one in settings().values() if one.group == group and one.flags and command in one.commands]
        if chosen:
            parts += [f"### {group}", *(_option(one) for one in chosen)]
    return "\n\n".join(parts) + "\n"


def own_actions(command: str) -> list[argparse.Action]:
    """Return the options of a command that are not in the settings model, from its parser."""
    place, _, text = COMMANDS[command]
    parser = parser_of(command, place, text)
    assert isinstance(parser, Parser)
    shared = {"-h", "--help", *parser.fields}
    return [one for one in parser._actions if one.option_strings and shared.isdisjoint(one.option_strings)]  # noqa: SLF001  # argparse has no public way


def keys_page() -> str:
    """Return a table of the keys of `[tool.maturin]` and `[tool.cratewheel]` by group."""
    parts: list[str] = []
    for group in GROUPS:
        chosen = [(name, one) for name, one in settings().items() if one.group == group and one.key]
        if chosen:
            rows = ["| key | value | what it does |", "|---|---|---|", *(_key_row(one) for _, one in chosen)]
            parts += [f"### {group}", "\n".join(rows)]
    return "\n\n".join(parts) + "\n"


def variables_page() -> str:
    """Return a table of the variables that stand for options."""
    rows = ["| variable | the same as |", "|---|---|"]
    for one in settings().values():
        rows += [f"| `{variable}` | `{one.flags[-1] if one.flags else one.key}` |" for variable in one.variables]
    return "\n".join(rows) + "\n"


def config_settings_page() -> str:
    """Return a table of the config settings of the build backend: one for each long option of `build`."""
    rows = ["| setting | value | what it does |", "|---|---|---|"]
    for one in settings().values():
        names = [flag.removeprefix("--") for flag in one.flags if flag.startswith("--")]
        if names and "build" in one.commands:
            value = _join(one.choices) if one.choices else SETTING_VALUES.get(one.kind, f"`{one.metavar}`")
            rows.append(f"| {_join(names)} | {value} | {_prose(one.help)}. |".replace("..", "."))
    return "\n".join(rows) + "\n"


def _option(one: Setting) -> str:
    spellings = _join(f"{flag}{_value(one)}" if flag.startswith("-") else "-- ARGS" for flag in one.flags)
    notes = [f"{_prose(one.help)}."]
    if one.choices:
        notes.append(f"One of {_join(one.choices)}.")
    if one.negations:
        notes.append(f"{_join(one.negations)} turns it off.")
    if one.flag_aliases:
        notes.append(f"Also spelled {_join(one.flag_aliases)}.")
    if one.kind in ("list", "shell", "words"):
        notes.append("May be repeated.")
    if one.variables:
        notes.append(f"Variable: {_join(one.variables)}.")
    if one.key:
        notes.append(f"Key: {_join([one.key])}.")
    return f"{spellings}\n: {' '.join(notes)}"


def _own_option(action: argparse.Action) -> str:
    metavar = action.metavar if isinstance(action.metavar, str) else (action.dest or "").upper()
    value = "" if action.nargs == 0 else f" {metavar}…" if action.nargs == "+" else f" {metavar}"
    notes = [f"{_prose((action.help or '').replace('%%', '%'))}."]
    return f"{_join(f'{flag}{value}' for flag in action.option_strings)}\n: {' '.join(notes)}"


def anchor(term: str, prefix: str = "") -> str:
    """Return the anchor of an option from its line on the page: the first long name.

    >>> anchor("-b KIND, --bindings KIND")
    'bindings'
    >>> anchor("--strip [true|false]", "sdist")
    'sdist-strip'
    """
    names = re.findall(r"(?<![\w-])--?([A-Za-z][\w-]*)", term)
    name = next((name for name in names if len(name) > 1), names[0] if names else "rustc-args")
    return f"{prefix}-{name}" if prefix else name


def _value(one: Setting) -> str:
    match one.kind:
        case "switch" | "count":
            return ""
        case "toggle":
            return " [true|false]"
        case "optional":
            return f"[={one.metavar}]"
        case "words":
            return f" {one.metavar}…"
        case _:
            return f" {one.metavar}"


def _key_row(one: Setting) -> str:
    value = _join(one.choices) if one.choices else TOML_TYPES[one.kind]
    notes = _prose(one.help)
    if one.flags:
        notes += f". Flag: `{one.flags[-1]}`" if one.flags[-1].startswith("-") else ". On the command line: after `--`"
    if one.key_aliases:
        notes += f". Also spelled {_join(one.key_aliases)}"
    return f"| `{one.key}` | {value} | {notes}. |".replace("..", ".")


def _prose(text: str) -> str:
    """Return help text as Markdown: flags that it mentions become code.

    >>> _prose("the same as --auditwheel=skip, after --")
    'the same as `--auditwheel=skip`, after `--`'
    """
    return FLAG.sub(lambda match: match[0] if match[0].startswith("`") else f"`{match[0]}`", text)


def _join(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


PAGES: dict[str, Callable[..., str]] = {
    "options": options_page,
    "keys": keys_page,
    "variables": variables_page,
    "config-settings": config_settings_page,
}

if __name__ == "__main__":
    sys.stdout.write("\n".join((options_page("build"), keys_page(), variables_page())))
