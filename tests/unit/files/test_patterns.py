"""What a pattern matches, as git and maturin's `exclude` have it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from cratewheel.errors import ConfigError
from cratewheel.files import Patterns

ROOT = Path("/project").absolute()


@pytest.mark.parametrize(
    ("pattern", "matched", "not_matched"),
    [
        ("a.py", ["a.py", "x/a.py", "x/y/a.py"], ["ba.py", "a.pyc", "A.py"]),
        ("/a.py", ["a.py"], ["x/a.py"]),
        ("x/a.py", ["x/a.py"], ["y/x/a.py", "a.py"]),
        ("*.py", ["a.py", "x/.py"], ["a.pyc"]),
        ("x/*", ["x/a"], ["x/y/a", "y/x/a"]),
        ("x/**", ["x/a", "x/y/a"], ["x", "y/x/a"]),
        ("**/x/**", ["x/a", "y/x/a/b"], ["x", "y/x"]),
        ("x/**/a", ["x/a", "x/y/a", "x/y/z/a"], ["xa", "x/ya"]),
        ("**", ["a", "x/a"], []),
        ("a**b", ["ab", "axb", "x/axyb"], ["a/b"]),
        ("?.py", ["a.py"], ["ab.py", ".py"]),
        ("[ab].py", ["a.py", "b.py"], ["c.py"]),
        ("[!ab].py", ["c.py"], ["a.py"]),
        ("[^ab].py", ["c.py"], ["a.py"]),
        ("[a-c]", ["b"], ["d"]),
        ("[]a]", ["]", "a"], ["b"]),
        ("[a-]", ["a", "-"], ["b"]),
        ("[[:digit:]x]", ["4", "x"], ["a"]),
        ("[[a]", ["[", "a"], ["b"]),
        ("x/*/**", ["x/y/a"], ["x/y", "x"]),
        ("*/**", ["x/a", "x/y/a"], ["a"]),
        ("x/{a,{b,c}d}.py", ["x/a.py", "x/bd.py", "x/cd.py"], ["x/d.py"]),
        ("x[!a]y", ["xby"], ["x/y"]),
        ("{a,b*}.py", ["a.py", "bc.py"], ["c.py"]),
        ("a,b", ["a,b"], ["a", "b"]),
        ("\\*", ["*"], ["a"]),
        ("\\{a", ["{a"], ["a"]),
        ("a\\ ", ["a "], ["a"]),
        ("a  ", ["a"], ["a  "]),
        ("\\#a", ["#a"], []),
        ("\\!a", ["!a"], []),
        ("#a", [], ["#a", "a"]),
        ("", [], ["a"]),
        ("/", [], ["a"]),
        ("tests/", [], ["tests", "tests/a"]),
        ("tests", ["tests", "x/tests"], ["tests/a"]),
        ("./a", [], ["a"]),
        ("a\nb", ["a\nb"], ["a", "b"]),
        ("ü*", ["ü.py"], ["u.py"]),
    ],
)
def test_a_pattern_matches_as_in_a_gitignore_but_never_a_folder(
    pattern: str, matched: list[str], not_matched: list[str]
) -> None:
    patterns = Patterns(ROOT, [pattern])
    assert [path for path in [*matched, *not_matched] if patterns.excludes(ROOT / path)] == matched


def test_the_last_pattern_that_matches_decides() -> None:
    paths = ["a.py", "__init__.py", "x/__init__.py"]

    def excluded(*patterns: str) -> list[str]:
        return [path for path in paths if Patterns(ROOT, patterns).excludes(PurePosixPath(path))]

    assert excluded("*.py", "!__init__.py") == ["a.py"]
    assert excluded("!__init__.py", "*.py") == paths
    assert excluded("*.py", "!x/*", "__init__.*") == ["a.py", "__init__.py", "x/__init__.py"]
    assert excluded() == []


def test_a_path_outside_the_root_is_matched_by_name() -> None:
    patterns = Patterns(ROOT, ["*.txt", "/a.py"])
    assert patterns.excludes(Path("/elsewhere/out/a.txt").absolute())
    assert not patterns.excludes(Path("/elsewhere/a.py").absolute())


@pytest.mark.parametrize("pattern", ["[a", "[", "[!", "[a-", "[[:alpha:]", "[[:nonsense:]]", "{a,b", "a\\"])
def test_a_malformed_pattern_is_an_error_that_shows_it(pattern: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Patterns(ROOT, ["*.py", pattern])
    assert f"'{pattern}'" in caught.value.message


def test_hundreds_of_patterns_are_one_question() -> None:
    patterns = Patterns(ROOT, [f"{part}{number}{part}" for number in range(300) for part in ("*", "x/", "")])
    assert patterns.excludes(ROOT / "y" / "a123b")
    assert not patterns.excludes(ROOT / "y" / "nothing")
