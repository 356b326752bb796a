"""Where generated stubs lie."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from cratewheel.contents.stubs import place_stubs, stub_module
from situations import modules

ONE = {PurePosixPath("__init__.pyi"): "x = 1\n"}
SEVERAL = {**ONE, PurePosixPath("inner.pyi"): "y = 2\n"}


@pytest.mark.parametrize(
    ("name", "mixed", "files", "expected"),
    [
        ("px", False, ONE, ["px/__init__.pyi", "px/py.typed"]),
        ("px", False, SEVERAL, ["px/__init__.pyi", "px/inner.pyi", "px/py.typed"]),
        ("px", True, ONE, ["px/px.pyi"]),
        ("pkg._native", True, ONE, ["pkg/_native.pyi"]),
        ("pkg._native", True, SEVERAL, ["pkg/_native/__init__.pyi", "pkg/_native/inner.pyi"]),
    ],
)
def test_stubs_lie_beside_the_module(
    name: str, mixed: bool, files: dict[PurePosixPath, str], expected: list[str]
) -> None:
    entries, warnings = place_stubs(modules(name, mixed=mixed), files, ())
    assert [entry.path for entry in entries] == expected
    assert warnings == ()


def test_what_somebody_wrote_stays_with_a_warning() -> None:
    entries, warnings = place_stubs(modules("px"), SEVERAL, ["px/__init__.pyi", "px/py.typed"])
    assert [entry.path for entry in entries] == ["px/inner.pyi"]
    assert warnings == ("px/__init__.pyi is the project's own stub; none is generated",)


@pytest.mark.parametrize(
    ("name", "mixed", "expected"),
    [("px", False, "px"), ("px", True, "px.px"), ("pkg._native", True, "pkg._native")],
)
def test_the_stubs_describe_the_module_by_its_full_name(name: str, mixed: bool, expected: str) -> None:
    assert stub_module(modules(name, mixed=mixed)) == expected


@pytest.mark.parametrize(
    ("files", "own", "kept"),
    [
        (SEVERAL, "pkg/_native.pyi", []),
        (SEVERAL, "pkg/_native/__init__.pyi", ["pkg/_native/inner.pyi"]),
        (SEVERAL, "pkg/_native/inner/__init__.pyi", ["pkg/_native/__init__.pyi"]),
        (ONE, "pkg/_native/__init__.pyi", []),
        (ONE, "pkg/_native2.pyi", ["pkg/_native.pyi"]),
    ],
)
def test_a_stub_of_either_form_is_that_of_the_module(
    files: dict[PurePosixPath, str], own: str, kept: list[str]
) -> None:
    entries, warnings = place_stubs(modules("pkg._native", mixed=True), files, [own])
    assert [entry.path for entry in entries] == kept
    expected = () if own == "pkg/_native2.pyi" else (f"{own} is the project's own stub; none is generated",)
    assert warnings == expected
