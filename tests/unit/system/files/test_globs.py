"""What a glob of `include` finds; each case was tried with the peer."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cratewheel.errors import ConfigError
from cratewheel.system.files import glob

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege on Windows")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name in ("a.txt", ".b.txt", "[x].txt", "a-b.txt", "sub/c.txt", "sub/.hid/d.txt", "sub/deep/e.py"):
        path = root / "inc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


@pytest.mark.parametrize(
    ("pattern", "files"),
    [
        ("inc/a.txt", ["inc/a.txt"]),
        ("inc//a.txt", ["inc/a.txt"]),
        ("inc/*", ["inc/.b.txt", "inc/[x].txt", "inc/a-b.txt", "inc/a.txt"]),
        ("inc/*/*.txt", ["inc/sub/c.txt"]),
        ("inc/**/?.txt", ["inc/a.txt", "inc/sub/.hid/d.txt", "inc/sub/c.txt"]),
        ("**/e.py", ["inc/sub/deep/e.py"]),
        ("**/**/e.py", ["inc/sub/deep/e.py"]),
        ("**/sub/**/*", ["inc/sub/.hid/d.txt", "inc/sub/c.txt", "inc/sub/deep/e.py"]),
        ("inc/**", []),
        ("inc", []),
        ("inc/", []),
        ("inc/a.txt/", []),
        ("", []),
        ("inc/?.txt", ["inc/a.txt"]),
        ("inc/[!a]*.txt", ["inc/.b.txt", "inc/[x].txt"]),
        ("inc/[^a]*.txt", ["inc/a-b.txt", "inc/a.txt"]),
        ("inc/[[]x].txt", ["inc/[x].txt"]),
        ("inc/a[b-].txt", []),
        ("inc/a[-b]*", ["inc/a-b.txt"]),
        ("inc/[a-c].txt", ["inc/a.txt"]),
        ("inc/[c-a].txt", []),
        ("inc/{a,b}.txt", []),
        ("inc\\a.txt", []),
        ("nowhere/*", []),
    ],
)  # fmt: skip
def test_a_glob_finds_files(project: Path, pattern: str, files: list[str]) -> None:
    assert [path.relative_to(project).as_posix() for path in glob(project, pattern)] == files


@pytest.mark.parametrize(
    "pattern", ["/etc/hosts", "../a", "inc/../a", "./inc/a", "inc**/a", "inc/***", "inc/[a", "C:/a", "[]", "a" * 4097]
)
def test_a_glob_that_is_malformed_or_leaves_the_project_is_an_error_that_shows_it(project: Path, pattern: str) -> None:
    with pytest.raises(ConfigError) as caught:
        glob(project, pattern)
    assert f"'{pattern[:40]}" in caught.value.message


@pytest.mark.parametrize(("pattern", "plain"), [("./inc/a", ": 'inc/a'"), ("inc/./*", ": 'inc/*'"), ("./../a", "")])
def test_a_glob_with_a_dot_is_an_error_that_has_it_without(project: Path, pattern: str, plain: str) -> None:
    with pytest.raises(ConfigError) as caught:
        glob(project, pattern)
    assert caught.value.hint == f"write it relative to the project's folder{plain}"


@needs_links
def test_links_to_folders_are_followed_once(project: Path) -> None:
    (project / "inc" / "link").symlink_to("sub/deep")
    (project / "inc" / "loop").symlink_to(".")
    found = [path.relative_to(project).as_posix() for path in glob(project, "inc/**/e.py")]
    assert found == ["inc/link/e.py", "inc/sub/deep/e.py"]
    assert [path.name for path in glob(project, "inc/link/*")] == ["e.py"]


@needs_links
@pytest.mark.parametrize("pattern", ["inc/out/secret.txt", "inc/*/secret.txt", "inc/secret.txt"])
def test_a_match_that_a_link_leads_out_of_the_project_is_refused(project: Path, pattern: str) -> None:
    outside = project.parent / "outside"
    outside.mkdir()
    (outside / "secret.txt").touch()
    (project / "inc" / "out").symlink_to(outside)
    (project / "inc" / "secret.txt").symlink_to(outside / "secret.txt")
    with pytest.raises(ConfigError, match="leads out of the project"):
        glob(project, pattern)
    assert [path.name for path in glob(project, pattern, roots=(str(project.parent),))] == ["secret.txt"]


@needs_links
def test_any_depth_does_not_go_through_a_link_out_of_the_project(project: Path) -> None:
    (project / "inc" / "out").symlink_to(project.parent)
    assert [path.name for path in glob(project, "**/e.py")] == ["e.py"]


# With backtracking, or a walk for each `**`, each of these takes longer than anybody waits.
SLOW = [
    "a/" + "*a" * 100 + "*b",
    "**/*a*a*a*a*a*a*a*a*b",
    "**/" * 12 + "nothing",
    "**/d/" * 12 + "nothing",
    "**/*/" * 12 + "nothing",
    "**/*d*/*d*/" * 12 + "nothing",
    "*[a]*[!b]*[a-c]*?*a*a*a*b",
]


@pytest.mark.parametrize("pattern", SLOW, ids=range(len(SLOW)))
def test_no_glob_takes_long(tmp_path: Path, pattern: str) -> None:
    (tmp_path / ("a" * 100)).touch()
    folder = tmp_path / "/".join("d" * 60)
    folder.mkdir(parents=True)
    (folder / ("a" * 100)).touch()
    assert glob(tmp_path, pattern) == ()


def test_several_depths_find_each_file_once(tmp_path: Path) -> None:
    folder = tmp_path / "/".join("d" * 8)
    folder.mkdir(parents=True)
    (folder / "aaab").touch()
    assert glob(tmp_path, "**/d/" * 4 + "**/*a*a*b") == (folder / "aaab",)
    assert glob(tmp_path, "**/d/" * 8 + "*b") == (folder / "aaab",)
    assert glob(tmp_path, "**/d/" * 9 + "*b") == ()


@needs_links
def test_folders_that_all_link_to_each_other_are_an_error(tmp_path: Path) -> None:
    names = [f"f{number}" for number in range(12)]
    for name in names:
        (tmp_path / name).mkdir()
        for other in names:
            (tmp_path / name / other).symlink_to(tmp_path / other)
    with pytest.raises(ConfigError, match="more than 1,000 links to folders"):
        glob(tmp_path, "**/x")
    assert glob(tmp_path, "f1/f2/f3/x") == ()
