"""The settings model → argparse parsers; parsed arguments → flags."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from cratewheel.errors import UsageError, did_you_mean
from cratewheel.options.help_pages import Group, HelpFormatter, long_page, short_page
from cratewheel.options.model import settings
from cratewheel.options.setting import GROUPS, Setting
from cratewheel.system import redaction
from cratewheel.ui import Ui, print_result, terminal_ui

MOST_JOBS = 2**31 - 1  # that cargo takes
HELP = "Show the common options with -h, all with --help"
SHOWN = 60  # characters of a value, in an error
# argparse's words for two mistakes, and ours; an "explicit argument" may be anything, such as a token
_ARGPARSE = (
    (r"(?s)argument (?:[^:]*/)?([^:/]+): ignored explicit argument.*", r"\1 takes no value"),
    (r"(?s)argument (?:[^:]*/)?([^:/]+): (must be .*)", r"\1 \2"),
    (r"argument (?:[^:]*/)?([^:/]+): expected (?:one|at least one|1) argument", r"\1 needs a value"),
    (r"the following arguments are required: (.*)", r"\1 is missing"),
)
_ONE_DASH = re.compile(r"-[a-z][a-z-]{2,}")  # `-release`, which argparse reads as `-r elease`
_NO_VALUE = re.compile(r"(--[\w-]+=|-\w=?)--")


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `UsageError` instead of exiting.

    One that `takes_rustc_args` takes a file of them without `--`, and what stands behind it.
    """

    takes_rustc_args = False

    def __init__(self, *, prog: str, description: str = "", usage: str | None = None) -> None:
        super().__init__(
            prog=prog,
            description=description,
            usage=usage,
            formatter_class=HelpFormatter,
            allow_abbrev=False,
            add_help=False,
        )
        self.fields: dict[str, str] = {}  # of the model, by their flags
        group = self.add_argument_group("Help")
        group.add_argument("-h", "--help", action=_Help, nargs=0, help=HELP, default=argparse.SUPPRESS)

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]  # one of three overloads
        """Return the parsed arguments; the error for unknown ones hides possible secrets."""
        found, rest = self.parse_known_args(args, namespace)
        if rest and self.takes_rustc_args and rest[0].startswith("@"):
            found.rustc_args = rest
        elif rest:
            raise _unknown_arguments(self.prog, rest, [name for name in self._option_string_actions if name[1] == "-"])
        return found

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> tuple[Any, list[str]]:  # type: ignore[override]  # one of three overloads
        """Return the parsed arguments and the rest; works around argparse's treatment of `--`."""
        for word in args or ():
            if _NO_VALUE.fullmatch(word):
                self.error(f"{word.removesuffix('--').rstrip('=')} has the value `--`, which ends the options")
            if _ONE_DASH.fullmatch(word) and f"-{word}" in self._option_string_actions:
                raise UsageError(f"unknown option `{word}`", hint=f"did you mean `-{word}`?")
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Raise the error, with a hint at the help page."""
        said = message
        for pattern, plain in _ARGPARSE:
            said = re.sub(pattern, plain, said)
        raise UsageError(said, hint=f"`{self.prog} --help` shows the options")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        choices = [str(choice) for choice in action.choices]
        name = action.option_strings[-1] if action.option_strings else action.dest
        raise UsageError(
            f"{_long_name(action.option_strings) or name} must be one of {', '.join(choices)}, found {value[:SHOWN]!r}",
            hint=did_you_mean(value, choices) or f"`{self.prog} --help` shows the options",
        )

    def format_help(self) -> str:
        """Return the long page of help."""
        return long_page(self, self._groups())

    def format_short_help(self) -> str:
        """Return the short page of help."""
        return short_page(self, self._groups(), self.fields)

    def _groups(self) -> list[Group]:
        return [(group.title, group._group_actions) for group in self._action_groups]  # noqa: SLF001  # argparse has no public way


class _Help(argparse.Action):
    """Prints the short page for `-h`, the long one for `--help`, and exits."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,  # noqa: ARG002  # the interface is argparse's
        values: str | Sequence[Any] | None,  # noqa: ARG002  # the interface is argparse's
        option_string: str | None = None,
    ) -> None:
        assert isinstance(parser, Parser)
        print_result(parser.format_help() if option_string == "--help" else parser.format_short_help())
        parser.exit()


def _long_name(flags: Sequence[str]) -> str | None:
    return next((flag for flag in flags if flag.startswith("--")), None)


def _unknown_arguments(prog: str, rest: Sequence[str], known: Sequence[str]) -> UsageError:
    """Return the error for arguments that no option takes, with a suggestion for each; values are not shown."""
    names = [word.partition("=")[0] if word.startswith("--") else word[:2] for word in rest if word.startswith("-")]
    near = {name: _suggestion(name, known) if name.startswith("--") else None for name in names}
    help_page = f"`{prog} --help` shows the options"
    if not names:
        shown = " ".join(redaction.redact_unknown(rest))
        return UsageError(f"unexpected argument: {shown}", hint=help_page)
    if len(near) == 1:
        return UsageError(f"unknown option `{names[0]}`", hint=near[names[0]] or help_page)
    return UsageError(
        f"unknown options {', '.join(f'`{name}`' for name in near)}",
        notes=tuple(f"`{name}`: {hint}" for name, hint in near.items() if hint),
        hint=help_page,
    )


# options of cargo, pip and build that cratewheel has in another form
_OTHER_FORMS = {
    "--bin": "all programs of the crate are packed; `targets` in [tool.cratewheel] chooses some of them",
    "--bins": "all programs of the crate are packed",
    "--lib": "`targets` in [tool.cratewheel] chooses what is built",
    "--package": "name the crate by its manifest: `--manifest-path crates/NAME/Cargo.toml`",
    "--workspace": "build one crate at a time: `--manifest-path crates/NAME/Cargo.toml`",
    "--python": "`--interpreter 3.12` chooses a Python",
    "--outdir": "did you mean `--out`?",
    "--wheel": "wheels are built without it",
}


def _suggestion(name: str, known: Sequence[str]) -> str | None:
    """Return a hint for an unknown option: the commands that have it, or the most similar one of this command."""
    if name in _OTHER_FORMS:
        return _OTHER_FORMS[name]
    others = next((one.commands for one in settings().values() if name in (*one.flags, *one.negations)), ())
    if others:
        return f"it is an option of {', '.join(f'`cratewheel {command}`' for command in others)}"
    return did_you_mean(name, known)


def parse_flags(command: str, description: str, argv: Sequence[str]) -> dict[str, Any]:
    """Return the settings of `command` that `argv` sets: field of `Options` → value."""
    return parse_argv(command_parser(command, description), argv)


def command_parser(command: str, description: str) -> Parser:
    """Return a parser with the flags of every setting of `command`."""
    rest = any(setting.kind == "rest" and command in setting.commands for setting in settings().values())
    parser = Parser(
        prog=f"cratewheel {command}",
        description=description,
        usage=f"cratewheel {command} [OPTIONS]" + (" [-- RUSTC_ARGS]" if rest else ""),
    )
    parser.takes_rustc_args = rest
    add_settings(parser, command)
    return parser


def parse_argv(parser: argparse.ArgumentParser, argv: Sequence[str]) -> dict[str, Any]:
    """Return the parsed arguments; arguments after `--` are `rustc_args`. Raises `UsageError`."""
    words, rest = split_at_dashes(argv)
    flags = vars(parser.parse_args(_join_option_values(words)))
    return flags if rest is None else {**flags, "rustc_args": [*flags.get("rustc_args", ()), *rest]}


def _join_option_values(words: Sequence[str]) -> list[str]:
    """Return argv with `--cargo-extra-args --locked` as one argument, which argparse would read as two options."""
    shell = {flag for setting in settings().values() if setting.kind == "shell" for flag in setting.flags}
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] in shell:
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def session_ui(flags: Mapping[str, Any], environ: Mapping[str, str]) -> Ui:
    """Return the `Ui` for the flags, RUST_LOG and cargo's `[term]`.

    Programs that run are shown where that is asked for. Raises `UsageError` for a level of RUST_LOG that does not
    exist.
    """
    # no page of help needs them
    from cratewheel.cargo.config import TerminalSettings, terminal_settings
    from cratewheel.options.log_level import DEBUG, log_level
    from cratewheel.system import command as programs

    try:
        settings = terminal_settings(flags.get("config", ()), environ, Path.cwd())
    except OSError:  # the folder was removed, which is reported when a project is looked for
        settings = TerminalSettings()
    verbosity = max(flags.get("verbose", 0), log_level(environ))
    ui = terminal_ui(
        environ,
        color=flags.get("color") or settings.color or "auto",
        quiet=flags.get("quiet", False) or (settings.quiet is True and not verbosity),
        verbosity=verbosity,
        message_format=flags.get("message_format", "human"),
        progress=settings.progress or "auto",
    )
    programs.watch(ui.log if ui.verbosity >= DEBUG else None)
    return ui


def add_settings(parser: Parser, command: str) -> None:
    """Add the flags of every setting of `command`, in the model's groups."""
    model = [(name, setting) for name, setting in settings().items() if command in setting.commands and setting.flags]
    for title in GROUPS:
        chosen = [(name, setting) for name, setting in model if setting.group == title and setting.kind != "rest"]
        if chosen:
            group = parser.add_argument_group(title)
            for name, setting in chosen:
                _add(group, name, setting)
                parser.fields |= dict.fromkeys((*setting.flags, *setting.negations), name)


def split_at_dashes(argv: Sequence[str]) -> tuple[list[str], list[str] | None]:
    """Return the arguments before and after the first `--`; the latter is None if there is none."""
    words = list(argv)
    if "--" not in words:
        return words, None
    at = words.index("--")
    return words[:at], words[at + 1 :]


def help_text(setting: Setting) -> str:
    """Return the help of a setting, with its choices, variables and key."""
    text = setting.help
    if setting.choices:
        text += f" ({', '.join(setting.choices)})"
    if setting.variables:
        text += f" [env: {', '.join(setting.variables)}]"
    return text.replace("%", "%%")


def _add(group: argparse._ArgumentGroup, name: str, setting: Setting) -> None:
    common: dict[str, Any] = {"dest": name, "default": argparse.SUPPRESS, "help": help_text(setting)}
    flags = [*setting.flags, *setting.flag_aliases]
    match setting.kind:
        case "switch":
            group.add_argument(*flags, action="store_true", **common)
            if setting.negations:
                opposite = {**common, "help": setting.negation_help}
                group.add_argument(*setting.negations, action="store_false", **opposite)
        case "toggle":
            group.add_argument(*flags, nargs="?", const="true", metavar="true|false", **common)
        case "optional":
            group.add_argument(*flags, nargs="?", const="", metavar=setting.metavar, **common)
        case "count":
            group.add_argument(*flags, action="count", **common)
        case "words":
            group.add_argument(*flags, nargs="*", action=_Extend, metavar=setting.metavar, **common)
        case "list" | "shell":
            group.add_argument(*flags, action=_Append, metavar=setting.metavar, **common)
        case "number":
            group.add_argument(*flags, type=_positive, metavar=setting.metavar, **common)
        case _:
            choices = setting.choices or None
            group.add_argument(*flags, metavar=setting.metavar, choices=choices, **common)


class _Append(argparse.Action):
    """Collects one value per option, without argparse's shared default list."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002  # the interface is argparse's
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,  # noqa: ARG002  # the interface is argparse's
    ) -> None:
        self.collect(namespace, [values])

    def collect(self, namespace: argparse.Namespace, values: Iterable[Any]) -> None:
        setattr(namespace, self.dest, [*getattr(namespace, self.dest, []), *values])


class _Extend(_Append):
    """Collects several values per option."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002  # the interface is argparse's
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,  # noqa: ARG002  # the interface is argparse's
    ) -> None:
        self.collect(namespace, values or [])


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= MOST_JOBS:
        raise argparse.ArgumentTypeError(f"must be a whole number greater than 0, found {text[:SHOWN]!r}")
    return number
