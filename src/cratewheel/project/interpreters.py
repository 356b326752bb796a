"""Finds the interpreters of a build."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from cratewheel.bindings.detect import PYO3_CRATES, Bindings
from cratewheel.cargo.model import CargoMetadata
from cratewheel.errors import InterpreterError
from cratewheel.events import CallbackReporter, Reporter
from cratewheel.interpreter import discover, foreign
from cratewheel.interpreter.known_table import known
from cratewheel.interpreter.model import EVERY, Interpreter
from cratewheel.interpreter.own_target import chosen_target
from cratewheel.options.model import Options
from cratewheel.project.metadata import CoreMetadata
from cratewheel.system.machine import cache_dir
from cratewheel.targets.triples import Target
from cratewheel.targets.triples import parse as parse_target

InterpreterNeed = Literal["all", "one", "none"]

# Variables by which pyo3 is told of a Python that is not started: with one of them, ours is not looked for either.
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
    return foreign.find(
        options.interpreter,
        target=target,
        supported=bindings.supported,
        requires_python=metadata.requires_python,
        environ=environ,
        reporter=reporter,
        allow_empty=_needs_no_interpreter(bindings),
    )


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
    found = discover.find(
        options.interpreter,
        supported=bindings.supported,
        requires_python=metadata.requires_python,
        environ=environ,
        cache_dir=cache_dir(environ),
        reporter=reporter,
        allow_empty=_needs_no_interpreter(bindings),
        table=known(target) if bindings.kind == "pyo3" else (),
        arch=_required_arch(target, options, environ),
    )
    if need != "all" and len(found) > 1:
        raise InterpreterError(
            f"{bindings.kind} bindings make one wheel for all Pythons, but {len(found)} were requested",
            hint="use -i at most once",
        )
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
