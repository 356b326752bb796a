"""Dictionaries, lists, texts, numbers and switches as YAML, in blocks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

_PLAIN = re.compile(r"[A-Za-z0-9_./$][^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]*")
# What YAML 1.1 or 1.2 reads as something else than a text
_SPECIAL = re.compile(
    r"(?i)null|true|false|yes|no|on|off|y|n|[0-9.][0-9a-f_.,:xobte+-]*|\.(?:inf|nan)|[0-9]{4}-[0-9].*"
)
_BLOCK = re.compile(r"[!-~](?:[\t -~\n]*[!-~])?\n?")
_UNPRINTABLE = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def render(value: Mapping[str, object]) -> str:
    r"""Return the document; a blank line stands between the parts of the top level.

    >>> print(render({"on": {"push": None, "tags": {}}, "jobs": [{"run": "a\nb\n"}, "3.10", True]}), end="")
    on:
      push:
      tags: {}
    <BLANKLINE>
    jobs:
      - run: |
          a
          b
      - "3.10"
      - true
    """
    return "\n".join("\n".join((*_mapping({key: one}, ""), "")) for key, one in value.items())


def _mapping(value: Mapping[str, object], indent: str) -> Iterator[str]:
    for key, one in value.items():
        yield from _entry(f"{indent}{key}:", one, f"{indent}  ")


def _entry(start: str, value: object, indent: str) -> Iterator[str]:
    match value:
        case None:
            yield start
        case str() if "\n" in value and _BLOCK.fullmatch(value):
            yield f"{start} {'|' if value.endswith(chr(10)) else '|-'}"
            yield from (f"{indent}{line}" if line else "" for line in value.removesuffix("\n").split("\n"))
        case Mapping() if value:
            yield start
            yield from _mapping(value, indent)
        case Sequence() if value and not isinstance(value, str):
            yield start
            for item in value:
                yield from _item(item, indent)
        case _:
            yield f"{start} {_scalar(value)}"


def _item(value: object, indent: str) -> Iterator[str]:
    if not isinstance(value, Mapping) or not value:
        yield from _entry(f"{indent}-", value, f"{indent}  ")
        return
    lines = _mapping(value, f"{indent}  ")
    yield f"{indent}- {next(lines)[len(indent) + 2 :]}"
    yield from lines


def _scalar(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Mapping():
            return "{}"
        case str():
            return value if _is_plain(value) else _quoted(value)
        case int():
            return str(value)
        case _:
            return "[]"


def _is_plain(text: str) -> bool:
    """Return whether the text is itself in YAML without quotes."""
    marks = ": " in text or " #" in text or text.endswith((":", " ", "\t")) or ":\t" in text or "\t#" in text
    return bool(_PLAIN.fullmatch(text)) and not marks and not _SPECIAL.fullmatch(text)


def _quoted(text: str) -> str:
    escaped = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", escaped)
