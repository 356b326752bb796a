"""To which crate a symbol belongs, as far as its mangled name tells.

Enough of the two schemes is read for that: the older one (`_ZN…17h<hash>E`) and v0 (`_R…`), see
https://rust-lang.github.io/rfcs/2603-rust-symbol-name-mangling-v0.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cratewheel.audit.parts import SizedSymbol
from cratewheel.commands.inspect.model import SizedPart

CPP = "C++"
OTHER = "C, assembly and data"

_HASH = re.compile(r"17h[0-9a-f]{16}E")
_ROOT = re.compile(r"C(?:s[0-9A-Za-z]*_)?(\d{1,3})_?")  # a crate root: disambiguator, length, name
_ESCAPES = {
    "$SP$": "@", "$BP$": "*", "$RF$": "&", "$LT$": "<", "$GT$": ">", "$LP$": "(", "$RP$": ")", "$C$": ",",
    "$u20$": " ", "$u27$": "'", "$u5b$": "[", "$u5d$": "]", "$u7b$": "{", "$u7d$": "}", "$u3b$": ";", "$u2b$": "+",
    "$u22$": '"', "..": "::",
}  # fmt: skip
_ESCAPE = re.compile("|".join(map(re.escape, _ESCAPES)))
_DROP = re.compile(r"drop_in_place<(.*)")
_CRATE = re.compile(r"(?<![\w:])(\w+)::")
_CPP = re.compile(r"_{1,2}Z[A-Z0-9St]")


def crate_of(symbol: str) -> str:
    """Return the crate of a symbol, or what else it is of.

    >>> crate_of("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE"), crate_of("_RNvCs1234_7mycrate3foo")
    ('core', 'mycrate')
    """
    if symbol.startswith(("_R", "__R")):
        return _v0(symbol) or OTHER
    if symbol.startswith(("_ZN", "__ZN", "ZN")) and _HASH.search(symbol):
        return _legacy(symbol.lstrip("_")[2:]) or OTHER
    return CPP if _CPP.match(symbol) or symbol.startswith("_Z") else OTHER


def _v0(symbol: str) -> str | None:
    for match in _ROOT.finditer(symbol):
        name = symbol[match.end() : match.end() + int(match[1])]
        if len(name) == int(match[1]) and name.isidentifier():
            return name
    return None


def _legacy(rest: str) -> str | None:
    """Return the crate of a path: its first part, or, where that is an `impl`, the first crate named in it."""
    words = []
    for _ in range(4):
        match = re.match(r"\d{1,4}", rest)
        if match is None:
            break
        end = match.end() + int(match[0])
        if end > len(rest) or _HASH.match(rest):
            break
        words.append(rest[match.end() : end])
        rest = rest[end:]
    if not words:
        return None
    if words[0] == "core" and len(words) > 2:  # what drops a value is part of the crate that has defined it
        dropped = _DROP.match(_unescaped(words[2]))
        found = _CRATE.search(dropped[1]) if dropped else None
        if found:
            return found[1]
    if words[0].isidentifier() and not words[0].startswith("_$"):
        return words[0]
    found = _CRATE.search(_unescaped(words[0].removeprefix("_")))
    return found[1] if found else None


def _unescaped(word: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPES[match[0]], word)


def by_crate(symbols: Iterable[SizedSymbol]) -> tuple[SizedPart, ...]:
    """Return the bytes of each crate, the largest first; nothing if no symbol is of a crate."""
    sizes: dict[str, int] = {}
    for symbol in symbols:
        crate = crate_of(symbol.name)
        sizes[crate] = sizes.get(crate, 0) + symbol.size
    if not sizes.keys() - {CPP, OTHER}:
        return ()
    ordered = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))
    return tuple(SizedPart(name=name, size=size) for name, size in ordered)
