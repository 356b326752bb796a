"""Finding the interpreters to build for: those that were asked for, or every one on the machine that fits.

Whatever is asked for and cannot be used is an error; what only happens to be on the machine and cannot be used is left
out, and told about if the user put it forward.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from cratewheel.errors import InterpreterError
from cratewheel.interpreter.cache import Cache
from cratewheel.interpreter.candidates import WINDOWS, Candidate, programs_of
from cratewheel.interpreter.model import EVERY, OLDEST, Interpreter, Supported
from cratewheel.interpreter.probe import TIMEOUT, Skip, UnsuitableError
from cratewheel.interpreter.requests import LIST_HINT, asked_for
from cratewheel.interpreter.search import Finding, Search

if TYPE_CHECKING:
    from cratewheel.events import Reporter

_PUT_FORWARD = ("PYO3_PYTHON", "VIRTUAL_ENV", "CONDA_PREFIX", "pythonLocation", "PATH", "PATH, by pyenv")


def find(
    words: tuple[str, ...],
    *,
    supported: Supported,
    requires_python: SpecifierSet | None,
    environ: Mapping[str, str],
    cache_dir: Path | None,
    reporter: Reporter,
    none_is_fine: bool = False,
    timeout: float = TIMEOUT,
) -> tuple[Interpreter, ...]:
    """Return the interpreters to build for, one for each wheel.

    With `words`, these and no others, in their order, each with its word in `requested`; `supported` and
    `requires_python` then only cause warnings, as whoever asks may know better. Without words, every interpreter that
    fits both: CPython ascending, free-threaded ones after, then PyPy and GraalPy. Of several that one wheel would
    serve, the one that the user put forward counts: PYO3_PYTHON, the active environment, PATH.

    Raises `InterpreterError` when a word names nothing that can be used, or nothing fits (unless `none_is_fine`).
    """
    search = Search(
        environ=environ,
        cwd=Path.cwd(),
        cache=Cache(cache_dir, environ, reporter.warn),
        reporter=reporter,
        timeout=timeout,
    )
    try:
        if words:
            return asked_for(search, words, supported, requires_python)
        fitting, left_out = _every(search, supported, requires_python)
    finally:
        search.cache.save()
    if not fitting and not none_is_fine:
        raise InterpreterError(
            "no Python interpreter was found that this project can be built for",
            notes=tuple(left_out),
            hint="install one, or name it with -i",
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
    """Return the one interpreter that is meant when none is named.

    That is PYO3_PYTHON (for pyo3 crates), the active virtual environment's, the one that setup-python made
    (`pythonLocation`), `python3` on PATH, and at last the one that runs this. Raises `InterpreterError` when a
    variable names one that is not there or does not work: any other would not be the one that is meant.
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
            named = asked_for(search, (environ["PYO3_PYTHON"],), EVERY, None)[0]
            return replace(named, source="PYO3_PYTHON", requested=None)
        for variable in ("VIRTUAL_ENV", "pythonLocation"):
            if environ.get(variable):
                return _of_environment(search, variable)
        return _on_path(search)
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
    """Return the interpreter that the file `executable` is; raises `InterpreterError` when it is none."""
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


def _every(
    search: Search, supported: Supported, requires_python: SpecifierSet | None
) -> tuple[tuple[Interpreter, ...], list[str]]:
    """Return the interpreters that fit, and a line for each that does not."""
    named = search.environ.get("PYO3_PYTHON", "")
    if Path(named).is_absolute() and not Path(named).is_file():
        search.reporter.warn(f"PYO3_PYTHON names {named}, which is not there")
    promising = [one for one in search.candidates() if one.version is None or one.version >= OLDEST]
    fitting: dict[tuple[object, ...], Interpreter] = {}
    left_out: list[str] = []
    for candidate, finding in search.findings(promising):
        reason = _why_not(finding, supported, requires_python)
        if reason is None and isinstance(finding, Interpreter):
            fitting.setdefault(finding.identity, finding)
            continue
        line = f"left out {candidate.path}: {reason}"
        left_out.append(line)
        unsuitable = isinstance(finding, (Interpreter, UnsuitableError))
        tell = search.reporter.detail if unsuitable or candidate.source not in _PUT_FORWARD else search.reporter.warn
        tell(line)
    return tuple(sorted(fitting.values(), key=lambda one: one.order)), left_out


def _why_not(finding: Finding, supported: Supported, requires_python: SpecifierSet | None) -> str | None:
    if isinstance(finding, Skip):
        return finding.reason
    if isinstance(finding, InterpreterError):
        return finding.message
    if not supported.fits(finding):
        return f"{finding.display} is not among {supported}"
    if requires_python is not None and not requires_python.contains(finding.full_version, prereleases=True):
        return f"Python {finding.full_version} does not fit Requires-Python {requires_python}"
    return None


def _of_environment(search: Search, variable: str) -> Interpreter:
    folder = Path(search.environ[variable])
    programs = programs_of(folder)
    if not programs:
        raise InterpreterError(
            f"{variable} is set to {folder}, where there is no Python", hint=f"unset {variable}, or make it anew"
        )
    # `python` is what a shell in this environment would run
    finding = search.finding(Candidate(path=programs[-1], source=variable))
    return _demanded(finding)


def _on_path(search: Search) -> Interpreter:
    for name in ("python", "python3") if WINDOWS else ("python3", "python"):
        program = search.which(name)
        real = search.behind_shim(program) if program else None
        if real is None:
            continue
        finding = search.finding(Candidate(path=real, source="PATH" if real == program else "PATH, by pyenv"))
        if isinstance(finding, Interpreter):
            return finding
        search.reporter.warn(f"left out {real}: {_why_not(finding, EVERY, None)}")
    running = search.running()
    if running is None:
        raise InterpreterError("no Python interpreter was found", hint=LIST_HINT)
    return _demanded(search.finding(running))


def _demanded(finding: Finding) -> Interpreter:
    if isinstance(finding, Skip):
        raise InterpreterError(f"{finding.executable} cannot be used: {finding.reason}", hint=LIST_HINT)
    if isinstance(finding, InterpreterError):
        raise finding
    return finding
