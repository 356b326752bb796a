"""The interpreters that each release of a binding crate supports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from cratewheel.interpreter.model import EVERY, OLDEST, Supported

Python = tuple[int, int]
Range = tuple[Python, Python]
Release = tuple[int, int, int]

NEWEST_CPYTHON: Python = (3, 15)
OLDEST_PYPY: Python = (3, 8)
NEWEST_PYPY: Python = (3, 12)
OLDEST_GRAALPY: Python = (3, 10)
FREE_THREADED: Python = (3, 14)  # 3.13t was experimental: it is only built on request
FREE_THREADED_PYO3 = (0, 23)

# What each pyo3 supports, newest first, by its change log and the check in pyo3-ffi's build script: the newest CPython,
# then the oldest and newest PyPy and GraalPy. From 0.24 on pyo3-ffi says it of CPython and PyPy in its own manifest.
_PYO3: tuple[tuple[tuple[int, ...], Python, Range | None, Range | None], ...] = (
    ((0, 26), NEWEST_CPYTHON, ((3, 9), NEWEST_PYPY), (OLDEST_GRAALPY, NEWEST_CPYTHON)),
    ((0, 25), (3, 14), ((3, 9), (3, 11)), (OLDEST_GRAALPY, (3, 11))),
    ((0, 23, 5), (3, 13), ((3, 9), (3, 11)), (OLDEST_GRAALPY, (3, 11))),
    ((0, 23), (3, 13), ((3, 9), (3, 10)), (OLDEST_GRAALPY, (3, 11))),
    ((0, 22), (3, 13), ((3, 7), (3, 10)), (OLDEST_GRAALPY, (3, 11))),
    ((0, 21), (3, 12), ((3, 7), (3, 10)), (OLDEST_GRAALPY, (3, 11))),
    ((0, 20), (3, 12), ((3, 7), (3, 10)), None),
    ((0, 19, 1), (3, 11), ((3, 7), (3, 10)), None),
    ((0, 17), (3, 11), ((3, 7), (3, 9)), None),
    ((0, 15, 2), (3, 10), ((3, 7), (3, 9)), None),
    ((0, 15), (3, 10), ((3, 7), (3, 8)), None),
    ((0, 14), (3, 9), ((3, 7), (3, 7)), None),
    ((0,), (3, 9), None, None),
)

# The newest CPython of each release of the crate cpython, by its change log.
_RUST_CPYTHON: tuple[tuple[tuple[int, ...], Python], ...] = (
    ((0, 7, 2), (3, 12)),
    ((0, 7, 1), (3, 11)),
    ((0, 7), (3, 10)),
    ((0, 5, 2), (3, 9)),
    ((0, 4), (3, 8)),
    ((0,), (3, 7)),
)


def release(version: str) -> Release:
    """Return the numbers of a crate's version; pre-releases count as the release.

    >>> release("0.26.0-alpha.1")
    (0, 26, 0)
    """
    numbers = re.match(r"(\d{1,20})\.(\d{1,20})\.(\d{1,20})", version)
    assert numbers is not None, "cargo refuses a version that is not SemVer"
    return int(numbers[1]), int(numbers[2]), int(numbers[3])


def pyo3(version: Release, declared: Mapping[str, Any]) -> Supported:
    """Return the interpreters that this pyo3 supports; `declared` is `[package.metadata]` of pyo3-ffi, which wins."""
    newest, pypy, graalpy = next(row[1:] for row in _PYO3 if version >= row[0])
    return Supported(
        cpython=_declared(declared, "cpython") or (OLDEST, newest),
        pypy=_declared(declared, "pypy") or pypy,
        graalpy=_declared(declared, "graalpy") or graalpy,
        free_threaded=version >= FREE_THREADED_PYO3,
        free_threaded_minimum=FREE_THREADED,
    )


def rust_cpython(version: Release, features: Iterable[str]) -> Supported:
    """Return the interpreters that this release of the crate cpython supports: CPython with a GIL only."""
    newest = next(python for since, python in _RUST_CPYTHON if version >= since)
    # python-3-11 makes its build script insist on that very version; of several it takes the last by spelling
    exact = max(
        (match[1] for feature in features if (match := re.fullmatch(r"python-3-([0-9]{1,4})", feature))), default=None
    )
    if exact is not None:
        return Supported(cpython=((3, int(exact)), (3, int(exact))))
    return Supported(cpython=(OLDEST, newest))


def every_interpreter(*, programs: bool) -> Supported:
    """Return support for every interpreter: such bindings do not compile against Python."""
    if programs:
        return EVERY
    return Supported(
        cpython=(OLDEST, NEWEST_CPYTHON),
        pypy=(OLDEST_PYPY, NEWEST_PYPY),
        graalpy=(OLDEST_GRAALPY, NEWEST_CPYTHON),
    )


def pinned(supported: Supported, minimum: Python) -> Supported:
    """Return `supported` restricted to a stable ABI from `minimum` on.

    Such a wheel is compiled for its oldest Python, whichever is at hand: none is too new to build it.
    """
    oldest, newest = supported.cpython
    return replace(supported, cpython=(max(oldest, minimum), max(newest, NEWEST_CPYTHON)))


def _declared(metadata: Mapping[str, Any], implementation: str) -> Range | None:
    table = metadata.get(implementation)
    if not isinstance(table, Mapping):
        return None
    bounds = [
        re.fullmatch(r"([0-9]{1,4})\.([0-9]{1,4})", str(table.get(key))) for key in ("min-version", "max-version")
    ]
    oldest, newest = ((int(bound[1]), int(bound[2])) if bound else None for bound in bounds)
    return None if oldest is None or newest is None else (max(oldest, OLDEST), newest)
