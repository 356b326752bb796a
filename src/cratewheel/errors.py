"""All errors that a user can see, by who must act; and how other exceptions are reported.

Each one says what is wrong and where in its message, and what to do in its hint. `exit_status` is what the process
ends with. A traceback is for our own mistakes only.
"""

from __future__ import annotations

from collections.abc import Iterable


class CratewheelError(Exception):
    """An error that the user can understand and fix; `hint` says how, `notes` are details, one per line."""

    exit_status = 1

    def __init__(self, message: str, *, hint: str | None = None, notes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.notes = notes


class UsageError(CratewheelError):
    """The command line or a variable is wrong: the caller must act."""

    exit_status = 2


class ConfigError(CratewheelError):
    """A file of the project (pyproject.toml, Cargo.toml, the sources) is wrong: its author must act."""


class MissingToolError(CratewheelError):
    """A program, interpreter or library is missing on this machine."""


class ProcessError(CratewheelError):
    """A program failed; its output has been shown or is in `notes`."""


class CompileError(ProcessError):
    """Cargo could not build the crate; its messages have been shown."""


class MismatchError(CratewheelError):
    """Cargo compiled something else than the wheel's tag says; most likely a bug in cratewheel."""


class InterpreterError(CratewheelError):
    """A requested interpreter cannot be used."""


class AuditError(CratewheelError):
    """A binary is unreadable, or does not meet the requested platform tag."""


class UnsupportedError(CratewheelError):
    """The request is valid, but not supported with this version, platform or combination."""


class UploadError(CratewheelError):
    """A file may not be uploaded, a repository refused one, or it could not be reached."""


class OurMistakeError(CratewheelError):
    """An internal error: a bug in cratewheel."""

    exit_status = 101  # what Rust programs end with when they panic


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return a hint with the most similar known word, or None if none is similar.

    >>> did_you_mean("Modul_name", ["features", "module-name"])
    'did you mean `module-name`?'
    """
    import difflib  # pages of help do without

    near = difflib.get_close_matches(word.replace("_", "-").lower(), known, n=1)
    return f"did you mean `{near[0]}`?" if near else None


def with_suggestion(message: str, word: str, known: Iterable[str]) -> str:
    """Return the message about an unknown word, with the most similar known one if there is one."""
    hint = did_you_mean(word, known)
    return f"{message}; {hint}" if hint else message


def to_user_error(error: Exception) -> CratewheelError:
    """Return the error to show for any exception, without a traceback."""
    match error:
        case CratewheelError():
            return error
        case OSError():
            return _system_error(error)
        case UnicodeError():
            return CratewheelError(f"a text or a file name is not what it should be: {error}")
        case ValueError() if "embedded null" in str(error):
            return CratewheelError("the name of a file or folder has a NUL character in it")
        case RecursionError():
            return CratewheelError("a file is nested too deeply to be read")
        case MemoryError():
            return CratewheelError("there is not enough memory")
    return _internal_error(error)


def _system_error(error: OSError) -> CratewheelError:
    import os

    try:
        os.getcwd()  # noqa: PTH109  # whether there is one
    except FileNotFoundError:
        return CratewheelError("the current folder no longer exists", hint="change to one that does")
    except OSError:
        pass  # it is the error itself, or a worse one
    where = f"{error.filename2 or error.filename}: " if error.filename else ""
    return CratewheelError(f"{where}{error.strerror or error}", hint="look at the file system: space, permissions")


def _internal_error(error: Exception) -> CratewheelError:
    import traceback

    from cratewheel import __version__

    place = traceback.extract_tb(error.__traceback__)[-1]
    return OurMistakeError(
        f"a mistake in cratewheel {__version__} itself: {type(error).__name__}: {error}",
        notes=(f"in {place.name}, {place.filename}:{place.lineno}",),
        hint="report it, please, with the traceback that CRATEWHEEL_TRACEBACK=1 shows",
    )
