"""Choosing the Pythons of a system that is not here: described by files, or known from a table. None is started.

One of this machine may be, to learn which version of the other system it stands for.
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
from cratewheel.interpreter.model import Interpreter, InterpreterSpec, Supported, Version, parse_spec
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
    words: tuple[str, ...],
    *,
    target: Target,
    supported: Supported,
    requires_python: SpecifierSet | None,
    environ: Mapping[str, str],
    reporter: Reporter,
    none_is_fine: bool = False,
) -> tuple[Interpreter, ...]:
    """Return the interpreters to build for, one for each wheel; none has an executable.

    One that PYO3_CONFIG_FILE or PYO3_CROSS_LIB_DIR describes is the only one. Otherwise the table of known ones has
    those that `words` name, or, without words, all that fit `supported` and `requires_python`;
    PYO3_CROSS_PYTHON_VERSION, with PYO3_CROSS_PYTHON_IMPLEMENTATION, is such a word. For a version with two ABIs there
    are two interpreters. Raises `InterpreterError` when a word names none of them, or nothing fits (unless
    `none_is_fine`).
    """
    wanted = _Wanted(
        target=target, supported=supported, requires_python=requires_python, environ=environ, reporter=reporter
    )
    one = described.from_environment(environ, target=target)
    if one is not None:
        one = wanted.told(one, words)
        wanted.warn_of_misfits((one,))
        return (one,)
    version = environ.get("PYO3_CROSS_PYTHON_VERSION", "").strip()
    if words or version:
        found = wanted.named(words) if words else wanted.by_variable(version)
        wanted.warn_of_misfits(found)
        return found
    fitting = tuple(
        sorted(filter(wanted.fits, _of_platform(known(target), target, environ)), key=lambda one: one.order)
    )
    if not fitting and not none_is_fine:
        notes = [f"the project supports {supported}"]
        if requires_python is not None:
            notes.append(f"its Requires-Python is {requires_python}")
        raise InterpreterError(
            f"no Python is known for {target.triple} that this project can be built for",
            notes=tuple(notes),
            hint="describe one with PYO3_CONFIG_FILE or PYO3_CROSS_LIB_DIR",
        )
    return fitting


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What the interpreters must fit, and who hears of those that do not."""

    target: Target
    supported: Supported
    requires_python: SpecifierSet | None
    environ: Mapping[str, str]
    reporter: Reporter

    def fits(self, interpreter: Interpreter) -> bool:
        return self.supported.fits(interpreter) and _allowed(interpreter, self.requires_python)

    def told(self, one: Interpreter, words: tuple[str, ...]) -> Interpreter:
        """Return the described interpreter as one that was asked for, with a warning for words that mean another."""
        for word in _separate(words):
            spec = _spec(word)
            if spec is not None and spec.version is not None and not spec.matches(one):
                self.reporter.warn(
                    f"nothing is built for `{word}`: {one.source} describes {one.display}, which is the only one"
                )
        return replace(one, requested=words[0] if words else one.source)

    def by_variable(self, version: str) -> tuple[Interpreter, ...]:
        kind = self.environ.get("PYO3_CROSS_PYTHON_IMPLEMENTATION", "").strip().lower()
        word = f"{kind}{version}"
        return tuple(replace(one, requested=word) for one in self._known_as(word, "PYO3_CROSS_PYTHON_VERSION"))

    def named(self, words: tuple[str, ...]) -> tuple[Interpreter, ...]:
        found: dict[tuple[object, ...], Interpreter] = {}
        for word in dict.fromkeys(_separate(words)):
            for one in self._known_as(word, "-i"):
                found.setdefault(one.identity, replace(one, requested=word))
        return tuple(found.values())

    def _known_as(self, word: str, origin: str) -> list[Interpreter]:
        """Return the interpreters of the table that `word` means: of an open version the newest that fits."""
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
            raise _absent(word, origin, table, self.target, known_word=spec is not None)
        newest = max(one.version for one in fitting)
        return [one for one in fitting if one.version == newest]

    def _on_this_machine(self, word: str) -> Interpreter | None:
        """Return the interpreter of this machine that `word` names, which stands for that of the target.

        A word that says a version needs none; the file of another machine, which cannot be started, is known by name.
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
                raise InterpreterError(f"{word} does not say which Python it is: {answer.reason}", hint=_BY_VERSION)
            return None
        self.reporter.step("Python", f"{word} is {answer.display} here, and stands for that of {self.target.triple}")
        return answer

    def warn_of_misfits(self, found: tuple[Interpreter, ...]) -> None:
        wide = replace(self.supported, free_threaded_minimum=(3, 13))
        for one in found:
            if not wide.fits(one):
                self.reporter.warn(f"{one.display} was asked for, but these bindings are made for {self.supported}")
            if not _allowed(one, self.requires_python):
                self.reporter.warn(
                    f"{one.display} was asked for, but the project's Requires-Python is {self.requires_python}: "
                    "pip will not install the wheel there"
                )


def _separate(words: tuple[str, ...]) -> list[str]:
    # `-i "3.8 3.9"` comes from a variable that was quoted once too often; a path may hold a space
    parted: list[str] = []
    for word in words:
        parts = word.replace(",", " ").split()
        parted += parts if len(parts) > 1 and all(map(parse_spec, parts)) else [word]
    return parted


def _spec(word: str) -> InterpreterSpec | None:
    """Return what a word means: a version, or the program or file of one, by its name."""
    spec = parse_spec(Path(word).name)
    # which patch release it is makes no difference to a wheel
    return None if spec is None else replace(spec, patch=None)


def _of_platform(table: tuple[Interpreter, ...], target: Target, environ: Mapping[str, str]) -> tuple[Interpreter, ...]:
    """Return those that run on the platform which the variables name: each of Pyodide's has one version of Python."""
    named = next((environ[name] for name in _PYEMSCRIPTEN if environ.get(name)), "")
    version = _PYTHON_OF_YEAR.get(named.partition("_")[0])
    if target.os != "emscripten" or version is None:
        return table
    return tuple(one for one in table if one.version == version)


def _absent(
    word: str, origin: str, table: tuple[Interpreter, ...], target: Target, *, known_word: bool
) -> InterpreterError:
    there = ", ".join(one.display for one in table) or "none"
    given = "" if origin == "-i" else f", which {origin} asks for,"
    return InterpreterError(
        f"no interpreter `{word}`{given} is known for {target.triple}",
        notes=(f"known are: {there}",),
        hint=_DESCRIBE if known_word or not table else _BY_VERSION,
    )


def _allowed(interpreter: Interpreter, requires_python: SpecifierSet | None) -> bool:
    if requires_python is None:
        return True
    # any patch release will do: `>=3.9.1` is met by the newest 3.9
    version = f"{interpreter.version[0]}.{interpreter.version[1]}"
    return any(requires_python.contains(f"{version}.{patch}", prereleases=True) for patch in (99, 0))
