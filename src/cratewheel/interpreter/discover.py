"""Finds the interpreters to build for: the requested ones, or all on the machine that fit.

A requested interpreter that cannot be used is an error. Others that cannot be used are skipped, with a warning if they
are on PATH or named by a variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from cratewheel.errors import InterpreterError
from cratewheel.interpreter.cache import Cache
from cratewheel.interpreter.candidates import WINDOWS, Candidate, list_programs
from cratewheel.interpreter.model import EVERY, OLDEST, Interpreter, Supported, meets_requires_python
from cratewheel.interpreter.probe import TIMEOUT, Skip, UnsuitableError
from cratewheel.interpreter.requests import LIST_HINT, find_requested
from cratewheel.interpreter.search import Finding, Search

if TYPE_CHECKING:
    from cratewheel.events import Reporter

_USER_CHOSEN = ("PYO3_PYTHON", "VIRTUAL_ENV", "CONDA_PREFIX", "pythonLocation", "PATH", "PATH, by pyenv")


def find(
    requests: tuple[str, ...],
    *,
    supported: Supported,
    requires_python: SpecifierSet | None,
    environ: Mapping[str, str],
    cache_dir: Path | None,
    reporter: Reporter,
    allow_empty: bool = False,
    timeout: float = TIMEOUT,
    table: tuple[Interpreter, ...] = (),
    arch: str | None = None,
) -> tuple[Interpreter, ...]:
    """Return the interpreters to build for, one for each wheel.

    With `requests`, only these, in order, each with its request in `requested`; `supported` and `requires_python` then
    only cause warnings. Without requests, every interpreter that
    fits both: CPython ascending, free-threaded ones after, then PyPy and GraalPy. Of several that one wheel would
    serve, the first of these is used: PYO3_PYTHON, the active environment, PATH. `table` has the interpreters that may
    be requested without being on this machine. With `arch`, Pythons of another processor are skipped.

    Raises `InterpreterError` when a request matches nothing usable, or when no interpreter fits (unless `allow_empty`).
    """
    search = Search(
        environ=environ,
        cwd=Path.cwd(),
        cache=Cache(cache_dir, environ, reporter.warn),
        reporter=reporter,
        timeout=timeout,
        arch=arch,
    )
    try:
        if requests:
            return find_requested(search, requests, supported, requires_python, table)
        fitting, skipped = _find_all(search, supported, requires_python)
    finally:
        search.cache.save()
    if not fitting and not allow_empty:
        raise InterpreterError(
            "no Python interpreter found that this project supports",
            notes=tuple(skipped),
            hint="install one, or select one with -i",
        )
    return fitting


def default_python(
    *,
    environ: Mapping[str, str],
    cache_dir: Path | None,
    reporter: Reporter,
    pyo3: bool = False,
    timeout: float = TIMEOUT,
) -> Interpreter:
    """Return the default interpreter, for commands without `-i`.

    That is PYO3_PYTHON (for pyo3 crates), the active virtual environment's, the one that setup-python made
    (`pythonLocation`), `python3` on PATH, and finally the running one. Raises `InterpreterError` when a
    variable names one that does not exist or does not work.
    """
    search = Search(
        environ=environ,
        cwd=Path.cwd(),
        cache=Cache(cache_dir, environ, reporter.warn),
        reporter=reporter,
        timeout=timeout,
    )
    try:
        if pyo3 and environ.get("PYO3_PYTHON"):
            named = find_requested(search, (environ["PYO3_PYTHON"],), EVERY, None)[0]
            return replace(named, source="PYO3_PYTHON", requested=None)
        for variable in ("VIRTUAL_ENV", "pythonLocation"):
            if environ.get(variable):
                return _find_in_environment(search, variable)
        return _find_on_path(search)
    finally:
        search.cache.save()


def probe(
    executable: Path,
    environ: Mapping[str, str],
    *,
    cache_dir: Path | None = None,
    reporter: Reporter,
    timeout: float = TIMEOUT,
) -> Interpreter | Skip:
    """Return the interpreter in the file `executable`; raises `InterpreterError` if it is not one."""
    search = Search(
        environ=environ,
        cwd=Path.cwd(),
        cache=Cache(cache_dir, environ, reporter.warn),
        reporter=reporter,
        timeout=timeout,
    )
    finding = search.finding(Candidate(path=executable, source="-i"))
    search.cache.save()
    if isinstance(finding, InterpreterError):
        raise finding
    return finding


def _find_all(
    search: Search, supported: Supported, requires_python: SpecifierSet | None
) -> tuple[tuple[Interpreter, ...], list[str]]:
    """Return the interpreters that fit, and a reason for each that was skipped."""
    named = search.environ.get("PYO3_PYTHON", "")
    if Path(named).is_absolute() and not Path(named).is_file():
        search.reporter.warn(f"PYO3_PYTHON names {named}, which does not exist")
    promising = [one for one in search.candidates() if one.version is None or one.version >= OLDEST]
    fitting: dict[tuple[object, ...], Interpreter] = {}
    skipped: list[str] = []
    for candidate, finding in search.findings(promising):
        reason = _why_not(finding, supported, requires_python)
        if reason is None and isinstance(finding, Interpreter):
            fitting.setdefault(finding.identity, finding)
            continue
        line = f"skipped {candidate.path}: {reason}"
        skipped.append(line)
        unsuitable = isinstance(finding, (Interpreter, UnsuitableError))
        if isinstance(finding, Skip) and finding.other_arch:
            search.reporter.step("Python", line)
        elif unsuitable or candidate.source not in _USER_CHOSEN:
            search.reporter.detail(line)
        else:
            search.reporter.warn(line)
    return tuple(sorted(fitting.values(), key=lambda one: one.order)), skipped


def _why_not(finding: Finding, supported: Supported, requires_python: SpecifierSet | None) -> str | None:
    if isinstance(finding, Skip):
        return finding.reason
    if isinstance(finding, InterpreterError):
        return finding.message
    if not supported.fits(finding):
        return f"{finding.display} is not among {supported}"
    if not meets_requires_python(finding, requires_python):
        return f"Python {finding.full_version} does not fit Requires-Python {requires_python}"
    return None


def _find_in_environment(search: Search, variable: str) -> Interpreter:
    folder = Path(search.environ[variable])
    programs = list_programs(folder)
    if not programs:
        raise InterpreterError(
            f"{variable} is set to {folder}, which has no Python",
            hint=f"unset {variable}, or create the environment again",
        )
    # `python` is what a shell in this environment would run
    finding = search.finding(Candidate(path=programs[-1], source=variable))
    return _require(finding)


def _find_on_path(search: Search) -> Interpreter:
    for name in ("python", "python3") if WINDOWS else ("python3", "python"):
        program = search.which(name)
        real = search.resolve_shim(program) if program else None
        if real is None:
            continue
        finding = search.finding(Candidate(path=real, source="PATH" if real == program else "PATH, by pyenv"))
        if isinstance(finding, Interpreter):
            return finding
        search.reporter.warn(f"skipped {real}: {_why_not(finding, EVERY, None)}")
    running = search.running()
    if running is None:
        raise InterpreterError("no Python interpreter found", hint=LIST_HINT)
    return _require(search.finding(running))


def _require(finding: Finding) -> Interpreter:
    if isinstance(finding, Skip):
        raise InterpreterError(f"{finding.executable} cannot be used: {finding.reason}", hint=LIST_HINT)
    if isinstance(finding, InterpreterError):
        raise finding
    return finding
