"""The command line: one module a subcommand; each makes Options and calls down."""

from __future__ import annotations

import importlib
import itertools
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Literal, NoReturn

from cratewheel import __version__
from cratewheel.errors import CratewheelError, UsageError, did_you_mean, to_user_error
from cratewheel.system import signals as interrupts
from cratewheel.system import utf8

# Name → module below this package (and its function, if not `run`), aliases, and one line of help. Modules are imported
# when they are used: start-up is a tax on every build.
COMMANDS = {
    "build": ("build", ("b",), "Build wheels, and a source distribution, from a crate"),
    "develop": ("develop", ("dev",), "Build the project and install it into an environment, its Python files live"),
    "sdist": ("sdist", (), "Build a source distribution only"),
    "publish": ("publish", (), "Build for release, and upload to a package index"),
    "upload": ("upload", (), "Upload wheels and source distributions that are built"),
    "list-files": ("list_files", (), "List what the source distribution and the wheel will hold; compiles nothing"),
    "new": ("new", (), "Make a project that builds at once"),
    "init": ("new:run_init", (), "Make a project in a folder that is there"),
    "generate-stubs": ("generate_stubs", (), "Write type stubs of the extension module to a folder"),
    "ide": ("ide", (), "Keep cargo, an editor and our builds from compiling pyo3 for each other"),
    "generate-ci": ("generate_ci", (), "Write the file of a CI service that builds, tests and publishes wheels"),
    "metadata": ("metadata", (), "Print the core metadata of the project; starts no program"),
    "list-python": ("list_python", (), "List the Python interpreters that discovery finds"),
    "clean": ("clean", (), "Free the disk of what builds left below the target directory"),
    "completions": ("completions", (), "Print a script that completes our command lines in a shell"),
    "doctor": ("doctor", (), "Check what this machine has for building wheels, and say what mends it"),
}

# What files and other tools call, and no person: no page of help lists it.
HIDDEN = {"rebuild": "develop:rebuild", "pep517": "pep517"}

INTERRUPTED = 130  # what a shell reports for a program that SIGINT ended
BROKEN_PIPE = 141  # and for one that SIGPIPE ended
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

    That is 0, 1 for an error, 2 for wrong usage, and 128 and the number of the signal that ended it.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    _open_standard_streams()
    try:
        with interrupts.Handlers():
            return _run(words)
    except KeyboardInterrupt as stop:
        _say_last(words, interrupts.WARNING)
        return stop.exit_status if isinstance(stop, interrupts.TerminatedError) else INTERRUPTED
    except BrokenPipeError:
        # whoever read our output has gone: Python must not complain about it at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:
        if os.environ.get("CRATEWHEEL_TRACEBACK") and not isinstance(error, CratewheelError):
            raise
        known = to_user_error(error)
        _say_last(words, known)
        return known.exit_status


def _say_last(words: list[str], what: CratewheelError | str) -> None:
    """Say why nothing comes any more, if there is still somebody to read it: Ctrl-C ends a reader as well."""
    from cratewheel.ui import terminal_ui

    ui = terminal_ui(os.environ, message_format=_message_format(words))
    with suppress(OSError, CratewheelError):
        ui.warn(what) if isinstance(what, str) else ui.error(what)


def _open_standard_streams() -> None:
    """Open the null device in place of a stream that our caller has closed, for us and for the programs we start.

    Otherwise the next file that is opened has the number of the stream, and what a program prints goes into it.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= HIGHEST_STANDARD_STREAM:
        os.set_inheritable(number, True)  # the interface is the interpreter's
    os.close(number)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))


def _flush_standard_streams() -> None:
    """Write what is left of our output, so that Python does not complain at exit about what cannot be written."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:  # noqa: PERF203  # of two; a command has said so, or there is nobody to read it
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _run(words: list[str]) -> int:
    if not words:
        raise UsageError("no command was given", hint=f"one of {', '.join(COMMANDS)}; `cratewheel --help` says more")
    if words[0] in ("-V", "--version"):
        return _print(f"cratewheel {__version__}\n")
    if words[0] in ("-h", "--help", "help"):
        return _help(words[1:])
    for name, (place, aliases, _) in COMMANDS.items():
        if words[0] in (name, *aliases):
            return _call(place, words[1:])
    if words[0] in HIDDEN:
        return _call(HIDDEN[words[0]], words[1:])
    raise UsageError(
        f"`{words[0]}` is not a command",
        hint=did_you_mean(words[0], COMMANDS) or f"the commands are {', '.join(COMMANDS)}",
    )


def _call(place: str, words: list[str]) -> int:
    module, _, function = place.partition(":")
    command = importlib.import_module(f"cratewheel.cli.{module}")
    status: int = getattr(command, function or "run")(words, os.environ)
    return status


def _help(words: list[str]) -> int:
    if words:
        return _run([words[0], "--help"])
    lines = [
        "Rust crates in, Python wheels and source distributions out.",
        "",
        "usage: cratewheel COMMAND [OPTIONS]",
        "",
        "commands:",
        *(f"  {name:<14}{text}" for name, (_, _, text) in COMMANDS.items()),
        "",
        "options:",
        "  -h, --help    Show this, or with a command what that takes",
        "  -V, --version Show the version",
        "",
    ]
    return _print("\n".join(lines))


def _print(text: str) -> int:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        from cratewheel.ui import stdout_error  # which takes longer to import than this takes

        raise stdout_error(error) from error
    return 0


def _message_format(words: list[str]) -> Literal["human", "json"]:
    if "--message-format=json" in words or ("--message-format", "json") in itertools.pairwise(words):
        return "json"
    return "human"
