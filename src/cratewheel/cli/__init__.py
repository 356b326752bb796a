"""The command line: finds the module of a subcommand, runs it, and turns exceptions into exit statuses."""

from __future__ import annotations

import importlib
import itertools
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, NoReturn, TextIO

from cratewheel import __version__
from cratewheel.errors import CratewheelError, UsageError, did_you_mean, to_user_error
from cratewheel.system import signals as interrupts
from cratewheel.system import utf8

if TYPE_CHECKING:
    from cratewheel.ui import ColorChoice

# Name → module in this package (and its function, if not `run`), aliases, one line of help. Modules are imported when
# they are used, to start quickly.
COMMANDS = {
    "build": ("build", ("b",), "Build wheels, and a source distribution, from a crate"),
    "develop": ("develop", ("dev",), "Build the project and install it in editable mode"),
    "sdist": ("sdist", (), "Build a source distribution only"),
    "publish": ("publish", (), "Build for release and upload to a package index"),
    "upload": ("upload", (), "Upload wheels and source distributions"),
    "list-files": ("list_files", (), "List the files of the sdist and the wheel, without compiling"),
    "inspect": ("inspect", (), "Show what is in a wheel or a source distribution"),
    "new": ("new", (), "Create a project"),
    "init": ("new:run_init", (), "Create a project in an existing folder"),
    "build-extension": ("build_extension", (), "Compile only, and write the modules and programs to a folder"),
    "generate-stubs": ("generate_stubs", (), "Write type stubs for the extension module"),
    "ide": ("ide", (), "Let cargo and editors share compiled files with cratewheel"),
    "generate-ci": ("generate_ci", (), "Write a CI file that builds, tests and publishes wheels"),
    "metadata": ("metadata", (), "Print the core metadata of the project"),
    "list-python": ("list_python", (), "List the Python interpreters on this machine"),
    "clean": ("clean", (), "Remove build files and caches"),
    "completions": ("completions", (), "Print a shell completion script"),
    "doctor": ("doctor", (), "Check this machine for problems with building wheels"),
}

# Commands for generated files and other tools; not listed in help.
HIDDEN = {"rebuild": "develop:rebuild", "pep517": "pep517"}

ANSWERED_AT_ONCE = ("-V", "--version", "-h", "--help")

INTERRUPTED = 130  # what a shell reports for a program ended by SIGINT
BROKEN_PIPE = 141  # and by SIGPIPE
HIGHEST_STANDARD_STREAM = 2  # of stdin, stdout, stderr


def program() -> NoReturn:
    """Run the command line and end the process."""
    if utf8.needs_utf8_mode():
        from cratewheel.system.command import restart_python

        restart_python(utf8.MODE)
    status = main()
    _flush_standard_streams()
    sys.exit(status)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    0 is success, 1 an error, 2 wrong usage, 128 + N the end by signal N.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    _open_standard_streams()
    try:
        with interrupts.Handlers():
            return _run(args)
    except KeyboardInterrupt as stop:
        _report_end(args, interrupts.WARNING)
        return stop.exit_status if isinstance(stop, interrupts.TerminatedError) else INTERRUPTED
    except BrokenPipeError:
        # the reader of our output has exited; Python must not report that at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:
        if os.environ.get("CRATEWHEEL_TRACEBACK") and not isinstance(error, CratewheelError):
            raise
        known = to_user_error(error)
        _report_end(args, known)
        return known.exit_status


def _report_end(args: list[str], what: CratewheelError | str) -> None:
    """Print why the command ends, unless stderr is closed: Ctrl-C ends the reader too."""
    from cratewheel.ui import terminal_ui

    ui = terminal_ui(os.environ, color=_color(args), message_format=_message_format(args))
    with suppress(OSError, CratewheelError):
        ui.warn(what) if isinstance(what, str) else ui.error(what)


def _open_standard_streams() -> None:
    """Open the null device for each standard stream that is closed, for us and the programs that we start.

    Otherwise the next open file would get the stream's number, and programs would print into it.
    """
    try:
        while (number := os.open(os.devnull, os.O_RDWR)) <= HIGHEST_STANDARD_STREAM:
            os.set_inheritable(number, True)  # as the standard streams are
    except OSError:  # a machine without it, or too many open files: what needs them says so
        return
    os.close(number)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))


def _flush_standard_streams() -> None:
    """Flush our output, so that Python reports no error at exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:  # noqa: PERF203  # only two; the command has reported it
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _run(argv: list[str]) -> int:
    first: list[str] = []
    args = argv
    if argv and argv[0].startswith("-") and argv[0] not in ANSWERED_AT_ONCE:
        from cratewheel.cli.global_options import split_global_options

        first, args = split_global_options(argv)
    if not args:
        _print(_help_page(), sys.stderr)  # not a success: a script that has lost its arguments must notice
        return UsageError.exit_status
    if args[0] in ("-V", "--version"):
        return _print(f"cratewheel {__version__}\n", sys.stdout)
    if args[0] in ("-h", "--help", "help"):
        return _run([args[1], "--help"]) if args[1:] else _print(_help_page(), sys.stdout)
    for name, (place, aliases, _) in COMMANDS.items():
        if args[0] in (name, *aliases):
            return _call(place, [*first, *args[1:]])
    if args[0] in HIDDEN:
        return _call(HIDDEN[args[0]], [*first, *args[1:]])
    raise _unknown_command(args)


# what other tools call our commands
_OTHER_NAMES = {"install": "develop", "dist": "build", "wheel": "build", "bdist_wheel": "build", "check": "doctor"}


def _unknown_command(args: list[str]) -> UsageError:
    word = args[0]
    if word.startswith("-"):
        command = next((each for each in args if each in COMMANDS), "build")
        return UsageError(
            f"the command stands before its options: `{word}`", hint=f"write `cratewheel {command} {word} …`"
        )
    other = f"did you mean `{_OTHER_NAMES[word]}`?" if word in _OTHER_NAMES else did_you_mean(word, COMMANDS)
    return UsageError(f"`{word}` is not a command", hint=other or f"the commands are {', '.join(COMMANDS)}")


def _call(place: str, args: list[str]) -> int:
    module, _, function = place.partition(":")
    command = importlib.import_module(f"cratewheel.cli.{module}")
    status: int = getattr(command, function or "run")(args, os.environ)
    return status


def _help_page() -> str:
    width = max(map(len, COMMANDS)) + 2
    lines = [
        "Build Python wheels and source distributions from Rust crates.",
        "",
        "usage: cratewheel COMMAND [OPTIONS]",
        "",
        "commands:",
        *(f"  {name:<{width}}{text}" for name, (_, _, text) in COMMANDS.items()),
        "",
        "options:",
        f"  {'-h, --help':<{width}}Show help; of a command: common options (-h), all (--help)",
        f"  {'-V, --version':<{width}}Show the version",
        "  -v, -q and --color may stand before the command",
        "",
    ]
    return "\n".join(lines)


def _print(text: str, stream: TextIO) -> int:
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        from cratewheel.ui import stdout_error  # slow to import

        raise stdout_error(error) from error
    return 0


def _color(args: list[str]) -> ColorChoice:
    """Return when to colour an error: as the arguments say, which may be what is wrong, or cargo's configuration."""
    own = args[: args.index("--")] if "--" in args else args
    words = [word.removeprefix("--color=") for word in own if word.startswith("--color=")]
    words += [value for flag, value in itertools.pairwise(own) if flag == "--color"]
    if not words:
        from pathlib import Path

        from cratewheel.cargo.config import terminal_settings

        with suppress(OSError):  # the folder was removed
            return terminal_settings((), os.environ, Path.cwd()).color or "auto"
    return "always" if words[:1] == ["always"] else "never" if words[:1] == ["never"] else "auto"


def _message_format(args: list[str]) -> Literal["human", "json"]:
    if "--message-format=json" in args or ("--message-format", "json") in itertools.pairwise(args):
        return "json"
    return "human"
