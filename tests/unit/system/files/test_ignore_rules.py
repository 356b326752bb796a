"""What a pattern matches, as git and maturin's `exclude` have it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from cratewheel.errors import ConfigError
from cratewheel.system.files import Patterns
from cratewheel.system.files.ignore_rules import expand_braces
from system_paths import WINDOWS

ROOT = Path("/project").absolute()
BACKSLASH = [] if WINDOWS else ["\\"]  # a character of names, but on Windows


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
        ("a}", ["a}"], ["a"]),
        ("{a\\,b,c}", ["a,b", "c"], ["a", "b"]),
        ("{,a}b", ["b", "ab"], ["a"]),
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
        ("[[:punct:][:blank:]]", ["!", " ", *BACKSLASH], ["a", "1"]),
        ("[+-0]a", [".a", "0a"], ["1a", "a"]),
        ("a[+-0]b", ["a.b"], ["a/b"]),
        ("[\\]\\a]", ["]", "a"], ["\\", "b"]),
        ("[[:x]", ["[", ":", "x"], ["a"]),
        ("a[/]b", [], ["a/b", "a", "a[/]b"]),
        ("x\\/a", ["x/a"], ["a", "y/x/a"]),
        ("***/a", ["a", "x/y/a"], ["xa"]),
        ("a\\\\  ", [f"a{name}" for name in BACKSLASH], ["a\\ ", "a"]),
        ("a\\  ", ["a "], ["a  ", "a"]),
        ("a\t", ["a\t"], ["a"]),
        ("!!a", [], ["a", "!a"]),
        ("//a", [], ["a"]),
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


@pytest.mark.parametrize(
    "pattern", ["[a", "[", "[!", "[a-", "[]", "[a\\", "[[:alpha:]", "[[:nonsense:]]", "{a,b", "a\\"]
)
def test_a_malformed_pattern_is_an_error_that_shows_it(pattern: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Patterns(ROOT, ["*.py", pattern])
    assert f"'{pattern}'" in caught.value.message


def test_hundreds_of_patterns_are_one_question() -> None:
    patterns = Patterns(ROOT, [f"{part}{number}{part}" for number in range(300) for part in ("*", "x/", "")])
    assert patterns.excludes(ROOT / "y" / "a123b")
    assert not patterns.excludes(ROOT / "y" / "nothing")


LONG = "a" * 250

# With backtracking each of these takes longer than anybody waits.
SLOW = [
    "*a" * 120 + "*b",
    "*a*a*a*a*a*a*a*a*b",
    "**a" * 60 + "b",
    "?*" * 100 + "b",
    "*[a]*[!b]*[a-c]*?*a*a*a*b",
    "**/" * 12 + "b",
    "**/a/" * 12 + "b",
    "**/*a*/" * 12 + "*b",
    "/" + "**/a*a*a*/" * 12 + "**/b/**",
    "x/" + "*/**/" * 12 + "*b",
]


@pytest.mark.parametrize("pattern", SLOW, ids=range(len(SLOW)))
def test_no_pattern_takes_long(pattern: str) -> None:
    patterns = Patterns(ROOT, [pattern, f"!{pattern}", "nothing"])
    names = [LONG, f"{LONG}b", "/".join(["a"] * 1000), "/".join(["x", *[LONG] * 15])]
    assert not any(patterns.excludes(ROOT / name) for name in names)


def test_stars_and_depths_still_match_what_they_should() -> None:
    assert Patterns(ROOT, ["*a" * 100 + "*b"]).excludes(ROOT / (LONG + "b"))
    assert Patterns(ROOT, ["**/a*a/" * 10 + "**/*b"]).excludes(ROOT / "/".join(["aa"] * 40 + ["cab"]))
    assert Patterns(ROOT, ["**/a/**/b/**"]).excludes(ROOT / "a/b/a/c/b/d")
    assert not Patterns(ROOT, ["**/a/**/b/**"]).excludes(ROOT / "b/a/c/b")


@pytest.mark.parametrize(
    "pattern",
    ["{a,b}" * 22, "{a,b,c,d,e,f,g,h,i,j}" * 4, "{" + ",".join(map(str, range(1001))) + "}", "a" * 4097],
    ids=["22-pairs", "4-tens", "a-thousand-and-one", "long"],
)
def test_a_pattern_that_stands_for_too_many_is_an_error(pattern: str) -> None:
    with pytest.raises(ConfigError, match=rf"^the pattern '{pattern[:30]}"):
        Patterns(ROOT, [pattern])


def test_thousands_of_braces_are_expanded_or_refused() -> None:
    assert expand_braces("{a}" * 1300) == ["a" * 1300]
    assert expand_braces("{" * 2000 + "a" + "}" * 2000) == ["a"]
    assert len(expand_braces("{a,b}" * 9 + "{a}" * 1000)) == 512
    with pytest.raises(ConfigError, match=r"has a '\{' without its"):
        expand_braces("{" * 3000)
