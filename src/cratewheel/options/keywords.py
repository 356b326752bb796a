"""The settings as keyword arguments of the Python API, and the generator of `typed_keywords`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cratewheel.errors import UsageError
from cratewheel.options.model import settings
from cratewheel.options.setting import Setting

# The class of each command's keywords in `typed_keywords`
TYPED = {
    "build": "BuildOptions",
    "sdist": "SdistOptions",
    "develop": "DevelopOptions",
    "publish": "PublishOptions",
    "upload": "UploadOptions",
}
# What belongs to a terminal, or has a function of its own: `plan`, the parameter `project`
NOT_KEYWORDS = frozenset({"manifest_path", "message_format", "color", "dry_run"})

TYPES = {
    "switch": "bool",
    "toggle": "bool",
    "text": "str",
    "optional": "bool | str",
    "path": "str | os.PathLike[str]",
    "number": "int",
    "count": "int",
    "list": "Sequence[str]",
    "words": "Sequence[str]",
    "shell": "Sequence[str]",
    "rest": "Sequence[str]",
}
HEADER = '''"""The options of each command as keywords of the Python API. Made from the settings model: do not edit.

`python scripts/generate_keywords.py` writes this file.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal, TypedDict
'''


def keywords_of(command: str) -> dict[str, Setting]:
    """Return the settings that are keywords of a command's function, by name."""
    return {
        name: setting
        for name, setting in settings().items()
        if command in setting.commands and setting.flags and name not in NOT_KEYWORDS and setting.kind in TYPES
    }


def as_flags(command: str, options: Mapping[str, Any], *, cwd: Path) -> dict[str, Any]:
    """Return the flags for these keywords; relative paths are relative to `cwd`.

    Raises `TypeError` for a keyword that the command does not have, as Python does, and `UsageError` for a value that
    is none of an option's choices.
    """
    known = keywords_of(command)
    for name in options:
        if name not in known:
            raise TypeError(f"`{name}` is not an option of `cratewheel {command}`")
    return {name: _as_flag(name, known[name], value, cwd) for name, value in options.items()}


def _as_flag(name: str, setting: Setting, value: Any, cwd: Path) -> object:
    if setting.choices and value not in setting.choices:
        raise UsageError(f"{name} must be one of {', '.join(setting.choices)}, found {value!r}")
    match setting.kind:
        case "toggle":
            return "true" if value else "false"
        case "number" if not isinstance(value, int) or value < 1:
            raise UsageError(f"{name} must be a whole number greater than 0, found {value!r}")
        case "optional":
            return "" if value is True else value or None
        case "path":
            return cwd / os.fspath(value)
        case "shell":
            return [shlex.join(_texts(value))]
        case "list" | "words" | "rest":
            return list(_texts(value))
        case _:
            return value


def _texts(value: str | Iterable[str]) -> Iterable[str]:
    """Return the strings of a list; a single string is a list of one."""
    return [value] if isinstance(value, str) else value


def render() -> str:
    """Return the source of the module `typed_keywords`."""
    lines = [HEADER]
    for command, title in TYPED.items():
        lines += [
            "",
            f"class {title}(TypedDict, total=False):",
            f'    """The options of `cratewheel {command}`."""',
            "",
        ]
        for name, setting in keywords_of(command).items():
            choices = ", ".join(f'"{choice}"' for choice in setting.choices)
            lines.append(f"    {name}: {f'Literal[{choices}]' if choices else TYPES[setting.kind]}")
        lines.append("")
    return "\n".join(lines)
