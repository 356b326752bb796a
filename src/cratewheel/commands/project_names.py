"""The names that a new project may have: cargo, Python and PyPI must all accept them."""

from __future__ import annotations

import keyword
import re
import sys
from pathlib import PureWindowsPath

from cratewheel.errors import UsageError
from cratewheel.system.files.reserved import first_problem

MAX_LENGTH = 64  # characters: the limit of crates.io
RUST_KEYWORDS = frozenset(
    {
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
        "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match",
        "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait",
        "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
    }
)  # fmt: skip
RUST_LIBRARIES = frozenset({"alloc", "core", "proc_macro", "std", "test"})
FOLDERS = frozenset({"build", "deps", "examples", "incremental", "tests"})  # cargo's, and the one of the tests
# What a project depends on: a crate cannot depend on one of its own name, and a module would hide the package.
DEPENDENCIES = frozenset({"cffi", "cratewheel", "maturin", "pyo3", "pyo3_ffi", "pytest", "uniffi"})
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
WINDOWS_DEVICES = frozenset(
    {"aux", "con", "nul", "prn", *(f"{device}{number}" for device in ("com", "lpt") for number in range(1, 10))}
)
# `_PROHIBITED_PACKAGES` of https://github.com/pypi/warehouse/blob/main/warehouse/packaging/services.py
PYPI_PROHIBITED = frozenset({"requirements_txt", "rrequirements_txt"})
# Modules that some Python since 3.8 has and others have not: https://docs.python.org/3/whatsnew/
OTHER_STDLIB = frozenset(
    {
        "aifc", "annotationlib", "asynchat", "asyncore", "audioop", "binhex", "cgi", "cgitb", "chunk", "compression",
        "crypt", "distutils", "formatter", "imghdr", "imp", "lib2to3", "macpath", "mailcap", "msilib", "nis", "nntplib",
        "ossaudiodev", "parser", "pipes", "smtpd", "sndhdr", "spwd", "sunau", "symbol", "telnetlib", "uu", "xdrlib",
    }
)  # fmt: skip


def module_name(name: str) -> str:
    """Return the name of the module to import.

    >>> module_name("Shout-It__Loud")
    'shout_it_loud'
    """
    return re.sub(r"[-_]+", "_", name).lower()


def crate_name(name: str) -> str:
    """Return the name of the crate: in lower case and with single hyphens, as rustc's lints want it.

    >>> crate_name("Shout--it_loud")
    'shout-it_loud'
    """
    return re.sub(r"([-_])[-_]+", r"\1", name).lower()


def check_name(name: str) -> None:
    """Raise `UsageError` for a name that cargo, PyPI or Python rejects; its hint has one that they accept."""
    if not name:
        raise UsageError("the name of the project is empty", hint="give one with --name, such as --name shout")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*[A-Za-z0-9]|[A-Za-z]", name):
        rule = (
            "use letters from a to z, digits, hyphens and underscores; start with a letter, end with a letter or digit"
        )
        fitting = _fitting(name)
        raise UsageError(
            f"{name!r} is not a valid project name", hint=f"{rule}{f', such as --name {fitting}' if fitting else ''}"
        )
    if len(name) > MAX_LENGTH:
        raise UsageError(
            f"{name!r} is too long for a project: {len(name)} characters",
            hint=f"crates.io takes {MAX_LENGTH}; choose a shorter one with --name",
        )
    reason = _reserved(module_name(name))
    if reason:
        raise UsageError(
            f"{name!r} cannot be the name of a project: {reason}", hint=f"choose another, such as --name {name}-rs"
        )


def check_path_on_windows(path: str) -> None:
    """Raise `UsageError` for the path of a new folder that Windows cannot have, or that would be another one."""
    given = PureWindowsPath(path)
    found = first_problem(part for part in given.parts if part not in (given.anchor, ".."))
    if found is not None:
        raise UsageError(f"Windows cannot have a folder {found[0]!r}: {found[1]}", hint="choose another name")


def _reserved(module: str) -> str | None:
    if module in RUST_KEYWORDS or keyword.iskeyword(module):
        return "it is a keyword of Rust or Python"
    if module in RUST_LIBRARIES:
        return "it is a crate of Rust's standard library"
    if module in sys.stdlib_module_names or module in OTHER_STDLIB:
        return "it is a module of Python's standard library, which would be imported instead; PyPI refuses it too"
    if module in DEPENDENCIES:
        return "projects of cratewheel depend on the package or crate of this name"
    if module in FOLDERS:
        return "it is a folder of cargo or of the tests"
    if module in WINDOWS_DEVICES:
        return "Windows cannot have a file of this name"
    if module in PYPI_PROHIBITED:
        return "PyPI refuses it"
    return None


def _fitting(name: str) -> str:
    """Return a valid name that is similar, or an empty string.

    >>> _fitting("1.größe v2!"), _fitting("日本")
    ('gr-e-v2', '')
    """
    found = re.sub(r"[^A-Za-z0-9_]+", "-", name)
    return re.sub(r"^[^A-Za-z]+|[^A-Za-z0-9]+$", "", found)[:MAX_LENGTH]
