"""Type stubs from what pyo3 compiles into a module."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest

from cratewheel.bindings.stubs import stub_files
from cratewheel.errors import ConfigError

INIT = PurePosixPath("__init__.pyi")
INT = {"type": "attribute", "value": {"type": "name", "id": "builtins"}, "attr": "int"}
NONE = {"type": "constant", "kind": "none"}
FINAL = {"type": "attribute", "value": {"type": "name", "id": "typing"}, "attr": "Final"}


def module(name: str = "px", *members: str, identity: str = "m", **more: Any) -> dict[str, Any]:
    return {"type": "module", "id": identity, "name": name, "members": list(members), "incomplete": False, **more}


def function(name: str, identity: str = "f", **more: Any) -> dict[str, Any]:
    return {"type": "function", "id": identity, "name": name, "arguments": {}, "returns": NONE, **more}


def method(name: str, *arguments: dict[str, Any], decorators: tuple[Any, ...] = (), **more: Any) -> dict[str, Any]:
    """Return a method of the class with the id `c`."""
    found = function(name, "", arguments={"posonlyargs": [{"name": "self"}, *arguments]}, **more)
    del found["id"]
    return {**found, "parent": "c", "decorators": list(decorators)}


def builtin(name: str) -> dict[str, Any]:
    return {"type": "attribute", "value": {"type": "name", "id": "builtins"}, "attr": name}


def subscript(value: dict[str, Any], *inside: dict[str, Any]) -> dict[str, Any]:
    inner = inside[0] if len(inside) == 1 else {"type": "tuple", "elts": list(inside)}
    return {"type": "subscript", "value": value, "slice": inner}


def either(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    return {"type": "binop", "left": left, "op": "bitor", "right": right}


def text(*descriptions: dict[str, Any]) -> str:
    return stub_files(descriptions, "px")[INIT]


def test_a_function_has_its_parameters_defaults_and_docstring() -> None:
    optional = {"type": "binop", "left": builtin("str"), "op": "bitor", "right": NONE}
    arguments = {
        "posonlyargs": [{"name": "a", "annotation": INT}],
        "args": [{"name": "b", "annotation": INT, "default": {"type": "constant", "kind": "int", "value": "1"}}],
        "vararg": {"name": "rest"},
        "kwonlyargs": [{"name": "key", "annotation": optional, "default": NONE}],
        "kwarg": {"name": "more"},
    }
    add = function("add", arguments=arguments, returns=INT, doc='Add "two".\n\nA \\ and """quotes""".')
    assert text(module("px", "f"), add) == (
        "from _typeshed import Incomplete\n"
        "\n"
        '__all__ = ["add"]\n'
        "\n"
        "def add(a: int, /, b: int = 1, *rest: Incomplete, key: str | None = None, **more: Incomplete) -> int:\n"
        '    """Add "two".\n'
        "\n"
        '    A \\\\ and \\"\\"\\"quotes\\"\\"\\".\n'
        '    """\n'
    )


def test_a_class_has_attributes_properties_and_methods_in_order() -> None:
    own = {"type": "attribute", "value": {"type": "id", "id": "c"}, "attr": "x"}
    size = {"type": "constant", "kind": "int", "value": "2"}
    assert text(
        module("px", "c"),
        method(
            "x",
            {"name": "value", "annotation": INT},
            decorators=({"type": "attribute", "value": own, "attr": "setter"},),
        ),
        method("x", decorators=({"type": "name", "id": "property"},), returns=INT),
        {"type": "attribute", "parent": "c", "name": "SIZE", "annotation": FINAL, "value": size},
        {"type": "class", "id": "c", "name": "Point", "doc": "A point.", "bases": [{"type": "id", "id": "d"}]},
        {"type": "class", "id": "d", "name": "Hidden"},
        method("copy", returns={"type": "id", "id": "c"}),
    ) == (
        "from typing import Any, Final\n"
        "\n"
        '__all__ = ["Point"]\n'
        "\n"
        "class Point(Any):\n"
        '    """A point."""\n'
        "    SIZE: Final = 2\n"
        "    def copy(self, /) -> Point: ...\n"
        "    @property\n"
        "    def x(self, /) -> int: ...\n"
        "    @x.setter\n"
        "    def x(self, value: int, /) -> None: ...\n"
    )


def test_a_submodule_is_a_file_or_a_directory_where_it_has_its_own() -> None:
    files = stub_files(
        [
            module("px", "a", "b"),
            module("flat", "f", identity="a"),
            module("deep", "c", identity="b"),
            module("low", "k", identity="c"),
            function("one", returns={"type": "id", "id": "k"}),
            {"type": "class", "id": "k", "name": "Kind"},
        ],
        "pkg.px",
    )
    assert files == {
        PurePosixPath("__init__.pyi"): (
            'from . import deep as deep\nfrom . import flat as flat\n\n__all__ = ["deep", "flat"]\n'
        ),
        PurePosixPath("flat.pyi"): (
            'from pkg.px.deep.low import Kind\n\n__all__ = ["one"]\n\ndef one() -> Kind: ...\n'
        ),
        PurePosixPath("deep/__init__.pyi"): 'from . import low as low\n\n__all__ = ["low"]\n',
        PurePosixPath("deep/low.pyi"): '__all__ = ["Kind"]\n\nclass Kind: ...\n',
    }


def test_an_incomplete_module_says_so() -> None:
    assert text(module("px", incomplete=True)) == (
        "from _typeshed import Incomplete\n\ndef __getattr__(name: str) -> Incomplete: ...\n"
    )


def test_a_name_that_is_defined_here_does_not_hide_the_builtin_or_the_import() -> None:
    sequence = {"type": "attribute", "value": {"type": "name", "id": "collections.abc"}, "attr": "Sequence"}
    assert text(
        module("px", "f", "c"),
        function("Sequence", returns=subscript(sequence, subscript(builtin("list"), INT))),
        {"type": "class", "id": "c", "name": "Box"},
        method("list", returns=builtin("list")),
    ) == (
        "import builtins\n"
        "from collections.abc import Sequence as Sequence_\n"
        "\n"
        '__all__ = ["Box", "Sequence"]\n'
        "\n"
        "class Box:\n"
        "    def list(self, /) -> builtins.list: ...\n"
        "\n"
        "def Sequence() -> Sequence_[builtins.list[int]]: ...\n"
    )


def test_what_older_versions_of_pyo3_write_is_read_too() -> None:
    text_, number = {"type": "builtin", "id": "str"}, {"type": "builtin", "id": "int"}
    date = {"type": "attribute", "module": "datetime", "attr": "date"}
    table = {"type": "subscript", "value": {"type": "builtin", "id": "dict"}, "slice": [text_, number]}
    arguments = {
        "args": [
            {"name": "a", "annotation": {"type": "union", "elts": [text_, date]}},
            {"name": "b", "annotation": table},
            {"name": "c", "annotation": "list[int]", "default": "[1]"},
        ]
    }
    one = function("old", arguments=arguments, decorators=["staticmethod"], returns="bool")
    assert text(module("px", "f"), one).splitlines()[-2:] == [
        "@staticmethod",
        "def old(a: str | date, b: dict[str, int], c: list[int] = [1]) -> bool: ...",
    ]


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"type": "constant", "kind": "bool", "value": True}, "True"),
        ({"type": "constant", "kind": "float", "value": "1.5"}, "1.5"),
        ({"type": "constant", "kind": "str", "value": "it's"}, '"it\'s"'),
        ({"type": "constant", "kind": "ellipsis"}, "..."),
        ({"type": "list", "elts": [INT]}, "[int]"),
        ({"type": "tuple", "elts": [INT]}, "(int,)"),
        (subscript(builtin("tuple"), INT, {"type": "constant", "kind": "ellipsis"}), "tuple[int, ...]"),
        (either(INT, either(INT, NONE)), "int | None"),
    ],
)
def test_constants_and_types_are_python(tree: dict[str, Any], expected: str) -> None:
    found = text(module(), {"type": "attribute", "parent": "m", "name": "x", "value": tree})
    assert found.splitlines()[-1] == f"x = {expected}"


def test_a_parameter_that_is_a_keyword_of_python_is_renamed() -> None:
    one = function("f", arguments={"args": [{"name": "from", "annotation": INT}]})
    assert text(module("px", "f"), one).splitlines()[-1] == "def f(from_: int) -> None: ..."


@pytest.mark.parametrize(
    ("descriptions", "message"),
    [
        ([], "no type stubs can be made for px: the compiled module describes nothing"),
        ([module("other")], "no type stubs can be made for px: the compiled module describes other"),
    ],
)
def test_a_module_without_a_description_is_an_error_that_names_the_feature(
    descriptions: list[dict[str, Any]], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        stub_files(descriptions, "px")
    assert caught.value.message == message
    assert caught.value.hint is not None
    assert "experimental-inspect" in caught.value.hint


def test_a_type_that_is_no_python_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"the stub __init__\.pyi would not be Python: def f\(\) -> list\[: \.\.\."):
        text(module("px", "f"), function("f", returns="list["))


def test_a_type_of_a_later_pyo3_is_an_error() -> None:
    with pytest.raises(ConfigError, match="which this version does not know"):
        text(module("px", "f"), function("f", returns={"type": "lambda"}))
