"""Finds the imports of a missing module that no `try` guards: with them, a package cannot be imported."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from cratewheel.archive.layout import Entry, FromFile

_HANDLED = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


def unguarded_imports(entries: Iterable[Entry], modules: Iterable[str]) -> tuple[str, ...]:
    """Return the paths in a wheel of the files whose import fails without one of `modules`, by dotted name.

    Only what runs on import counts: not functions, and not the bodies of `if` or of a `try` that handles the error.
    """
    wanted = frozenset(modules)
    last = tuple({name.rpartition(".")[2].encode() for name in wanted})
    found = []
    for entry in entries:
        if not entry.path.endswith(".py") or not isinstance(entry.source, FromFile):
            continue
        try:
            text = Path(entry.source.path).read_bytes()
            tree = ast.parse(text) if any(name in text for name in last) else None
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):  # Python reports it on import
            continue
        if tree is not None and not wanted.isdisjoint(_imported(tree.body, entry.path)):
            found.append(entry.path)
    return tuple(found)


def _imported(body: Iterable[ast.stmt], place: str) -> Iterator[str]:
    for statement in body:
        match statement:
            case ast.Import():
                yield from (alias.name for alias in statement.names)
            case ast.ImportFrom():
                around = place.split("/")[: -statement.level] if statement.level else []
                base = ".".join((*around, *([statement.module] if statement.module else [])))
                yield base
                yield from (f"{base}.{alias.name}" for alias in statement.names)
            case ast.ClassDef() | ast.With():
                yield from _imported(statement.body, place)
            case ast.Try():
                if not any(map(_handles_import_error, statement.handlers)):
                    yield from _imported(statement.body, place)
                yield from _imported(statement.finalbody, place)


def _handles_import_error(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(kind, ast.Name) and kind.id in _HANDLED for kind in kinds)
