"""Which files are licences."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from cratewheel.errors import ConfigError
from cratewheel.project.metadata.fields import LicenceFile
from cratewheel.project.metadata.licences import find_by_name, find_matching, unique
from cratewheel.system.files import project_roots


def made(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    return root


def test_usual_names_come_in_the_order_of_their_kinds(tmp_path: Path) -> None:
    made(tmp_path, "NOTICE", "AUTHORS.md", "LICENSE-MIT", "LICENCE", "COPYING", "license", "README", "sub/LICENSE")
    (tmp_path / "LICENSES").mkdir()
    found = find_by_name(tmp_path, roots=project_roots(tmp_path))
    assert [str(file.target) for file in found] == ["LICENCE", "LICENSE-MIT", "COPYING", "NOTICE", "AUTHORS.md"]
    assert found[0] == LicenceFile(target=PurePosixPath("LICENCE"), source=tmp_path / "LICENCE")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("LIC*", ["LIC-A"]),
        ("sub/**/*", ["sub/deep/LIC-C", "sub/lic-b"]),
        ("**/LIC-[A-C]", ["LIC-A", "sub/deep/LIC-C"]),
        ("sub/lic-?", ["sub/lic-b"]),
        ("none", []),
    ],
)
def test_a_pattern_is_one_of_pep_639(tmp_path: Path, pattern: str, found: list[str]) -> None:
    made(tmp_path, "LIC-A", "sub/lic-b", "sub/deep/LIC-C", "other")
    files = find_matching(tmp_path, pattern, "here", roots=project_roots(tmp_path))
    assert sorted(str(file.target) for file in files) == found


@pytest.mark.parametrize("pattern", ["", "/LIC", "../LIC", "a/../LIC", "a\\b", "{a,b}", "[!a]", "a[", "LIC\n"])
def test_other_patterns_are_refused(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find_matching(tmp_path, pattern, "here", roots=project_roots(tmp_path))
    assert caught.value.message == f"{pattern!r}, here, is not a pattern that PEP 639 allows"


def test_each_place_is_taken_once_and_another_text_is_told(tmp_path: Path) -> None:
    made(tmp_path, "a/LIC", "b/LIC", "c/LIC")
    (tmp_path / "c" / "LIC").write_text("a/LIC", encoding="utf-8")
    files = [LicenceFile(target=PurePosixPath("LIC"), source=tmp_path / name / "LIC") for name in "aabc"]
    other = LicenceFile(target=PurePosixPath("OTHER"), source=tmp_path / "b" / "LIC")
    assert unique((*files, other)) == (
        (files[0], other),
        (f"the licence file {tmp_path / 'b/LIC'} is skipped: {tmp_path / 'a/LIC'} has the same path in the wheel",),
    )
