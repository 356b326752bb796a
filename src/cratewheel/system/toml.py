"""Reads TOML files; errors name the file and the position.

Files may be malicious. `tomllib` takes minutes for a key of ten thousand parts, and ends in a RecursionError or a
plain ValueError for other input, so limits are checked before it is called.
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

MAX_SIZE = 4_000_000  # bytes: four times the largest known Cargo.lock
MAX_EDITED_SIZE = 1_000_000  # bytes: tomlkit takes seconds for this
MAX_KEY_PARTS = 32  # parts
MAX_DEPTH = 64  # nested tables and arrays
MAX_DOTS_EDITED = 3000  # in keys: tomlkit's time is quadratic in them
MAX_TEXT = 10_000  # characters, but not for these keys:
LONG_TEXTS = frozenset(
    {
        "project.description", "project.readme.text", "project.license.text", "package.description",
        "workspace.package.description",
    }
)  # fmt: skip
MAX_SHOWN = 60  # characters of a value, in an error

MAX_LINE = 100  # characters of a line, in an error

_PLACE = re.compile(r"\(at line (\d{1,7}), column (\d{1,7})\)")
_KIT_PLACE = re.compile(r" at line \d{1,7} col \d{1,7}$")  # as tomlkit says it
_TWICE = re.compile(r"Cannot declare \((.*)\) twice")
_SECRET = re.compile(r"(?i)token|password|secret|credential")
_HINTS = (  # for words of tomllib
    ("Illegal character '\\n'", "close the quotes; a text of several lines stands in three quotes"),
    ("Unterminated string", "close the quotes"),
    ('Expected "\'"', "close the quotes"),
    ("Expected ']' at the end of a table declaration", "close the name of the table with `]`"),
    ("Expected ']]' at the end of an array declaration", "close the name of the table with `]]`"),
    ("Unclosed array", "close the array with `]`"),
    ("Cannot overwrite a value", "remove one of the two"),
    ("Expected newline or end of document after a statement", "put texts in quotes, and each key on a line of its own"),
    ("Invalid value", "put texts in quotes; true and false are written in small letters"),
    ("Expected '=' after a key", 'write `key = "value"`'),
    ("Invalid statement", 'write `key = "value"`, or `[table]`'),
)

_PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
_MANY_DOTS = re.compile(rf"(?m)^(?:[^.\n]*\.){{{MAX_KEY_PARTS}}}")
_DEEP_KEY = re.compile(rf"""(?<![\w"'-])(?:{_PART}[ \t]*\.[ \t]*){{{MAX_KEY_PARTS}}}""")
_DOTTED = re.compile(rf"(?m)^[ \t\[]*{_PART}(?:[ \t]*\.[ \t]*{_PART})+")
_LONG_NUMBER = re.compile(r"\d[\d_]{18}|0[xob][0-9A-Fa-f_]{16}")


BOM = b"\xef\xbb\xbf"


def load_file(path: Path, roots: Roots = ()) -> dict[str, Any]:
    """Return the content of a TOML file; raises `ConfigError` with the position of the mistake when it is not TOML.

    Files of more than 4 MB, and keys or values nested too deep, are errors as well. So is a file that does not lie in
    `roots` once every symbolic link is followed.
    """
    try:
        data = read_bytes(path, roots, limit=MAX_SIZE + 1)
        if len(data) > MAX_SIZE:
            raise ConfigError(f"{path} is larger than {MAX_SIZE // 1_000_000} MB")
        if data.startswith(BOM):
            if path.name == "pyproject.toml":  # cargo reads such a file, pip and uv do not
                raise ConfigError(
                    f"{path} begins with a byte order mark (BOM), which pip cannot read",
                    hint="save the file as UTF-8 without BOM",
                )
            data = data.removeprefix(BOM)
        text = data.decode().replace("\r\n", "\n")
        return parse(text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{path} is not UTF-8: {error.reason} in line {line}", hint="save the file as UTF-8"
        ) from error
    except ValueError as error:
        raise toml_error(str(path), text, error) from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error


def parse(text: str) -> dict[str, Any]:
    """Return the content of TOML text; raises `ValueError` when it is not TOML, or nested too deep.

    It may be TOML 1.1 (https://toml.io/en/v1.1.0), as for cargo from 1.94 on: inline tables of several lines, for one.
    """
    _refuse_deep_keys(text)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        document = _parse_newer(text, error)
    except RecursionError as error:
        raise ValueError("its arrays and tables are nested too deep") from error
    except ValueError as error:  # from int(), for thousands of digits
        raise ValueError("a number has too many digits") from error
    _refuse_depth(document)
    if _LONG_NUMBER.search(text):
        _refuse_large_numbers(document)
    return document


def _parse_newer(text: str, first: tomllib.TOMLDecodeError) -> dict[str, Any]:
    """Return TOML 1.1, which tomli and `tomllib` from 3.15 on read themselves; raises the error in the later line."""
    if str(first).startswith("Cannot ") or not _is_editable(text):  # a name that is there twice is so in TOML 1.1 too
        raise first
    import tomlkit.exceptions  # slow to import

    try:
        return tomlkit.parse(text).unwrap()
    except tomlkit.exceptions.ParseError as error:
        place = _PLACE.search(str(first))
        if place is None or error.line <= int(place[1]):
            raise first from None
        said = _KIT_PLACE.sub("", str(error)).replace(r"character: '\x00'", "end of file")
        raise ValueError(f"{said} (at line {error.line}, column {max(error.col, 1)})") from None
    except (tomlkit.exceptions.TOMLKitError, ValueError, RecursionError):  # a key that is there twice has no place
        raise first from None


def _is_editable(text: str) -> bool:
    """Return whether tomlkit can read the text in a moment."""
    dots = sum(found.count(".") for found in _DOTTED.findall(text))
    return len(text) <= MAX_EDITED_SIZE and dots <= MAX_DOTS_EDITED


def parse_editable(text: str, name: str) -> TOMLDocument:
    """Return TOML text as a document that can be changed and that keeps comments and layout.

    Raises `ConfigError`, which names the file `name`, when it is not TOML, or too large to edit.
    """
    import tomlkit  # slow to import

    if len(text) > MAX_EDITED_SIZE:
        raise ConfigError(f"{name} is larger than {MAX_EDITED_SIZE // 1_000_000} MB: too large to edit")
    if sum(found.count(".") for found in _DOTTED.findall(text)) > MAX_DOTS_EDITED:
        raise ConfigError(f"{name} has too many dotted keys to edit", hint="write tables instead")
    try:
        parse(text)
        return tomlkit.parse(text)
    except (ValueError, RecursionError) as error:  # tomlkit's own errors are ValueErrors
        raise toml_error(name, text, error) from error


def toml_error(name: str, text: str, error: Exception) -> ConfigError:
    """Return the error for a file that is not TOML: the parser's words, and the line with a caret below its mistake."""
    said = str(error)
    place = _PLACE.search(said)
    hint = next((hint for words, hint in _HINTS if words in said), None)
    said = said.replace("Cannot overwrite a value", "this name is there twice")
    twice = _TWICE.search(said)
    if twice is not None:  # tomllib shows the parts of the name as a tuple
        name_twice = ".".join(re.findall(r"'([^']*)'", twice[1]))
        said = f"the table [{name_twice}] is there twice {said[twice.end() :].strip()}"
        closed = place is None or text.split("\n")[int(place[1]) - 1].partition("#")[0].rstrip().endswith("]")
        hint = "merge the two tables" if closed else "close the name of the table with `]`"
    notes = _marked_line(text, int(place[1]), int(place[2])) if place else ()
    return ConfigError(f"{name} is not valid TOML: {said}", notes=notes, hint=hint)


def _marked_line(text: str, number: int, column: int) -> tuple[str, ...]:
    r"""Return a line of the text and a caret below one of its characters; nothing for a line that may have a secret.

    >>> print("\n".join(_marked_line("a = 1\nb = [2\n", 2, 5)))
    2 | b = [2
      |     ^
    """
    lines = text.split("\n")
    if not 1 <= number <= len(lines) or _SECRET.search(lines[number - 1]):
        return ()
    first = max(0, column - MAX_LINE)
    line = lines[number - 1][first : first + MAX_LINE]
    before = re.sub(r"[^\t]", " ", line[: column - 1 - first])
    return (f"{number} | {line}", f"{' ' * len(str(number))} | {before}^")


def describe(value: object) -> str:
    """Return a value, or its kind, for an error message.

    >>> describe("yes"), describe(True), describe([1]), describe("registry.token=x")
    ("'yes'", 'true', 'an array', "'registry.token=***'")
    """
    match value:
        case bool():
            return str(value).lower()
        case str():
            shown = redaction.strip_userinfo(redaction.redact_assignment(value))
            return repr(shown if len(shown) <= MAX_SHOWN else f"{shown[:MAX_SHOWN]}…")
        case int() | float():
            return repr(value)
        case list():
            return "an array" if value else "an empty array"
        case Mapping():
            return "a table" if value else "an empty table"
        case _:
            return "a date or time"


def check_texts(value: object, key: str, path: Path) -> None:
    """Raise `ConfigError` for a string in the value of a key that has a NUL character or is too long.

    No file, name or program can contain NUL. The limit is 10,000 characters, because other parsers take very long for
    longer ones; readmes, descriptions and licence texts may be longer.

    >>> check_texts({"name": "a", "urls": ["b"]}, "project", Path("pyproject.toml"))
    """
    waiting: list[tuple[str, object]] = [(key, value)]
    while waiting:
        name, value = waiting.pop()
        match value:
            case str() as text:
                if "\0" in text:
                    raise ConfigError(f"{name} in {path} has a text with a NUL character in it: {describe(text)}")
                if len(text) > MAX_TEXT and name not in LONG_TEXTS:
                    raise ConfigError(f"{name} in {path} has a text of more than {MAX_TEXT:,} characters")
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
        raise ValueError(f"a key has more than {MAX_KEY_PARTS} parts (at line {line})")


def _refuse_depth(document: dict[str, Any]) -> None:
    level: list[Any] = [document]
    for _ in range(MAX_DEPTH):
        below = (item for value in level for item in (value.values() if isinstance(value, dict) else value))
        level = [item for item in below if isinstance(item, (dict, list))]
        if not level:
            return
    raise ValueError(f"its arrays and tables are nested more than {MAX_DEPTH} deep")


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
