"""Finds the interpreters of a build."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from cratewheel.bindings.detect import PYO3_CRATES, Bindings
from cratewheel.cargo.model import CargoMetadata
from cratewheel.errors import InterpreterError
from cratewheel.events import Reporter
from cratewheel.interpreter import discover, foreign
from cratewheel.interpreter.known_table import known
from cratewheel.interpreter.model import Interpreter
from cratewheel.options.model import Options
from cratewheel.project.metadata import CoreMetadata
from cratewheel.system.machine import cache_dir
from cratewheel.targets.triples import Target

InterpreterNeed = Literal["all", "one", "none"]

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
    )
    if need != "all" and len(found) > 1:
        raise InterpreterError(
            f"{bindings.kind} bindings make one wheel for all Pythons, but {len(found)} were requested",
            hint="use -i at most once",
        )
    return found


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
