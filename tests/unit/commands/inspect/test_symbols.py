"""To which crate symbols belong."""

from __future__ import annotations

import pytest

from cratewheel.audit.parts import SizedSymbol
from cratewheel.commands.inspect.model import SizedPart
from cratewheel.commands.inspect.symbols import CPP, OTHER, by_crate, crate_of

HASH = "17h0123456789abcdefE"


def legacy(*words: str) -> str:
    return "_ZN" + "".join(f"{len(word)}{word}" for word in words) + HASH


@pytest.mark.parametrize(
    ("symbol", "crate"),
    [
        (legacy("pyo3", "types", "list", "PyList", "new"), "pyo3"),
        (legacy("_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$core..clone..Clone$GT$", "clone"), "alloc"),
        (legacy("_$LT$$RF$T$u20$as$u20$serde..ser..Serialize$GT$", "serialize"), "serde"),
        (legacy("core", "ptr", "drop_in_place$LT$regex..Regex$GT$"), "regex"),
        (legacy("core", "ptr", "drop_in_place$LT$u8$GT$"), "core"),
        (legacy("regex", "Regex", "new") + ".llvm.123", "regex"),
        ("_RNvCs1a2B_7mycrate3foo", "mycrate"),
        ("_RNvMNtCshT4_5alloc3vecINtB2_3VecyE4push", "alloc"),
        ("_RINvC4core3fooE", "core"),
        ("_R", OTHER),
        ("_RNvC99x", OTHER),
        ("_ZNSt6vectorIiE9push_backEi", CPP),
        ("_ZN5boost3fooEv", CPP),
        ("memcpy", OTHER),
        ("", OTHER),
        (legacy(), OTHER),
        ("_ZN9999x" + HASH, OTHER),
    ],
)
def test_the_crate_of_a_symbol(symbol: str, crate: str) -> None:
    assert crate_of(symbol) == crate


def test_sizes_of_crates_are_those_of_their_symbols() -> None:
    symbols = [SizedSymbol(name=legacy("a", "x"), size=1), SizedSymbol(name=legacy("b", "y"), size=5)]
    symbols += [SizedSymbol(name=legacy("a", "z"), size=2), SizedSymbol(name="memcpy", size=5)]
    assert by_crate(symbols) == (
        SizedPart(name=OTHER, size=5),
        SizedPart(name="b", size=5),
        SizedPart(name="a", size=3),
    )
    assert by_crate([SizedSymbol(name="memcpy", size=5), SizedSymbol(name="_ZN5boost3fooEv", size=5)]) == ()
