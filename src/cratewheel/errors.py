"""Exceptions that end a command, grouped by who must act, and the conversion of other exceptions to them.

The message says what is wrong and where, the hint says what to do. `exit_status` is the exit status of the process.
Tracebacks are only for internal errors.
"""

from __future__ import annotations

import sys
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
    """The command line or an environment variable is wrong."""

    exit_status = 2


class ConfigError(CratewheelError):
    """A file of the project (pyproject.toml, Cargo.toml, the sources) is wrong."""


class MissingToolError(CratewheelError):
    """A program, interpreter or library is missing on this machine."""


class NoRustError(MissingToolError):
    """There is no cargo or no rustc on this machine."""


class NoStandardLibraryError(MissingToolError):
    """Rust's standard library for the target is not installed."""


class NoLinkerError(MissingToolError):
    """There is no linker for the target."""


class ProcessError(CratewheelError):
    """A program failed; its output has been shown or is in `notes`."""


class BrokenRustError(ProcessError):
    """The rustc of this machine does not run."""


class OldRustError(ProcessError):
    """The cargo of this machine is too old for the project."""


class DownloadError(ProcessError):
    """Cargo could not get the crates that are not on this machine."""


class CompileError(ProcessError):
    """Cargo could not build the crate; its messages have been shown."""


class CargoBuildError(CompileError):
    """Code could not be compiled: `cargo rustc` was called rightly, not stopped, and had room on the disk."""


class MismatchError(CratewheelError):
    """Cargo compiled for another Python or platform than the wheel's tag says; most likely a bug in cratewheel."""


class InterpreterError(CratewheelError):
    """A requested interpreter cannot be used."""


class AuditError(CratewheelError):
    """A binary is unreadable, or does not meet the requested platform tag."""


class UnsupportedError(CratewheelError):
    """The request is valid, but not supported with this version, platform or combination."""


class InspectError(CratewheelError):
    """A wheel or source distribution to look into is damaged, or the file is none."""


class UploadError(CratewheelError):
    """A file was rejected before the upload or by the repository, or the repository could not be reached."""


class InternalError(CratewheelError):
    """An internal error: a bug in cratewheel."""

    exit_status = 101  # what Rust programs end with when they panic


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return a hint with the most similar known word, or None if none is similar.

    >>> did_you_mean("Modul_name", ["features", "module-name"])
    'did you mean `module-name`?'
    """
    import difflib  # slow to import; --help does not need it

    names = {name.replace("_", "-").lower(): name for name in known}
    near = difflib.get_close_matches(word.replace("_", "-").lower(), names, n=1)
    return f"did you mean `{names[near[0]]}`?" if near else None


def with_suggestion(message: str, word: str, known: Iterable[str]) -> str:
    """Return `message` with the known word that is most similar to `word`, if there is one."""
    hint = did_you_mean(word, known)
    return f"{message}; {hint}" if hint else message


# of the standard library: left out where Python is compiled without what they need
_OPTIONAL_MODULES = frozenset({"bz2", "ctypes", "hashlib", "lzma", "ssl", "zlib"})


def to_user_error(error: Exception) -> CratewheelError:
    """Return the error to show for any exception, without a traceback."""
    match error:
        case CratewheelError():
            return error
        case OSError():
            return _system_error(error)
        case UnicodeError():
            return CratewheelError(f"a text or file name has the wrong encoding: {error}")
        case ValueError() if "embedded null" in str(error):
            return CratewheelError("a file name contains a NUL character")
        case RecursionError():
            return CratewheelError("a file is nested too deeply")
        case MemoryError():
            return CratewheelError("out of memory")
        case ModuleNotFoundError(name=str(name)) if name.lstrip("_") in _OPTIONAL_MODULES:
            return MissingToolError(
                f"{sys.executable}, which runs cratewheel, was built without its module {name.lstrip('_')}",
                hint="use another Python; or install the development files of the library, and build this one again",
            )
    return _internal_error(error)


def _system_error(error: OSError) -> CratewheelError:
    import os

    try:
        os.getcwd()  # noqa: PTH109  # raises if it was removed
    except FileNotFoundError:
        return CratewheelError("the current folder no longer exists", hint="change to an existing folder")
    except OSError:
        pass  # report the first error
    if "No usable temporary directory" in (error.strerror or ""):  # tempfile.gettempdir
        return CratewheelError(
            f"there is no folder for temporary files: {error.strerror}", hint="set TMPDIR to a folder that is writable"
        )
    where = f"{error.filename2 or error.filename}: " if error.filename else ""
    return CratewheelError(f"{where}{error.strerror or error}", hint="check the free disk space and the permissions")


def _internal_error(error: Exception) -> CratewheelError:
    import traceback

    from cratewheel import __version__

    place = traceback.extract_tb(error.__traceback__)[-1]
    return InternalError(
        f"internal error in cratewheel {__version__}: {type(error).__name__}: {error}",
        notes=(f"in {place.name}, {place.filename}:{place.lineno}",),
        hint="please report this bug with the traceback; CRATEWHEEL_TRACEBACK=1 shows it",
    )
