"""Which Pythons the jobs of continuous integration build for: one for each wheel of the project. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.specifiers import SpecifierSet

from cratewheel.bindings.detect import StableAbi
from cratewheel.errors import ConfigError
from cratewheel.interpreter.abi_words import request_word
from cratewheel.interpreter.known_table import known
from cratewheel.interpreter.model import Interpreter, Supported
from cratewheel.planning.abi_set import AbiChoice
from cratewheel.targets.triples import parse

OLDEST_PYTHON = (3, 9)  # that the machines of CI services install
AS_BUILT = AbiChoice()


def pythons(
    supported: Supported,
    requires_python: SpecifierSet | None,
    stable_abi: tuple[StableAbi, ...],
    choice: AbiChoice = AS_BUILT,
) -> tuple[Mapping[str, str | None], str]:
    """Return the Pythons to build for, one for each wheel, and the one to test with: the newest with a GIL.

    Each has its word of `abi`, if the project has this key. Of those that a wheel for the stable ABI serves the oldest
    builds it. Raises `ConfigError` for a wheel without a Python.
    """
    fitting = [
        one
        for one in known(parse("x86_64-unknown-linux-gnu"))
        if one.version >= OLDEST_PYTHON and supported.fits(one)
        if one.implementation == "cpython" or any(word.names(one) for word in choice.words)
        if _is_allowed(one, requires_python)
    ]
    allowed = f"it supports {supported}" + (f" and Requires-Python is {requires_python}" if requires_python else "")
    chosen: dict[StableAbi | str, Interpreter] = {}
    tested: list[Interpreter] = []
    for one in sorted(fitting, key=lambda one: (one.implementation != "cpython", one.gil_disabled, one.version)):
        wheel = choice.wheel_for(one, stable_abi)
        if wheel is not None:
            chosen.setdefault(wheel, one)
            tested.append(one)
    if not chosen and not choice.words:
        raise ConfigError(
            f"CI services have no Python that this project can be built for: {allowed}",
            hint="correct requires-python in pyproject.toml",
        )
    words = {request_word(one): choice.word_of(wheel) for wheel, one in chosen.items()}
    unserved = [
        word
        for word in choice.words
        if str(word) not in words.values() and not any(word.names(one) for one in chosen.values())
    ]
    if unserved:
        raise ConfigError(
            f"`abi` names {unserved[0]}, but CI services have no Python for it that this project allows: {allowed}",
            hint="remove it from `abi`, or correct requires-python in pyproject.toml",
        )
    with_gil = [one for one in tested if not one.gil_disabled and one.implementation == "cpython"]
    return words, request_word(max(with_gil, key=lambda one: one.version, default=tested[-1]))


def _is_allowed(one: Interpreter, requires_python: SpecifierSet | None) -> bool:
    version = f"{one.version[0]}.{one.version[1]}"
    return (
        requires_python is None
        or requires_python.contains(version, prereleases=True)
        or requires_python.contains(f"{version}.99")
    )
