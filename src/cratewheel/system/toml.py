"""Reading TOML files, with errors that say where.

A file may come from anybody. `tomllib` takes minutes for a key of ten thousand parts, and ends in a RecursionError or a
plain ValueError for other things that are no mistakes of ours, so that some are looked for before it is asked.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cratewheel.errors import ConfigError
from cratewheel.system import redaction
from cratewheel.system.files import Roots, read_bytes

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib
if TYPE_CHECKING:
    from tomlkit import TOMLDocument

LARGEST = 4_000_000  # bytes: the largest Cargo.lock that is known has a quarter of it
LARGEST_EDITED = 1_000_000  # tomlkit takes seconds for it
DEEPEST_KEY = 32  # parts
DEEPEST = 64  # tables and arrays in each other
MOST_DOTS_EDITED = 3000  # in keys: tomlkit's time grows with their square
LONGEST_TEXT = 10_000  # characters of a text, but for
LONG_TEXTS = frozenset(
    {
        "project.description", "project.readme.text", "project.license.text", "package.description",
        "workspace.package.description",
    }
)  # fmt: skip
SHOWN = 60  # characters of a value, in an error

_PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
_MANY_DOTS = re.compile(rf"(?m)^(?:[^.\n]*\.){{{DEEPEST_KEY}}}")
_DEEP_KEY = re.compile(rf"""(?<![\w"'-])(?:{_PART}[ \t]*\.[ \t]*){{{DEEPEST_KEY}}}""")
_DOTTED = re.compile(rf"(?m)^[ \t\[]*{_PART}(?:[ \t]*\.[ \t]*{_PART})+")
_LONG_NUMBER = re.compile(r"\d[\d_]{18}|0[xob][0-9A-Fa-f_]{16}")


def load(path: Path, roots: Roots = ()) -> dict[str, Any]:
    """Return the content of a TOML file; raises `ConfigError` with the place of the mistake when it is not TOML.

    One of more than 4 MB, and one with keys or values deeper in each other than anybody writes, is an error as well. So
    is a file of a project that does not lie in its `roots`, every link followed.
    """
    try:
        data = read_bytes(path, roots, most=LARGEST + 1)
        if len(data) > LARGEST:
            raise ConfigError(f"{path} is larger than {LARGEST // 1_000_000} MB: no TOML file that people write is")
        return loads(data.decode().replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8: {error.reason} at byte {error.start}") from error
    except ValueError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error


def loads(text: str) -> dict[str, Any]:
    """Return the content of TOML text; raises `ValueError` when it is not TOML, or too deep for us."""
    _refuse_deep_keys(text)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError as error:
        raise ValueError("its arrays and tables are nested too deep") from error
    except ValueError as error:  # of Python's `int`, for thousands of digits
        raise ValueError("a number has too many digits") from error
    _refuse_depth(document)
    if _LONG_NUMBER.search(text):
        _refuse_large_numbers(document)
    return document


def editable(text: str, name: str) -> TOMLDocument:
    """Return TOML text as a document whose values can be changed, and all else kept.

    Raises `ConfigError`, in which the file is called `name`, when it is not TOML, or so large that it takes too long.
    """
    import tomlkit  # slow to import, and seldom needed

    if len(text) > LARGEST_EDITED:
        raise ConfigError(f"{name} is larger than {LARGEST_EDITED // 1_000_000} MB, and has to be edited")
    if sum(found.count(".") for found in _DOTTED.findall(text)) > MOST_DOTS_EDITED:
        raise ConfigError(f"{name} has thousands of dotted keys, and has to be edited", hint="write tables instead")
    try:
        loads(text)
        return tomlkit.parse(text)
    except (ValueError, RecursionError) as error:  # tomlkit's own errors are ValueErrors
        raise ConfigError(f"{name} is not valid TOML: {error}") from error


def describe(value: object) -> str:
    """Return a value, or its kind, as an error shows it.

    >>> describe("yes"), describe(True), describe([1]), describe("registry.token=x")
    ("'yes'", 'true', 'an array', "'registry.token=***'")
    """
    match value:
        case bool():
            return str(value).lower()
        case str():
            shown = redaction.without_userinfo(redaction.assignment(value))
            return repr(shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…")
        case int() | float():
            return repr(value)
        case list():
            return "an array" if value else "an empty array"
        case Mapping():
            return "a table" if value else "an empty table"
        case _:
            return "a date or time"


def check_texts(value: object, key: str, path: Path) -> None:
    """Raise `ConfigError` for a text in the value of a key that is no text of a project.

    One with a NUL character: no file, name or program can have that. One of more than 10,000 characters, but for a
    readme, a description or the text of a licence: others are read by means that take very long for it.

    >>> check_texts({"name": "a", "urls": ["b"]}, "project", Path("pyproject.toml"))
    """
    waiting: list[tuple[str, object]] = [(key, value)]
    while waiting:
        name, value = waiting.pop()
        match value:
            case str() as text:
                if "\0" in text:
                    raise ConfigError(f"{name} in {path} has a text with a NUL character in it: {describe(text)}")
                if len(text) > LONGEST_TEXT and name not in LONG_TEXTS:
                    raise ConfigError(f"{name} in {path} has a text of more than {LONGEST_TEXT:,} characters")
            case Mapping() as table:
                waiting += [(name, each) for each in table]
                waiting += [(f"{name}.{each}", item) for each, item in table.items()]
            case list() as items:
                waiting += [(name, item) for item in items]


def _refuse_deep_keys(text: str) -> None:
    if not _MANY_DOTS.search(text):
        return
    found = _DEEP_KEY.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise ValueError(f"a key has more than {DEEPEST_KEY} parts (at line {line})")


def _refuse_depth(document: dict[str, Any]) -> None:
    level: list[Any] = [document]
    for _ in range(DEEPEST):
        below = (item for value in level for item in (value.values() if isinstance(value, dict) else value))
        level = [item for item in below if isinstance(item, (dict, list))]
        if not level:
            return
    raise ValueError(f"its arrays and tables are nested more than {DEEPEST} deep")


def _refuse_large_numbers(document: dict[str, Any]) -> None:
    waiting: list[tuple[str, object]] = [("", document)]
    while waiting:
        key, value = waiting.pop()
        match value:
            case bool():
                pass
            case int() if not -(2**63) <= value < 2**63:
                raise ValueError(f"{key} is a number of more than 64 bits")
            case dict():
                waiting += [(f"{key}.{name}" if key else name, item) for name, item in value.items()]
            case list():
                waiting += [(key, item) for item in value]
