"""Checks the names of entry points and commands.

An entry point becomes a line of entry_points.txt, and a command a file beside the environment's Python: neither may
become another line or another file. Follows https://packaging.python.org/en/latest/specifications/entry-points/.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator

from cratewheel.errors import ConfigError
from cratewheel.system.files.folded import fold

COMMANDS = ("console_scripts", "gui_scripts")

Pairs = tuple[tuple[str, str], ...]

_GROUP = re.compile(r"\w+(\.\w+)*")
_REFERENCE = re.compile(r"(?P<module>[\w.]+)\s*(:\s*(?P<object>[\w.]+))?\s*(\[[^\[\]]*\])?")
# checked on every system, because an sdist can be built anywhere
_FORBIDDEN_IN_FILES = frozenset('<>:"/\\|?*')
# https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\..*)?")
_SUFFIX = re.compile(r"\.(exe|com|bat|cmd|ps1)$|-script\.pyw?$")
_OF_AN_ENVIRONMENT = re.compile(
    r"(python|pythonw|pypy|pypyw|graalpy|graalpython|pydoc|idle|pip|2to3)-?[0-9.]*t?d?w?(-config|-intel64)?"
    r"|activate(\..*|_this\.py)?|deactivate(\..*)?|pyvenv\.cfg|venv(w)?launcher"
)


def check(group: str, entries: Pairs, where: str) -> tuple[str, ...]:
    """Return warnings about entry points of a group that cannot be loaded; `where` names their table.

    Raises `ConfigError` for a group, name or reference that installers would read as something else, and for a command
    that no environment can have.
    """
    if not _is_line(group) or set(group) & set("[]") or group == "DEFAULT":  # configparser treats DEFAULT specially
        raise ConfigError(
            f"{group!r} cannot be the name of an entry point group ({where})",
            hint="use letters, digits, `_` and `.`",
        )
    warnings = [] if _GROUP.fullmatch(group) else [f"{group!r}, {where}, has more than letters, digits, `_` and `.`"]
    for name, reference in entries:
        if not _is_line(name) or "=" in name or name[0] in "[#;":
            raise ConfigError(
                f"{name!r} cannot be the name of an entry point ({where})",
                hint="write it on one line, without `=`, and not starting with `[`, `#` or `;`",
            )
        if not reference.isprintable():
            raise ConfigError(f"{name!r} cannot refer to {reference!r} ({where})", hint="write `module:function`")
        if group in COMMANDS:
            check_command(name, where)
        if not _is_reference(reference, command=group in COMMANDS):
            problem = f"{name!r} refers to {reference!r}, which is not `module:function` ({where})"
            if group in COMMANDS:  # pip refuses the wheel
                raise ConfigError(problem, hint=f'write it like `{name} = "package.module:main"`')
            warnings.append(problem)
    return tuple(warnings)


def check_command(name: str, where: str) -> None:
    """Raise `ConfigError` for a command that cannot be a file in the scripts folder of an environment.

    `where` says in the error what is called so.
    """
    problem = _problem(name)
    if problem is not None:
        raise ConfigError(f"{name!r} cannot be the name of a command: {problem} ({where})", hint="choose another name")


def check_unique(names: Iterable[tuple[str, str]]) -> None:
    """Raise `ConfigError` when two commands would be the same file; each name comes with its origin.

    Neither case nor the way in which accents are written tells two files apart everywhere.
    """
    found: dict[str, tuple[str, str]] = {}
    for name, what in names:
        earlier = found.setdefault(fold(name), (name, what))
        if earlier != (name, what):
            raise ConfigError(
                f"two commands would be installed as {name}: {earlier[1]}, and {what}", hint="rename one of them"
            )


def parse(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield the group, name and reference of each entry point in an entry_points.txt written by us."""
    group = ""
    for line in text.split("\n"):
        if line.startswith("["):
            group = line.strip("[]")
        elif line:
            name, _, reference = line.partition("=")
            yield group, name.strip(), reference.strip()


def is_program_of_environment(name: str) -> bool:
    """Return whether every environment has a program of this name.

    >>> [is_program_of_environment(name) for name in ("python3.11", "Python.EXE", "pip3", "activate.fish", "pipx")]
    [True, True, True, True, False]
    """
    return _OF_AN_ENVIRONMENT.fullmatch(_SUFFIX.sub("", name.casefold())) is not None


def _problem(name: str) -> str | None:
    forbidden = sorted(set(name) & _FORBIDDEN_IN_FILES)
    if not name or not name.isprintable():
        return "it has characters that cannot be seen"
    if forbidden:
        return f"a file name cannot have {' '.join(forbidden)}"
    if name[-1] in ". ":  # also excludes `.` and `..`
        return "a file name cannot end with a dot or a space on Windows"
    if _DEVICE.fullmatch(name.casefold()):
        return "it is a device on Windows"
    if is_program_of_environment(name):
        return "every environment has a program of its own with that name"
    return None


def _is_line(text: str) -> bool:
    """Return whether a text is one line for every parser, and keeps all its characters."""
    return text != "" and text.isprintable() and text == text.strip()


def _is_reference(text: str, *, command: bool) -> bool:
    match = _REFERENCE.fullmatch(text.strip())
    if match is None or (command and match["object"] is None):
        return False
    parts = (match["module"], *([match["object"]] if match["object"] else []))
    words = [word for part in parts for word in part.split(".")]
    return all(word.isidentifier() and not keyword.iskeyword(word) for word in words)
