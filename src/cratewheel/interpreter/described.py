"""Pythons that are described by files: sysconfigdata, PEP 739's build-details.json, and pyo3's configuration file.

They say what a Python on another machine says of itself. All are read as data: a sysconfigdata file is Python source,
and only the one literal in it counts; nothing of it is run.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cratewheel.errors import ConfigError, InterpreterError
from cratewheel.interpreter.known import known
from cratewheel.interpreter.model import Implementation, Interpreter, Version
from cratewheel.tags.target import Target

LARGEST = 4 << 20  # bytes of a description; real ones have 100 kB
_HINT = "PYO3_CROSS_LIB_DIR is the folder of the target's standard library, such as /sysroot/usr/lib/python3.12"
_IMPLEMENTATIONS: dict[str, Implementation] = {
    "cpython": "cpython",
    "pypy": "pypy",
    "graalpy": "graalpy",
    "graalvm": "graalpy",
}
# where a sysroot, an installation and a build tree keep the file, by the first letters of the folders
_FOLDERS = ("python3.", "pypy3.", "lib_pypy", "lib", "build", "Frameworks", "Versions", "3.")


def from_environment(environ: Mapping[str, str], *, target: Target) -> Interpreter | None:
    """Return the interpreter that the variables of pyo3 describe, or None when none of them is set.

    PYO3_CONFIG_FILE comes before PYO3_CROSS_LIB_DIR, which PYO3_CROSS_PYTHON_VERSION and _PYTHON_SYSCONFIGDATA_NAME
    narrow down. Raises `InterpreterError` when what they name is not there or says something else.
    """
    if environ.get("PYO3_CONFIG_FILE"):
        path = Path(environ["PYO3_CONFIG_FILE"])
        return from_config_file(_text(path), target=target, place=str(path))
    if environ.get("PYO3_CROSS_LIB_DIR"):
        return from_lib_dir(
            Path(environ["PYO3_CROSS_LIB_DIR"]),
            target=target,
            version=environ.get("PYO3_CROSS_PYTHON_VERSION") or None,
            name=environ.get("_PYTHON_SYSCONFIGDATA_NAME") or None,
        )
    return None


def from_config_file(text: str, *, target: Target, place: str = "the configuration file") -> Interpreter:
    """Return the interpreter of a PYO3_CONFIG_FILE: `key=value` lines, of which `version` must be there.

    See https://pyo3.rs/main/building-and-distribution.html#advanced-config-files. Raises `InterpreterError`.
    """
    values = dict(line.strip().split("=", 1) for line in text.splitlines() if "=" in line)
    version = _version(values.get("version", ""), place, "a line `version=3.12`")
    implementation = values.get("implementation", "CPython").lower()
    abi = values.get("target_abi", "")
    free = "Py_GIL_DISABLED" in values.get("build_flags", "") or "-free_threaded-" in abi
    return _interpreter(
        implementation,
        version,
        target,
        flags=values.get("abiflags") or ("t" if free else ""),
        suffix=values.get("ext_suffix"),
        free=free,
        place=place,
    )


def from_lib_dir(folder: Path, *, target: Target, version: str | None = None, name: str | None = None) -> Interpreter:
    """Return the interpreter that the standard library in `folder` is of.

    A build-details.json (PEP 739) counts before a `_sysconfigdata*.py`; both may lie in folders below. `version`
    ("3.12") and `name` (the module's) choose among several. Raises `InterpreterError` when there is none, or more than
    one.
    """
    if not folder.is_dir():
        raise InterpreterError(f"PYO3_CROSS_LIB_DIR names {folder}, which is not a folder", hint=_HINT)
    if name is None:
        details = [path for path in _search(folder, "build-details.json") if _fits(path, version)]
        if details:
            return from_build_details(_one(details, target, folder), target=target)
    found = [
        path for path in _search(folder, "_sysconfigdata*.py") if name in (None, path.stem) and _fits(path, version)
    ]
    if not found:
        asked = f" of Python {version}" if version else ""
        raise InterpreterError(
            f"there is no {name or '_sysconfigdata*'}.py and no build-details.json{asked} in {folder}", hint=_HINT
        )
    return from_sysconfigdata(_one(found, target, folder), target=target)


def from_build_details(path: Path, *, target: Target) -> Interpreter:
    """Return the interpreter of a build-details.json (PEP 739, schema 1.0). Raises `InterpreterError`."""
    try:
        details = json.loads(_text(path))
        implementation = details["implementation"]["name"]
        version = _version(details["language"]["version"], str(path), "language.version")
        abi: Mapping[str, Any] = details.get("abi", {})
        flags = "".join(abi.get("flags", []))
        suffix = abi.get("extension_suffix")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InterpreterError(f"{path} is no build-details.json of PEP 739: {error!r}") from error
    return _interpreter(
        implementation, version, target, flags=flags.replace("d", ""), suffix=suffix, free="t" in flags, place=str(path)
    )


def from_sysconfigdata(path: Path, *, target: Target) -> Interpreter:
    """Return the interpreter of a `_sysconfigdata*.py`. Raises `InterpreterError`."""
    values = read_sysconfigdata(path)
    soabi = str(values.get("SOABI") or "")
    suffix = values.get("EXT_SUFFIX")
    implementation = next((name for name in ("pypy", "graalpy") if soabi.startswith(name)), "cpython")
    version = _version(str(values.get("VERSION") or values.get("py_version_short") or ""), str(path), "VERSION")
    free = bool(values.get("Py_GIL_DISABLED"))
    return _interpreter(
        implementation,
        version,
        target,
        flags=str(values.get("ABIFLAGS") or ""),
        suffix=str(suffix) if suffix else None,
        free=free,
        place=str(path),
        debug=bool(values.get("Py_DEBUG")),
    )


def read_sysconfigdata(path: Path) -> Mapping[str, object]:
    """Return the variables in a `_sysconfigdata*.py`, which is read, not run; raises `InterpreterError` without any."""
    try:
        tree = ast.parse(_text(path), filename=str(path))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InterpreterError(f"{path} is not Python source: {error}") from error
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="build_time_vars")], value=value):
                try:
                    found = ast.literal_eval(value)
                except ValueError:
                    found = None
                if isinstance(found, dict):
                    return found
    raise InterpreterError(f"{path} has no `build_time_vars = {{…}}`, as the sysconfigdata of a Python has", hint=_HINT)


def _search(folder: Path, pattern: str, depth: int = 6) -> Iterator[Path]:
    yield from sorted(folder.glob(pattern))
    if depth:
        for below in sorted(folder.iterdir()):
            if below.name.startswith(_FOLDERS) and below.is_dir() and not below.is_symlink():
                yield from _search(below, pattern, depth - 1)


def _fits(path: Path, version: str | None) -> bool:
    if version is None:
        return True
    numbers = re.findall(r"(?:python|pypy)(3\.\d+)", str(path.parent))
    return not numbers or numbers[-1] == version


def _one(found: list[Path], target: Target, folder: Path) -> Path:
    # Debian has the same file under two names
    found = list({path.resolve(): path for path in reversed(found)}.values())[::-1]
    if len(found) == 1:
        return found[0]
    words = {target.arch, *target.triple.split("-")[:1]}
    named = [path for path in found if any(word in str(path.relative_to(folder)) for word in words)]
    if len(named) == 1:
        return named[0]
    raise InterpreterError(
        f"{folder} describes {len(found)} Pythons",
        notes=tuple(str(path) for path in found),
        hint="choose one with PYO3_CROSS_PYTHON_VERSION=3.12, or by _PYTHON_SYSCONFIGDATA_NAME",
    )


def _interpreter(
    name: str,
    version: Version,
    target: Target,
    *,
    flags: str,
    suffix: str | None,
    free: bool,
    place: str,
    debug: bool = False,
) -> Interpreter:
    implementation = _IMPLEMENTATIONS.get(name.lower())
    if implementation is None:
        raise InterpreterError(f"{place} describes {name}, for which no extension modules can be built")
    if suffix is None:
        alike = [
            one
            for one in known(target)
            if (one.implementation, one.version, one.gil_disabled) == (implementation, version, free)
        ]
        if not alike:
            raise InterpreterError(
                f"{place} does not say how extension modules are named", hint="add a line `ext_suffix=…` to it"
            )
        suffix = alike[0].ext_suffix
    words = suffix.strip(".").split(".")
    return Interpreter(
        implementation=implementation,
        implementation_name=implementation,
        version=version,
        abiflags=flags if implementation == "cpython" else "",
        ext_suffix=suffix,
        soabi=words[0] if len(words) > 1 else None,
        system=target.python_os,
        pointer_width=target.pointer_width,
        gil_disabled=free,
        debug=debug,
        source=place,
    )


def _version(text: str, place: str, key: str) -> Version:
    match = re.fullmatch(r"(\d)\.(\d{1,3})(\..*)?", str(text).strip(), re.ASCII)
    if match is None:
        raise InterpreterError(f"{place} does not say which Python it is of: {key} is missing, or no version")
    return int(match[1]), int(match[2])


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise InterpreterError(f"{path} is too large to describe a Python")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", hint="correct the variable that names it") from error
