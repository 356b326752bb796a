"""File names are bytes, and UTF-8 in archives, whatever the locale is.

Python decodes them with the encoding of the locale: with ISO 8859-1, the bytes of `é` in UTF-8 become two characters,
in names on disk and in names that the project's files mention. In Python's UTF-8 mode (PEP 540) names are unchanged,
and bytes that are not UTF-8 are recognised. Without that mode, the work is done by a second Python process that has it.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from cratewheel.errors import ConfigError

MODE = ("-X", "utf8")


def needs_utf8_mode() -> bool:
    """Return whether file names are not decoded as UTF-8, and a Python in UTF-8 mode can be started."""
    return is_other_encoding() and bool(sys.executable) and "utf8" not in getattr(sys, "_xoptions", {})


def is_other_encoding() -> bool:
    """Return whether file names are decoded with another encoding than UTF-8; never on Windows."""
    return sys.platform != "win32" and sys.getfilesystemencoding() != "utf-8"


def check_name(name: str, what: str) -> None:
    """Raise `ConfigError` for a file name that is not UTF-8, or that was decoded with another encoding.

    `what` says in the message what has the name.
    """
    if name.isascii():
        return
    if is_other_encoding():
        raise ConfigError(
            f"this Python reads the name {name!r} as {sys.getfilesystemencoding()}, not as UTF-8 ({what})",
            hint="set PYTHONUTF8=1, or LC_ALL=C.UTF-8",
        )
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(
            f"the name {name!r} is not UTF-8, so no archive can hold it ({what})",
            hint="rename the file, or exclude it with `exclude`",
        ) from error


def decode_as_utf8(value: Any) -> Any:
    """Return text decoded here as Python in UTF-8 mode would decode it; in lists and dicts, every text."""
    if isinstance(value, str):
        try:
            return os.fsencode(value).decode("utf-8", "surrogateescape")
        except UnicodeEncodeError:  # it did not come from a file name
            return value
    if isinstance(value, dict):
        return {decode_as_utf8(key): decode_as_utf8(item) for key, item in value.items()}
    return [decode_as_utf8(item) for item in value] if isinstance(value, (list, tuple)) else value
