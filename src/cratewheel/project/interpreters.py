"""Finds the interpreters of a build."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Literal

from cratewheel.bindings.detect import PYO3_CRATES, Bindings
from cratewheel.cargo.model import CargoMetadata
from cratewheel.errors import ConfigError, InterpreterError, UsageError
from cratewheel.events import CallbackReporter, Reporter
from cratewheel.interpreter import discover, foreign
from cratewheel.interpreter.abi_words import AbiWord, AbiWordError, parse_all
from cratewheel.interpreter.known_table import known
from cratewheel.interpreter.model import EVERY, Interpreter
from cratewheel.interpreter.own_target import chosen_target, other_c_library
from cratewheel.options.model import Options
from cratewheel.project.metadata import CoreMetadata
from cratewheel.system.machine import cache_dir
from cratewheel.targets.triples import Target
from cratewheel.targets.triples import parse as parse_target

InterpreterNeed = Literal["all", "one", "none"]

# Variables that describe a Python to pyo3, which is not started: with one of them, we look for none either.
DESCRIBED_PYTHON = (
    "PYO3_CONFIG_FILE",
    "PYO3_CROSS",
    "PYO3_CROSS_LIB_DIR",
    "PYO3_CROSS_PYTHON_VERSION",
    "PYO3_CROSS_PYTHON_IMPLEMENTATION",
)
# What of pyo3-build-config needs the interpreter itself, and where it is.
INTERPRETER_KEYS = (
    "run_python_script", "executable", "lib_dir", "lib_name", "shared", "python_framework", "libpython_rpath",
)  # fmt: skip


def find_foreign(
    bindings: Bindings,
    metadata: CoreMetadata,
    options: Options,
    target: Target,
    environ: Mapping[str, str],
    reporter: Reporter,
) -> tuple[Interpreter, ...]:
    """Return the interpreters for another system: described by variables, or known from a table.

    Raises `InterpreterError` when a request names none of them, or there is none that fits.
    """
    find = partial(
        foreign.find,
        target=target,
        supported=bindings.supported,
        requires_python=metadata.requires_python,
        environ=environ,
        reporter=reporter,
    )
    return _find_by_words(options, find, allow_empty=_needs_no_interpreter(bindings))


def find_interpreters(
    bindings: Bindings,
    metadata: CoreMetadata,
    options: Options,
    target: Target,
    environ: Mapping[str, str],
    reporter: Reporter,
) -> tuple[Interpreter, ...]:
    """Return the interpreters to build for: the requested ones, or all that fit the project.

    pyo3 can be told of a Python that is not on this machine; what the others need, they ask the Python itself.

    Raises `InterpreterError` when one that was named is missing or unfit, or there are more than the bindings take.
    """
    need = interpreters_needed(bindings)
    if need == "none" and not options.interpreter:
        return ()
    if need == "one" and not options.interpreter:
        return (discover.default_python(environ=environ, cache_dir=cache_dir(environ), reporter=reporter),)
    find = partial(
        discover.find,
        supported=bindings.supported,
        requires_python=metadata.requires_python,
        environ=environ,
        cache_dir=cache_dir(environ),
        reporter=reporter,
        table=known(target) if bindings.kind == "pyo3" else (),
        arch=_required_arch(target, options, environ),
    )
    found = _find_by_words(options, find, allow_empty=_needs_no_interpreter(bindings))
    if need != "all" and len(found) > 1:
        raise InterpreterError(
            f"{bindings.kind} bindings make one wheel for all Pythons, but {len(found)} were requested",
            hint="use -i at most once",
        )
    return found if need != "all" else _with_c_library(found, target, options, reporter)


def _with_c_library(
    found: tuple[Interpreter, ...], target: Target, options: Options, reporter: Reporter
) -> tuple[Interpreter, ...]:
    """Return the interpreters with the C library of the target; raises `InterpreterError` for a requested one."""
    others = {one: library for one in found if (library := other_c_library(one, target)) is not None}
    fitting = tuple(one for one in found if one not in others)
    own = "musl" if target.is_musl else "glibc"
    lines = tuple(
        f"{one.executable} is for {library}, and {target.triple} for {own}" for one, library in others.items()
    )
    if others and (options.interpreter or not fitting):
        library = next(iter(others.values()))
        triple = f"{target.triple.partition('-')[0]}-unknown-linux-{'gnu' if library == 'glibc' else library}"
        raise InterpreterError(
            lines[0], hint=f"choose another Python with -i, or build for its system: --target {triple}", notes=lines[1:]
        )
    for line in lines:
        reporter.step("Python", f"skipped: {line}")
    return fitting


def abi_words(options: Options) -> tuple[AbiWord, ...]:
    """Return the wheels that `abi` names, as far as `only-abi3` and `no-abi3` leave them; none without `abi`.

    Raises `UsageError` or `ConfigError` for a word that names no wheel.
    """
    if not options.abi:
        return ()
    try:
        words = parse_all(options.abi)
    except AbiWordError as error:
        origin = options.origins["abi"]
        kind = ConfigError if origin.kind == "key" else UsageError
        raise kind(f"{origin}: {error}", hint=error.hint) from error
    return tuple(
        word
        for word in words
        if not (options.only_abi3 and word.stable is None) and not (options.no_abi3 and word.stable is not None)
    )


def _find_by_words(
    options: Options, find: Callable[..., tuple[Interpreter, ...]], *, allow_empty: bool
) -> tuple[Interpreter, ...]:
    """Return the Pythons of `-i`; without it those of `abi`, where any Python found may be for a stable ABI."""
    words = () if options.interpreter else abi_words(options)
    if not words:
        return find(options.interpreter, allow_empty=allow_empty)
    own = tuple(str(word) for word in words if word.stable is None and not word.any_python)
    found = find(own, allow_empty=allow_empty) if own else ()
    if len(own) < len(words):
        names = {one.identity for one in found}
        found += tuple(one for one in find((), allow_empty=True) if one.identity not in names)
    return found


def target_of_pythons(options: Options, host: str, environ: Mapping[str, str], reporter: Reporter) -> str | None:
    """Return the triple that the requested Pythons need, or the default one, where that is not `host`.

    Raises `UsageError` for Pythons that need different targets; one that does not work is for others to report.
    """
    machine = parse_target(host)
    if machine.os not in ("macos", "windows") or options.universal2 or environ.get("ARCHFLAGS"):
        return None
    silent = CallbackReporter()
    try:
        found = (
            discover.find(
                options.interpreter,
                supported=EVERY,
                requires_python=None,
                environ=environ,
                cache_dir=cache_dir(environ),
                reporter=silent,
                table=known(machine),
            )
            if options.interpreter
            else (discover.default_python(environ=environ, cache_dir=cache_dir(environ), reporter=silent),)
        )
    except InterpreterError:
        return None
    triple = chosen_target(found, machine)
    if triple is not None:
        names = " and ".join(one.display for one in found if one.executable is not None)
        reporter.step("Target", f"{triple}, which {names} is for")
    return triple


def _required_arch(target: Target, options: Options, environ: Mapping[str, str]) -> str | None:
    """Return the processor that the Pythons must have, None if it does not matter.

    On Windows a Python's own name for the platform is in the tag. On macOS any Python can describe one of the other
    processor, which is what --target and ARCHFLAGS ask for.
    """
    if target.os == "windows":
        return target.arch
    free = options.target or options.universal2 or environ.get("ARCHFLAGS")
    return target.arch if target.os == "macos" and not free else None


def interpreters_needed(bindings: Bindings) -> InterpreterNeed:
    """Return how many interpreters are needed: all that fit, one (to generate cffi's module), or none."""
    if bindings.per_interpreter:
        return "all"
    return "one" if bindings.kind == "cffi" else "none"


def _needs_no_interpreter(bindings: Bindings) -> bool:
    """Return whether a stable ABI wheel can be built without any Python."""
    return any(abi.kind == "abi3" and abi.minimum for abi in bindings.stable_abi)


def reads_interpreter(cargo: CargoMetadata) -> bool:
    """Return whether a build script needs facts about the interpreter that pyo3's configuration file does not have."""
    askers = (
        cargo.packages[package]
        for package in cargo.closure()
        for edge in cargo.nodes[package].dependencies
        if cargo.packages[edge.package].name == "pyo3-build-config" and "build" in edge.kinds
    )
    scripts = (
        target.source
        for package in askers
        if package.name not in PYO3_CRATES
        for target in package.targets
        if "custom-build" in target.kinds
    )
    return any(_asks_for_interpreter(script) for script in scripts)


def _asks_for_interpreter(script: Path) -> bool:
    try:
        text = script.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return any(name in text for name in INTERPRETER_KEYS)
