"""The options as keywords of the Python API."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.errors import UsageError
from cratewheel.options import keywords, typed_keywords
from cratewheel.options.arguments import parse_flags
from cratewheel.options.keywords import as_flags
from cratewheel.options.resolve import resolve

HOME = Path("/home/me")


def test_the_checked_in_types_are_those_of_the_settings_model() -> None:
    written = Path(typed_keywords.__file__).read_text(encoding="utf-8")
    assert written == keywords.render(), "run scripts/generate_keywords.py"


@pytest.mark.parametrize(
    ("given", "argv"),
    [
        ({"release": True}, ["--release"]),
        ({"sdist": False}, ["--no-sdist"]),
        ({"strip": True}, ["--strip"]),
        ({"strip": False}, ["--strip", "false"]),
        ({"interpreter": ["3.12", "pypy3.11"]}, ["-i", "3.12", "pypy3.11"]),
        ({"interpreter": "3.12"}, ["-i", "3.12"]),
        ({"target": ("a", "b")}, ["--target", "a", "--target", "b"]),
        ({"features": ["a", "b/c"]}, ["--features", "a,b/c"]),
        ({"cargo_extra_args": ["--config", "a='b c'"]}, ["--cargo-extra-args", "--config \"a='b c'\""]),
        ({"rustc_args": ["-C", "opt-level=3"]}, ["--", "-C", "opt-level=3"]),
        ({"verbose": 2}, ["-vv"]),
        ({"jobs": 3}, ["--jobs", "3"]),
        ({"bindings": "cffi"}, ["-b", "cffi"]),
        ({"out": "dist"}, ["-o", "/home/me/dist"]),
        ({"out": Path("/dist")}, ["-o", "/dist"]),
    ],
)
def test_a_keyword_says_what_the_flag_says(given: dict[str, object], argv: list[str]) -> None:
    by_keyword, _ = resolve(as_flags("build", given, cwd=HOME), environ={}, tools=None)
    by_flag, _ = resolve(parse_flags("build", "", argv), environ={}, tools=None)
    assert by_keyword == by_flag


def test_what_is_no_option_is_refused_as_python_does_it() -> None:
    with pytest.raises(TypeError, match="`vendor` is not an option of `cratewheel build`"):
        as_flags("build", {"vendor": True}, cwd=HOME)


def test_values_are_checked_as_those_of_flags_are() -> None:
    with pytest.raises(UsageError, match="auditwheel must be one of repair, check, warn, skip, found 'fix'"):
        as_flags("build", {"auditwheel": "fix"}, cwd=HOME)
