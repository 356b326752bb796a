"""Names of files are bytes, and UTF-8 in archives, whatever the locale says.

Python decodes them as the locale has it: in one for ISO 8859-1, what is `é` in UTF-8 would become two letters, in names
that we find and in those that files of the project mention. In Python's UTF-8 mode (PEP 540) no name is changed, and
bytes that are not UTF-8 can be told from letters; so without it the work is done by another Python that has it.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from cratewheel.errors import ConfigError

MODE = ("-X", "utf8")


def is_missing() -> bool:
    """Return whether names would be decoded in another way than UTF-8, and a Python can be started that does not."""
    return decodes_otherwise() and bool(sys.executable) and "utf8" not in getattr(sys, "_xoptions", {})


def decodes_otherwise() -> bool:
    """Return whether names of files are decoded in another way than UTF-8; on Windows they are no bytes at all."""
    return sys.platform != "win32" and sys.getfilesystemencoding() != "utf-8"


def check_name(name: str, what: str) -> None:
    """Raise `ConfigError` for the name of a file that is not UTF-8, or that is decoded in another way.

    The message says `what` has it.
    """
    if name.isascii():
        return
    if decodes_otherwise():
        raise ConfigError(
            f"this Python reads the name {name!r} as {sys.getfilesystemencoding()}, not as UTF-8 ({what})",
            hint="set PYTHONUTF8=1, or LC_ALL=C.UTF-8",
        )
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(
            f"the name {name!r} is not UTF-8, so no archive can hold it ({what})",
            hint="rename the file, or leave it out with `exclude`",
        ) from error


def recoded(value: Any) -> Any:
    """Return text that was decoded here as a Python in UTF-8 mode has it; of lists and dicts, all text in them."""
    if isinstance(value, str):
        try:
            return os.fsencode(value).decode("utf-8", "surrogateescape")
        except UnicodeEncodeError:  # it was not decoded here
            return value
    if isinstance(value, dict):
        return {recoded(key): recoded(item) for key, item in value.items()}
    return [recoded(item) for item in value] if isinstance(value, (list, tuple)) else value
