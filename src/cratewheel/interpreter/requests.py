"""Resolves the requests of `-i`: a path, a program on PATH, or a version."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.specifiers import SpecifierSet

from cratewheel.errors import InterpreterError, UsageError
from cratewheel.interpreter import pyenv
from cratewheel.interpreter.candidates import Candidate, list_programs, version_in_name
from cratewheel.interpreter.known_table import named
from cratewheel.interpreter.model import (
    OLDEST,
    Interpreter,
    InterpreterSpec,
    Supported,
    meets_requires_python,
    parse_spec,
)
from cratewheel.interpreter.probe import Skip
from cratewheel.interpreter.search import Finding, Search

_TOO_OLD = f"too old: the oldest supported Python is {OLDEST[0]}.{OLDEST[1]}"
_PYTHON_2 = (
    r"(python|cpython|cp|pypy|pp)?[-@]?2(\.?[0-9]+){0,2}(\.exe)?"  # Python 2, which `parse_spec` does not support
)
LIST_HINT = "`cratewheel list-python` lists all interpreters that were found"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """One request: a file, the reason to skip it, or neither for a version that is searched for later.

    `literal` is true for a path or program, which is used whatever version it has.
    """

    word: str
    literal: bool
    candidate: Candidate | None = None
    skip: Skip | None = None


def find_requested(
    search: Search,
    requests: tuple[str, ...],
    supported: Supported,
    requires_python: SpecifierSet | None,
    table: tuple[Interpreter, ...] = (),
) -> tuple[Interpreter, ...]:
    """Return the interpreters that `requests` name, in order, without duplicates.

    A version that is not on this machine is looked up in `table`.

    Raises `InterpreterError` for a request that matches nothing usable. A pyenv shim without an active Python is
    skipped with a warning, or an error if it is the only request.
    """
    located = [_locate_request(search, word) for word in dict.fromkeys(_split_requests(search, requests))]
    findings = dict(search.findings(request.candidate for request in located if request.candidate))
    found: dict[tuple[object, ...], Interpreter] = {}
    skipped: list[str] = []
    for request in located:
        finding = _choose_interpreter(
            search, request, findings.get(request.candidate) if request.candidate else request.skip
        )
        if isinstance(finding, Skip):
            skipped.append(f"{request.word}: {finding.reason}")
            continue
        chosen = (finding,) if finding is not None else named(table, request.word)
        if not chosen:
            raise _not_found_error(search, request.word)
        for one in chosen:
            same = found.setdefault(one.identity, replace(one, requested=request.word))
            if one.executable is not None and not _same_file(same.executable, one.executable):
                search.reporter.warn(
                    f"`{same.requested}` and `{request.word}` are both {same.display}: one wheel serves both"
                )
    if not found:
        raise InterpreterError("none of the requested interpreters can be used", notes=tuple(skipped), hint=LIST_HINT)
    for line in skipped:
        search.reporter.warn(f"skipped the interpreter {line}")
    _warn_of_unsupported(search, tuple(found.values()), supported, requires_python)
    return tuple(found.values())


def _split_requests(search: Search, requests: tuple[str, ...]) -> list[str]:
    # `-i "3.8 3.9"` happens when a shell variable is quoted
    parted: list[str] = []
    for word in requests:
        parts = word.replace(",", " ").split()
        versions = all(parse_spec(part) or re.fullmatch(_PYTHON_2, part) for part in parts)
        several = len(parts) > 1 and versions and not (search.cwd / word).exists()
        parted += parts if several else [word]
    return parted


def _locate_request(search: Search, word: str) -> _Request:
    if not word.strip():
        raise UsageError("-i has an empty value", hint="omit -i to build for every interpreter")
    if _is_path(word):
        path = Path(os.path.abspath(search.cwd / word))  # noqa: PTH100 (`resolve` would leave a virtual environment)
        _check_file(word, path)
        return _Request(word=word, literal=True, candidate=_candidate(path, "-i"))
    program = search.which(word)
    spec = parse_spec(word)
    literal = program is not None
    if program is None and re.fullmatch(_PYTHON_2, word.strip().lower()):
        raise InterpreterError(f"`{word}` is {_TOO_OLD}")
    if program is None and spec is not None:
        if spec.version is not None and spec.version < OLDEST:
            raise InterpreterError(f"`{word}` is {_TOO_OLD}")
        program = search.which(spec.program)
    real = search.resolve_shim(program) if program else None
    if program is not None and real is None and literal:
        return _find_inactive_pyenv_version(search, word, program)
    candidate = _candidate(real, "PATH" if real == program else "PATH, by pyenv") if real else None
    return _Request(word=word, literal=literal, candidate=candidate)


def _find_inactive_pyenv_version(search: Search, word: str, shim: Path) -> _Request:
    """Return the newest pyenv version that has this program, because no active version has it."""
    root = search.shim_root(shim)
    providers = [
        folder
        for folder in (pyenv.list_versions(root) if root else ())
        if os.access(folder / "bin" / shim.name, os.X_OK)
    ]
    for folder in providers:
        candidate = _candidate(folder / "bin" / shim.name, "pyenv", folder=True)
        if (candidate.version or OLDEST) >= OLDEST:
            search.reporter.warn(
                f"`{word}` is provided by pyenv, but no active version has it: using {folder.name}",
                hint=f"`pyenv shell {folder.name}` activates it",
            )
            return _Request(word=word, literal=True, candidate=candidate)
    reason = (
        f"it is pyenv's {providers[0].name}, which is {_TOO_OLD}" if providers else "no version in pyenv provides it"
    )
    return _Request(word=word, literal=True, skip=Skip(executable=shim, reason=reason))


def _choose_interpreter(search: Search, request: _Request, finding: Finding | None) -> Interpreter | Skip | None:
    """Return the interpreter of this machine for a request, or None if there is none."""
    spec = parse_spec(request.word)
    if not request.literal and spec is not None:
        if isinstance(finding, Interpreter) and spec.matches(finding):
            return finding
        other = _newest_match(search, spec)
        if other is not None:
            return other
    if isinstance(finding, InterpreterError):
        raise finding
    return finding if request.literal else None


def _newest_match(search: Search, spec: InterpreterSpec) -> Interpreter | None:
    """Return the preferred interpreter that `spec` describes, the newest if it has no version."""
    asked = [one for one in search.candidates() if spec.version is None or one.version in (None, spec.version)]
    found = [finding for _, finding in search.findings(asked) if isinstance(finding, Interpreter)]
    matches = [interpreter for interpreter in found if spec.matches(interpreter)]
    # of equal versions, `max` returns the first, which is preferred
    return max(matches, key=lambda interpreter: interpreter.version, default=None)


def _warn_of_unsupported(
    search: Search,
    found: tuple[Interpreter, ...],
    supported: Supported,
    requires_python: SpecifierSet | None,
) -> None:
    # free-threaded 3.13 is skipped by default, but may be requested
    supported = replace(supported, free_threaded_minimum=(3, 13))
    for interpreter in found:
        if not supported.fits(interpreter):
            search.reporter.warn(f"{interpreter.display} was requested, but these bindings support {supported}")
        if not meets_requires_python(interpreter, requires_python):
            search.reporter.warn(
                f"{interpreter.display} was requested, but the project's Requires-Python is {requires_python}: "
                "pip will not install the wheel there"
            )


def _same_file(one: Path | None, other: Path | None) -> bool:
    return one is not None and other is not None and os.path.realpath(one) == os.path.realpath(other)


def _is_path(word: str) -> bool:
    return "/" in word or os.sep in word or word in (os.curdir, os.pardir)


def _candidate(path: Path, source: str, *, folder: bool = False) -> Candidate:
    return Candidate(path=path, source=source, version=version_in_name(path, folder=folder))


def _check_file(word: str, path: Path) -> None:
    if path.is_dir():
        inside = list_programs(path)
        hint = f"name the interpreter in it: {inside[0]}" if inside else LIST_HINT
        raise InterpreterError(f"`{word}` is a folder, not an interpreter", hint=hint)
    if path.is_symlink() and not path.exists():
        raise InterpreterError(
            f"`{word}` is a symbolic link to {os.readlink(path)}, which does not exist",  # noqa: PTH115 (as it is written)
            hint="the Python of this virtual environment was removed: create the environment again",
        )
    if not path.exists():
        raise InterpreterError(f"there is no interpreter at `{word}`", hint=LIST_HINT)
    if not os.access(path, os.X_OK):
        raise InterpreterError(f"`{word}` is not an executable file", hint=LIST_HINT)


def _not_found_error(search: Search, word: str) -> InterpreterError:
    found = [finding for _, finding in search.findings(search.candidates()) if isinstance(finding, Interpreter)]
    names = dict.fromkeys(one.display for one in sorted(found, key=lambda one: one.order))
    there = ", ".join(names) or "none"
    if (search.cwd / word).is_file():
        hint = f"to use the file in this folder, write ./{word}"
    elif parse_spec(word) is None:
        hint = "use a path, a program or a version: 3.12, python3.12, pypy3.10, 3.13t"
    else:
        hint = "install it, or name it by its path"
    return InterpreterError(
        f"the interpreter `{word}` was not found",
        notes=(f"on PATH and in version managers: {there}",),
        hint=hint,
    )
