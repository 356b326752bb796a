"""Names of files are UTF-8, whatever the locale says."""

from __future__ import annotations

import os
import sys

import pytest

from cratewheel.errors import ConfigError
from cratewheel.system import utf8

not_windows = pytest.mark.skipif(sys.platform == "win32", reason="names are no bytes on Windows")


def test_names_in_utf8_are_fine() -> None:
    utf8.check_name("a/b.py", "x")
    utf8.check_name("größe/日本.py", "x")


def test_a_name_that_is_not_utf8_is_an_error_that_shows_its_bytes() -> None:
    with pytest.raises(ConfigError) as caught:
        utf8.check_name("a/\udce9.py", "Python package")
    assert caught.value.message == r"the name 'a/\udce9.py' is not UTF-8, so no archive can hold it (Python package)"
    assert caught.value.hint == "rename the file, or exclude it with `exclude`"


@not_windows
def test_where_another_encoding_cannot_be_helped_names_must_be_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "iso8859-1")
    utf8.check_name("a.py", "x")
    with pytest.raises(ConfigError) as caught:
        utf8.check_name("Ã©.py", "Python package")
    assert caught.value.message == "this Python reads the name 'Ã©.py' as iso8859-1, not as UTF-8 (Python package)"
    assert caught.value.hint == "set PYTHONUTF8=1, or LC_ALL=C.UTF-8"


@not_windows
@pytest.mark.parametrize(
    ("encoding", "program", "options", "missing"),
    [
        ("utf-8", "/python", {}, False),
        ("iso8859-1", "/python", {}, True),
        ("ascii", "/python", {}, True),
        ("ascii", "/python", {"utf8": True}, False),  # it was of no use
        ("ascii", "", {}, False),  # we are a part of another program
    ],
)
def test_another_python_is_started_where_it_helps(
    monkeypatch: pytest.MonkeyPatch, encoding: str, program: str, options: dict[str, object], missing: bool
) -> None:
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: encoding)
    monkeypatch.setattr(sys, "executable", program)
    monkeypatch.setattr(sys, "_xoptions", options)
    assert utf8.needs_utf8_mode() is missing


@not_windows
def test_what_one_locale_decoded_is_the_same_name_in_utf8(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsencode", lambda text: text.encode("iso8859-1", "surrogateescape"))
    request = ["Ã©", {"Ã¼": ("b\xe9", "plain")}, None, True, "日本"]
    assert utf8.decode_as_utf8(request) == ["é", {"ü": ["b\udce9", "plain"]}, None, True, "日本"]
