"""The licences of crates: their expressions, which are allowed, and by which way a crate gets into a build. Pure."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterable, Mapping

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from cratewheel.cargo.model import CargoMetadata, Package

# The licences of nearly all crates, for suggestions
FREQUENT = (
    "0BSD", "AGPL-3.0-only", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0",
    "CC0-1.0", "CDLA-Permissive-2.0", "EPL-2.0", "EUPL-1.2", "GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only",
    "GPL-3.0-or-later", "ISC", "LGPL-2.1-only", "LGPL-3.0-only", "MIT", "MIT-0", "MPL-2.0", "OpenSSL", "Unicode-3.0",
    "Unicode-DFS-2016", "Unlicense", "WTFPL", "Zlib",
)  # fmt: skip

_WORD = re.compile(r"[()]|[^\s()]+")


class NotALicenceError(ValueError):
    """A text that is no SPDX expression."""


def canonical(text: str) -> str:
    """Return a licence as cargo writes it as an SPDX expression in its usual spelling.

    Cargo accepts `MIT/Apache-2.0`, from before SPDX expressions. Raises `NotALicenceError`.

    >>> canonical("mit/apache-2.0"), canonical("(MIT or ISC) and Apache-2.0 with LLVM-exception")
    ('MIT OR Apache-2.0', '(MIT OR ISC) AND Apache-2.0 WITH LLVM-exception')
    """
    expression = " OR ".join(part.strip() for part in text.split("/"))
    try:
        return canonicalize_license_expression(expression)
    except InvalidLicenseExpression as error:
        raise NotALicenceError(text) from error


def near(text: str) -> str | None:
    """Return a hint at the licence that was probably meant, or None.

    >>> near("Apache 2.0")
    'did you mean `Apache-2.0`?'
    """
    from difflib import get_close_matches  # slow to import, and seldom needed

    names = {name.lower(): name for name in FREQUENT}
    word = "-".join(text.lower().split())
    beginning = [name for name in names if word and name.startswith(word)]
    found = beginning or get_close_matches(word, names, n=1)
    return f"did you mean `{names[found[0]]}`?" if found else None


def expression_of(package: Package, clarified: Mapping[str, str]) -> str | None:
    """Return the expression that the project or the crate's manifest gives; None for none, or one that is not SPDX."""
    text = clarified.get(package.name) or package.license
    try:
        return canonical(text) if text else None
    except NotALicenceError:
        return None


def is_allowed(expression: str, allowed: Collection[str]) -> bool:
    """Return whether `allowed` licences are enough to use what is under a canonical `expression`.

    One branch of an OR is enough, of an AND each is needed. `Apache-2.0+` is allowed where Apache-2.0 is; an
    exception belongs to its licence, and only allowing both as one word allows it.

    >>> is_allowed("MIT OR GPL-3.0-only", {"MIT"}), is_allowed("MIT AND GPL-3.0-only", {"MIT"})
    (True, False)
    """
    return _Reader(_WORD.findall(expression), allowed).either()


def terms(expression: str) -> tuple[str, ...]:
    """Return the single licences of a canonical expression, each with its exception.

    >>> terms("(MIT OR ISC) AND Apache-2.0 WITH LLVM-exception")
    ('MIT', 'ISC', 'Apache-2.0 WITH LLVM-exception')
    """
    words = re.split(r"\s+(?:AND|OR)\s+", expression.replace("(", "").replace(")", ""))
    return tuple(dict.fromkeys(word.strip() for word in words))


class _Reader:
    """Evaluates the words of an expression: WITH binds more tightly than AND, and AND than OR."""

    def __init__(self, words: list[str], allowed: Collection[str]) -> None:
        self._words = deque(words)
        self._allowed = allowed

    def either(self) -> bool:
        found = [self._both()]
        while self._takes("OR"):
            found.append(self._both())
        return any(found)

    def _both(self) -> bool:
        found = [self._single()]
        while self._takes("AND"):
            found.append(self._single())
        return all(found)

    def _single(self) -> bool:
        if self._takes("("):
            inner = self.either()
            self._takes(")")
            return inner
        licence = self._words.popleft()
        if self._takes("WITH"):
            return f"{licence} WITH {self._words.popleft()}" in self._allowed
        return licence in self._allowed or licence.removesuffix("+") in self._allowed

    def _takes(self, word: str) -> bool:
        if not self._words or self._words[0] != word:
            return False
        self._words.popleft()
        return True


def path_to(metadata: CargoMetadata, package: str, linked: Iterable[str], roots: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the ids on the shortest way from a root to `package`, both included, over `linked` crates.

    The root is the root package unless others are given. Empty if there is no way.
    """
    starts = tuple(roots) or ((metadata.root,) if metadata.root is not None else ())
    allowed = {*linked, *starts}
    before: dict[str, str | None] = dict.fromkeys(starts)
    queue = deque(starts)
    while queue and package not in before:
        current = queue.popleft()
        edges = {
            edge.package
            for edge in metadata.nodes[current].dependencies
            if "normal" in edge.kinds and edge.package in allowed
        }
        for other in sorted(edges - before.keys()):
            before[other] = current
            queue.append(other)
    way: list[str] = []
    step: str | None = package if package in before else None
    while step is not None:
        way.append(step)
        step = before[step]
    return tuple(reversed(way))
