"""Which Pythons CI builds for: those that a project supports, and what its settings say of the wheels by ABI."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet

from cratewheel.bindings.detect import StableAbi
from cratewheel.commands.ci_pythons import pythons
from cratewheel.errors import ConfigError
from cratewheel.interpreter.abi_words import parse_all
from cratewheel.interpreter.model import Supported
from cratewheel.planning.abi_set import AbiChoice

SUPPORTED = Supported(cpython=((3, 7), (3, 14)), free_threaded=True)
NEWER = Supported(cpython=((3, 9), (3, 15)), free_threaded=True)
ABI3 = StableAbi(kind="abi3", minimum=(3, 10))
ABI3T = StableAbi(kind="abi3t", minimum=(3, 15))


@pytest.mark.parametrize(
    ("supported", "requires", "abis", "expected"),
    [
        (SUPPORTED, None, (), (("3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.14t"), "3.14")),
        (SUPPORTED, ">=3.12", (), (("3.12", "3.13", "3.14", "3.14t"), "3.14")),
        (SUPPORTED, ">=3.12.4,<3.14", (), (("3.12", "3.13"), "3.13")),
        (SUPPORTED, None, (ABI3,), (("3.9", "3.10", "3.14t"), "3.14")),
        (SUPPORTED, ">=3.10", (ABI3,), (("3.10", "3.14t"), "3.14")),
        (NEWER, ">=3.14", (ABI3, ABI3T), (("3.14", "3.15", "3.14t"), "3.15")),
    ],
)
def test_one_python_for_each_wheel(
    supported: Supported, requires: str | None, abis: tuple[StableAbi, ...], expected: tuple[tuple[str, ...], str]
) -> None:
    words, tested = pythons(supported, SpecifierSet(requires) if requires else None, abis)
    assert (tuple(words), tested) == expected


def test_without_a_python_there_is_an_error() -> None:
    with pytest.raises(ConfigError, match="CI services have no Python that this project can be built for"):
        pythons(SUPPORTED, SpecifierSet(">=4"), ())


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (AbiChoice(only_abi3=True), ["3.10"]),
        (AbiChoice(no_abi3=True), ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.14t"]),
        (AbiChoice(words=parse_all(["abi3-py310", "cp314t"])), {"3.10": "abi3-py310", "3.14t": "cp314t"}),
        (AbiChoice(words=parse_all(["abi3", "cp312"])), {"3.10": "abi3", "3.12": "cp312"}),
        (AbiChoice(words=parse_all(["cp313"])), {"3.13": "cp313"}),
    ],
)
def test_the_settings_about_the_abi_choose(choice: AbiChoice, expected: dict[str, str] | list[str]) -> None:
    words, _ = pythons(SUPPORTED, None, (ABI3,), choice)
    assert list(words) == list(expected)
    if choice.words:
        assert words == expected


def test_a_word_without_a_python_is_an_error() -> None:
    choice = AbiChoice(words=parse_all(["abi3-py310", "cp314t"]))
    with pytest.raises(ConfigError, match="`abi` names cp314t, but CI services have no Python for it"):
        pythons(SUPPORTED, SpecifierSet("<3.14"), (ABI3,), choice)
