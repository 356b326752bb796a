"""What entry points and commands may be called."""

from __future__ import annotations

import configparser
import importlib.metadata

import pytest

from cratewheel.archive.entry_points import check, check_command, check_unique, parse
from cratewheel.errors import ConfigError
from cratewheel.project.metadata.fields import Fields
from cratewheel.project.metadata.render import entry_points

LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"  # of str.splitlines


def refused(group: str, name: str, reference: str = "a:b") -> str:
    with pytest.raises(ConfigError) as caught:
        check(group, ((name, reference),), "table")
    return caught.value.message


@pytest.mark.parametrize("end", LINE_ENDS, ids=ascii)
def test_no_part_of_an_entry_point_has_a_line_end(end: str) -> None:
    name = f"x{end}[console_scripts"
    assert refused("plugins", name) == f"{name!r} cannot be the name of an entry point (table)"
    assert refused("plugins", "x", f"a:b{end}y = c:d").startswith("'x' cannot refer to ")
    assert refused(f"a{end}b", "x").endswith(" cannot be the name of an entry point group (table)")


@pytest.mark.parametrize("name", ["", " x", "x ", "a=b", "[x", "#x", ";x", "a\x1b[0m", "a\0", "a\u200b", "a\u202eb"])
def test_a_name_that_readers_take_for_something_else_is_refused(name: str) -> None:
    assert refused("plugins", name) == f"{name!r} cannot be the name of an entry point (table)"


@pytest.mark.parametrize("group", ["", "a]", "[a", "a ", "DEFAULT"])
def test_a_group_that_readers_take_for_something_else_is_refused(group: str) -> None:
    assert refused(group, "x") == f"{group!r} cannot be the name of an entry point group (table)"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("/somewhere/victim", "a file name cannot have /"),
        ("../../evil", "a file name cannot have /"),
        ("..\\evil", "a file name cannot have \\"),
        ("C:evil", "a file name cannot have :"),
        ("evil:stream", "a file name cannot have :"),
        (".", "a file name cannot end with a dot or a space on Windows"),
        ("..", "a file name cannot end with a dot or a space on Windows"),
        ("x.", "a file name cannot end with a dot or a space on Windows"),
        ("NUL", "it is a device on Windows"),
        ("com1.txt", "it is a device on Windows"),
        *(
            (name, "every environment has a program of its own with that name")
            for name in (
                "python", "python3", "python3.11", "Python.exe", "pythonw", "python3.13t", "python3-config", "pypy3.10",
                "pip", "pip3", "pip3.11", "activate", "activate.fish", "Activate.ps1", "activate_this.py",
                "deactivate.bat", "pydoc", "python-script.py",
            )
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("group", ["console_scripts", "gui_scripts"])
def test_a_command_is_a_file_of_its_own(group: str, name: str, problem: str) -> None:
    assert refused(group, name) == f"{name!r} cannot be the name of a command: {problem} (table)"


@pytest.mark.parametrize("name", ["x", "my-tool.2", "pythonic", "pipx", "x y", "naïve", "contact", "python3x", ".x"])
def test_other_commands_are_fine(name: str) -> None:
    assert check("console_scripts", ((name, "a.b:c.d [extra]"),), "table") == ()
    check_command(name, "a program")


def test_entry_points_that_are_no_commands_may_have_any_name() -> None:
    assert check("plugins", (("a/b: c", "x"), ("python3", "y")), "table") == ()


@pytest.mark.parametrize("reference", ["a", "a:", ":b", "a b:c", "1a:b", "a:b()", "a:class", "a:b; import c", "a..b:c"])
def test_what_a_command_refers_to_can_be_imported(reference: str) -> None:
    assert refused("console_scripts", "x", reference) == (
        f"'x' refers to {reference!r}, which is not `module:function` (table)"
    )


def test_other_groups_may_refer_to_anything_with_a_warning() -> None:
    assert check("plugins", (("x", "some text"),), "table") == (
        "'x' refers to 'some text', which is not `module:function` (table)",
    )


def test_two_commands_cannot_be_one_file() -> None:
    check_unique([("a", "one"), ("b", "two"), ("a", "one")])
    for first, second in (("tool", "TOOL"), ("caf\u00e9", "cafe\u0301")):
        with pytest.raises(ConfigError) as caught:
            check_unique([(first, "one"), (second, "two")])
        assert caught.value.message == f"two commands would be installed as {second}: one, and two"


def test_readers_see_what_was_meant() -> None:
    scripts = (("my tool", "a:b"), ("x:y", "c.d:e [f]"))
    others = (("plugins", (("z", "h"),)),)
    text = entry_points(Fields(name="p", version="1", scripts=scripts, entry_points=others))
    assert list(parse(text)) == [*(("console_scripts", *pair) for pair in scripts), ("plugins", "z", "h")]
    found = importlib.metadata.EntryPoints(importlib.metadata.EntryPoints._from_text_for(text, None))  # type: ignore[attr-defined]
    assert [(one.name, one.value) for one in found][:2] == list(scripts)
    reader = configparser.ConfigParser(delimiters=("=",))
    reader.optionxform = str  # type: ignore[assignment, method-assign]
    reader.read_string(text)
    assert list(reader["console_scripts"].items()) == list(scripts)
