"""The words of `abi`: one for each wheel of a set, such as `abi3-py310`, `cp314t` or `pp311`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cratewheel.errors import did_you_mean
from cratewheel.interpreter.model import ABI3T_OLDEST, OLDEST, Interpreter, StableKind, Version, parse_spec

ANY = "py3"  # a wheel for any Python 3: of a program, and of libraries that no interpreter loads as a module

_STABLE = r"(?P<kind>abi3t?)(?:-py3(?P<minor>[0-9]{1,2}))?"
_OWN = r"(?:cp|pp|graalpy)3[0-9]{1,2}t?d?"
_ABI_TAG = r"pypy3[0-9]{1,2}_pp[0-9]+|graalpy[0-9]+_3[0-9]{1,2}_native"
_FORMS = "abi3-py310, abi3t-py315, cp312, cp314t, pp311 and graalpy312"


class AbiWordError(ValueError):
    """A word that names no wheel; `hint` may say what was meant."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class AbiWord:
    """One wheel of a set: for a stable ABI, for one interpreter, or for any Python.

    `minimum` is the oldest Python of a stable ABI; None leaves it to the crate.
    """

    text: str
    stable: StableKind | None = None
    minimum: Version | None = None

    @property
    def any_python(self) -> bool:
        """Whether it is the wheel for any Python 3."""
        return self.text == ANY

    def names(self, interpreter: Interpreter) -> bool:
        """Return whether this is the word of a wheel for `interpreter` alone."""
        if self.stable is not None or self.any_python:
            return False
        spec = parse_spec(self.text)
        return spec.matches(interpreter) if spec is not None else interpreter.abi_tag == self.text

    def __str__(self) -> str:
        return self.text


def parse(text: str) -> AbiWord:
    """Return what `text` names; raises `AbiWordError` for other words.

    >>> parse("abi3-py310").minimum, parse("cp314t").stable
    ((3, 10), None)
    """
    word = text.strip().lower()
    if found := re.fullmatch(_STABLE, word):
        kind: StableKind = "abi3t" if found["kind"] == "abi3t" else "abi3"
        minimum = (3, int(found["minor"])) if found["minor"] else None
        oldest = ABI3T_OLDEST if kind == "abi3t" else (3, 2)
        if minimum is not None and minimum < oldest:
            raise AbiWordError(
                f"`{text}`: {kind} begins with Python {oldest[0]}.{oldest[1]}", f"write {kind}-py3{oldest[1]} or later"
            )
        return AbiWord(text=word, stable=kind, minimum=minimum)
    if word == ANY or re.fullmatch(_ABI_TAG, word):
        return AbiWord(text=word)
    if re.fullmatch(_OWN, word):
        spec = parse_spec(word)
        if spec is not None and spec.version is not None and spec.version >= OLDEST:
            return AbiWord(text=word)
        raise AbiWordError(
            f"`{text}` is too old", f"the oldest supported Python is {OLDEST[0]}.{OLDEST[1]}: cp{OLDEST[0]}{OLDEST[1]}"
        )
    raise AbiWordError(f"`{text}` names no wheel", _meant(word) or f"the words are like {_FORMS}")


def parse_all(texts: Iterable[str]) -> tuple[AbiWord, ...]:
    """Return the words of a list, each once; a text may hold several, separated by commas or spaces."""
    return tuple(dict.fromkeys(parse(word) for text in texts for word in text.replace(",", " ").split() or [text]))


def stable_word(kind: StableKind, minimum: Version) -> str:
    """Return the word of a wheel for a stable ABI.

    >>> stable_word("abi3", (3, 10))
    'abi3-py310'
    """
    return f"{kind}-py{minimum[0]}{minimum[1]}"


def own_word(interpreter: Interpreter) -> str:
    """Return the word of a wheel for `interpreter` alone: its ABI tag, without the flag of Python 3.7."""
    return interpreter.abi_tag.removesuffix("m")


def request_word(interpreter: Interpreter) -> str:
    """Return what `-i` calls `interpreter`: `3.14t`, `pypy3.11`."""
    name = "" if interpreter.implementation == "cpython" else interpreter.implementation
    flags = ("t" if interpreter.gil_disabled else "") + ("d" if interpreter.debug else "")
    return f"{name}{interpreter.version[0]}.{interpreter.version[1]}{flags}"


def _meant(word: str) -> str | None:
    """Return a hint at the word that was meant by one of another form, if it is known."""
    if re.fullmatch(r"(?:cp|pp|py)2[0-9]?", word):
        return f"the oldest supported Python is {OLDEST[0]}.{OLDEST[1]}: cp{OLDEST[0]}{OLDEST[1]}"
    if found := re.fullmatch(r"(?:cp|py)3\.?([0-9]{1,2})-(abi3t?|abi3\.abi3t)(?:-.*)?", word):  # a wheel's tag
        return f"did you mean `{'abi3t' if 'abi3t' in found[2] else 'abi3'}-py3{found[1]}`?"
    if found := re.fullmatch(r"(abi3t?)[-_]?(?:py|cp)?[-_]?3\.?([0-9]{1,2})", word):
        return f"did you mean `{found[1]}-py3{found[2]}`?"
    if found := re.fullmatch(r"(?:cp3[0-9]+-)(cp3[0-9]+t?).*", word):
        return f"did you mean `{found[1]}`?"
    spec = parse_spec(word)
    if spec is not None and spec.version is not None:
        stem = {"cpython": "cp", "pypy": "pp", "graalpy": "graalpy"}[spec.implementation]
        flags = ("t" if spec.free_threaded else "") + ("d" if spec.debug else "")
        return f"did you mean `{stem}{spec.version[0]}{spec.version[1]}{flags}`?"
    near = [f"abi3-py3{minor}" for minor in range(7, 16)] + [f"cp3{minor}" for minor in range(7, 16)]
    return did_you_mean(word, [*near, "abi3t-py315", "cp314t", "pp311", ANY])
