"""Every error that a user can see, by who must act.

Each one says what is wrong and where in its message, and what to do in its hint. `exit_status` is what the process
ends with. A traceback is for our own mistakes only.
"""

from __future__ import annotations


class CratewheelError(Exception):
    """Something the user can understand and mend; `hint` says how, `notes` give the details line by line."""

    exit_status = 1

    def __init__(self, message: str, *, hint: str | None = None, notes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.notes = notes


class UsageError(CratewheelError):
    """The command line or a variable is wrong: whoever typed it must act."""

    exit_status = 2


class ConfigError(CratewheelError):
    """A file of the project (pyproject.toml, Cargo.toml, the sources) is wrong: its author must act."""


class MissingToolError(CratewheelError):
    """A program, interpreter or library is not on this machine: whoever looks after it must act."""


class ProcessError(CratewheelError):
    """A program that we started failed; what it printed has been shown or is in `notes`."""


class CompileError(ProcessError):
    """Cargo could not build the crate; its own messages have been shown."""


class InterpreterError(CratewheelError):
    """An interpreter that was asked for cannot be used."""


class AuditError(CratewheelError):
    """A binary is unreadable, or may not carry the platform tag that was asked for."""


class UnsupportedError(CratewheelError):
    """The request is understood, but not possible with this version, platform or combination."""
