"""Bytecode of our own, made ahead of need.

For each isolated build a frontend installs us anew, without bytecode, and calls three hooks, each in a process of its
own. Python then compiles every module before it can run: half of the time of the hooks. So while a hook runs, another
process compiles what hooks import last, and leaves the bytecode where Python looks for it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import cache_from_source
from pathlib import Path

from cratewheel.machine import processors

# What the hooks import between them, below this package, in their order. It need not be exact, and a test says if not.
MODULES = (
    "errors", "frozen", "ui", "machine", "bytecode", "backend", "toml", "pyproject", "cargo", "cargo.manifest",
    "sources", "options", "options.values", "options.tables", "options.model", "options.resolve", "dist",
    "dist.layout", "tags", "tags.wheel", "dist.dist_info", "interpreter", "interpreter.model", "interpreter.probe",
    "tags.target", "tags.platform", "versions", "metadata.requirements", "files.content", "files.links",
    "files.patterns", "files.walking", "files.globbing", "files.output", "files", "metadata.fields",
    "metadata.cargo", "spdx", "metadata.licences", "metadata.checked", "metadata.project", "metadata.render",
    "metadata", "dist.reading", "process", "headstart", "cargo.model", "cargo.query", "cargo.command", "resolution",
    "build", "bindings", "bindings.support", "bindings.place", "bindings.detect", "cargo.jobserver",
    "files.copying", "files.lock", "cargo.target_dir", "build.turns", "dist.compression", "modules", "project",
    "cross", "cross.system", "interpreter.cache", "interpreter.pyenv", "interpreter.candidates",
    "interpreter.launcher", "interpreter.search", "interpreter.words", "interpreter.discover", "facts", "plan",
    "plan.model", "build.session", "cargo.run", "build.compile", "build.wheel", "contents", "contents.wheel",
    "build.run", "bindings.binary", "audit", "audit.policy", "plan.platform", "plan.flags", "plan.wheels",
    "plan.decide", "audit.model", "audit.windows", "audit.check", "bindings.pyo3", "build.entries", "sbom",
    "repair", "repair.model", "build.materials", "dist.batches", "dist.zip", "dist.wheel", "plan.settle",
    "build.assembly",
)  # fmt: skip

# Ends when its input does. Python's own loader compiles, writes whole files, and does nothing where all is done.
_PROGRAM = """
import os, sys, _thread
from importlib.machinery import SourceFileLoader
told = []
_thread.start_new_thread(lambda: told.append(os.read(0, 1)), ())
for name, path in zip(sys.argv[1::2], sys.argv[2::2]):
    if told:
        break
    try:
        SourceFileLoader(name, path).get_code(name)
    except Exception:
        break
"""


@contextmanager
def made_meanwhile(environ: Mapping[str, str]) -> Iterator[None]:
    """Make what bytecode is not there yet in another process, as long as the block takes.

    Without a second processor, or where Python keeps no bytecode, nothing is done.
    """
    lacking = _lacking()
    if not lacking or processors() == 1:
        yield
        return
    from cratewheel import process

    prefix = () if sys.pycache_prefix is None else ("-X", f"pycache_prefix={sys.pycache_prefix}")
    words = (word for name, path in reversed(lacking) for word in (name, str(path)))
    command = process.Command(argv=(sys.executable, "-I", "-S", *prefix, "-c", _PROGRAM, *words))
    with process.companion(command, environ):
        yield


def _lacking() -> list[tuple[str, Path]]:
    """Return the modules without bytecode, and their files; none if the last of all, left to the hook, has it."""
    if sys.dont_write_bytecode or sys.flags.optimize or not sys.executable or sys.implementation.cache_tag is None:
        return []
    if _has_bytecode(_source(MODULES[-1])):
        return []
    sources = [(f"cratewheel.{name}", _source(name)) for name in MODULES[:-1]]
    return [(name, path) for name, path in sources if not _has_bytecode(path)]


def _source(name: str) -> Path:
    path = Path(__file__).parent.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _has_bytecode(source: Path) -> bool:
    return Path(cache_from_source(str(source))).exists()
