"""The names that a project may have, and those that it may not."""

from __future__ import annotations

import pytest

from cratewheel.commands.project_names import check_name, check_path_on_windows, crate_name, module_name
from cratewheel.errors import UsageError

RULE = "use letters from a to z, digits, hyphens and underscores; start with a letter, end with a letter or digit"
STDLIB = "it is a module of Python's standard library, which would be imported instead; PyPI refuses it too"


@pytest.mark.parametrize("name", ["my-name", "a", "Shout", "a1", "a_b-c", "json5", "stdx", "print", "x" * 64])
def test_names_that_all_accept(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    ("name", "proposal"),
    [
        ("1a", "a"), ("-a", "a"), ("a-", "a"), ("a_", "a"), ("_a", "a"), ("a b", "a-b"), ("größe", "gr-e"),
        ("a.b", "a-b"), ("a\n", "a"), ("a/b", "a-b"), ("日本", None), ("..", None), ("9", None),
    ],
)  # fmt: skip
def test_a_name_with_other_characters_is_refused_with_a_similar_one(name: str, proposal: str | None) -> None:
    with pytest.raises(UsageError) as raised:
        check_name(name)
    assert raised.value.message == f"{name!r} is not a valid project name"
    assert raised.value.hint == (f"{RULE}, such as --name {proposal}" if proposal else RULE)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("fn", "it is a keyword of Rust or Python"),
        ("class", "it is a keyword of Rust or Python"),
        ("Self", "it is a keyword of Rust or Python"),
        ("std", "it is a crate of Rust's standard library"),
        ("core", "it is a crate of Rust's standard library"),
        ("proc-macro", "it is a crate of Rust's standard library"),
        ("test", "it is a crate of Rust's standard library"),
        ("json", STDLIB),
        ("JSON", STDLIB),
        ("distutils", STDLIB),
        ("pyo3", "projects of cratewheel depend on the package or crate of this name"),
        ("pyo3-ffi", "projects of cratewheel depend on the package or crate of this name"),
        ("cffi", "projects of cratewheel depend on the package or crate of this name"),
        ("uniffi", "projects of cratewheel depend on the package or crate of this name"),
        ("Deps", "it is a folder of cargo or of the tests"),
        ("tests", "it is a folder of cargo or of the tests"),
        ("nul", "Windows cannot have a file of this name"),
        ("COM1", "Windows cannot have a file of this name"),
        ("requirements-txt", "PyPI refuses it"),
    ],
)
def test_a_name_that_is_taken_is_refused(name: str, reason: str) -> None:
    with pytest.raises(UsageError) as raised:
        check_name(name)
    assert raised.value.message == f"{name!r} cannot be the name of a project: {reason}"
    assert raised.value.hint == f"choose another, such as --name {name}-rs"


def test_no_name_and_a_long_one() -> None:
    with pytest.raises(UsageError, match="the name of the project is empty"):
        check_name("")
    with pytest.raises(UsageError, match="is too long for a project: 65 characters"):
        check_name("a" * 65)


def test_the_names_of_the_module_and_the_crate() -> None:
    names = ("Shout", "a--b", "a_-b", "a-b_c")
    assert [module_name(name) for name in names] == ["shout", "a_b", "a_b", "a_b_c"]
    assert [crate_name(name) for name in names] == ["shout", "a-b", "a_b", "a-b_c"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("NUL", "Windows cannot have a folder 'NUL': NUL is a device there"),
        ("nul/con", "Windows cannot have a folder 'nul': nul is a device there"),
        (r"C:\work\con.d\demo", "Windows cannot have a folder 'con.d': con is a device there"),
        ("con.py", "Windows cannot have a folder 'con.py': con is a device there"),
        ("C:aux", "Windows cannot have a folder 'aux': aux is a device there"),
        ("demo.", "Windows cannot have a folder 'demo.': it ends with a dot"),
        ("demo ", "Windows cannot have a folder 'demo ': it ends with a space"),
        ("what?", "Windows cannot have a folder 'what?': it contains '?'"),
    ],
)
def test_a_folder_that_windows_cannot_have(path: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_path_on_windows(path)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "path", ["demo", ".", r"..\demo", r"C:\demo", "C:demo", r"\\server\share\demo", r"\\?\C:\a\demo", "a/b/demo"]
)
def test_other_folders_may_be_new_on_windows(path: str) -> None:
    check_path_on_windows(path)
