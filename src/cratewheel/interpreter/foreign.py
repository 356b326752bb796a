"""Choosing the Pythons of a system that is not here: described by files, or known from a table. None is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cratewheel.errors import InterpreterError
from cratewheel.interpreter import described
from cratewheel.interpreter.known import known
from cratewheel.interpreter.model import Interpreter, InterpreterSpec, Supported, parse_spec
from cratewheel.tags.target import Target

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

    from cratewheel.ui import Ui


def is_foreign(target: Target, host: Target) -> bool:
    """Return whether Pythons for `target` cannot be expected to run on `host`.

    Both processors of macOS run each other's programs or are built by one Python (universal2), 64-bit Windows runs
    32-bit programs, Windows on ARM all of x86, and a Python of Windows does not depend on the compiler.

    >>> from cratewheel.tags.target import parse
    >>> is_foreign(parse("x86_64-unknown-linux-musl"), parse("x86_64-unknown-linux-gnu"))
    True
    >>> is_foreign(parse("universal2-apple-darwin"), parse("aarch64-apple-darwin"))
    False
    """
    if target.triple == host.triple:
        return False
    if target.os != host.os:
        return True
    match target.os:
        case "macos":
            return False
        case "windows":
            runs = {"x86": {"x86"}, "x86_64": {"x86", "x86_64"}, "aarch64": {"x86", "x86_64", "aarch64"}}
            return target.arch not in runs[host.arch]
        case _:
            return (target.arch, target.env) != (host.arch, host.env)


def find(
    words: tuple[str, ...],
    *,
    target: Target,
    supported: Supported,
    requires_python: SpecifierSet | None,
    environ: Mapping[str, str],
    ui: Ui,
    none_is_fine: bool = False,
) -> tuple[Interpreter, ...]:
    """Return the interpreters to build for, one for each wheel; none has an executable.

    One that PYO3_CONFIG_FILE or PYO3_CROSS_LIB_DIR describes is the only one. Otherwise the table of known ones has
    those that `words` name, or, without words, all that fit `supported` and `requires_python`;
    PYO3_CROSS_PYTHON_VERSION is such a word. Raises `InterpreterError` when a word names none of them, or nothing fits
    (unless `none_is_fine`).
    """
    one = described.from_environment(environ, target=target)
    if one is not None:
        return (one,)
    table = known(target)
    version = environ.get("PYO3_CROSS_PYTHON_VERSION")
    if not words and version:
        words = (version,)
    if words:
        found = _named(table, words, target, supported)
        _warn_of_misfits(found, supported, requires_python, ui)
        return found
    fitting = tuple(
        sorted(
            (one for one in table if supported.fits(one) and _allowed(one, requires_python)), key=lambda one: one.order
        )
    )
    if not fitting and not none_is_fine:
        raise InterpreterError(
            f"no Python is known for {target.triple} that this project can be built for",
            notes=(f"the project supports {supported}",),
            hint="describe one with PYO3_CONFIG_FILE or PYO3_CROSS_LIB_DIR",
        )
    return fitting


def _named(
    table: tuple[Interpreter, ...], words: tuple[str, ...], target: Target, supported: Supported
) -> tuple[Interpreter, ...]:
    found: dict[tuple[object, ...], Interpreter] = {}
    for word in dict.fromkeys(part for given in words for part in given.replace(",", " ").split() or [given]):
        spec = _spec(word)
        matches = [one for one in table if spec is not None and spec.matches(one)]
        # of an open version the newest that the project can be built for
        fitting = [one for one in matches if supported.fits(one)] or matches
        if not fitting:
            raise _absent(word, table, target, known_word=spec is not None)
        chosen = max(fitting, key=lambda one: one.version)
        found.setdefault(chosen.identity, replace(chosen, requested=word))
    return tuple(found.values())


def _spec(word: str) -> InterpreterSpec | None:
    """Return what a word means: a version, or the program or file of one, by its name."""
    spec = parse_spec(Path(word).name)
    # which patch release it is makes no difference to a wheel
    return None if spec is None else replace(spec, patch=None)


def _absent(word: str, table: tuple[Interpreter, ...], target: Target, *, known_word: bool) -> InterpreterError:
    there = ", ".join(one.display for one in table) or "none"
    return InterpreterError(
        f"no interpreter `{word}` is known for {target.triple}",
        notes=(f"known are: {there}",),
        hint="describe it with PYO3_CONFIG_FILE or PYO3_CROSS_LIB_DIR"
        if known_word
        else "name it by its version: 3.12, 3.14t, pypy3.11",
    )


def _allowed(interpreter: Interpreter, requires_python: SpecifierSet | None) -> bool:
    if requires_python is None:
        return True
    # any patch release will do: `>=3.9.1` is met by the newest 3.9
    version = f"{interpreter.version[0]}.{interpreter.version[1]}"
    return requires_python.contains(f"{version}.99", prereleases=True) or requires_python.contains(f"{version}.0")


def _warn_of_misfits(
    found: tuple[Interpreter, ...], supported: Supported, requires_python: SpecifierSet | None, ui: Ui
) -> None:
    wide = replace(supported, free_threaded_minimum=(3, 13))
    for one in found:
        if not wide.fits(one):
            ui.warn(f"{one.display} was asked for, but these bindings are made for {supported}")
        if not _allowed(one, requires_python):
            ui.warn(
                f"{one.display} was asked for, but the project's Requires-Python is {requires_python}: "
                "pip will not install the wheel there"
            )
