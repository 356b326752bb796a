"""What users are told of any error."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cratewheel import __version__
from cratewheel.errors import (
    CompileError,
    CratewheelError,
    InternalError,
    MissingToolError,
    UsageError,
    did_you_mean,
    to_user_error,
    with_suggestion,
)

LOOK = "check the free disk space and the permissions"


def test_the_exit_status_says_who_must_act() -> None:
    assert [kind("x").exit_status for kind in (CratewheelError, CompileError, UsageError, InternalError)] == [
        1, 1, 2, 101
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("Modul_name", "did you mean `module-name`?"),
        ("feature", "did you mean `features`?"),
        ("zzz", None),
    ],
)
def test_the_nearest_known_word_is_suggested(word: str, hint: str | None) -> None:
    known = ["features", "module-name"]
    assert did_you_mean(word, known) == hint
    assert with_suggestion("no", word, known) == ("no" if hint is None else f"no; {hint}")


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (OSError(28, "No space left on device", "/a"), "/a: No space left on device", LOOK),
        (OSError(18, "Cross-device link", "/a", None, "/b"), "/b: Cross-device link", LOOK),
        (OSError("strange"), "strange", LOOK),
        (
            FileNotFoundError(2, "No usable temporary directory found in ['/tmp', '/here']"),
            "there is no folder for temporary files: No usable temporary directory found in ['/tmp', '/here']",
            "set TMPDIR to a folder that is writable",
        ),
        (
            UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"),
            "a text or file name has the wrong encoding: 'utf-8' codec can't decode byte 0xff in position 0: no",
            None,
        ),
        (ValueError("embedded null byte"), "a file name contains a NUL character", None),
        (RecursionError("deep"), "a file is nested too deeply", None),
        (MemoryError(), "out of memory", None),
    ],
)  # fmt: skip
def test_errors_of_the_machine_are_no_mistakes_of_ours(error: Exception, message: str, hint: str | None) -> None:
    found = to_user_error(error)
    assert (type(found), found.message, found.hint) == (CratewheelError, message, hint)


@pytest.mark.parametrize("name", ["zlib", "_ssl"])
def test_a_python_without_a_module_of_its_own_is_told(name: str) -> None:
    found = to_user_error(ModuleNotFoundError(f"No module named '{name}'", name=name))
    assert (type(found), found.message, found.hint) == (
        MissingToolError,
        f"{sys.executable}, which runs cratewheel, was built without its module {name.lstrip('_')}",
        "use another Python; or install the development files of the library, and build this one again",
    )


def test_our_own_errors_are_told_as_they_are() -> None:
    error = UsageError("no", hint="yes")
    assert to_user_error(error) is error


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep a folder that somebody is in")
def test_a_current_folder_that_is_gone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert to_user_error(FileNotFoundError(2, "No such file")).message == "the current folder no longer exists"


def test_anything_else_is_a_mistake_of_ours_with_its_place() -> None:
    try:
        raise KeyError("x")  # noqa: TRY301  # it needs a traceback
    except KeyError as error:
        found = to_user_error(error)
    assert isinstance(found, InternalError)
    assert found.message == f"internal error in cratewheel {__version__}: KeyError: 'x'"
    (note,) = found.notes
    assert note.startswith(f"in test_anything_else_is_a_mistake_of_ours_with_its_place, {__file__}:")
