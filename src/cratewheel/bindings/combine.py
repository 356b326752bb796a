"""Joins the bindings of a wheel's artifacts: what the wheel as a whole is for. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from cratewheel.bindings.detect import EXTENSION_KINDS, Bindings, Kind, StableAbi
from cratewheel.interpreter.model import Supported, Version

ORDER: tuple[Kind, ...] = (*EXTENSION_KINDS, "cffi", "uniffi", "library", "bin")  # what decides about a wheel, first
StableKind = Literal["abi3", "abi3t"]


def combine(parts: Sequence[Bindings]) -> Bindings:
    """Return the bindings of a wheel with these artifacts.

    The wheel is for the interpreters that all support, and for a stable ABI if all that are compiled for an interpreter
    are.
    """
    of_python = [one for one in parts if one.per_interpreter]
    first = min(of_python or parts, key=lambda one: ORDER.index(one.kind))
    supported = parts[0].supported
    for one in parts[1:]:
        supported = intersect(supported, one.supported)
    return replace(first, supported=supported, stable_abi=_common(of_python), warnings=())


def intersect(one: Supported, other: Supported) -> Supported:
    """Return support for what both support."""
    return Supported(
        cpython=_overlap(one.cpython, other.cpython),
        pypy=_overlap(one.pypy, other.pypy) if one.pypy and other.pypy else None,
        graalpy=_overlap(one.graalpy, other.graalpy) if one.graalpy and other.graalpy else None,
        free_threaded=one.free_threaded and other.free_threaded,
        free_threaded_minimum=max(one.free_threaded_minimum, other.free_threaded_minimum),
    )


def _overlap(one: tuple[Version, Version], other: tuple[Version, Version]) -> tuple[Version, Version]:
    return max(one[0], other[0]), min(one[1], other[1])


def _common(parts: Sequence[Bindings]) -> tuple[StableAbi, ...]:
    """Return the stable ABIs that all have, each from the newest of the minimums on."""
    kinds: tuple[StableKind, ...] = ("abi3", "abi3t")
    found = []
    for kind in kinds:
        minimums = [[abi.minimum for abi in one.stable_abi if abi.kind == kind] for one in parts]
        if minimums and all(minimums):
            pinned = [minimum for (minimum, *_) in minimums if minimum is not None]
            found.append(StableAbi(kind=kind, minimum=max(pinned, default=None)))
    return tuple(found)
