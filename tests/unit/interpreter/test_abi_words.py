"""The words of `abi`, right and wrong ones."""

from __future__ import annotations

import pytest

from cratewheel.interpreter.abi_words import (
    AbiWord,
    AbiWordError,
    own_word,
    parse,
    parse_all,
    request_word,
    stable_word,
)
from situations import LINUX


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abi3-py310", AbiWord(text="abi3-py310", stable="abi3", minimum=(3, 10))),
        ("abi3", AbiWord(text="abi3", stable="abi3")),
        ("abi3t-py315", AbiWord(text="abi3t-py315", stable="abi3t", minimum=(3, 15))),
        (" CP314t ", AbiWord(text="cp314t")),
        ("pp311", AbiWord(text="pp311")),
        ("pypy311_pp80", AbiWord(text="pypy311_pp80")),
        ("graalpy250_312_native", AbiWord(text="graalpy250_312_native")),
        ("py3", AbiWord(text="py3")),
    ],
)
def test_a_word_names_a_wheel(text: str, expected: AbiWord) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("cp310-abi3", "`cp310-abi3` names no wheel", "did you mean `abi3-py310`?"),
        ("cp315-abi3.abi3t", "`cp315-abi3.abi3t` names no wheel", "did you mean `abi3t-py315`?"),
        ("cp314-cp314t", "`cp314-cp314t` names no wheel", "did you mean `cp314t`?"),
        ("abi3-310", "`abi3-310` names no wheel", "did you mean `abi3-py310`?"),
        ("abi3-py3.10", "`abi3-py3.10` names no wheel", "did you mean `abi3-py310`?"),
        ("3.12", "`3.12` names no wheel", "did you mean `cp312`?"),
        ("pypy3.11", "`pypy3.11` names no wheel", "did you mean `pp311`?"),
        ("abi-py310", "`abi-py310` names no wheel", "did you mean `abi3-py310`?"),
        ("", "`` names no wheel", "the words are like abi3-py310, abi3t-py315, cp312, cp314t, pp311 and graalpy312"),
        ("abi3t-py314", "`abi3t-py314`: abi3t begins with Python 3.15", "write abi3t-py315 or later"),
        ("cp27", "`cp27` names no wheel", "the oldest supported Python is 3.7: cp37"),
        ("cp36", "`cp36` is too old", "the oldest supported Python is 3.7: cp37"),
    ],
)
def test_another_word_is_refused_with_what_was_meant(text: str, message: str, hint: str) -> None:
    with pytest.raises(AbiWordError) as caught:
        parse(text)
    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_a_list_has_each_word_once() -> None:
    assert [str(word) for word in parse_all(("abi3-py310, cp314t", "cp314t"))] == ["abi3-py310", "cp314t"]


def test_a_word_of_one_interpreter_names_no_other() -> None:
    named = {
        name: [str(word) for word in parse_all(("cp314", "cp314t", "pp311", "abi3", "py3")) if word.names(python)]
        for name in ("13", "14", "14t", "pp11")
        for python in [LINUX.python(name)]
    }
    assert named == {"13": [], "14": ["cp314"], "14t": ["cp314t"], "pp11": ["pp311"]}


def test_an_interpreter_has_its_word_and_its_request() -> None:
    pythons = [LINUX.python(name) for name in ("12", "14t", "pp11", "graal12")]
    assert [own_word(python) for python in pythons] == [
        "cp312", "cp314t", "pypy311_pp73", "graalpy250_312_native",
    ]  # fmt: skip
    assert all(parse(own_word(python)).names(python) for python in pythons)
    assert [request_word(python) for python in pythons] == ["3.12", "3.14t", "pypy3.11", "graalpy3.12"]
    assert str(parse(stable_word("abi3t", (3, 15)))) == "abi3t-py315"
