"""Chooses Pythons for another system: described by files, or known from a table. None of them is started.

An interpreter of this machine may be started, to learn which version to choose for the other system.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from cratewheel.errors import InterpreterError
from cratewheel.interpreter import from_files as described
from cratewheel.interpreter.discover import probe
from cratewheel.interpreter.known_table import known
from cratewheel.interpreter.model import (
    Interpreter,
    InterpreterSpec,
    Supported,
    Version,
    meets_requires_python,
    parse_spec,
)
from cratewheel.interpreter.probe import Skip
from cratewheel.system.command import which
from cratewheel.targets.triples import Target

if TYPE_CHECKING:
    from cratewheel.events import Reporter

_DESCRIBE = "describe it with PYO3_CONFIG_FILE or PYO3_CROSS_LIB_DIR"
_BY_VERSION = "name it by its version: 3.12, 3.14t, pypy3.11"
_PYEMSCRIPTEN = (
    "MATURIN_PYEMSCRIPTEN_PLATFORM_VERSION",
    "PYEMSCRIPTEN_PLATFORM_VERSION",
    "MATURIN_PYODIDE_ABI_VERSION",
    "PYODIDE_ABI_VERSION",
)
# PEP 783: each feature release of Python has one ABI of Pyodide, named after a year
_PYTHON_OF_YEAR: dict[str, Version] = {"2024": (3, 12), "2025": (3, 13), "2026": (3, 14)}


def find(
    requests: tuple[str, ...],
    *,
    target: Target,
    supported: Supported,
    requires_python: SpecifierSet | None,
    environ: Mapping[str, str],
    reporter: Reporter,
    allow_empty: bool = False,
) -> tuple[Interpreter, ...]:
    """Return the interpreters to build for, one for each wheel; none has an executable.

    If PYO3_CONFIG_FILE or PYO3_CROSS_LIB_DIR describes one, it is the only one. Otherwise they are taken from the table
    of known ones: those that match `requests`, or without requests all that `supported` and `requires_python` allow;
    PYO3_CROSS_PYTHON_VERSION, with PYO3_CROSS_PYTHON_IMPLEMENTATION, is such a request. For a version with two ABIs
    there are two interpreters. Raises `InterpreterError` when a request matches none of them, or when there are none
    (unless `allow_empty`).
    """
    selector = _Selector(
        target=target, supported=supported, requires_python=requires_python, environ=environ, reporter=reporter
    )
    one = described.from_environment(environ, target=target)
    if one is not None:
        one = selector.mark_described(one, requests)
        selector.warn_of_unsupported((one,))
        return (one,)
    version = environ.get("PYO3_CROSS_PYTHON_VERSION", "").strip()
    if requests or version:
        found = selector.by_requests(requests) if requests else selector.by_variable(version)
        selector.warn_of_unsupported(found)
        return found
    fitting = tuple(
        sorted(filter(selector.fits, _filter_by_pyodide(known(target), target, environ)), key=lambda one: one.order)
    )
    if not fitting and not allow_empty:
        notes = [f"the project supports {supported}"]
        if requires_python is not None:
            notes.append(f"its Requires-Python is {requires_python}")
        raise InterpreterError(
            f"no Python is known for {target.triple} that this project supports",
            notes=tuple(notes),
            hint="describe one with PYO3_CONFIG_FILE or PYO3_CROSS_LIB_DIR",
        )
    return fitting


@dataclass(frozen=True, slots=True, kw_only=True)
class _Selector:
    """What the interpreters must fit, and where warnings go."""

    target: Target
    supported: Supported
    requires_python: SpecifierSet | None
    environ: Mapping[str, str]
    reporter: Reporter

    def fits(self, interpreter: Interpreter) -> bool:
        return self.supported.fits(interpreter) and meets_requires_python(interpreter, self.requires_python)

    def mark_described(self, one: Interpreter, words: tuple[str, ...]) -> Interpreter:
        """Return the described interpreter as requested; warn of requests for other versions."""
        for word in _split_requests(words):
            spec = _spec(word)
            if spec is not None and spec.version is not None and not spec.matches(one):
                self.reporter.warn(
                    f"skipped `{word}`: {one.source} describes {one.display}, the only interpreter to build for"
                )
        return replace(one, requested=words[0] if words else one.source)

    def by_variable(self, version: str) -> tuple[Interpreter, ...]:
        kind = self.environ.get("PYO3_CROSS_PYTHON_IMPLEMENTATION", "").strip().lower()
        word = f"{kind}{version}"
        return tuple(replace(one, requested=word) for one in self._known_as(word, "PYO3_CROSS_PYTHON_VERSION"))

    def by_requests(self, words: tuple[str, ...]) -> tuple[Interpreter, ...]:
        found: dict[tuple[object, ...], Interpreter] = {}
        for word in dict.fromkeys(_split_requests(words)):
            for one in self._known_as(word, "-i"):
                found.setdefault(one.identity, replace(one, requested=word))
        return tuple(found.values())

    def _known_as(self, word: str, origin: str) -> list[Interpreter]:
        """Return the known interpreters that a request matches: for an open version the newest that fits."""
        table = known(self.target)
        tag = word.strip().lower().replace("-", "_")
        here = self._on_this_machine(word)
        # `pypy311_pp80` and `pp311-pypy311_pp80` are the one ABI of a version that has two
        tags = (tag, tag.partition("_")[2]) if here is None else (here.abi_tag,)
        exact = [one for one in table if one.abi_tag in tags]
        if exact:
            return exact
        spec = _spec(word)
        if here is not None:
            spec = InterpreterSpec(
                implementation=here.implementation, version=here.version, free_threaded=here.gil_disabled
            )
        matches = [one for one in table if spec is not None and spec.matches(one)]
        fitting = [one for one in matches if self.fits(one)] or matches
        if not fitting:
            raise _not_known_error(word, origin, table, self.target, known_word=spec is not None)
        newest = max(one.version for one in fitting)
        return [one for one in fitting if one.version == newest]

    def _on_this_machine(self, word: str) -> Interpreter | None:
        """Return the interpreter of this machine that a request names, whose version is then used for the target.

        Requests with a version do not need it; a program for another machine, which cannot be started, is matched by
        name.
        """
        spec = _spec(word)
        open_version = spec is None or spec.version is None
        program = which(word, self.environ) if open_version or Path(word).name != word else None
        if program is None:
            return None
        try:
            answer = probe(Path.cwd() / program, self.environ, reporter=self.reporter)
        except InterpreterError:
            if open_version:
                raise
            return None
        if isinstance(answer, Skip):
            if open_version:
                raise InterpreterError(f"{word} cannot be identified: {answer.reason}", hint=_BY_VERSION)
            return None
        self.reporter.step(
            "Python", f"{word} is {answer.display} on this machine: using the same version for {self.target.triple}"
        )
        return answer

    def warn_of_unsupported(self, found: tuple[Interpreter, ...]) -> None:
        wide = replace(self.supported, free_threaded_minimum=(3, 13))
        for one in found:
            if not wide.fits(one):
                self.reporter.warn(f"{one.display} was requested, but these bindings support {self.supported}")
            if not meets_requires_python(one, self.requires_python):
                self.reporter.warn(
                    f"{one.display} was requested, but the project's Requires-Python is {self.requires_python}: "
                    "pip will not install the wheel there"
                )


def _split_requests(requests: tuple[str, ...]) -> list[str]:
    # `-i "3.8 3.9"` happens when a shell variable is quoted; a path may contain a space
    parted: list[str] = []
    for word in requests:
        parts = word.replace(",", " ").split()
        parted += parts if len(parts) > 1 and all(map(parse_spec, parts)) else [word]
    return parted


def _spec(word: str) -> InterpreterSpec | None:
    """Return the spec in a request: a version, or the name of a program or file."""
    spec = parse_spec(Path(word).name)
    # wheels do not depend on the patch release
    return None if spec is None else replace(spec, patch=None)


def _filter_by_pyodide(
    table: tuple[Interpreter, ...], target: Target, environ: Mapping[str, str]
) -> tuple[Interpreter, ...]:
    """Return the interpreters for the platform that the variables name: each Pyodide ABI has one Python version."""
    named = next((environ[name] for name in _PYEMSCRIPTEN if environ.get(name)), "")
    version = _PYTHON_OF_YEAR.get(named.partition("_")[0])
    if target.os != "emscripten" or version is None:
        return table
    return tuple(one for one in table if one.version == version)


def _not_known_error(
    word: str, origin: str, table: tuple[Interpreter, ...], target: Target, *, known_word: bool
) -> InterpreterError:
    there = ", ".join(one.display for one in table) or "none"
    given = "" if origin == "-i" else f", which {origin} asks for,"
    return InterpreterError(
        f"no interpreter `{word}`{given} is known for {target.triple}",
        notes=(f"known are: {there}",),
        hint=_DESCRIBE if known_word or not table else _BY_VERSION,
    )
