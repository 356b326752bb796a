"""What was built in a folder is not listed as content."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cratewheel.contents.build_outputs import matched_sources, without_build_outputs, without_junk


def listed(root: Path, *names: str, built: tuple[str, ...] = ()) -> list[str]:
    """Return the names that are left of files, which are made."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    paths = [f"{root}{os.sep}{name.replace('/', os.sep)}" for name in names]
    found = without_build_outputs(without_junk(paths, root), root, [root / folder for folder in built])
    return [Path(path).relative_to(root).as_posix() for path in found]


def test_rubbish_and_known_folders_stay_out(tmp_path: Path) -> None:
    names = ("a.rs", "__pycache__/a.txt", "a.pyc", "target/x", "target2/x", "sub/.DS_Store", "sub/b.rs")
    assert listed(tmp_path, *names, built=("target",)) == ["a.rs", "target2/x", "sub/b.rs"]


def test_a_project_within_a_built_folder_is_whole(tmp_path: Path) -> None:
    root = tmp_path / "target" / "app"
    root.mkdir(parents=True)
    (root / "a.rs").touch()
    assert list(without_build_outputs([str(root / "a.rs")], root, [tmp_path / "target"])) == [str(root / "a.rs")]


@pytest.mark.parametrize("mark", ["pyvenv.cfg", ".rustc_info.json", ".package-cache", ".global-cache"])
def test_a_folder_with_a_mark_stays_out_with_all_below_it(tmp_path: Path, mark: str) -> None:
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / mark).touch()
    assert listed(tmp_path, "env/a", "env/deep/er/b", "environment/c", "d") == ["environment/c", "d"]


def test_a_mark_in_the_projects_own_folder_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "pyvenv.cfg").touch()
    assert listed(tmp_path, "a", "deep/b") == ["a", "deep/b"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (
            "Signature: 8a477f597d28d172789f06886806bc55\n# This file is a cache directory tag created by cargo.\n",
            False,
        ),
        ("Signature: 8a477f597d28d172789f06886806bc55\n# created by pytest\n", True),
        ("", True),
    ],
)
def test_only_a_tag_of_cargo_marks_its_folder(tmp_path: Path, text: str, kept: bool) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "CACHEDIR.TAG").write_text(text, encoding="utf-8")
    assert listed(tmp_path, "a", "out/deep/b") == ["a", *(["out/deep/b"] if kept else [])]


def test_a_folder_called_like_the_tag_marks_nothing(tmp_path: Path) -> None:
    (tmp_path / "out" / "CACHEDIR.TAG").mkdir(parents=True)
    assert listed(tmp_path, "out/a") == ["out/a"]


def test_other_caches_are_left_out_where_that_is_wanted(tmp_path: Path) -> None:
    for name, text in (("cache", "Signature: 8a477f597d28d172789f06886806bc55\n# by mypy\n"), ("no", "a tag")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "CACHEDIR.TAG").write_text(text, encoding="utf-8")
        (tmp_path / name / "x").touch()
    paths = [str(tmp_path / "cache" / "x"), str(tmp_path / "no" / "x")]
    assert list(without_build_outputs(paths, tmp_path, (), caches=True)) == paths[1:]
    assert list(without_build_outputs(paths, tmp_path, ())) == paths


@pytest.mark.parametrize(
    ("pattern", "kept"),
    [
        ("**/*.json", ["a.json"]),
        ("*/x.json", []),
        ("target/**/*.json", ["target/deep/y.json", "target/x.json"]),
        ("target/x.json", ["target/x.json"]),
        ("build/*.json", ["build/z.json"]),
    ],
)
def test_a_glob_matches_build_output_only_where_it_names_the_folder(
    tmp_path: Path, pattern: str, kept: list[str]
) -> None:
    for name in ("a.json", "target/x.json", "target/deep/y.json", "build/z.json", "build/.rustc_info.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    matches = [path for path in sorted(tmp_path.glob(pattern)) if path.name != ".rustc_info.json"]
    found = matched_sources(matches, tmp_path, pattern, [tmp_path / "target"])
    assert [path.relative_to(tmp_path).as_posix() for path in found] == kept
