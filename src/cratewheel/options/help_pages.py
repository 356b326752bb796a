"""The pages of help: the long one of `--help` with every option, the short one of `-h` with the common ones."""

from __future__ import annotations

import argparse
import copy
import os
from collections.abc import Iterable, Mapping, Sequence

from cratewheel.options.setting import GROUPS

HELP_WIDTH = 100
LEAST_WIDTH = 40
ALIASES = frozenset({"--binding-crate", "--manylinux"})  # only on the long page
SHAPES = {"?": "[{}]", "*": "[{}...]", "+": "{}..."}  # of an argument, by its `nargs`

Group = tuple["str | None", "Sequence[argparse.Action]"]

# The common options of the model, each with its line on the short page. An option that is not here is only on the long
# page, unless a command adds it by itself.
COMMON = {
    "bindings": "The kind of bindings [default: detected]",
    "strip": "Strip symbols from the compiled files",
    "sdist": "Build a source distribution too [default]",
    "vendor": "Include the crates that the project needs",
    "check": "Check that a wheel built from it is the same",
    "interpreter": "The Pythons to build for [default: all found]",
    "target": "The target triple to compile for",
    "compatibility": "The platform tag, such as manylinux_2_28",
    "zig": "Link with zig, for an older glibc",
    "out": "The output folder [default: target/wheels]",
    "release": "Optimise: cargo's release profile",
    "profile": "The cargo profile to build with",
    "jobs": "The number of parallel compile jobs",
    "features": "Cargo features to enable",
    "all_features": "Enable every cargo feature of the crate",
    "no_default_features": "Disable the crate's default features",
    "manifest_path": "The Cargo.toml to build",
    "locked": "Fail if Cargo.lock would have to change",
    "offline": "Do not use the network",
    "repository": "Where to upload: pypi [default], testpypi, …",
    "username": "The user to upload as",
    "skip_existing": "Skip files that the repository has already",
    "upload_dry_run": "Do everything but the upload",
    "dry_run": "Print what would be built, without building",
    "explain": "Print the reason for each decision",
    "message_format": "What stdout has: paths, or JSON (human, json)",
    "quiet": "Print only warnings and errors",
    "verbose": "Print more; -vv and -vvv even more",
    "color": "When to use colour (auto, always, never)",
}


def page_width() -> int:
    """Return the width of a page of help: that of the terminal on stdout, if it is narrower than usual."""
    try:
        columns = os.get_terminal_size(1).columns
    except OSError:  # no terminal
        return HELP_WIDTH
    return max(LEAST_WIDTH, min(HELP_WIDTH, columns)) if columns else HELP_WIDTH


class HelpFormatter(argparse.HelpFormatter):
    """Two columns, flags and help, with a limited width."""

    def __init__(self, prog: str, *, position: int = 32) -> None:
        super().__init__(prog, max_help_position=position, width=page_width())

    def _split_lines(self, text: str, width: int) -> list[str]:
        # an option's name must not be broken at its hyphens
        import textwrap  # for pages of help alone

        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        shown = self._format_args(action, self._get_default_metavar_for_optional(action))
        return f"{', '.join(action.option_strings)} {shown}"


def long_page(parser: argparse.ArgumentParser, groups: Iterable[Group]) -> str:
    """Return the page with every option of a command: its own groups first, then those of the model, then help."""
    order = {title: at for at, title in enumerate((*GROUPS, "Help"), start=1)}
    return _page(parser, HelpFormatter(parser.prog), sorted(groups, key=lambda group: order.get(group[0] or "", 0)))


def short_page(parser: argparse.ArgumentParser, groups: Iterable[Group], fields: Mapping[str, str]) -> str:
    """Return the page with the options that a command has by itself, and the common ones of the model.

    `fields` are the model's fields, by the name of their flags.
    """
    arguments: list[argparse.Action] = []
    options: list[tuple[int, argparse.Action]] = []
    omitted = False
    rank = {name: at for at, name in enumerate(COMMON)}
    for action in (action for _, actions in groups for action in actions):
        field = fields.get(action.option_strings[0]) if action.option_strings else None
        if not action.option_strings:
            arguments.append(action)
        elif "--help" in action.option_strings:
            options.append((len(rank), action))
        elif field is None:
            options.append((-1, action))
        elif field in COMMON:
            options.append((rank[field], _shortened(action, field)))
        else:
            omitted = True
    ranked = [action for _, action in sorted(options, key=lambda option: option[0])]
    title = "common options" if omitted else "options"
    page = _page(parser, HelpFormatter(parser.prog, position=34), [("arguments", arguments), (title, ranked)])
    return f"{page}\n`{parser.prog} --help` shows all options.\n" if omitted else page


def _shortened(action: argparse.Action, field: str) -> argparse.Action:
    shown = copy.copy(action)
    shown.option_strings = [flag for flag in action.option_strings if flag not in ALIASES]
    if not action.option_strings[0].startswith("--no-") or field.startswith("no_"):  # one that negates has its own help
        shown.help = COMMON[field]
    return shown


def _page(parser: argparse.ArgumentParser, formatter: HelpFormatter, groups: Iterable[Group]) -> str:
    groups = list(groups)
    words = [
        SHAPES.get(str(action.nargs), "{}").format(action.metavar or action.dest)
        for _, actions in groups
        for action in actions
        if not action.option_strings
    ]
    formatter.add_usage(parser.usage or " ".join((parser.prog, "[OPTIONS]", *words)), (), ())
    formatter.add_text(parser.description)
    for title, actions in groups:
        formatter.start_section(title)
        formatter.add_arguments(actions)
        formatter.end_section()
    return formatter.format_help()
