"""TOML that people write, and TOML that is made to break us."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import pytest

from cratewheel.errors import ConfigError
from cratewheel.system import toml


def test_a_file_is_read_with_either_kind_of_line_end(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes('a = 1\r\n[b.c]\r\nd = ["é"]\r\n'.encode())
    assert toml.load_file(path) == {"a": 1, "b": {"c": {"d": ["é"]}}}


DEEP_KEY = "a key has more than 32 parts (at line 2)"
BROKEN = {
    "no value": ("a = ", "Invalid value (at end of document)"),
    "a NUL": ("a = '\0'", "Found invalid character '\\x00' (at line 1, column 6)"),
    "arrays in arrays": (f"a = {'[' * 100_000}", "its arrays and tables are nested too deep"),
    "65 arrays": (f"a = {'[' * 65}{']' * 65}", "its arrays and tables are nested more than 64 deep"),
    "tables in tables": (f"a = {'{a=' * 100_000}", "its arrays and tables are nested too deep"),
    "both": (f"a = {'[{a=' * 50}1{'}]' * 50}", "its arrays and tables are nested more than 64 deep"),
    "a dotted key": ("\n" + "a." * 100_000 + "a = 1", DEEP_KEY),
    "a dotted header": ("\n[" + "'a' . " * 1000 + "a]", DEEP_KEY),
    "a dotted key in a table": ('\nx = { y = 1, "b".' + "a." * 1000 + "a = 1 }", DEEP_KEY),
    "an array of tables": ("\n[[" + '"a".' * 33 + "a]]", DEEP_KEY),
    "a decimal number": ("a = " + "1" * 5000, "a number has too many digits"),
    "a number beyond 64 bits": ("[x]\na = [1, -9_223_372_036_854_775_809]", "x.a is a number of more than 64 bits"),
    "a hexadecimal number": ("x.a = 0x" + "f" * 5000, "x.a is a number of more than 64 bits"),
    "a table of settings that is there twice": (
        "[tool.a]\nb = 1\n[tool.a]\nc = 2\n",
        "the table [tool.a] is there twice (at line 3, column 8)",
    ),
    "a table that is there twice": ("[a.'b c']\n[a.'b c']", "the table [a.b c] is there twice (at line 2, column 8)"),
    "a date that is none": ("a = 2024-02-31", "Invalid date or datetime (at line 1, column 15)"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_read_is_an_error_of_the_file(tmp_path: Path, name: str) -> None:
    text, problem = BROKEN[name]
    path = tmp_path / "x.toml"
    path.write_text(text, encoding="utf-8", newline="")
    with pytest.raises(ConfigError) as caught:
        toml.load_file(path)
    assert caught.value.message.startswith(f"{path} is not valid TOML: {problem}"[:70])


def test_an_error_in_toml_names_the_file_and_the_place(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(BROKEN["a dotted key"][0])
    with pytest.raises(ConfigError) as caught:
        toml.load_file(path)
    assert caught.value.message == f"{path} is not valid TOML: {DEEP_KEY}"


@pytest.mark.parametrize(
    ("text", "shown", "hint"),
    [
        (
            'a = 1\nb = ">=3.8\n',
            ('2 | b = ">=3.8', "  |           ^"),
            "close the quotes; a text of several lines stands in three quotes",
        ),
        ("[a\n", ("1 | [a", "  |   ^"), "close the name of the table with `]`"),
        ("[a]\n[a # more\n", ("2 | [a # more", "  |    ^"), "close the name of the table with `]`"),
        ("[a]\n[a] # more\n", ("2 | [a] # more", "  |   ^"), "merge the two tables"),
        ("a = 1\na = 2\n", ("2 | a = 2", "  |      ^"), "remove one of the two"),
        (
            "version = 1.0.0\n",
            ("1 | version = 1.0.0", "  |              ^"),
            "put texts in quotes, and each key on a line of its own",
        ),
        (
            "\n" * 10 + "a\t= x\n",
            ("11 | a\t= x", "   |  \t  ^"),
            "put texts in quotes; true and false are written in small letters",
        ),
        (
            f'a = "{"x" * 200}\n',
            (f"1 | {'x' * 99}", f"  | {' ' * 99}^"),
            "close the quotes; a text of several lines stands in three quotes",
        ),
        ('token = "hush\n', (), "close the quotes; a text of several lines stands in three quotes"),
    ],
)
def test_the_line_is_shown_with_a_caret(tmp_path: Path, text: str, shown: tuple[str, ...], hint: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        toml.load_file(path)
    assert (caught.value.notes, caught.value.hint) == (shown, hint)


@pytest.mark.parametrize("data", [b"\xff", b"a = '\xed\xa0\x80'"], ids=["latin", "surrogate"])
def test_bytes_that_are_no_utf8_are_an_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.toml").write_bytes(data)
    with pytest.raises(ConfigError, match=r"x\.toml is not UTF-8: invalid .* in line 1"):
        toml.load_file(tmp_path / "x.toml")


def test_a_byte_order_mark_is_read_as_cargo_does_and_refused_where_pip_cannot(tmp_path: Path) -> None:
    for name in ("Cargo.toml", "pyproject.toml"):
        (tmp_path / name).write_bytes(b"\xef\xbb\xbfa = 1\n")
    assert toml.load_file(tmp_path / "Cargo.toml") == {"a": 1}
    with pytest.raises(ConfigError, match="begins with a byte order mark") as caught:
        toml.load_file(tmp_path / "pyproject.toml")
    assert caught.value.hint == "save the file as UTF-8 without BOM"


def test_a_file_of_more_than_four_megabytes_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(b"#" * 50_000_000)
    with pytest.raises(ConfigError, match=r"x\.toml is larger than 4 MB"):
        toml.load_file(path)


@pytest.mark.parametrize(
    "text",
    [
        "a." * 31 + "a = 1",
        f"a = {'[' * 63}{']' * 63}",
        f"a = '{'a.' * 31}'",
        "a = '''\n" + "One. Two, and three. " * 40 + "'''",
        "a = [" + "1.5, " * 1000 + "]",
        "# " + "...." * 100,
        "a = 9_223_372_036_854_775_807",
        f"a = '{'1' * 100}'",
        "a = 1." + "1" * 400,
        "a = '0xffffffffffffffffff'",
    ],
    ids=range(10),
)
def test_what_people_may_write_is_read(text: str) -> None:
    assert list(toml.parse(text)) in (["a"], [])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a = {\n  b = 1,  # one\n  c = [\n    2,\n  ],\n}\n", {"b": 1, "c": [2]}),
        ("a = { b = 1, }\n", {"b": 1}),
        (r'a = "\e[1m\x41"', "\x1b[1mA"),
        ("a = 07:32\n", datetime.time(7, 32)),
    ],
)
def test_what_toml_1_1_adds_is_read(text: str, value: object) -> None:
    assert toml.parse(text) == {"a": value}


@pytest.mark.skipif(
    not (3, 11) <= sys.version_info < (3, 15),
    reason="`tomllib`, or tomli, reads TOML 1.1 itself, with its own messages",
)
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = { b = 1,\n c = 2 }\nd = [1\n", "Unexpected end of file (at line 3, column 1)"),
        ("a = { b = 1,\n c = 2 }\nd = }\n", "Unexpected character: '}' (at line 3, column 4)"),
        ("a = { b = 1,\n b = 2 }\n", "Invalid initial character for a key part (at line 1, column 13)"),
        ("a = 1 b = 2\n", "Expected newline or end of document after a statement (at line 1, column 7)"),
        ("a =\nb = {\n c = 1 }\n", "Invalid value (at line 1, column 4)"),
    ],
)
def test_a_mistake_in_toml_1_1_is_the_mistake_and_not_what_is_new(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match="line") as error:
        toml.parse(text)
    assert str(error.value) == problem


def test_text_can_be_edited_with_the_rest_kept() -> None:
    document = toml.parse_editable("a = 1 # one\n[b]\nc = 2\n", "x.toml")
    document["a"] = 3
    assert document.as_string() == "a = 3 # one\n[b]\nc = 2\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = ", "x.toml is not valid TOML: Invalid value"),
        (f"a = {'[' * 5000}{']' * 5000}", "x.toml is not valid TOML: its arrays and tables are nested too deep"),
        ("a = '''\n" + "x" * 1_000_001 + "'''", "x.toml is larger than 1 MB: too large to edit"),
        (
            "\n".join(f"a.b.c{at} = 1" for at in range(1501)),
            "x.toml has too many dotted keys to edit",
        ),
        (
            "\n".join(f"[a . b.c{at}]" for at in range(1501)),
            "x.toml has too many dotted keys to edit",
        ),
    ],
    ids=range(5),
)
def test_what_takes_too_long_to_edit_is_an_error(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        toml.parse_editable(text, "x.toml")
    assert caught.value.message.startswith(problem)


@pytest.mark.parametrize("value", ["a\0b", {"\0": 1}, {"a": [{"b": ["\0"]}]}])
def test_a_nul_in_a_text_is_an_error(value: object) -> None:
    with pytest.raises(ConfigError, match=r"^project(\.a|\.a\.b)? in x\.toml has a text with a NUL character in it: '"):
        toml.check_texts(value, "project", Path("x.toml"))


def test_a_text_that_no_key_has_is_an_error_but_not_a_readme() -> None:
    long = "x" * 10_001
    toml.check_texts({"description": long, "readme": {"text": long}, "name": long[1:]}, "project", Path("x.toml"))
    scripts = {"scripts": {"text": long}}
    for value, key in (
        (scripts, "project.scripts.text"),
        ({"name": long}, "project.name"),
        ({"a": [[long]]}, "project.a"),
        ({long: 1}, "project"),
    ):
        with pytest.raises(ConfigError) as caught:
            toml.check_texts(value, "project", Path("x.toml"))
        assert caught.value.message == f"{key} in x.toml has a text of more than 10,000 characters"


def test_values_are_described_without_secrets_and_in_few_words() -> None:
    values = ["a" * 1000, "registry.token='x'", "https://me:x@host", {}, {"a": 1}, [], [1], 1.5, 7, False, None]
    assert [toml.describe(value) for value in values] == [
        f"'{'a' * 60}…'", "'registry.token=***'", "'https://***@host'", "an empty table", "a table", "an empty array",
        "an array", "1.5", "7", "false", "a date or time",
    ]  # fmt: skip
