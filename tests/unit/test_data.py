"""The tables of the program: systems, processors, packages, texts of errors. A change of an entry is seen in one file.

Collected are the constants of modules with several entries, or with patterns; what they do is tested elsewhere.
"""

from __future__ import annotations

import dataclasses
import importlib
import re
import struct
from collections.abc import Mapping
from pathlib import Path, PurePath
from types import FunctionType
from typing import Any

import golden

SOURCE = Path(__file__).parents[2] / "src" / "cratewheel"
GOLDEN = Path(__file__).with_name("golden") / "data.json"
FEWEST = 2  # entries of a table
# Those with tests of their own for each entry; `system` is what the machine has.
ELSEWHERE = ("system", "plugins", "errors", "backend", "builder", "options", "cargo.advice", "commands.new")
OF_THE_PYTHON = ("contents.missing_modules._STANDARD", "bindings.stubs._BUILTINS")


def plain(value: Any) -> Any:
    """Return a value as JSON has it, with functions by their names."""
    match value:
        case Mapping():
            pairs = [(plain(key), plain(item)) for key, item in value.items()]
            return dict(pairs) if all(isinstance(key, str) for key, _ in pairs) else pairs
        case frozenset() | set():
            return sorted((plain(item) for item in value), key=repr)
        case tuple() | list():
            return [plain(item) for item in value]
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {one.name: plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
        case _:
            return plain_atom(value)


def plain_atom(value: Any) -> Any:
    match value:
        case str() | bool() | int() | float() | None:
            return value
        case bytes():
            return f"b:{value.decode('latin-1')}"
        case re.Pattern():
            return f"/{plain_atom(value.pattern)}/{value.flags}".encode("ascii", "backslashreplace").decode()
        case struct.Struct():
            return value.format
        case PurePath():
            return value.as_posix()
        case type() | FunctionType():
            return value.__name__
        case _:
            return getattr(value, "__name__", type(value).__name__)


def is_table(value: object) -> bool:
    if isinstance(value, re.Pattern | struct.Struct):
        return True
    return isinstance(value, Mapping | frozenset | tuple | list) and len(value) >= FEWEST


def tables(module: str) -> dict[str, Any]:
    """Return the tables that a module defines itself, by name."""
    values = vars(importlib.import_module(module))
    text = (SOURCE.parent / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
    names = re.findall(r"(?m)^(_?[A-Z][A-Z0-9_]+)(?:: [^=\n]+)? = ", text)
    return {name: plain(values[name]) for name in names if name in values and is_table(values[name])}


def test_the_tables_are_those_of_the_list() -> None:
    modules = sorted(path.relative_to(SOURCE.parent).with_suffix("") for path in SOURCE.rglob("*.py"))
    names = [".".join(path.parts) for path in modules if path.name not in ("__init__", "__main__")]
    found = {
        f"{module.removeprefix('cratewheel.')}.{name}": table
        for module in names
        if not module.removeprefix("cratewheel.").startswith(ELSEWHERE)
        for name, table in tables(module).items()
    }
    golden.check_json(GOLDEN, {name: table for name, table in found.items() if name not in OF_THE_PYTHON})
