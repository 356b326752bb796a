"""Bundling DLLs for Windows, on any system: found in the folders that the build linked from, renamed by delvewheel.

The folder `<distribution>.libs` and the names in it are delvewheel's; its command `replace-needed` rewrites the import
tables. Windows looks for the DLLs of a module in no folder of its wheel, so that a package tells it of them.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from cratewheel.audit import binary, check
from cratewheel.audit.model import Binary
from cratewheel.errors import AuditError, MissingToolError, ProcessError
from cratewheel.process import Command, capture
from cratewheel.repair.closure import Library, closure, digest
from cratewheel.repair.model import Grafted, Repair, Subject

_HINT = "pip install cratewheel[repair]"
_SNIPPET = """
# Windows loads the libraries of this package's modules from there.
def _add_libraries():
    import os
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), {way})
    if os.path.isdir(folder):
        os.add_dll_directory(folder)


_add_libraries()
del _add_libraries
"""


def repair(subjects: Iterable[Subject], surroundings: Repair) -> tuple[Grafted, ...]:
    """Copy the DLLs that the subjects need, and those that these need; rename all to find each other.

    One that is not found is left to the system that the wheel is for. Raises `AuditError` when two different ones have
    one name, `MissingToolError` without delvewheel.
    """
    subjects = tuple(subjects)

    def locate(need: str, needer: Path, facts: Binary) -> Library | None:
        return _find(need, needer, facts, surroundings)

    found = closure(subjects, surroundings, locate)
    names: dict[str, Library] = {}
    for library in found.libraries:
        other = names.setdefault(library.path.name.lower(), library)
        if other.sha256 != library.sha256:
            raise AuditError(
                f"two different libraries are called {library.path.name}",
                notes=(str(other.path), str(library.path)),
                hint="only one of them can be loaded: leave one out of the folders that are linked from",
            )
    folder = surroundings.scratch / f"{surroundings.dist}.libs"
    folder.mkdir(parents=True, exist_ok=True)
    grafted = []
    for library in names.values():
        copy = folder / library.name
        shutil.copyfile(library.path, copy)
        _rename(copy, found.links[library.path], surroundings)
        grafted.append(Grafted(name=library.name, original=library.path, path=copy, sha256=library.sha256))
    for subject in subjects:
        _rename(subject.path, found.links[subject.path], surroundings)
    return tuple(sorted(grafted, key=lambda one: one.name))


def _find(need: str, needer: Path, facts: Binary, surroundings: Repair) -> Library | None:
    folders = [*surroundings.search, needer.parent]
    if surroundings.native:
        folders += [Path(path) for path in surroundings.environ.get("PATH", "").split(os.pathsep) if path]
    for folder in folders:
        # Windows does not tell upper case from lower
        for candidate in sorted(folder.iterdir()) if folder.is_dir() else ():
            if candidate.name.lower() != need.lower():
                continue
            read = binary.read(candidate)
            if read.arch == facts.arch:
                needs = check.external_libraries(read, surroundings.target)
                return Library(path=candidate.resolve(), sha256=digest(candidate), binary=read, needs=needs)
    surroundings.ui.detail(f"{needer.name} needs {need}, which was not found; it is left to Windows")
    return None


def _rename(path: Path, links: Mapping[str, Library], surroundings: Repair) -> None:
    if not links:
        return
    if importlib.util.find_spec("delvewheel") is None:
        raise MissingToolError("delvewheel is not installed, which puts DLLs into wheels", hint=_HINT)
    changes = [word for need, library in links.items() for word in ("-change", need, library.name)]
    command = Command(argv=(sys.executable, "-m", "delvewheel", "replace-needed", *changes, "--strip", str(path)))
    done = capture(command, surroundings.environ)
    if done.status:
        raise ProcessError(
            f"delvewheel could not change {path.name}",
            notes=tuple((done.stderr or done.stdout).strip().splitlines()[-5:]),
            hint="--auditwheel=warn leaves the libraries outside",
        )


def with_dll_directory(source: bytes, way: tuple[str, ...]) -> bytes:
    """Return the source of a package's `__init__.py` with lines that tell Windows of the folder of libraries.

    `way` leads there from the package's folder. The lines stand behind what must come first: comments, the docstring,
    imports from `__future__`.
    """
    snippet = _SNIPPET.format(way=", ".join(map(repr, way))).encode()
    lines = source.splitlines(keepends=True)
    at = _first_free_line(source)
    before = b"".join(lines[:at])
    if before and not before.endswith(b"\n"):
        before += b"\n"
    return before + snippet + (b"\n" if lines[at:] else b"") + b"".join(lines[at:])


def _first_free_line(source: bytes) -> int:
    """Return the index of the line before which a statement may be put."""
    at = 0
    for number, node in enumerate(ast.parse(source).body):
        docstring = (
            number == 0
            and isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        )
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not (docstring or future):
            break
        at = node.end_lineno or 0
    if at:
        return at
    for line in source.splitlines():  # a line that says the encoding, or how to run the file
        if not re.match(rb"\s*#", line):
            break
        at += 1
    return at
